/* The list of backends: the built-in ones, and those registered by a program. */
#include "backend.h"

#include "../base/error.h"
#include "../base/process.h"
#include <stdlib.h>
#include <string.h>

/* A registered table. The list is in order of registration. */
typedef struct registered {
  quern_backend table; /* must be first, so that its address is the entry's; the name is owned */
  size_t holds;        /* references from device lists and contexts */
  struct registered *next;
} registered;

static registered *first_registered; /* guarded by the process lock, like the whole list */

/* X(member): required members other than ops. */
#define REQUIRED_MEMBERS(X)                                                                        \
  X(enumerate)                                                                                     \
  X(open)                                                                                          \
  X(close)                                                                                         \
  X(buffer_create)                                                                                 \
  X(buffer_free)                                                                                   \
  X(buffer_write)                                                                                  \
  X(buffer_read)                                                                                   \
  X(buffer_copy)                                                                                   \
  X(buffer_fill)                                                                                   \
  X(finish)

static quern_status check_table(const quern_backend *table) {
  if (table->name == NULL || table->name[0] == '\0')
    return quern__fail(QUERN_ERROR_ARGUMENT, "backend register: the table has no name");
#define CHECK_MEMBER(member)                                                                       \
  if (table->member == NULL)                                                                       \
    return quern__fail(QUERN_ERROR_ARGUMENT, "backend register: %s has no " #member, table->name);
#define CHECK_OPTIONAL(member)
#define CHECK_REQUIRED(member)               CHECK_MEMBER(member)
#define CHECK_OP(op, type, need, kind, name) CHECK_##need(op)
  REQUIRED_MEMBERS(CHECK_MEMBER)
  QUERN_OPS(CHECK_OP)
#undef CHECK_OP
#undef CHECK_REQUIRED
#undef CHECK_OPTIONAL
#undef CHECK_MEMBER
  return QUERN_OK;
}

/* Returns the link that points at the named entry, or the list's last link. The caller has the
 * lock. */
static registered **find_registered(const char *name) {
  registered **link = &first_registered;
  while (*link != NULL && strcmp((*link)->table.name, name) != 0) link = &(*link)->next;
  return link;
}

static const quern_backend *find_built_in(const char *name) {
  if (strcmp(name, quern__opencl_backend.name) == 0) return &quern__opencl_backend;
  if (strcmp(name, quern__reference_backend.name) == 0) return &quern__reference_backend;
  return NULL;
}

quern_status quern_backend_register(const quern_backend *backend) {
  if (backend == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "backend register: the table is NULL");
  if (backend->size <= sizeof backend->size || backend->size > sizeof *backend)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "backend register: a table of %zu bytes, expected at most %zu: set size to "
                       "sizeof(quern_backend)",
                       backend->size, sizeof *backend);
  registered *result = calloc(1, sizeof *result);
  if (result == NULL) return quern__fail_memory("backend", sizeof *result);
  memcpy(&result->table, backend, backend->size);
  char *name = NULL;
  quern_status status;
  QUERN__TRY(check_table(&result->table));
  name = strdup(result->table.name);
  if (name == NULL) {
    status = quern__fail_memory("backend", strlen(result->table.name) + 1);
    goto cleanup;
  }
  result->table.name = name;

  quern__process_lock();
  registered **link = find_registered(name);
  const bool taken = *link != NULL || find_built_in(name) != NULL;
  if (!taken) *link = result;
  quern__process_unlock();
  if (!taken) return QUERN_OK;
  status =
      quern__fail(QUERN_ERROR_ARGUMENT,
                  "backend register: a backend %s exists already, expected another name", name);

cleanup:
  free(name);
  free(result);
  return status;
}

quern_status quern_backend_unregister(const char *name) {
  if (name == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "backend unregister: the name is NULL");
  quern__process_lock();
  registered **link = find_registered(name), *entry = *link;
  const size_t holds = entry != NULL ? entry->holds : 0;
  if (entry != NULL && holds == 0) *link = entry->next;
  quern__process_unlock();
  if (entry == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "backend unregister: no backend %s was registered",
                       name);
  if (holds > 0)
    return quern__fail(
        QUERN_ERROR_BUSY,
        "backend unregister: %zu devices and contexts of %s are in use: free them first", holds,
        name);
  free((void *)entry->table.name);
  free(entry);
  return QUERN_OK;
}

const quern_backend *quern_backend_find(const char *name) {
  if (name == NULL) return NULL;
  const quern_backend *built_in = find_built_in(name);
  if (built_in != NULL) return built_in;
  quern__process_lock();
  const registered *entry = *find_registered(name);
  quern__process_unlock();
  return entry != NULL ? &entry->table : NULL;
}

static bool is_built_in(const quern_backend *backend) {
  return backend == &quern__opencl_backend || backend == &quern__reference_backend;
}

/* The caller has the lock. */
static void add_holds(const quern_backend *backend, bool more) {
  if (is_built_in(backend)) return;
  registered *entry = (registered *)(uintptr_t)backend;
  entry->holds = more ? entry->holds + 1 : entry->holds - 1;
}

void quern__backend_hold(const quern_backend *backend) {
  quern__process_lock();
  add_holds(backend, true);
  quern__process_unlock();
}

void quern__backend_release(const quern_backend *backend) {
  quern__process_lock();
  add_holds(backend, false);
  quern__process_unlock();
}

const quern_backend *quern__backend_hold_at(size_t index) {
  if (index == 0) return &quern__opencl_backend;
  quern__process_lock();
  registered *entry = first_registered;
  size_t place = 1;
  for (; entry != NULL && place < index; place++) entry = entry->next;
  const quern_backend *found = NULL;
  if (entry != NULL)
    found = &entry->table;
  else if (place == index)
    found = &quern__reference_backend;
  if (found != NULL) add_holds(found, true);
  quern__process_unlock();
  return found;
}

size_t quern_backend_count(void) {
  size_t count = 1 + (quern__opencl_found() ? 1 : 0);
  quern__process_lock();
  for (const registered *entry = first_registered; entry != NULL; entry = entry->next) count++;
  quern__process_unlock();
  return count;
}

const char *quern_backend_name(size_t index) {
  const size_t hidden = quern__opencl_found() ? 0 : 1; /* opencl, which comes first */
  const quern_backend *backend =
      index <= SIZE_MAX - hidden ? quern__backend_hold_at(index + hidden) : NULL;
  if (backend == NULL) return NULL;
  quern__backend_release(backend);
  return backend->name;
}

/* The device list, and finding a device by name or index. */
#include <quern/device.h>

#include "../base/error.h"
#include "../base/size.h"
#include "../base/text.h"
#include "context.h"
#include "device.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct quern_device_list {
  quern_device *devices;
  size_t count, capacity;
  char note[512];
  const quern_backend *backend; /* the backend whose devices are being added */
  char fork_note[512];          /* why devices opened before fork() are missing, or "" */
};

static char *copy_text(const char *text) {
  return strdup(text != NULL ? text : "");
}

quern_status quern__device_info_copy(const quern_device_info *from, quern_device_info *to) {
  *to = *from;
  to->backend = copy_text(from->backend);
  to->name = copy_text(from->name);
  to->platform = copy_text(from->platform);
  to->version = copy_text(from->version);
  to->driver = copy_text(from->driver);
  if (to->backend != NULL && to->name != NULL && to->platform != NULL && to->version != NULL &&
      to->driver != NULL)
    return QUERN_OK;
  quern__device_info_free(to);
  return quern__fail_memory("device description", sizeof *to);
}

void quern__device_info_free(quern_device_info *info) {
  free((void *)info->backend);
  free((void *)info->name);
  free((void *)info->platform);
  free((void *)info->version);
  free((void *)info->driver);
  memset(info, 0, sizeof *info);
}

static quern_status add_device(void *opaque, const quern_device_info *info, void *handle) {
  quern_device_list *list = opaque;
  if (list->count == list->capacity) {
    size_t capacity = list->capacity == 0 ? 8 : 2 * list->capacity;
    quern_device *grown = realloc(list->devices, capacity * sizeof *grown);
    if (grown == NULL) return quern__fail_memory("device list", capacity * sizeof *grown);
    list->devices = grown;
    list->capacity = capacity;
  }
  quern_device *device = &list->devices[list->count];
  quern_device_info named = *info;
  named.backend = list->backend->name;
  if (list->backend != &quern__opencl_backend) {
    named.platform_index = SIZE_MAX;
    named.device_index = 0;
  }
  QUERN__FORWARD(quern__device_info_copy(&named, &device->info));
  device->backend = list->backend;
  quern__backend_hold(device->backend);
  device->handle = handle;
  list->count++;
  return QUERN_OK;
}

static void add_note(quern_device_list *list, const char *note) {
  const size_t used = strlen(list->note);
  if (note[0] == '\0') return;
  snprintf(list->note + used, sizeof list->note - used, "%s%s", used > 0 ? "; " : "", note);
}

static quern_status add_devices(quern_device_list *list, const quern_backend *backend) {
  list->backend = backend;
  char note[sizeof list->note] = "";
  const quern_status status = backend->enumerate(add_device, list, note, sizeof note);
  if (status == QUERN_ERROR_FORKED) {
    snprintf(list->fork_note, sizeof list->fork_note, "%s", quern_last_error());
    add_note(list, list->fork_note);
    return QUERN_OK;
  }
  if (status == QUERN_OK) add_note(list, note);
  return status;
}

quern_status quern_device_list_create(quern_device_list **list) {
  if (list == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "device list: the result pointer is NULL");
  *list = NULL;
  quern_device_list *result = calloc(1, sizeof *result);
  if (result == NULL) return quern__fail_memory("device list", sizeof *result);
  const quern_backend *backend;
  for (size_t i = 0; (backend = quern__backend_hold_at(i)) != NULL; i++) {
    const quern_status status = add_devices(result, backend);
    quern__backend_release(backend);
    if (status != QUERN_OK) {
      quern_device_list_free(result);
      return status;
    }
  }
  *list = result;
  return QUERN_OK;
}

void quern_device_list_free(quern_device_list *list) {
  if (list == NULL) return;
  for (size_t i = 0; i < list->count; i++) {
    quern__device_info_free(&list->devices[i].info);
    quern__backend_release(list->devices[i].backend);
  }
  free(list->devices);
  free(list);
}

size_t quern_device_list_count(const quern_device_list *list) {
  return list->count;
}

const quern_device *quern_device_list_at(const quern_device_list *list, size_t index) {
  return index < list->count ? &list->devices[index] : NULL;
}

const char *quern_device_list_note(const quern_device_list *list) {
  return list->note;
}

void quern_device_describe(const quern_device *device, quern_device_info *info) {
  *info = device->info;
}

const char *quern_device_kind_name(quern_device_kind kind) {
  switch (kind) {
  case QUERN_DEVICE_GPU:
    return "gpu";
  case QUERN_DEVICE_CPU:
    return "cpu";
  case QUERN_DEVICE_EMULATOR:
    return "emulator";
  case QUERN_DEVICE_REFERENCE:
    return "reference";
  }
  return "unknown";
}

/* --- Finding ---------------------------------------------------------------------------------- */

/* Kinds are declared best first. Within a kind, more compute units win, then the earlier device. */
static bool is_better_device(const quern_device_info *a, const quern_device_info *b) {
  if (a->kind != b->kind) return a->kind < b->kind;
  return a->compute_units > b->compute_units;
}

static const quern_device *best_device(const quern_device_list *list) {
  const quern_device *chosen = NULL;
  for (size_t i = 0; i < list->count; i++)
    if (chosen == NULL || is_better_device(&list->devices[i].info, &chosen->info))
      chosen = &list->devices[i];
  return chosen;
}

/* Parses "12", or "1:0" as a pair; false for any other text. */
static bool parse_indices(const char *text, uint64_t *first, uint64_t *second, bool *pair) {
  const char *end;
  if (!quern__parse_whole(text, UINT64_MAX, first, &end)) return false;
  *pair = *end == ':';
  if (*pair && !quern__parse_whole(end + 1, UINT64_MAX, second, &end)) return false;
  return *end == '\0';
}

static bool contains_ignoring_case(const char *text, const char *part) {
  size_t length = strlen(part);
  for (; *text != '\0'; text++)
    if (strncasecmp(text, part, length) == 0) return true;
  return false;
}

/* Lists the devices for a message: "0 'NVIDIA H200' (gpu), 1 'reference' (reference)". */
static void list_devices(const quern_device_list *list, char *text, size_t size) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < list->count && used < size; i++) {
    const quern_device_info *info = &list->devices[i].info;
    int length = snprintf(text + used, size - used, "%s%zu '%s' (%s)", i == 0 ? "" : ", ", i,
                          info->name, quern_device_kind_name(info->kind));
    if (length < 0) return;
    used += (size_t)length;
  }
}

static quern_status fail_find(const quern_device_list *list, const char *text, const char *why) {
  char known[768];
  list_devices(list, known, sizeof known);
  return quern__fail(QUERN_ERROR_NO_DEVICE, "device '%s': %s; available: %s", text, why, known);
}

quern_status quern_device_list_find(const quern_device_list *list, const char *text,
                                    const quern_device **device) {
  if (device != NULL) *device = NULL;
  if (list == NULL || device == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "device: the list or the result pointer is NULL");
  if (text == NULL || *text == '\0') text = getenv("QUERN_DEVICE");
  const bool any = text == NULL || *text == '\0' || strcasecmp(text, "auto") == 0;
  uint64_t first, second;
  size_t found = 0;
  bool pair;
  const bool indexed = !any && parse_indices(text, &first, &second, &pair),
             forked = list->fork_note[0] != '\0';
  /* OpenCL's devices are missing after a fork, so "auto" and indices would silently choose another
   * device. */
  if (forked && (any || indexed)) return quern__fail(QUERN_ERROR_FORKED, "%s", list->fork_note);
  if (any) {
    *device = best_device(list);
    return QUERN_OK;
  }
  for (size_t i = 0; i < list->count; i++) {
    const quern_device_info *info = &list->devices[i].info;
    bool fits;
    if (indexed && pair)
      fits = list->devices[i].backend == &quern__opencl_backend && info->platform_index == first &&
             info->device_index == second;
    else if (indexed)
      fits = i == first;
    else if (info->kind == QUERN_DEVICE_REFERENCE)
      fits = strcasecmp(text, info->name) == 0;
    else
      fits =
          contains_ignoring_case(info->name, text) || contains_ignoring_case(info->platform, text);
    if (!fits) continue;
    *device = &list->devices[i];
    found++;
  }
  if (found == 1) return QUERN_OK;
  *device = NULL;
  if (forked && found == 0) return quern__fail(QUERN_ERROR_FORKED, "%s", list->fork_note);
  return fail_find(list, text, found == 0 ? "no device matches" : "several devices match");
}

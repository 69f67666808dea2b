/* Decides which calls fail: opencl_shim_fault.h. */
#include "opencl_shim_fault.h"

#include "opencl/api.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHIM __attribute__((visibility("default")))

static const char *const entries[] = {
#define ENTRY(name) "cl" #name,
    QUERN__CL_FUNCTIONS(ENTRY)
#undef ENTRY
};
enum { ENTRY_COUNT = sizeof entries / sizeof *entries };

static quern_shim_fault armed; /* nth is 0 if there is none */
static bool counting, logs;
static size_t calls, spoiled;
static bool spoiled_entries[ENTRY_COUNT];
static const char *first_spoiled;
static _Thread_local const char *current; /* the entry point whose answer is spoiled */

SHIM void quern_shim_arm(const quern_shim_fault *fault) {
  armed = *fault;
  counting = true;
  logs = false;
  calls = spoiled = 0;
  memset(spoiled_entries, 0, sizeof spoiled_entries);
  first_spoiled = current = NULL;
}

SHIM void quern_shim_disarm(void) {
  counting = logs = false;
  armed.nth = 0;
  current = NULL;
}

SHIM size_t quern_shim_calls(void) {
  return calls;
}

SHIM size_t quern_shim_spoiled(void) {
  return spoiled;
}

SHIM const char *quern_shim_first_spoiled(void) {
  return first_spoiled;
}

SHIM bool quern_shim_is_blamed(const char *message) {
  for (size_t i = 0; i < ENTRY_COUNT; i++)
    if (spoiled_entries[i] && strstr(message, entries[i]) != NULL) return true;
  return false;
}

static void spoil(const char *entry) {
  spoiled++;
  if (first_spoiled == NULL) first_spoiled = entry;
  for (size_t i = 0; i < ENTRY_COUNT; i++)
    spoiled_entries[i] = spoiled_entries[i] || strcmp(entries[i], entry) == 0;
}

/* A driver that waits forever for its device. */
static void hang_if_asked(const char *entry) {
  static atomic_size_t seen;
  const char *wanted = getenv(QUERN_SHIM_HANG);
  const size_t length = strlen(entry);
  if (wanted == NULL || strncmp(wanted, entry, length) != 0) return;
  if (wanted[length] != '\0' && wanted[length] != ':') return;
  const size_t nth = wanted[length] == ':' ? strtoul(wanted + length + 1, NULL, 10) : 1;
  if (atomic_fetch_add(&seen, 1) + 1 < nth) return;
  fprintf(stderr, QUERN_SHIM_HANGS "%s\n", entry);
  for (;;) pause();
}

cl_int quern_shim_fails(const char *entry) {
  hang_if_asked(entry);
  current = NULL;
  if (!counting || (armed.entry != NULL && strcmp(armed.entry, entry) != 0)) return CL_SUCCESS;
  calls++;
  if (armed.nth == 0 || (armed.kind == QUERN_SHIM_LOSE ? calls < armed.nth : calls != armed.nth))
    return CL_SUCCESS;
  switch (armed.kind) {
  case QUERN_SHIM_CUT:
  case QUERN_SHIM_CORRUPT:
    current = entry;
    return CL_SUCCESS;
  case QUERN_SHIM_NO_BUILD:
    if (strcmp(entry, "clBuildProgram") != 0) return CL_SUCCESS;
    logs = true;
    spoil(entry);
    return CL_BUILD_PROGRAM_FAILURE;
  default:
    spoil(entry);
    return armed.error;
  }
}

static bool spoils_answer(quern_shim_fault_kind kind) {
  if (current == NULL || armed.kind != kind) return false;
  spoil(current);
  current = NULL;
  return true;
}

bool quern_shim_cuts(void) {
  return spoils_answer(QUERN_SHIM_CUT);
}

bool quern_shim_corrupts(void) {
  return spoils_answer(QUERN_SHIM_CORRUPT);
}

bool quern_shim_has_log(void) {
  return logs;
}

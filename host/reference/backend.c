/* The reference's table: its one device, its memory in the host's, and the report of bad data. */
#include "reference.h"

#include "../base/error.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Physical memory of this machine in bytes; 0 if unknown. */
static uint64_t physical_memory(void) {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
}

static quern_status reference_enumerate(quern_device_sink sink, void *list, char *note,
                                        size_t note_size) {
  (void)note;
  (void)note_size;
  const quern_device_info info = {
      .kind = QUERN_DEVICE_REFERENCE,
      .backend = "reference",
      .name = "reference",
      .platform = "quern",
      .version = "",
      .driver = "",
      .platform_index = SIZE_MAX,
      .device_index = 0,
      .compute_units = 1,
      .memory = physical_memory(),
      .max_allocation = 0,
  };
  return sink(list, &info, NULL);
}

static void clear_faults(quern__reference *reference) {
  for (int fault = 0; fault < QUERN__FAULT_COUNT; fault++)
    reference->faults[fault].row = QUERN__FAULT_NONE;
}

void quern__reference_report(quern__reference *reference, quern__fault fault, const char *op,
                             size_t row, size_t limit) {
  quern__reference_fault *kept = &reference->faults[fault];
  if ((int64_t)row >= kept->row) return;
  kept->row = (int32_t)row;
  kept->op = op;
  kept->limit = limit;
}

static quern_status reference_open(const quern_device_info *info, void *handle, void **state) {
  (void)handle;
  quern__reference *reference = calloc(1, sizeof *reference);
  if (reference == NULL) return quern__fail_memory("a context", sizeof *reference);
  reference->memory = info->memory;
  clear_faults(reference);
  *state = reference;
  return QUERN_OK;
}

static void reference_close(void *state) {
  free(state);
}

/* Buffers are not zeroed, so that memory checkers detect reads of values never written. A size
 * above the machine's memory is rejected here, since an overcommitting kernel would grant it and
 * later kill the process. */
static quern_status reference_buffer_create(void *state, size_t bytes, void **memory) {
  const quern__reference *reference = state;
  const bool too_much = reference->memory > 0 && bytes > reference->memory;
  *memory = too_much ? NULL : malloc(bytes);
  if (*memory != NULL) return QUERN_OK;
  return quern__fail(QUERN_ERROR_OUT_OF_DEVICE_MEMORY,
                     "a buffer of %zu bytes: the machine has %" PRIu64 " bytes", bytes,
                     reference->memory);
}

static void reference_buffer_free(void *state, void *memory) {
  (void)state;
  free(memory);
}

/* All ops are complete, so this only reports their faults. */
static quern_status reference_finish(void *state) {
  quern__reference *reference = state;
  quern_status status = QUERN_OK;
  for (unsigned fault = QUERN__FAULT_COUNT; fault-- > 0 && status == QUERN_OK;) {
    const quern__reference_fault *kept = &reference->faults[fault];
    if (kept->row != QUERN__FAULT_NONE)
      status = quern__fail_fault((quern__fault)fault, kept->op, kept->row, kept->limit);
  }
  clear_faults(reference);
  return status;
}

static quern_status reference_buffer_write(void *state, void *memory, size_t offset, size_t bytes,
                                           const void *data, bool wait) {
  memcpy((unsigned char *)memory + offset, data, bytes);
  return wait ? reference_finish(state) : QUERN_OK;
}

static quern_status reference_buffer_read(void *state, void *memory, size_t offset, size_t bytes,
                                          void *data, bool wait) {
  memcpy(data, (const unsigned char *)memory + offset, bytes);
  return wait ? reference_finish(state) : QUERN_OK;
}

static quern_status reference_buffer_copy(void *state, void *from, size_t from_offset, void *to,
                                          size_t to_offset, size_t bytes) {
  (void)state;
  memcpy((unsigned char *)to + to_offset, (const unsigned char *)from + from_offset, bytes);
  return QUERN_OK;
}

static quern_status reference_buffer_fill(void *state, void *memory, size_t offset, size_t bytes,
                                          uint8_t value) {
  (void)state;
  memset((unsigned char *)memory + offset, value, bytes);
  return QUERN_OK;
}

const quern_backend quern__reference_backend = {
    .size = sizeof(quern_backend),
    .name = "reference",
    .enumerate = reference_enumerate,
    .open = reference_open,
    .close = reference_close,
    .build_log = NULL,
    .survives_fork = true,
    .buffer_create = reference_buffer_create,
    .buffer_free = reference_buffer_free,
    .buffer_write = reference_buffer_write,
    .buffer_read = reference_buffer_read,
    .buffer_copy = reference_buffer_copy,
    .buffer_fill = reference_buffer_fill,
    .finish = reference_finish,
// clang-format off
#define MEMBER(op, type, need, kind, name) .op = quern__reference_##op,
    QUERN_OPS(MEMBER)
#undef MEMBER
    // clang-format on
};

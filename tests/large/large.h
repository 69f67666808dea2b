/* Matrices of more than 2^32 elements in the memory of a few rows: see test_products.c. */
#ifndef QUERN_TESTS_LARGE_H
#define QUERN_TESTS_LARGE_H

#include "device/context.h"
#include "op_check.h"
#include "opencl/state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
  PERIOD = 24, /* rows in memory; 2^32 elements are not a multiple of them */
  COLUMNS = 1 << 16,
  MANY = 24 * 2733,      /* rows: MANY * COLUMNS > 2^32 */
  TIMES = MANY / PERIOD, /* repetitions of the rows */
  MOST = 8
};

typedef enum role {
  NONE,
  IN,       /* small whole numbers, so that sums are exact */
  POSITIVE, /* the same, above 0 */
  BYTES,
  NUMBERS, /* of columns, below COLUMNS: one for each row */
  PLACES,  /* of rows: row r has index r, so each is gathered from its own place */
  OUT,     /* repeats as the inputs do */
  CLASSES, /* so do these integers */
  SUM      /* over the rows, with as many repetitions */
} role;

/* rows x columns, where one of the two may be MANY. */
typedef struct operand {
  role role;
  size_t rows, columns;
} operand;

typedef quern_status (*op_call)(quern_context *context, const quern_tensor *t);

typedef struct placed {
  size_t rows, columns, bytes;
  void *memory; /* the buffer's */
  quern_tensor tensor;
} placed;

/* A number of row r and column c, different from all its neighbors. */
static inline uint32_t mixed(size_t r, size_t c) {
  uint32_t x = (uint32_t)r * 2654435761u ^ ((uint32_t)c + 1) * 2246822519u;
  x = (x ^ x >> 15) * 3266489917u;
  return x ^ x >> 13;
}

/* Element (r, c), which is the i-th. Matrices with MANY rows or columns repeat along them. */
static inline void put(const placed *place, const operand *as, size_t i, size_t r, size_t c) {
  const uint32_t number =
      mixed(as->rows == MANY ? r % PERIOD : r, as->columns == MANY ? c % PERIOD : c);
  switch (as->role) {
  case BYTES:
    ((uint8_t *)place->memory)[i] = (uint8_t)number;
    break;
  case NUMBERS:
    ((int32_t *)place->memory)[i] = (int32_t)(number % COLUMNS);
    break;
  case PLACES:
    ((int32_t *)place->memory)[i] = (int32_t)c;
    break;
  case IN:
    ((float *)place->memory)[i] = (float)(number % 5) - 2;
    break;
  case POSITIVE:
    ((float *)place->memory)[i] = (float)(number % 3 + 1);
    break;
  default: /* outputs: a value that no op gives */
    ((int32_t *)place->memory)[i] = -77;
  }
}

static inline size_t element_of(const operand *as) {
  return as->role == BYTES ? 1 : 4;
}

/* True if PERIOD rows of memory can stand for all. */
static inline bool repeats(const operand *as) {
  return as->rows == MANY && as->columns == COLUMNS;
}

/* Addresses for the whole matrix, all mapped to the one range of PERIOD rows. */
static inline void *map_rows(size_t bytes, size_t period) {
  const int file = memfd_create("rows", MFD_CLOEXEC);
  assert_true(file >= 0);
  assert_int_equal(ftruncate(file, (off_t)period), 0);
  unsigned char *memory =
      mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  assert_true(memory != MAP_FAILED);
  for (size_t position = 0; position < bytes; position += period)
    assert_true(mmap(memory + position, period, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                     file, 0) != MAP_FAILED);
  close(file);
  return memory;
}

/* A buffer on that memory. */
static inline quern_buffer *wrap(quern_context *context, void *memory, size_t bytes) {
  cl_int error;
  const quern__cl *cl = context->state;
  cl_mem object =
      quern__cl_call.CreateBuffer(cl->context, CL_MEM_USE_HOST_PTR, bytes, memory, &error);
  if (error != CL_SUCCESS) fail_msg("a buffer of %zu bytes: error %d", bytes, (int)error);
  quern_buffer *buffer;
  assert_ok(quern__buffer_wrap(context, object, 0, bytes, &buffer));
  return buffer;
}

/* rows x columns zeros, which use no memory until they are written. */
static inline placed place_zeros(quern_context *context, size_t rows, size_t columns) {
  placed result = {.rows = rows, .columns = columns, .bytes = rows * columns * sizeof(float)};
  result.memory = mmap(NULL, result.bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  assert_true(result.memory != MAP_FAILED);
  (void)madvise(result.memory, result.bytes, MADV_HUGEPAGE); /* fewer page faults, if supported */
  result.tensor = quern_matrix(wrap(context, result.memory, result.bytes), 0, rows, columns);
  return result;
}

/* The operand with MANY rows or columns in place of `many`, with its values in memory that the
 * device uses. */
static inline placed place_operand(quern_context *context, const operand *as, size_t many) {
  if (as->role == NONE) return (placed){.tensor = quern_none()};
  placed result = {.rows = as->rows == MANY ? many : as->rows,
                   .columns = as->columns == MANY ? many : as->columns};
  result.bytes = result.rows * result.columns * element_of(as);
  const bool maps = repeats(as) && many == MANY;
  const size_t period = PERIOD * result.columns * element_of(as);
  result.memory =
      maps ? map_rows(result.bytes, period)
           : mmap(NULL, result.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_true(result.memory != MAP_FAILED);
  for (size_t r = 0; r < (maps ? PERIOD : result.rows); r++)
    for (size_t c = 0; c < result.columns; c++) put(&result, as, r * result.columns + c, r, c);
  result.tensor =
      quern_matrix(wrap(context, result.memory, result.bytes), 0, result.rows, result.columns);
  return result;
}

static inline void remove_operand(placed *place) {
  if (place->memory == NULL) return;
  quern_buffer_free(place->tensor.buffer);
  assert_int_equal(munmap(place->memory, place->bytes), 0);
}

/* Compares element (r, c) of the large result with `times` that of the small one. */
static inline void check_element(const char *name, const placed *large, const placed *small,
                                 size_t r, size_t c, double times, bool whole) {
  const size_t i = r * large->columns + c,
               j = r % small->rows * small->columns + c % small->columns;
  if (whole) {
    const int32_t got = ((int32_t *)large->memory)[i], expected = ((int32_t *)small->memory)[j];
    if (got != expected)
      fail_msg("%s: (%zu, %zu) is %d, expected %d", name, r, c, (int)got, (int)expected);
    return;
  }
  const double got = ((float *)large->memory)[i], expected = times * ((float *)small->memory)[j];
  /* Sums of MANY are of integers, and exact, or have one sign. Functions may be from another vector
   * width. */
  if (!(fabs(got - expected) <= (times > 1 ? MANY * 0x1p-24 : 1e-5) * fabs(expected)))
    fail_msg("%s: (%zu, %zu) is %.9g, expected %.9g", name, r, c, got, expected);
}

static inline void check_result(const char *name, const operand *as, const placed *large,
                                const placed *small) {
  const size_t rows = repeats(as) ? PERIOD : large->rows;
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < large->columns; c++)
      check_element(name, large, small, r, c, as->role == SUM ? TIMES : 1, as->role == CLASSES);
}

/* Compares the op over MANY rows or columns with the same over PERIOD of them. */
static inline void check(quern_context *context, const char *name, op_call call, const operand *as,
                         size_t count) {
  placed large[MOST], small[MOST];
  quern_tensor tensors[MOST];
  for (size_t i = 0; i < count; i++)
    tensors[i] = (small[i] = place_operand(context, &as[i], PERIOD)).tensor;
  assert_ok(call(context, tensors));
  for (size_t i = 0; i < count; i++)
    tensors[i] = (large[i] = place_operand(context, &as[i], MANY)).tensor;
  assert_ok(call(context, tensors));
  assert_ok(quern_context_finish(context));
  for (size_t i = 0; i < count; i++) {
    if (as[i].role >= OUT) check_result(name, &as[i], &large[i], &small[i]);
    remove_operand(&large[i]);
    remove_operand(&small[i]);
  }
}

#endif

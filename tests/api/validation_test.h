/* Tensors, valid and invalid, for the tests of ops' checks. Checks are above the backends, so the
 * reference stands for all. */
#ifndef QUERN_TESTS_API_VALIDATION_TEST_H
#define QUERN_TESTS_API_VALIDATION_TEST_H

#include "test.h"

#include <math.h>
#include <string.h>

enum { COUNT = 1000 };
static const float canary = 12345.0f;

typedef struct fixture {
  quern_context *context, *stranger;
  quern_buffer *buffer, *foreign;
} fixture;

static fixture f;

static inline int setup(void **state) {
  (void)state;
  memset(&f, 0, sizeof f);
  if (quern_context_create("reference", &f.context) != QUERN_OK) return -1;
  if (quern_context_create("reference", &f.stranger) != QUERN_OK) return -1;
  if (quern_buffer_create(f.context, COUNT * sizeof(float), &f.buffer) != QUERN_OK) return -1;
  if (quern_buffer_create(f.stranger, COUNT * sizeof(float), &f.foreign) != QUERN_OK) return -1;
  return quern_fill(f.context, canary, quern_vector(f.buffer, 0, COUNT)) == QUERN_OK ? 0 : -1;
}

/* A refused op must not write. */
static inline int teardown(void **state) {
  float values[COUNT];
  bool untouched = quern_buffer_read(f.buffer, 0, sizeof values, values, QUERN_WAIT) == QUERN_OK;
  for (size_t i = 0; i < COUNT; i++) untouched = untouched && values[i] == canary;
  if (!untouched) print_error("a refused op wrote to its buffer, or left a fault behind\n");
  quern_buffer_free(f.buffer);
  quern_buffer_free(f.foreign);
  quern_context_free(f.context);
  quern_context_free(f.stranger);
  return test_teardown(state) != 0 || !untouched ? -1 : 0;
}

/* Tensors of one buffer, 100 elements apart, so that they do not overlap; and invalid ones. */
static inline quern_tensor at(size_t place, size_t rows, size_t columns) {
  return quern_matrix(f.buffer, 100 * place, rows, columns);
}

static inline quern_tensor foreign(size_t rows, size_t columns) {
  return quern_matrix(f.foreign, 0, rows, columns);
}

static inline quern_tensor past_end(size_t rows, size_t columns) {
  return quern_matrix(f.buffer, COUNT - rows * columns + 1, rows, columns);
}

#define C        f.context
#define RELU     quern_activation_of(QUERN_ACTIVATION_RELU)
#define NONE     quern_none()
#define ARGUMENT QUERN_ERROR_ARGUMENT
#define SHAPE    QUERN_ERROR_SHAPE

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif

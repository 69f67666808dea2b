/* Argmax, counting and sums on a device against the reference. */
#include "op_check.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
  size_t rows, columns;
  bool large;
} shapes[] = {{1, 1, false},   {1, 2, false},    {3, 1, false},    {7, 10, false},
              {1, 63, false},  {64, 3, false},   {65, 2, false},   {16, 17, false},
              {1, 257, false}, {33, 31, false},  {130, 9, false},  {1, 1000, false},
              {1, 4097, true}, {257, 127, true}, {1, 65537, true}, {999, 1001, true}};
enum { SHAPES = sizeof shapes / sizeof *shapes, SHORT_LOOP = 65535 };

static quern_status argmax(quern_context *context, const quern_tensor *t, const void *opaque) {
  (void)opaque;
  return quern_argmax(context, t[0], t[1]);
}

static quern_status count_correct(quern_context *context, const quern_tensor *t, const void *accumulate) {
  return quern_count_correct(context, t[0], t[1], *(const bool *)accumulate, t[2]);
}

static quern_status sum(quern_context *context, const quern_tensor *t, const void *opaque) {
  (void)opaque;
  return quern_sum(context, t[0], t[1]);
}

/* Few different values, so that ties abound; a NaN here and there. */
static void check_argmax(test_rig *rig, size_t n, size_t k, bool with_nan) {
  test_random *random = test_rig_next(rig);
  test_op op = {.call = argmax};
  snprintf(op.title, sizeof op.title, "argmax %zux%zu%s", n, k, with_nan ? " with NaN" : "");
  float *z = test_random_whole(random, n * k, -3, 3);
  for (size_t r = 0; with_nan && r < n; r += 2) z[r * k + test_random_below(random, (uint32_t)k)] = NAN;
  test_op_operand(&op, 0, "z", TEST_IN, TEST_FLOAT, n, k, z);
  test_op_operand(&op, 1, "classes", TEST_OUT, TEST_INT, 1, n, NULL);
  test_op_check(rig, &op);
}

static void check_count(test_rig *rig, size_t n, bool accumulate) {
  test_random *random = test_rig_next(rig);
  test_op op = {.call = count_correct, .arguments = &accumulate};
  snprintf(op.title, sizeof op.title, "count correct %zu%s", n, accumulate ? " accumulate" : "");
  int32_t *classes = test_random_labels(random, n, 4), *labels = test_random_labels(random, n, 4);
  for (size_t i = 0; i < n; i += 5) classes[i] = labels[i] = -1;
  test_op_operand(&op, 0, "classes", TEST_IN, TEST_INT, 1, n, classes);
  test_op_operand(&op, 1, "labels", TEST_IN, TEST_INT, 1, n, labels);
  int32_t *count = NULL;
  if (accumulate) {
    count = test_alloc(1, sizeof *count);
    *count = 1000;
  }
  test_op_operand(&op, 2, "count", accumulate ? TEST_INOUT : TEST_OUT, TEST_INT, 1, 1, count);
  test_op_check(rig, &op);
}

/* Pairwise: the error grows with the logarithm of the count. A work-item may add a few in a row first. */
static void check_sum(test_rig *rig, size_t rows, size_t columns, bool whole) {
  test_random *random = test_rig_next(rig);
  const double terms = ceil(log2((double)(rows * columns))) + 8;
  test_op op = {
      .call = sum, .magnitude = sum, .bound = {.kind = whole ? TEST_EXACT : TEST_CLOSE, .terms = terms}};
  snprintf(op.title, sizeof op.title, "sum %zux%zu%s", rows, columns, whole ? " whole" : "");
  float *x = whole ? test_random_whole(random, rows * columns, -8, 8)
                   : test_random_floats(random, rows * columns, -1.0f, 2.0f);
  test_op_operand(&op, 0, "x", TEST_IN, TEST_FLOAT, rows, columns, x);
  test_op_operand(&op, 1, "sum", TEST_OUT, TEST_FLOAT, 1, 1, NULL);
  test_op_check(rig, &op);
}

static void test_shapes(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  for (size_t i = 0; i < SHAPES; i++) {
    if (shapes[i].large && rig.slow) continue;
    const size_t rows = shapes[i].rows, columns = shapes[i].columns;
    if (rig.short_loops && rows * columns > SHORT_LOOP) continue;
    for (int variant = 0; variant < 2; variant++) {
      check_argmax(&rig, rows, columns, variant != 0);
      check_count(&rig, rows * columns, variant != 0);
      check_sum(&rig, rows, columns, variant != 0);
    }
  }
  test_rig_close(&rig);
}

/* Ties, infinities and NaN, with the class written beside them. */
static void test_argmax_known(void **state) {
  (void)state;
  static const float z[][4] = {{1, 2, 3, 4},
                               {4, 4, 4, 4},
                               {-INFINITY, -INFINITY, -INFINITY, -INFINITY},
                               {0, INFINITY, INFINITY, 0},
                               {NAN, 1, 2, 3},
                               {1, 2, 3, NAN},
                               {-3e38f, -2e38f, -3e38f, -3e38f},
                               {-0.0f, 0.0f, -1, 0.0f},
                               {INFINITY, NAN, 0, 0}};
  static const int32_t classes[] = {3, 0, 0, 1, -1, -1, 1, 0, -1};
  enum { ROWS = sizeof z / sizeof *z };
  test_rig rig;
  test_rig_open(&rig, 300);
  quern_context *contexts[] = {rig.reference, rig.device};
  for (size_t c = 0; c < 2; c++) {
    quern_buffer *buffer;
    int32_t got[ROWS];
    assert_ok(quern_buffer_create(contexts[c], sizeof z + sizeof got, &buffer));
    assert_ok(quern_buffer_write(buffer, 0, sizeof z, z, QUERN_WAIT));
    assert_ok(
        quern_argmax(contexts[c], quern_matrix(buffer, 0, ROWS, 4), quern_vector(buffer, ROWS * 4, ROWS)));
    assert_ok(quern_buffer_read(buffer, sizeof z, sizeof got, got, QUERN_WAIT));
    quern_buffer_free(buffer);
    assert_memory_equal(got, classes, sizeof classes);
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_shapes), QUERN_TEST(test_argmax_known)};
  return cmocka_run_group_tests_name("ops/measure", tests, NULL, NULL);
}

/* Clipping by a norm on a device against the reference: sums of squares in parts, and the scaling. */
#include "op_check.h"
#include <math.h>
#include <stdio.h>

enum { SHORT_LOOP = 65535 };

static const struct {
  size_t rows, columns, parts;
  bool large;
} sums[] = {{1, 1, 1, false},    {1, 1, 3, false},    {1, 7, 64, false},   {3, 5, 2, false},
            {1, 64, 64, false},  {1, 65, 64, false},  {16, 17, 5, false},  {33, 31, 64, false},
            {1, 1000, 1, false}, {1, 4097, 64, true}, {257, 127, 7, true}, {1, 100003, 64, true}};

static quern_status sum_squares(quern_context *context, const quern_tensor *t, const void *opaque) {
  (void)opaque;
  return quern_sum_squares(context, t[0], t[1]);
}

static quern_status clip_norm(quern_context *context, const quern_tensor *t, const void *max_norm) {
  return quern_clip_norm(context, *(const float *)max_norm, t[0], t[1]);
}

/* Whole numbers: every order gives the same sum. Others: pairwise, with a few in a row first. */
static void check_sum(test_rig *rig, size_t rows, size_t columns, size_t parts, bool whole) {
  test_random *random = test_rig_next(rig);
  const double terms = ceil(log2((double)(rows * columns))) + 10;
  test_op op = {.call = sum_squares,
                .magnitude = sum_squares,
                .bound = {.kind = whole ? TEST_EXACT : TEST_CLOSE, .terms = terms}};
  snprintf(op.title, sizeof op.title, "sum of squares %zux%zu in %zu%s", rows, columns, parts,
           whole ? " whole" : "");
  float *x = whole ? test_random_whole(random, rows * columns, -8, 8)
                   : test_random_floats(random, rows * columns, -1.0f, 2.0f);
  test_op_operand(&op, 0, "x", TEST_IN, TEST_FLOAT, rows, columns, x);
  test_op_operand(&op, 1, "squares", TEST_OUT, TEST_FLOAT, 1, parts, NULL);
  test_op_check(rig, &op);
}

static void test_sums(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
    if (sums[i].large && rig.slow) continue;
    if (rig.short_loops && sums[i].rows * sums[i].columns > SHORT_LOOP) continue;
    check_sum(&rig, sums[i].rows, sums[i].columns, sums[i].parts, false);
    check_sum(&rig, sums[i].rows, sums[i].columns, sums[i].parts, true);
  }
  test_rig_close(&rig);
}

/* A square root, a sum, a quotient, which OpenCL rounds within 3, 1 and 2.5 units, and a product. */
static void check_clip(test_rig *rig, size_t rows, size_t columns, float max_norm, float squares) {
  test_random *random = test_rig_next(rig);
  test_op op = {.call = clip_norm, .arguments = &max_norm, .bound = {.terms = 8}};
  snprintf(op.title, sizeof op.title, "clip norm %zux%zu to %g from sqrt(%g)", rows, columns,
           (double)max_norm, (double)squares);
  float *cell = test_alloc(1, sizeof *cell);
  *cell = squares;
  test_op_operand(&op, 0, "squares", TEST_IN, TEST_FLOAT, 1, 1, cell);
  test_op_operand(&op, 1, "x", TEST_INOUT, TEST_FLOAT, rows, columns,
                  test_random_floats(random, rows * columns, -2.0f, 2.0f));
  if (isnan(squares)) op.operands[1].nans = rows * columns;
  test_op_check(rig, &op);
}

static void test_clips(void **state) {
  (void)state;
  static const size_t shapes[][2] = {{1, 1}, {1, 3}, {7, 9}, {1, 63}, {64, 1}, {1, 65}, {16, 17}};
  static const float squares[] = {0.0f, 1e-30f, 0.25f, 1.0f, 4.0f, 1e30f, INFINITY, NAN};
  test_rig rig;
  test_rig_open(&rig, 100);
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    for (size_t s = 0; s < sizeof squares / sizeof *squares; s++)
      check_clip(&rig, shapes[i][0], shapes[i][1], s % 2 == 0 ? 1.0f : 0.3f, squares[s]);
  test_rig_close(&rig);
}

/* What is within the norm keeps every bit. */
static void test_within(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 200);
  quern_context *contexts[] = {rig.reference, rig.device};
  for (size_t c = 0; c < 2; c++) {
    const float before[] = {25.0f, 3.0f, -0.0f, -4.0f, 1e-30f};
    float after[5];
    quern_buffer *buffer;
    assert_ok(quern_buffer_create(contexts[c], sizeof before, &buffer));
    assert_ok(quern_buffer_write(buffer, 0, sizeof before, before, QUERN_WAIT));
    assert_ok(quern_clip_norm(contexts[c], 5.1f, quern_vector(buffer, 0, 1), quern_vector(buffer, 1, 4)));
    assert_ok(quern_buffer_read(buffer, 0, sizeof after, after, QUERN_WAIT));
    assert_memory_equal(after, before, sizeof before);
    quern_buffer_free(buffer);
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_sums), QUERN_TEST(test_clips), QUERN_TEST(test_within)};
  return cmocka_run_group_tests_name("ops/clip", tests, NULL, NULL);
}

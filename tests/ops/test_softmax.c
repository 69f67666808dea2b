/* Softmax on a device against the reference. */
#include "op_check.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct {
  size_t n, k;
  bool large;
} shapes[] = {{1, 1, false},   {1, 2, false},   {3, 1, false},   {2, 3, false},    {7, 10, false},
              {16, 16, false}, {17, 15, false}, {65, 7, false},  {1, 257, false},  {33, 64, false},
              {130, 3, false}, {3, 1000, true}, {257, 33, true}, {1000, 10, true}, {63, 130, true}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static quern_status call(quern_context *context, const quern_tensor *t, const void *arguments) {
  (void)arguments;
  return quern_softmax(context, t[0], t[1]);
}

/* Every output is relatively right: k terms in the sum, and the rounding of z - m, which exp turns into a
 * relative error of its size. What underflows may be flushed to zero. */
static test_bound bound_for(size_t k, double range) {
  return (test_bound){.terms = (double)k + 2 * range + 8, .absolute = 2.0 * FLT_MIN};
}

static void test_shapes(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  static const float ranges[] = {1.0f, 30.0f};
  for (size_t i = 0; i < SHAPES; i++)
    for (size_t r = 0; r < 2; r++) {
      if (shapes[i].large && rig.slow) continue;
      const size_t n = shapes[i].n, k = shapes[i].k;
      const bool in_place = (i + r) % 2 != 0;
      test_random *random = test_rig_next(&rig);
      test_op op = {.call = call, .bound = bound_for(k, 2.0 * (double)ranges[r])};
      snprintf(op.title, sizeof op.title, "softmax %zux%zu to %g%s", n, k, (double)ranges[r],
               in_place ? " in place" : "");
      test_op_operand(&op, 0, "z", TEST_IN, TEST_FLOAT, n, k,
                      test_random_floats(random, n * k, -ranges[r], ranges[r]));
      test_op_operand(&op, 1, "o", TEST_OUT, TEST_FLOAT, n, k, NULL);
      op.operands[1].same_as = in_place ? 1 : 0;
      test_op_check(&rig, &op);
    }
  test_rig_close(&rig);
}

/* Logits of any size, with what comes out written beside them. */
static void test_extreme_logits(void **state) {
  (void)state;
  static const float z[][3] = {{3e38f, -3e38f, 0.0f}, {3e38f, 3e38f, -3e38f}, {-3e38f, -3e38f, -3e38f},
                               {1e4f, 1e4f, 1e4f},    {-1e4f, 0.0f, -1e4f},   {0.0f, NAN, 0.0f}};
  static const float o[][3] = {
      {1.0f, 0.0f, 0.0f}, {0.5f, 0.5f, 0.0f}, {1.0f / 3, 1.0f / 3, 1.0f / 3}, {1.0f / 3, 1.0f / 3, 1.0f / 3},
      {0.0f, 1.0f, 0.0f}, {NAN, NAN, NAN}};
  enum { ROWS = sizeof z / sizeof *z, COUNT = sizeof z / sizeof(float) };
  test_rig rig;
  test_rig_open(&rig, 100);
  quern_context *contexts[] = {rig.reference, rig.device};
  for (size_t c = 0; c < 2; c++) {
    quern_buffer *buffer;
    float got[COUNT];
    assert_ok(quern_buffer_create(contexts[c], sizeof z, &buffer));
    assert_ok(quern_buffer_write(buffer, 0, sizeof z, z, QUERN_WAIT));
    assert_ok(quern_softmax(contexts[c], quern_matrix(buffer, 0, ROWS, 3), quern_matrix(buffer, 0, ROWS, 3)));
    assert_ok(quern_buffer_read(buffer, 0, sizeof got, got, QUERN_WAIT));
    quern_buffer_free(buffer);
    test_bound bound = bound_for(3, 1);
    bound.nans = 3;
    test_assert_close("softmax of extreme logits", c == 0 ? "reference" : "device", got, &o[0][0], COUNT, 3,
                      bound);
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_shapes), QUERN_TEST(test_extreme_logits)};
  return cmocka_run_group_tests_name("ops/softmax", tests, NULL, NULL);
}

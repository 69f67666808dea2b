/* The SGD update over a range, on a device against the reference. */
#include "op_check.h"
#include <stdio.h>

static const struct {
  size_t rows, columns;
  float learning_rate, weight_decay;
  bool large;
} cases[] = {{1, 1, 0.1f, 0.0f, false},    {1, 2, 0.1f, 0.01f, false},     {1, 3, 0.0f, 0.0f, false},
             {7, 9, 0.5f, 0.5f, false},    {1, 63, 0.01f, 0.0f, false},    {64, 1, 0.01f, 1e-4f, false},
             {1, 65, 1.0f, 0.0f, false},   {16, 17, 0.3f, 0.2f, false},    {1, 257, 0.1f, 0.1f, false},
             {127, 130, 0.1f, 0.0f, true}, {1, 100003, 0.05f, 5e-4f, true}};
enum { CASES = sizeof cases / sizeof *cases };

static quern_status call(quern_context *context, const quern_tensor *t, const void *sgd) {
  return quern_sgd_update(context, *(const quern_sgd *)sgd, t[0], t[1]);
}

/* p + lr (g + decay p) of absolute values. */
static quern_status magnitude(quern_context *context, const quern_tensor *t, const void *opaque) {
  quern_sgd sgd = *(const quern_sgd *)opaque;
  sgd.learning_rate = -sgd.learning_rate;
  return quern_sgd_update(context, sgd, t[0], t[1]);
}

static void test_cases(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  for (size_t i = 0; i < CASES; i++) {
    if (cases[i].large && rig.slow) continue;
    const size_t rows = cases[i].rows, columns = cases[i].columns;
    const quern_sgd sgd = {cases[i].learning_rate, cases[i].weight_decay};
    test_random *random = test_rig_next(&rig);
    test_op op = {.call = call, .magnitude = magnitude, .arguments = &sgd, .bound = {.terms = 2}};
    snprintf(op.title, sizeof op.title, "SGD update %zux%zu lr %g decay %g", rows, columns,
             (double)sgd.learning_rate, (double)sgd.weight_decay);
    test_op_operand(&op, 0, "gradients", TEST_IN, TEST_FLOAT, rows, columns,
                    test_random_floats(random, rows * columns, -2.0f, 2.0f));
    test_op_operand(&op, 1, "parameters", TEST_INOUT, TEST_FLOAT, rows, columns,
                    test_random_floats(random, rows * columns, -2.0f, 2.0f));
    test_op_check(&rig, &op);
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_cases)};
  return cmocka_run_group_tests_name("ops/optimizer", tests, NULL, NULL);
}

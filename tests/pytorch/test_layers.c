/* Ten steps with normalizations and dropout, compared with PyTorch's (make_layers.py), on both
 * backends, with fused updates and with kept gradients. PyTorch used quern's dropout masks. The
 * tolerances are in the file of numbers. Prints the table of docs/parity.md, which must be the
 * same. */
#include "ten_steps.h"

static void prepare(quern_plan *plan, const cJSON *test, size_t step) {
  (void)test;
  if (step > 0) return;
  const quern_optimizer sgd =
      quern_optimizer_of(QUERN_OPTIMIZER_SGD, member(golden, "learning_rate")->valuedouble);
  assert_ok(quern_plan_set_optimizer(plan, &sgd));
  assert_ok(quern_plan_set_dropout_seed(plan, (uint64_t)member(golden, "mask_seed")->valuedouble));
}

static void test_ten_steps(void **state) {
  (void)state;
  check_cases(prepare);
}

static int setup(void **state) {
  (void)state;
  return read_golden(QUERN_TEST_DATA "/../pytorch/layers.json");
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_ten_steps)};
  return cmocka_run_group_tests(tests, setup, free_golden);
}

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
  quern_context *contexts[2];
  for (size_t d = 0; d < 2; d++) assert_ok(quern_context_create(devices[d], &contexts[d]));
  for (const cJSON *test = member(golden, "cases")->child; test != NULL; test = test->next) {
    const char *title = member(test, "title")->valuestring;
    check_page(title, compare_case(contexts, test, title, prepare));
  }
  for (size_t d = 0; d < 2; d++) quern_context_free(contexts[d]);
}

static int setup(void **state) {
  (void)state;
  return read_golden(QUERN_TEST_DATA "/../pytorch/layers.json");
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_ten_steps)};
  return cmocka_run_group_tests(tests, setup, free_golden);
}

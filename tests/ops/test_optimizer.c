/* Optimizers over a range on a device, compared with the reference. */
#include "op_check.h"

static void test_optimizer_update(void **state) {
  (void)state;
  test_sweep("optimizer update");
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_optimizer_update)};
  return cmocka_run_group_tests_name("ops/optimizer", tests, NULL, NULL);
}

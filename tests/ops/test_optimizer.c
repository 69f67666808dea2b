/* The SGD update over a range, on a device against the reference. */
#include "op_check.h"

static void test_shapes(void **state) {
  (void)state;
  test_sweep("SGD update");
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_shapes)};
  return cmocka_run_group_tests_name("ops/optimizer", tests, NULL, NULL);
}

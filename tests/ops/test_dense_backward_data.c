/* Dense backward data on a device, compared with the reference. */
#include "op_check.h"

static void test_dense_backward_data(void **state) {
  (void)state;
  test_sweep("dense backward data");
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_dense_backward_data)};
  return cmocka_run_group_tests_name("ops/dense_backward_data", tests, NULL, NULL);
}

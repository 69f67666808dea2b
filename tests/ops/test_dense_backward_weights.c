/* Dense backward weights on a device, compared with the reference. */
#include "op_check.h"

static void test_dense_backward_weights(void **state) {
  (void)state;
  test_sweep("dense backward weights");
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_dense_backward_weights)};
  return cmocka_run_group_tests_name("ops/dense_backward_weights", tests, NULL, NULL);
}

/* Dense forward on a device, compared with the reference. */
#include "op_check.h"

static void test_dense_forward(void **state) {
  (void)state;
  test_sweep("dense forward");
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_dense_forward)};
  return cmocka_run_group_tests_name("ops/dense_forward", tests, NULL, NULL);
}

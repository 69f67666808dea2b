/* Gathering of samples and labels by index, and one-hot targets, on a device: the same bits as the
 * reference. */
#include "op_check.h"

static void test_gather_rows(void **state) {
  (void)state;
  test_sweep("gather rows");
}

static void test_gather_labels(void **state) {
  (void)state;
  test_sweep("gather labels");
}

static void test_one_hot(void **state) {
  (void)state;
  test_sweep("one-hot");
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_gather_rows), QUERN_TEST(test_gather_labels),
                                     QUERN_TEST(test_one_hot)};
  return cmocka_run_group_tests_name("ops/gather", tests, NULL, NULL);
}

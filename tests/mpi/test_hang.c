/* A rank whose driver never returns does not answer the others, and the launcher ends it. */
#include "launch.h"

#include "opencl_shim_fault.h"

#define RANK                                                                                       \
  QUERN_TEST_COMMAND, "train", "--data", "digits", "--hidden", "6", "--epochs", "1",               \
      "--share-device", "--rank-timeout", "20"

static void check(const char *entry) {
  char variable[100];
  snprintf(variable, sizeof variable, QUERN_SHIM_HANG "=%s", entry);
  command_result result = LAUNCH("1", RANK, ":", "-n", "1", "env", variable, RANK);
  assert_true(result.code != 0);
  assert_says(result.err, QUERN_SHIM_HANGS);
  assert_says(result.err, "quern: rank 1 of 2: did not answer within 20 s in an all-");
  result_free(&result);
}

static void test_search(void **state) {
  (void)state;
  check("clGetPlatformIDs");
}

static void test_training(void **state) {
  (void)state;
  check("clEnqueueReadBuffer");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_search),
                                     cmocka_unit_test(test_training)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

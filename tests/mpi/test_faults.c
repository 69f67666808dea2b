/* If a rank does not start, fails, or has another version, each of the others ends in time with an
 * error that names it. */
#include "launch.h"

#include <quern/version.h>

/* Each rank except `but` prints it, and no later call succeeds. */
static void check(const char *name, size_t but, const char *what) {
  command_result result = LAUNCH("3", getenv("QUERN_TEST_RANK"), name);
  for (size_t r = 0; r < 3; r++) {
    char expected[400];
    snprintf(expected, sizeof expected, "rank %zu: status %d: %s\n", r, QUERN_ERROR_COLLECTIVE,
             what);
    if (r != but) assert_says(result.out, expected);
  }
  assert_null(strstr(result.out, "did not fail"));
  assert_true(result.code != 0);
  result_free(&result);
}

static void test_missing(void **state) {
  (void)state;
  check("missing", 2, "rank 2 of 3: did not answer within 0.5 s in an all-reduce");
  check("half", 2, "rank 2 of 3: did not answer within 0.5 s in an all-reduce");
  check("barrier", 2, "rank 2 of 3: did not answer within 0.5 s in a barrier");
  check("broadcast", 2, "rank 2 of 3: did not answer within 0.5 s in a broadcast");
}

static void test_absent(void **state) {
  (void)state;
  check("absent", 2, "mpi: not all of 3 ranks created the collective within 1 s");
}

static void test_abandoned(void **state) {
  (void)state;
  check("abandoned", 2, "rank 2 of 3: the device is gone");
}

static void test_version(void **state) {
  (void)state;
  char expected[200];
  snprintf(expected, sizeof expected, "mpi: rank 1 of 3 has quern 0.0.9, but rank 0 has quern %s",
           quern_version());
  check("version", 3, expected);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_missing), cmocka_unit_test(test_absent),
                                     cmocka_unit_test(test_abandoned),
                                     cmocka_unit_test(test_version)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a training says that did not learn: figures of a readable length, and what helps. */
#include "../command.h"

static void write_targets(double scale) {
  FILE *file = fopen(path_of("targets.csv"), "w");
  assert_non_null(file);
  for (int row = 0; row < 60; row++) {
    const double x = row % 7 - 3, z = row % 5 - 2;
    fprintf(file, "%g,%g,%.1f\n", x, z, scale * (x - 2 * z + 0.5));
  }
  assert_int_equal(fclose(file), 0);
}

#define REGRESSION                                                                                 \
  "train", "--data", path_of("targets.csv"), "--task", "regression", "--device", "reference",      \
      "--epochs", "2", "--hidden", "8"

static void test_large_targets(void **state) {
  (void)state;
  write_targets(1e14);
  command_result result = run(REGRESSION);
  assert_code(&result, 0);
  assert_says(result.out, "e+29   test loss ");
  assert_says(result.out, "note: R² below 0");
  assert_says(result.out, "--standardize");
  result_free(&result);
  result = run(REGRESSION, "--standardize", "--epochs", "60", "--lr", "0.02");
  assert_code(&result, 0);
  if (strstr(result.out, "note: ") != NULL) fail_msg("advice for \"%s\"", result.out);
  result_free(&result);
}

static void test_diverging(void **state) {
  (void)state;
  write_targets(1);
  const char *const parts[] = {"the loss is", "try a learning rate below", "--standardize", NULL};
  command_result result = run(REGRESSION, "--lr", "1e30", "--optimizer", "sgd");
  assert_code(&result, 1);
  for (size_t i = 0; parts[i] != NULL; i++) assert_says(result.err, parts[i]);
  result_free(&result);
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {WITH_FOLDER(test_large_targets), WITH_FOLDER(test_diverging)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

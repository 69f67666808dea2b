/* Activations and losses with parameters, label smoothing and class weights on the command line. */
#include "../command.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Trains and saves, and finds the function in the file by eval. */
static void test_parameters_are_kept(void **state) {
  (void)state;
  const char *model = path_of("model.safetensors");
  command_result trained = run("train", "--data", "digits", "--epochs", "2", "--activation",
                               "elu:1.5", "--loss", "huber:0.5", "--lr", "0.5", "--save", model);
  assert_code(&trained, 0);
  assert_says(trained.out, "elu:1.5, huber:0.5 loss");
  command_result evaluated = run("eval", "--data", "digits", "--model", model);
  assert_code(&evaluated, 0);
  assert_says(evaluated.out, "elu:1.5, huber:0.5 loss");
  result_free(&trained);
  result_free(&evaluated);
}

/* Three classes with 60, 30 and 10 samples, all of them for training. */
static void write_classes(const char *path) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  for (int i = 0; i < 100; i++) fprintf(file, "%d.5,%d\n", i % 7, i < 60 ? 0 : i < 90 ? 1 : 2);
  assert_int_equal(fclose(file), 0);
}

static void check_weights(const char *given, const char *smoothing, const double *expected) {
  const char *data = path_of("classes.csv");
  write_classes(data);
  command_result result = run("train", "--data", data, "--test", data, "--epochs", "1",
                              "--class-weights", given, "--label-smoothing", smoothing, "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  const cJSON *weights = cJSON_GetObjectItemCaseSensitive(json, "class_weights");
  assert_int_equal(cJSON_GetArraySize(weights), 3);
  for (int c = 0; c < 3; c++)
    assert_true(fabs(cJSON_GetArrayItem(weights, c)->valuedouble - expected[c]) <= 1e-6);
  assert_true(fabs(json_number(json, "label_smoothing") - strtod(smoothing, NULL)) <= 1e-6);
  cJSON_Delete(json);
  result_free(&result);
}

static void test_class_weights(void **state) {
  (void)state;
  /* 100 / (3 · 60), … */
  check_weights("balanced", "0.1", (const double[]){100.0 / 180, 100.0 / 90, 100.0 / 30});
  check_weights("1,0,2.5", "0", (const double[]){1, 0, 2.5});
}

static void check_refused(int code, const char *option, const char *value, const char *also,
                          const char *part) {
  command_result result =
      run("train", "--data", "digits", "--epochs", "1", option, value, "--loss", also);
  assert_code(&result, code);
  assert_says(result.err, part);
  result_free(&result);
}

static void test_refused(void **state) {
  (void)state;
  check_refused(2, "--activation", "relu:1", "categorical", "leaky-relu and elu");
  check_refused(2, "--activation", "swish", "categorical", "silu");
  check_refused(2, "--loss", "huber:0", "huber:0", "huber takes a number above 0");
  check_refused(2, "--label-smoothing", "1.5", "categorical", "a number from 0 to 1");
  check_refused(2, "--class-weights", "1,x", "categorical", "or balanced");
  check_refused(2, "--class-weights", "balanced", "squared",
                "--class-weights needs --loss categorical");
  check_refused(2, "--label-smoothing", "0.1", "binary",
                "--label-smoothing needs --loss categorical");
  check_refused(1, "--class-weights", "1,2", "categorical",
                "has 2 weights, but digits has 10 classes");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(test_parameters_are_kept, empty_temporary_folder),
      cmocka_unit_test_teardown(test_class_weights, empty_temporary_folder),
      cmocka_unit_test(test_refused)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

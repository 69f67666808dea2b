/* Scores and confusion matrix of `quern eval` on samples with known classes: the sign of x, with
 * some labels wrong on purpose. */
#include "../command.h"

#include <math.h>
#include <quern/quern.h>

/* Writes samples that the model classifies correctly, `positive` and `negative` ones, all labeled
 * `label`. */
static void write_rows(FILE *file, size_t positive, size_t negative, int label) {
  for (size_t i = 0; i < positive; i++) fprintf(file, "%.1f,%d\n", 1 + 0.1 * (double)i, label);
  for (size_t i = 0; i < negative; i++) fprintf(file, "-%.1f,%d\n", 1 + 0.1 * (double)i, label);
}

static const char *train_model(void) {
  const char *data = path_of("train.csv"), *model = path_of("model.safetensors");
  FILE *file = fopen(data, "w");
  assert_non_null(file);
  write_rows(file, 30, 0, 1);
  write_rows(file, 0, 30, 0);
  assert_int_equal(fclose(file), 0);
  command_result trained =
      run("train", "--data", data, "--hidden", "none", "--epochs", "20", "--save", model);
  assert_code(&trained, 0);
  result_free(&trained);
  return model;
}

/* Of class 0, 5 are predicted as 0 and 3 as 1. Of class 1, 2 are predicted as 0 and 7 as 1. */
static const char *write_mixed(void) {
  const char *path = path_of("mixed.csv");
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  write_rows(file, 3, 5, 0);
  write_rows(file, 7, 2, 1);
  assert_int_equal(fclose(file), 0);
  return path;
}

static double number_at(const cJSON *list, int row, int column) {
  const cJSON *inner = cJSON_GetArrayItem(list, row);
  const cJSON *item = cJSON_GetArrayItem(inner, column);
  assert_true(cJSON_IsNumber(item));
  return item->valuedouble;
}

static void assert_close(double got, double expected) {
  if (!(fabs(got - expected) <= 1e-12)) fail_msg("%.17g, expected %.17g", got, expected);
}

static void test_json(void **state) {
  (void)state;
  const char *model = train_model(), *data = write_mixed();
  command_result result =
      run("eval", "--model", model, "--data", data, "--class-names", "minus,plus", "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  assert_close(json_number(json, "accuracy"), 12.0 / 17.0);
  const cJSON *confusion = cJSON_GetObjectItem(json, "confusion");
  assert_int_equal(cJSON_GetArraySize(confusion), 2);
  assert_close(number_at(confusion, 0, 0), 5);
  assert_close(number_at(confusion, 0, 1), 3);
  assert_close(number_at(confusion, 1, 0), 2);
  assert_close(number_at(confusion, 1, 1), 7);
  const cJSON *classes = cJSON_GetObjectItem(json, "classes");
  const cJSON *minus = cJSON_GetArrayItem(classes, 0), *plus = cJSON_GetArrayItem(classes, 1);
  assert_string_equal(json_text(minus, "name"), "minus");
  assert_close(json_number(minus, "samples"), 8);
  assert_close(json_number(minus, "precision"), 5.0 / 7.0);
  assert_close(json_number(minus, "recall"), 5.0 / 8.0);
  assert_close(json_number(minus, "f1"), 10.0 / 15.0);
  assert_string_equal(json_text(plus, "name"), "plus");
  assert_close(json_number(plus, "precision"), 7.0 / 10.0);
  assert_close(json_number(plus, "recall"), 7.0 / 9.0);
  assert_close(json_number(plus, "f1"), 14.0 / 19.0);
  cJSON_Delete(json);
  result_free(&result);
}

static void test_table(void **state) {
  (void)state;
  const char *model = train_model(), *data = write_mixed();
  command_result result =
      run("eval", "--model", model, "--data", data, "--class-names", "minus,plus");
  assert_code(&result, 0);
  assert_says(result.out, "\nclass  precision     recall         F1    samples\n"
                          "minus     0.7143     0.6250     0.6667          8\n"
                          "plus      0.7000     0.7778     0.7368          9\n");
  assert_says(result.out, "          0 1\n0 minus   5 3\n1 plus    2 7\n");
  result_free(&result);
}

/* A class without samples has no recall: a dash, and null in JSON. */
static void test_empty_class(void **state) {
  (void)state;
  const char *model = train_model(), *data = path_of("zeros.csv");
  FILE *file = fopen(data, "w");
  assert_non_null(file);
  write_rows(file, 0, 4, 0);
  assert_int_equal(fclose(file), 0);
  command_result result = run("eval", "--model", model, "--data", data);
  assert_code(&result, 0);
  assert_says(result.out, "    0     1.0000     1.0000     1.0000          4\n"
                          "    1          -          -          -          0\n");
  result_free(&result);
  result = run("eval", "--model", model, "--data", data, "--json");
  cJSON *json = parse_json(&result);
  const cJSON *one = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "classes"), 1);
  assert_true(cJSON_IsNull(cJSON_GetObjectItem(one, "recall")));
  cJSON_Delete(json);
  result_free(&result);
}

/* A matrix of 20,000 by 20,000 is out of proportion to a model of 160 kB: only the scores are
 * printed. */
static void test_many_classes(void **state) {
  (void)state;
  enum { CLASSES = 20000 };
  const quern_layer layer = quern_dense(CLASSES, QUERN_ACTIVATION_IDENTITY);
  char model[2 * PATH_BYTES], data[2 * PATH_BYTES];
  quern_network *network;
  snprintf(model, sizeof model, "%s", path_of("wide.safetensors"));
  snprintf(data, sizeof data, "%s", path_of("few.csv"));
  assert_int_equal(quern_network_create(1, &layer, 1, QUERN_LOSS_CATEGORICAL, &network), QUERN_OK);
  assert_int_equal(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1), QUERN_OK);
  assert_int_equal(quern_model_save(network, model), QUERN_OK);
  quern_network_free(network);
  write_bytes(data, "1,0\n2,19999\n", 12);
  command_result measured = run("eval", "--model", model, "--data", data, "--json");
  assert_code(&measured, 0);
  cJSON *json = parse_json(&measured);
  assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(json, "confusion")));
  const cJSON *classes = cJSON_GetObjectItemCaseSensitive(json, "classes");
  assert_int_equal(cJSON_GetArraySize(classes), CLASSES);
  assert_true(json_number(cJSON_GetArrayItem(classes, CLASSES - 1), "samples") == 1);
  cJSON_Delete(json);
  assert_says(measured.err, "20000 classes: too many for a confusion matrix");
  result_free(&measured);
  assert_one_line(run("eval", "--model", model, "--data", data, "--plot", path_of("matrix.svg")), 1,
                  PARTS("--plot draws at most 1024 classes", "has 20000"));
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {WITH_FOLDER(test_json), WITH_FOLDER(test_table),
                                     WITH_FOLDER(test_empty_class), WITH_FOLDER(test_many_classes)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

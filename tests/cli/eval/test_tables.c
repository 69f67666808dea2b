/* Tables from training to prediction: iris with its species as text, a regression, several labels,
 * missing values, text columns, and errors. */
#include "../command.h"

#include <math.h>

#define IRIS QUERN_TEST_DATA "/../../data/iris.csv"

static bool is_null(const cJSON *json, const char *name) {
  return cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(json, name));
}

static cJSON *run_json(const char *const *arguments) {
  const command_setting plain = {NULL, NULL};
  command_result result = run_with(&plain, arguments);
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  result_free(&result);
  return json;
}

static void write_text(const char *path, const char *text) {
  write_bytes(path, text, strlen(text));
}

/* Separates the first line of the output from the rest. */
static char *rest_of(char *text, const char *first) {
  const size_t length = strlen(first);
  if (strncmp(text, first, length) != 0 || text[length] != '\n')
    fail_msg("expected \"%s\" first in \"%s\"", first, text);
  return text + length + 1;
}

/* Labels other than 0 and 1: two classes, printed as in the table. */
static void test_labels_are_values(void **state) {
  (void)state;
  static const char *const tables[] = {"0,-1\n1,1\n0,-1\n1,1\n", "0,1000\n1,2000\n0,1000\n1,2000\n",
                                       "0,1\n1,2\n0,1\n1,2\n",
                                       "0,0\n1,1000000000\n0,0\n1,1000000000\n"};
  static const char *const names[][2] = {
      {"-1", "1"}, {"1000", "2000"}, {"1", "2"}, {"0", "1000000000"}};
  char model[2 * PATH_BYTES], table[2 * PATH_BYTES], heading[64], begin[32];
  snprintf(model, sizeof model, "%s", path_of("values.safetensors"));
  snprintf(table, sizeof table, "%s", path_of("values.csv"));
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    write_text(table, tables[i]);
    cJSON *trained = run_json(ARGUMENTS("train", "--data", table, "--test", table, "--hidden",
                                        "none", "--epochs", "200", "--save", model, "--json"));
    assert_true(json_number(trained, "test_accuracy") == 1);
    cJSON_Delete(trained);
    command_result predicted = run("predict", "--model", model, "--data", table);
    assert_code(&predicted, 0);
    snprintf(heading, sizeof heading, "class,p_%s,p_%s", names[i][0], names[i][1]);
    const char *rows = rest_of(predicted.out, heading);
    for (size_t row = 0; row < 4; row++, rows = strchr(rows, '\n') + 1) {
      snprintf(begin, sizeof begin, "%s,", names[i][row % 2]);
      assert_int_equal(strncmp(rows, begin, strlen(begin)), 0);
    }
    result_free(&predicted);
    cJSON *measured = run_json(ARGUMENTS("eval", "--model", model, "--data", table, "--json"));
    assert_true(json_number(measured, "accuracy") == 1);
    const cJSON *classes = cJSON_GetObjectItemCaseSensitive(measured, "classes");
    assert_int_equal(cJSON_GetArraySize(classes), 2);
    assert_string_equal(json_text(cJSON_GetArrayItem(classes, 1), "name"), names[i][1]);
    cJSON_Delete(measured);
    command_result inspected = run("inspect", model);
    snprintf(heading, sizeof heading, "\"values\":[%s,%s]", names[i][0], names[i][1]);
    assert_says(inspected.out, heading);
    result_free(&inspected);
    write_text(table, "0,7\n");
    assert_one_line(
        run("eval", "--model", model, "--data", table), 1,
        PARTS("values.csv: line 1, column 2", "trained on: ", names[i][0], "found '7'"));
  }
}

static void test_iris(void **state) {
  (void)state;
  char model[2 * PATH_BYTES];
  snprintf(model, sizeof model, "%s", path_of("iris.safetensors"));
  cJSON *trained =
      run_json(ARGUMENTS("train", "--data", IRIS, "--standardize", "--hidden", "16", PLAIN_SGD,
                         "--batch", "8", "--epochs", "60", "--save", model, "--json"));
  assert_true(json_number(trained, "test_samples") == 30);
  assert_true(json_number(trained, "test_accuracy") >= 0.95);
  cJSON_Delete(trained);
  cJSON *measured = run_json(ARGUMENTS("eval", "--model", model, "--data", IRIS, "--json"));
  assert_true(json_number(measured, "samples") == 150);
  assert_true(json_number(measured, "accuracy") >= 0.95);
  const cJSON *classes = cJSON_GetObjectItemCaseSensitive(measured, "classes");
  assert_int_equal(cJSON_GetArraySize(classes), 3);
  assert_string_equal(json_text(cJSON_GetArrayItem(classes, 2), "name"), "virginica");
  cJSON_Delete(measured);

  /* Predicts the training file with all its columns, and new flowers with the inputs only, in
   * another order. */
  write_text(
      path_of("new.csv"),
      "petal_width,petal_length,sepal_width,sepal_length\n0.2,1.4,3.5,5.1\n2.5,6.0,3.3,6.3\n");
  command_result predicted = run("predict", "--model", model, "--data", path_of("new.csv"));
  assert_code(&predicted, 0);
  char *rows = rest_of(predicted.out, "class,p_setosa,p_versicolor,p_virginica");
  assert_int_equal(strncmp(rows, "setosa,0.9", 10), 0);
  assert_int_equal(strncmp(strchr(rows, '\n') + 1, "virginica,", 10), 0);
  result_free(&predicted);
  predicted = run("predict", "--model", model, "--data", IRIS);
  assert_code(&predicted, 0);
  assert_int_equal(count_lines(predicted.out), 151);
  result_free(&predicted);

  assert_one_line(run("eval", "--model", model, "--data", path_of("new.csv")), 1,
                  PARTS("to measure against"));
  assert_one_line(run("eval", "--model", model, "--data", IRIS, "--target", "species"), 1,
                  PARTS("--target is for models that do not describe their data"));
  write_text(path_of("short.csv"), "petal_width,petal_length\n1,2\n");
  assert_one_line(run("predict", "--model", model, "--data", path_of("short.csv")), 1,
                  PARTS("there is no column \"sepal_length\", which the model reads"));
}

static void test_regression(void **state) {
  (void)state;
  const char *model = path_of("width.safetensors");
  cJSON *trained =
      run_json(ARGUMENTS("train", "--data", IRIS, "--target", "petal_width", "--task", "regression",
                         "--one-hot", "--standardize", "--hidden", "16", "--epochs", "60", "--lr",
                         "0.01", "--batch", "8", "--seed", "1", "--save", model, "--json"));
  assert_true(json_number(trained, "test_r_squared") >= 0.93);
  /* cm, values are 0.1 to 2.5 */
  assert_true(sqrt(json_number(trained, "test_mean_squared_error")) <= 0.22);
  assert_true(is_null(trained, "test_accuracy"));
  const cJSON *network = cJSON_GetObjectItemCaseSensitive(trained, "network");
  assert_string_equal(json_text(network, "loss"), "squared");
  assert_int_equal(
      cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(network, "units"), 0)->valueint, 6);
  cJSON_Delete(trained);

  command_result measured = run("eval", "--model", model, "--data", IRIS);
  assert_code(&measured, 0);
  assert_says(measured.out, "1 number to predict, standardized");
  assert_says(measured.out, "R² 0.9");
  assert_says(measured.out, "root mean squared error 0.");
  result_free(&measured);
  command_result predicted = run("predict", "--model", model, "--data", IRIS);
  assert_code(&predicted, 0);
  const char *cursor = rest_of(predicted.out, "petal_width");
  double sum = 0.0;
  for (size_t i = 0; i < 150; i++) {
    char *end;
    sum += strtod(cursor, &end);
    assert_int_equal(*end, '\n');
    cursor = end + 1;
  }
  assert_true(*cursor == '\0' && fabs(sum / 150 - 1.199) <= 0.06); /* the mean width, in cm */
  result_free(&predicted);
  write_text(path_of("other.csv"), "sepal_length,sepal_width,petal_length,species\n5,3,1,tulip\n");
  assert_one_line(
      run("predict", "--model", model, "--data", path_of("other.csv")), 1,
      PARTS("line 2, column 4", "one of the texts that the model was trained on, found 'tulip'"));
}

/* A sample is red if a > 0 and round if b > 0. The two labels are not in the columns that are read
 * by default. */
static void write_marks(const char *path, size_t rows) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs("red,a,\"round, or so\",b\n", file);
  for (size_t i = 0; i < rows; i++) {
    const double a = sin(7.0 * (double)i), b = cos(3.0 * (double)i);
    fprintf(file, "%d,%.3f,%d,%.3f\n", a > 0.0, a, b > 0.0, b);
  }
  assert_int_equal(fclose(file), 0);
}

static void test_labels(void **state) {
  (void)state;
  const char *data = path_of("marks.csv"), *model = path_of("marks.safetensors");
  write_marks(data, 200);
  cJSON *trained = run_json(ARGUMENTS("train", "--data", data, "--target", "1,3", "--task",
                                      "labels", "--epochs", "60", "--save", model, "--json"));
  assert_true(json_number(trained, "test_f1") >= 0.95);
  assert_true(json_number(trained, "test_exact_match") >= 0.9);
  assert_true(json_number(trained, "test_label_accuracy") >=
              json_number(trained, "test_exact_match"));
  cJSON_Delete(trained);
  command_result measured = run("eval", "--model", model, "--data", data);
  assert_code(&measured, 0);
  assert_says(measured.out, "round, or so");
  assert_says(measured.out, "all labels right");
  result_free(&measured);
  cJSON *json = run_json(ARGUMENTS("eval", "--model", model, "--data", data, "--json"));
  const cJSON *labels = cJSON_GetObjectItemCaseSensitive(json, "labels");
  assert_int_equal(cJSON_GetArraySize(labels), 2);
  assert_string_equal(json_text(cJSON_GetArrayItem(labels, 0), "name"), "red");
  assert_true(json_number(cJSON_GetArrayItem(labels, 1), "f1") >= 0.9);
  cJSON_Delete(json);
  write_text(path_of("new.csv"), "a,b\n0.9,-0.9\n");
  command_result predicted = run("predict", "--model", model, "--data", path_of("new.csv"));
  assert_code(&predicted, 0);
  const char *row = rest_of(predicted.out, "red,\"round, or so\",p_red,\"p_round, or so\"");
  assert_int_equal(strncmp(row, "1,0,0.9", 7), 0);
  result_free(&predicted);
  assert_one_line(run("train", "--data", data, "--target", "red,square", "--task", "labels"), 1,
                  PARTS("there is no column \"square\""));
}

static void test_missing(void **state) {
  (void)state;
  const char *data = path_of("holes.csv"), *model = path_of("holes.safetensors");
  FILE *file = fopen(data, "w");
  assert_non_null(file);
  for (int i = 0; i < 60; i++)
    if (i % 6 == 5)
      fprintf(file, "NA,%d,%d\n", i % 2 == 0 ? 5 : -5, i % 2);
    else
      fprintf(file, "%d,%d,%d\n", i, i % 2 == 0 ? 5 : -5, i % 2);
  assert_int_equal(fclose(file), 0);
  assert_one_line(run("train", "--data", data), 1, PARTS("line 6, column 1", "found 'NA'"));
  cJSON *trained = run_json(ARGUMENTS("train", "--data", data, "--missing", "mean", "--standardize",
                                      "--hidden", "none", "--epochs", "30", "--lr", "0.1",
                                      "--batch", "8", "--save", model, "--json"));
  assert_true(json_number(trained, "test_accuracy") == 1);
  cJSON_Delete(trained);
  write_text(path_of("new.csv"), "?,5\n,-5\n");
  command_result predicted = run("predict", "--model", model, "--data", path_of("new.csv"));
  assert_code(&predicted, 0);
  const char *row = rest_of(predicted.out, "class,p0,p1");
  assert_int_equal(strncmp(row, "0,", 2), 0);
  assert_int_equal(strncmp(strchr(row, '\n') + 1, "1,", 2), 0);
  result_free(&predicted);
}

/* Images are drawn with their original values, although the model standardizes its inputs. */
static void test_standardized_images(void **state) {
  (void)state;
  const char *plain = path_of("plain.safetensors"), *model = path_of("digits.safetensors");
  command_result result = run("train", "--data", "digits", "--epochs", "2", "--save", plain);
  assert_code(&result, 0);
  result_free(&result);
  result = run("train", "--data", "digits", "--epochs", "2", "--standardize", "--save", model);
  assert_code(&result, 0);
  assert_says(result.out, "8 x 8 pixels, standardized");
  result_free(&result);
  command_result before = run("eval", "--model", plain, "--data", "digits", "--show", "1");
  command_result after = run("eval", "--model", model, "--data", "digits", "--show", "1");
  assert_code(&before, 0);
  assert_code(&after, 0);
  const char *first = strstr(before.out, "pixels"), *second = strstr(after.out, "standardized");
  assert_non_null(first);
  assert_non_null(second);
  first = strchr(first, '\n');
  second = strchr(second, '\n');
  const char *end = strstr(first, "predicted");
  assert_non_null(end);
  assert_memory_equal(first, second, (size_t)(end - first));
  result_free(&before);
  result_free(&after);
}

static void test_arrays(void **state) {
  (void)state;
  cJSON *json =
      run_json(ARGUMENTS("train", "--data", QUERN_TEST_DATA "/arrays/stored.npz", "--test",
                         QUERN_TEST_DATA "/arrays/tensors.safetensors", "--target", "prices",
                         "--epochs", "1", "--standardize", "--json"));
  assert_true(json_number(json, "test_samples") == 4);
  assert_true(isfinite(json_number(json, "test_mean_absolute_error")));
  cJSON_Delete(json);
  assert_one_line(run("train", "--data", QUERN_TEST_DATA "/arrays/version2.npy"), 1,
                  PARTS("has nothing to learn"));
  assert_one_line(run("train", "--data", QUERN_TEST_DATA "/arrays/stored.npz", "--target", "cost"),
                  1, PARTS("target: there is no array cost, expected one of x, y, prices"));
  assert_one_line(run("train", "--data", IRIS, "--target", "petal_width,sepal_width"), 1,
                  PARTS("2 target columns, expected one for classes"));
  command_result result = run("train", "--data", IRIS, "--task", "regression", "--loss",
                              "categorical", "--target", "1", "--inputs", "2,3");
  assert_code(&result, 1);
  assert_says(result.err, "1 numbers to predict");
  assert_says(result.err, "the categorical loss expects one class");
  result_free(&result);
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_FOLDER(test_labels_are_values),
      WITH_FOLDER(test_iris),
      WITH_FOLDER(test_regression),
      WITH_FOLDER(test_labels),
      WITH_FOLDER(test_missing),
      WITH_FOLDER(test_standardized_images),
      WITH_FOLDER(test_arrays),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

/* Training, evaluation and prediction from the command line. */
#include "../command.h"

#include <math.h>

#define ACCURACY_BAR 0.96

static cJSON *train_json(const char *device, const char *epochs) {
  command_result result = run("train", "--data", "digits", "--hidden", "64,32", "--epochs", epochs,
                              "--device", device, "--seed", "1", "--json");
  assert_code(&result, 0);
  assert_says(result.err, "device: ");
  cJSON *json = parse_json(&result);
  result_free(&result);
  return json;
}

/* Without options for the network or the training. */
static double default_accuracy(const char *data) {
  command_result result = run("train", "--data", data, "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  result_free(&result);
  assert_string_equal(json_text(json, "optimizer"), "adam");
  assert_string_equal(json_text(json, "schedule"), "one-cycle");
  const double accuracy = json_number(json, "test_accuracy");
  cJSON_Delete(json);
  return accuracy;
}

#define FASHION "/usr/share/datasets/fashion-mnist"

static void test_defaults_train_well(void **state) {
  (void)state;
  assert_true(default_accuracy("digits") >= 0.975);
  assert_true(default_accuracy(QUERN_TEST_DATA "/../../data/iris.csv") >= 0.95);
  if (access(FASHION, R_OK) == 0) assert_true(default_accuracy(FASHION) >= 0.89);
}

/* The longest recipe of docs/measurements.md, which takes minutes: only with QUERN_TEST_LONG. */
static void test_recipe_of_the_readme(void **state) {
  (void)state;
  if (getenv("QUERN_TEST_LONG") == NULL || access(FASHION, R_OK) != 0) skip();
  command_result result =
      run("train", "--data", FASHION, "--hidden", "1024,512", "--activation", "silu", "--optimizer",
          "adamw", "--weight-decay", "0.05", "--lr", "0.003", "--label-smoothing", "0.1", "--batch",
          "256", "--epochs", "30", "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  result_free(&result);
  assert_true(json_number(json, "test_accuracy") >= 0.905);
  cJSON_Delete(json);
}

/* Every optimizer and schedule learns and is printed; early stopping keeps the best weights. */
static void test_recipes(void **state) {
  (void)state;
  static const char *const optimizers[] = {"sgd",  "momentum", "nesterov",
                                           "adam", "adamw",    "rmsprop"};
  static const char *const schedules[] = {"constant", "step", "cosine", "one-cycle"};
  for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
    command_result result = run("train", "--data", "digits", "--optimizer", optimizers[i],
                                "--schedule", schedules[i % 4], "--warmup", "0.5", "--decay-bias",
                                "off", "--weight-decay", "0.0001", "--batch", "32", "--json");
    assert_code(&result, 0);
    cJSON *json = parse_json(&result);
    result_free(&result);
    assert_string_equal(json_text(json, "optimizer"), optimizers[i]);
    assert_string_equal(json_text(json, "schedule"), schedules[i % 4]);
    assert_true(json_number(json, "test_accuracy") >= ACCURACY_BAR);
    cJSON_Delete(json);
  }
  command_result result = run("train", "--data", "digits", "--epochs", "1000", "--patience", "3",
                              "--schedule", "constant", "--lr", "0.01");
  assert_code(&result, 0);
  assert_says(result.out, ", the weights of epoch ");
  assert_null(strstr(result.out, "\nepoch 1000/"));
  result_free(&result);
}

/* Dropout is used in training, printed, and saved with the model. Evaluation drops nothing: "quern
 * eval" finds what training measured last. */
static void test_dropout(void **state) {
  (void)state;
  command_result result =
      run("train", "--data", "digits", "--hidden", "64,32", "--dropout", "0.2", "--save",
          path_of("model"), "--write-config", path_of("conf"), "--json");
  assert_code(&result, 0);
  assert_says(result.err, "network: 64-64-32-10, relu, dropout 0.2, categorical loss");
  cJSON *json = parse_json(&result);
  result_free(&result);
  assert_true(json_number(json, "test_accuracy") >= ACCURACY_BAR);
  const cJSON *dropout = cJSON_GetObjectItemCaseSensitive(
      cJSON_GetObjectItemCaseSensitive(json, "network"), "dropout");
  static const double expected[] = {0.2, 0.2, 0};
  assert_int_equal(cJSON_GetArraySize(dropout), 3);
  for (int i = 0; i < 3; i++)
    assert_true(cJSON_GetArrayItem(dropout, i)->valuedouble == expected[i]);

  /* The file of options repeats the training; other masks, from another seed, give another one. */
  result = run("train", "--config", path_of("conf"), "--save", path_of("again"), "--json");
  assert_code(&result, 0);
  cJSON *again = parse_json(&result);
  result_free(&result);
  assert_true(json_number(json, "train_loss") == json_number(again, "train_loss"));
  result = run("train", "--data", "digits", "--hidden", "64,32", "--json");
  assert_code(&result, 0);
  cJSON *plain = parse_json(&result);
  result_free(&result);
  assert_true(json_number(plain, "train_loss") < json_number(json, "train_loss") / 2);
  result = run("inspect", path_of("model"));
  assert_code(&result, 0);
  static const char *const parts[] = {"relu, dropout 0.2, ", "quern.dropout", "0.2,0.2,0",
                                      "3.weight", "6.bias"};
  for (size_t i = 0; i < 5; i++) assert_says(result.out, parts[i]);
  result_free(&result);
  cJSON_Delete(json);
  cJSON_Delete(again);
  cJSON_Delete(plain);

  result = run("train", "--data", "digits", "--dropout", "1");
  assert_code(&result, 2);
  assert_says(result.err, "--dropout takes a number below 1");
  result_free(&result);
  result = run("train", "--data", "digits", "--hidden", "none", "--dropout", "0.5");
  assert_code(&result, 2);
  assert_says(result.err, "--dropout needs a hidden layer");
  result_free(&result);
}

/* Both normalizations train well, are in the model, and evaluate to what training measured. A step
 * of one sample is refused before the first. */
static void test_normalizations(void **state) {
  (void)state;
  static const char *const names[] = {"batch", "layer"};
  for (size_t i = 0; i < 2; i++) {
    char line[64];
    command_result result =
        run("train", "--data", "digits", "--hidden", "64,32", "--normalize", names[i], "--save",
            path_of("model"), "--write-config", path_of("conf"), "--json");
    assert_code(&result, 0);
    snprintf(line, sizeof line, "64-64-32-10, %s normalization, relu, categorical loss", names[i]);
    assert_says(result.err, line);
    cJSON *json = parse_json(&result);
    result_free(&result);
    assert_true(json_number(json, "test_accuracy") >= ACCURACY_BAR);
    result = run("inspect", path_of("model"));
    assert_code(&result, 0);
    assert_says(result.out, line);
    assert_says(result.out, "1.weight");
    assert_true((strstr(result.out, "1.running_var") != NULL) == (i == 0));
    result_free(&result);
    result = run("train", "--config", path_of("conf"), "--json");
    assert_code(&result, 0);
    cJSON *again = parse_json(&result);
    result_free(&result);
    assert_true(json_number(json, "train_loss") == json_number(again, "train_loss"));
    cJSON_Delete(json);
    cJSON_Delete(again);
  }
  command_result result =
      run("train", "--data", "digits", "--normalize", "batch", "--batch", "479");
  assert_code(&result, 1);
  assert_says(result.err,
              "1438 samples in batches of 479 the last batch has one: use another batch size");
  result_free(&result);
  result = run("train", "--data", "digits", "--hidden", "none", "--normalize", "layer");
  assert_code(&result, 2);
  assert_says(result.err, "--normalize needs a hidden layer");
  result_free(&result);
}

static void test_digits_learn(void **state) {
  (void)state;
  cJSON *json = train_json("auto", "40");
  const cJSON *epochs = cJSON_GetObjectItemCaseSensitive(json, "epochs");
  assert_int_equal(cJSON_GetArraySize(epochs), 40);
  const cJSON *first = cJSON_GetArrayItem(epochs, 0), *last = cJSON_GetArrayItem(epochs, 39);
  assert_true(json_number(last, "epoch") == 40);
  assert_true(json_number(last, "train_loss") < 0.1 * json_number(first, "train_loss"));
  assert_true(json_number(last, "samples_per_second") > 0);
  assert_true(json_number(json, "test_accuracy") >= ACCURACY_BAR);
  assert_true(json_number(json, "test_accuracy") <= 1);
  assert_true(json_number(json, "test_accuracy") == json_number(last, "test_accuracy"));
  assert_true(json_number(json, "test_loss") == json_number(last, "test_loss"));
  assert_true(json_number(json, "samples_per_second") > 0);
  assert_true(json_number(json, "seed") == 1);
  assert_true(json_number(json, "batch") == 64);
  assert_true(json_number(json, "train_samples") + json_number(json, "test_samples") == 1797);
  assert_true(strlen(json_text(json, "device")) > 0);
  assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(json, "saved")));
  const cJSON *units =
      cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(json, "network"), "units");
  static const int expected[] = {64, 64, 32, 10};
  assert_int_equal(cJSON_GetArraySize(units), 4);
  for (int i = 0; i < 4; i++) assert_int_equal(cJSON_GetArrayItem(units, i)->valueint, expected[i]);
  cJSON_Delete(json);
}

static void assert_four_digits(double a, double b) {
  if (!(fabs(a - b) <= 0.5e-4 * fabs(b))) fail_msg("%.9g and %.9g differ in four digits", a, b);
}

static void test_reference_has_the_same_curve(void **state) {
  (void)state;
  cJSON *device = train_json("auto", "10"), *reference = train_json("reference", "10");
  assert_string_equal(json_text(reference, "backend"), "reference");
  const cJSON *a, *b = cJSON_GetObjectItemCaseSensitive(reference, "epochs");
  assert_int_equal(cJSON_GetArraySize(b), 10);
  b = b->child;
  cJSON_ArrayForEach(a, cJSON_GetObjectItemCaseSensitive(device, "epochs")) {
    assert_four_digits(json_number(a, "train_loss"), json_number(b, "train_loss"));
    assert_four_digits(json_number(a, "test_loss"), json_number(b, "test_loss"));
    b = b->next;
  }
  assert_null(b);
  cJSON_Delete(device);
  cJSON_Delete(reference);
}

static void save_digits(const char *path) {
  command_result result =
      run("train", "--data", "digits", "--epochs", "3", "--seed", "3", "--save", path);
  assert_code(&result, 0);
  assert_string_equal(result.err, "");
  assert_says(result.out, "device: ");
  assert_says(result.out, "epoch 3/3");
  assert_says(result.out, "test accuracy ");
  assert_says(result.out, "after 3 epochs, ");
  result_free(&result);
}

static void test_same_seed_same_file(void **state) {
  (void)state;
  save_digits(path_of("a.safetensors"));
  save_digits(path_of("b.safetensors"));
  size_t a_size, b_size;
  unsigned char *a = read_bytes(path_of("a.safetensors"), &a_size);
  unsigned char *b = read_bytes(path_of("b.safetensors"), &b_size);
  assert_int_equal(a_size, b_size);
  assert_memory_equal(a, b, a_size);
  free(a);
  free(b);
}

static void test_save_eval_predict(void **state) {
  (void)state;
  const char *path = path_of("model.safetensors");
  command_result trained =
      run("train", "--data", "digits", "--epochs", "3", "--seed", "3", "--save", path, "--json");
  assert_code(&trained, 0);
  cJSON *training = parse_json(&trained);
  assert_string_equal(json_text(training, "saved"), path);

  command_result evaluated = run("eval", "--model", path, "--data", "digits", "--json");
  assert_code(&evaluated, 0);
  cJSON *evaluation = parse_json(&evaluated);
  assert_true(json_number(evaluation, "accuracy") == json_number(training, "test_accuracy"));
  assert_true(fabs(json_number(evaluation, "loss") - json_number(training, "test_loss")) <= 1e-6);
  size_t samples = (size_t)json_number(evaluation, "samples");
  assert_true((double)samples == json_number(training, "test_samples"));

  command_result predicted = run("predict", "--model", path, "--data", "digits");
  assert_code(&predicted, 0);
  assert_int_equal(count_lines(predicted.out), samples + 1);
  assert_int_equal(strncmp(predicted.out, "class,p0,p1,p2,p3,p4,p5,p6,p7,p8,p9\n", 36), 0);
  for (char *line = strchr(predicted.out, '\n') + 1; *line != '\0';) {
    char *end;
    long class = strtol(line, &end, 10);
    double sum = 0, largest = 0, named = -1;
    for (long i = 0; i < 10; i++) {
      assert_int_equal(*end, ',');
      double value = strtod(end + 1, &end);
      assert_true(value >= 0 && value <= 1);
      sum += value;
      if (value > largest) largest = value;
      if (i == class) named = value;
    }
    assert_int_equal(*end, '\n');
    assert_true(fabs(sum - 1) <= 1e-5);
    assert_true(named == largest);
    line = end + 1;
  }
  result_free(&predicted);
  cJSON_Delete(evaluation);
  result_free(&evaluated);
  cJSON_Delete(training);
  result_free(&trained);
}

/* Two classes, divided by the sign of x. */
static void write_signs(const char *path, size_t rows, const char *header) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(header, file);
  for (size_t i = 0; i < rows; i++) {
    bool positive = i % 2 == 0;
    fprintf(file, "%s%.2f,%d\n", positive ? "" : "-", 0.5 + 0.01 * (double)(i % 50), positive);
  }
  assert_int_equal(fclose(file), 0);
}

static void test_csv_holds_out_a_fifth(void **state) {
  (void)state;
  const char *path = path_of("signs.csv");
  write_signs(path, 100, "x,class\n");
  command_result result =
      run("train", "--data", path, "--hidden", "none", "--epochs", "20", "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  assert_true(json_number(json, "train_samples") == 80);
  assert_true(json_number(json, "test_samples") == 20);
  assert_true(json_number(json, "test_accuracy") == 1);
  cJSON_Delete(json);
  result_free(&result);
}

static void test_a_test_file_serves(void **state) {
  (void)state;
  const char *train = path_of("signs.csv"), *test = path_of("test.csv");
  write_signs(train, 100, "");
  write_signs(test, 30, "");
  command_result result = run("train", "--data", train, "--test", test, "--hidden", "", "--epochs",
                              "20", "--header", "none", "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  assert_true(json_number(json, "train_samples") == 100);
  assert_true(json_number(json, "test_samples") == 30);
  assert_true(json_number(json, "test_accuracy") == 1);
  cJSON_Delete(json);
  result_free(&result);
}

static void test_a_full_disk_is_a_failure(void **state) {
  (void)state;
  if (access("/dev/full", W_OK) != 0) skip();
  const command_setting full = {NULL, "/dev/full"};
  assert_one_line(run_with(&full, ARGUMENTS("train", "--data", "digits", "--epochs", "1")), 1,
                  PARTS("standard output"));
  assert_one_line(run_with(&full, ARGUMENTS("--version")), 1, PARTS("standard output"));
}

static void test_without_opencl_the_reference_serves(void **state) {
  (void)state;
  const command_setting none = {PARTS("QUERN_OPENCL_LIBRARY=/nonexistent", "QUERN_DEVICE="), NULL};
  command_result result =
      run_with(&none, ARGUMENTS("train", "--data", "digits", "--epochs", "1", "--json"));
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  assert_string_equal(json_text(json, "backend"), "reference");
  const char *note = strstr(result.err, "\nnote: ");
  assert_non_null(note);
  assert_null(strstr(note + 1, "\nnote: "));
  assert_says(note, "OpenCL");
  assert_says(note, "/nonexistent");
  cJSON_Delete(json);
  result_free(&result);
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_digits_learn),
      cmocka_unit_test(test_defaults_train_well),
      cmocka_unit_test(test_recipe_of_the_readme),
      cmocka_unit_test(test_recipes),
      cmocka_unit_test(test_reference_has_the_same_curve),
      WITH_FOLDER(test_same_seed_same_file),
      WITH_FOLDER(test_save_eval_predict),
      WITH_FOLDER(test_dropout),
      WITH_FOLDER(test_normalizations),
      WITH_FOLDER(test_csv_holds_out_a_fifth),
      WITH_FOLDER(test_a_test_file_serves),
      cmocka_unit_test(test_a_full_disk_is_a_failure),
      cmocka_unit_test(test_without_opencl_the_reference_serves),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

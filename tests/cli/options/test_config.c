/* Options from files: read back as written, and refused by line if they are wrong. */
#include "../command.h"

static void write_text(const char *path, const char *text) {
  write_bytes(path, text, strlen(text));
}

/* A run with as many options as possible apart from their defaults, and the run that its file
 * describes. */
static void test_a_written_file_gives_the_same_run(void **state) {
  (void)state;
  /* A name with blanks, quotes and a backslash. */
  const char *odd = path_of(" a \"model\" \\ 1"), *again = path_of("again"),
             *config = path_of("run.conf"), *second = path_of("second.conf");
  command_result result =
      run("train", "--data", "digits", "--hidden", "24,12", "--activation", "tanh", "--loss",
          "elementwise", "--epochs", "3", "--batch", "17", "--lr", "0.0123456789", "--weight-decay",
          "1e-5", "--clip-norm", "0.7", "--seed", "18446744073709551615", "--device", "reference",
          "--save", odd, "--write-config", config);
  assert_code(&result, 0);
  result_free(&result);
  result = run("train", "--config", config, "--write-config", second);
  assert_code(&result, 0);
  assert_says(result.out, "64-24-12-10, tanh, elementwise loss");
  assert_says(result.out, "epoch 3/3");
  result_free(&result);
  assert_same_files(config, second);

  /* The flag overrides the file: the same weights in another file. */
  result = run("train", "--save", again, "--config", config);
  assert_code(&result, 0);
  result_free(&result);
  assert_same_files(odd, again);
}

static void test_flags_override(void **state) {
  (void)state;
  const char *config = path_of("run.conf");
  write_text(config,
             "\n# a comment\n  data\t=  digits  \r\nhidden = none\nepochs = 7\njson = true");
  command_result result =
      run("train", "--epochs", "2", "--config", config, "--device", "reference");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "epochs")), 2);
  cJSON_Delete(json);
  result_free(&result);
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *const parts[4];
  } cases[] = {
      {"data = digits\nepocs = 3\n",
       {"run.conf, line 2", "unknown option \"epocs\"", "\"epochs\""}},
      {"weight_decay = 1", {"line 1", "\"weight-decay\""}},
      {"config = other", {"line 1", "unknown option \"config\""}},
      {"write-config = other", {"line 1", "unknown option"}},
      {"\n\nepochs = 0\n", {"line 3: epochs", "from 1", "\"0\""}},
      {"epochs = 1\nepochs = 2\n", {"line 2", "line 1 already"}},
      {"activation = rleu", {"line 1: activation", "leaky-relu", "did you mean \"relu\""}},
      {"json = yes", {"line 1: json", "true or false", "\"yes\""}},
      {"data", {"line 1", "without =", "name = value"}},
      {"data =", {"line 1: data", "data is empty, expected WHERE"}},
      {"data = \"digits", {"line 1", "quotes"}},
      {"data = \"digits\" x", {"line 1", "closing quote"}},
      {"data = \"a\\qb\"", {"line 1", "escape"}},
      {"epochs = 2", {"--data WHERE is missing"}},
      {"", {"--data WHERE is missing"}},
  };
  const char *config = path_of("run.conf");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    write_text(config, cases[i].text);
    assert_one_line(run("train", "--config", config), 2, cases[i].parts);
  }
  write_bytes(config, "data = digits\0", 14);
  assert_one_line(run("train", "--config", config), 2, PARTS("zero byte"));
  assert_one_line(run("train", "--config", path_of("missing")), 2,
                  PARTS("missing", "No such file"));
  assert_one_line(run("train", "--config", temporary_folder), 2, PARTS(temporary_folder));
  assert_one_line(run("train", "--data", "digits", "--write-config", path_of("missing/run.conf")),
                  1, PARTS("missing/run.conf", "No such file"));
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_FOLDER(test_a_written_file_gives_the_same_run),
      WITH_FOLDER(test_flags_override),
      WITH_FOLDER(test_refusals),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

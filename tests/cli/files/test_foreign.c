/* Names from files, drivers and the command line are printed on a terminal without control
 * characters and without characters that change the direction of writing. */
#include "../pty.h"
#include "foreign.h"

/* Samples to predict with a model of the table. */
static void check_model(const char *model, const char *data, const char *const *says) {
  CHECK(0, "eval", "--model", model, "--data", data, "--device", "reference", "--json");
  for (; *says != NULL; says++)
    check_says(0, *says,
               ARGUMENTS("eval", "--model", model, "--data", data, "--device", "reference"));
  CHECK(0, "inspect", model);
  CHECK(0, "inspect", model, "--json");
  command_result table =
      run_in_terminal(80, NULL, ARGUMENTS("predict", "--model", model, "--data", data));
  assert_code(&table, 0);
  char *to = table.out; /* a terminal ends lines with \r\n */
  for (const char *cursor = table.out; *cursor != '\0'; cursor++)
    if (strncmp(cursor, "\r\n", 2) != 0) *to++ = *cursor;
  *to = '\0';
  assert_clean(table.out);
  assert_says(table.out, SHOWN);
  assert_clean(table.err);
  result_free(&table);
  /* In a pipe or a file they are data and stay unchanged. */
  table = run("predict", "--model", model, "--data", data);
  assert_code(&table, 0);
  assert_says(table.out, HOSTILE);
  result_free(&table);
}

static void test_classes(void **state) {
  (void)state;
  const kept_path data = keep("data.csv"), model = keep("model.safetensors");
  write_table(data.text, "a" HOSTILE ",b,\"c\n" HOSTILE "\"",
              PARTS("\"x" HOSTILE "\"", "\"y\n" HOSTILE "\""));
  CHECK(0, TRAIN, "--data", data.text, "--save", model.text);
  CHECK(0, TRAIN, "--data", data.text, "--json");
  check_model(model.text, data.text, PARTS("x" SHOWN, "y?" SHOWN));
  const kept_path picture = keep("picture.svg");
  CHECK(0, "eval", "--model", model.text, "--data", data.text, "--plot", picture.text);
  size_t size;
  char *svg = (char *)read_bytes(picture.text, &size);
  svg[size] = '\0';
  assert_clean(svg);
  assert_says(svg, "x" SHOWN);
  free(svg);
  /* An unknown class, a missing column, and a text that is not a number. */
  write_table(data.text, "a" HOSTILE ",b,c", PARTS("z" HOSTILE, "z"));
  CHECK(1, "eval", "--model", model.text, "--data", data.text);
  CHECK(1, TRAIN, "--data", data.text, "--target", "t" HOSTILE);
  write_bytes(data.text, "1,2,0\n3,\x1b[31m\u202e,1\n", 18);
  CHECK(1, TRAIN, "--data", data.text);
}

static void test_targets(void **state) {
  (void)state;
  const kept_path data = keep("data.csv"), model = keep("model.safetensors");
  static const char *const tasks[] = {"labels", "regression"};
  for (size_t i = 0; i < 2; i++) {
    write_table(data.text, "a,b,x" HOSTILE ",y" HOSTILE, PARTS("0,1", "1,0"));
    CHECK(0, TRAIN, "--data", data.text, "--target", "3,4", "--task", tasks[i], "--save",
          model.text);
    check_model(model.text, data.text, PARTS("x" SHOWN, "y" SHOWN));
  }
}

static void test_images(void **state) {
  (void)state;
  const kept_path model = keep("model.safetensors");
  static const char names[] = "x" HOSTILE ",b" HOSTILE ",c,d,e,f,g,h,i,\x80\x9b" HOSTILE;
  CHECK(0, TRAIN, "--data", "digits", "--save", model.text);
  CHECK(0, "eval", "--model", model.text, "--data", "digits", "--show", "20", "--class-names",
        names, "--device", "reference");
  CHECK(0, "eval", "--model", model.text, "--data", "digits", "--json", "--class-names", names);
  const kept_path picture = keep("picture.png");
  command_result drawn = run("eval", "--model", model.text, "--data", "digits", "--plot",
                             picture.text, "--class-names", names, "--device", "reference");
  if (drawn.code != 0) assert_says(drawn.err, "without cairo");
  result_free(&drawn);
}

/* Files with such names, existing and missing. */
static void test_file_names(void **state) {
  (void)state;
  const kept_path model = keep(HOSTILE ".safetensors"), data = keep(HOSTILE ".csv"),
                  log = keep(HOSTILE ".log.csv"), checkpoint = keep(HOSTILE ".checkpoint"),
                  picture = keep(HOSTILE ".svg"), config = keep(HOSTILE ".config"),
                  missing = keep(HOSTILE), latin = keep("\xe9\x9b");
  write_table(data.text, "a,b,c", PARTS("x", "y"));
  CHECK(0, TRAIN, "--data", data.text, "--save", model.text, "--log", log.text, "--checkpoint",
        checkpoint.text, "--write-config", config.text, "--json");
  CHECK(0, "train", "--config", config.text, "--resume", checkpoint.text);
  CHECK(0, TRAIN, "--data", data.text, "--resume", checkpoint.text);
  CHECK(0, "eval", "--model", model.text, "--data", data.text, "--plot", picture.text);
  CHECK(0, "inspect", checkpoint.text);
  CHECK(0, "inspect", model.text, "--json");
  CHECK(0, "plot", log.text, log.text, "-o", picture.text, "--title", "a" HOSTILE);
  size_t size;
  char *svg = (char *)read_bytes(picture.text, &size);
  svg[size] = '\0';
  assert_clean(svg);
  free(svg);
  const char *const paths[] = {missing.text, latin.text, "\x80" HOSTILE};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    CHECK(1, TRAIN, "--data", paths[i]);
    CHECK(1, TRAIN, "--data", data.text, "--resume", paths[i]);
    CHECK(1, TRAIN, "--data", data.text, "--log", paths[i]);
    CHECK(2, TRAIN, "--config", paths[i]);
    CHECK(1, "eval", "--model", paths[i], "--data", data.text);
    CHECK(1, "predict", "--model", model.text, "--data", paths[i]);
    CHECK(1, "inspect", paths[i]);
    CHECK(1, "convert", paths[i], "model.onnx");
    CHECK(1, "convert", model.text, paths[i]);
    CHECK(1, "plot", paths[i], "-o", picture.text);
    CHECK(1, "plot", log.text, "-o", paths[i]);
  }
}

static void test_options(void **state) {
  (void)state;
  static const char *const options[] = {"epochs", "hidden", "lr", "activation", "class-weights"};
  char option[256], line[256];
  const kept_path config = keep("config");
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
    snprintf(option, sizeof option, "--%s", options[i]);
    CHECK(2, "train", "--data", "digits", option, "3\n\xff" HOSTILE);
    snprintf(line, sizeof line, "%s = " HOSTILE, options[i]);
    write_bytes(config.text, line, strlen(line));
    CHECK(2, "train", "--config", config.text);
  }
  static const char *const lines[] = {HOSTILE, HOSTILE " = 1", "data = \"" HOSTILE,
                                      "json = " HOSTILE};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    write_bytes(config.text, lines[i], strlen(lines[i]));
    CHECK(2, "train", "--config", config.text);
  }
  CHECK(2, HOSTILE);
  CHECK(2, "-" HOSTILE);
  static const char *const commands[] = {"devices", "train", "eval", "predict", "plot",   "inspect",
                                         "convert", "bench", "tune", "verify",  "example"};
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    CHECK(2, commands[i], "--" HOSTILE);
    CHECK(2, commands[i], "a", "b", "c" HOSTILE);
  }
  CHECK(2, "bench", HOSTILE);
  CHECK(2, "verify", "--op", HOSTILE);
  CHECK(1, "train", "--data", "digits", "--device", HOSTILE);
  CHECK(1, "train", "--data", "digits", "--device", "reference," HOSTILE);
  CHECK(1, "train", "--data", "digits", "--test", HOSTILE);
}

/* A device may have any name. */
static void test_devices(void **state) {
  (void)state;
  const char *const environment[] = {"QUERN_TEST_DRIVER_TEXT=x" HOSTILE, NULL};
  const command_setting hostile = {environment, NULL};
  const char *const *const lines[] = {
      ARGUMENTS("devices"),
      ARGUMENTS("devices", "--json"),
      ARGUMENTS("train", "--data", "digits", "--epochs", "1", "--hidden", "4"),
      ARGUMENTS("train", "--data", "digits", "--epochs", "1", "--hidden", "4", "--device",
                "auto,reference", "--json"),
      ARGUMENTS("verify", "--quick", "--op", "softmax"),
      ARGUMENTS("tune", "--reset", "--json"),
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
    check_any(&hostile, lines[i]); /* without a driver the reference is the only device */
}

/* The command that continues is for a shell, so the path in it is unchanged. */
static void test_interrupted(void **state) {
  (void)state;
  const kept_path checkpoint = keep("a'b\\" HOSTILE);
  child running =
      start(ARGUMENTS("train", "--device", "reference", "--hidden", "4", "--data", "digits",
                      "--epochs", "1000000", "--checkpoint", checkpoint.text));
  const struct timespec pause = {.tv_nsec = 10000000};
  while (access(checkpoint.text, F_OK) != 0) nanosleep(&pause, NULL);
  assert_int_equal(kill(running.process, SIGINT), 0);
  command_result result = finish(&running);
  assert_code(&result, 130);
  assert_clean(result.out);
  assert_clean(result.err);
  assert_says(result.err,
              "/a\\'b\\\\\\033[31m\\007\\015\\011\\177\\001\\302\\2335m\\342\\200\\256");
  result_free(&result);
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_FOLDER(test_classes),     WITH_FOLDER(test_targets), WITH_FOLDER(test_images),
      WITH_FOLDER(test_file_names),  WITH_FOLDER(test_options), WITH_FOLDER(test_devices),
      WITH_FOLDER(test_interrupted),
  };
  return cmocka_run_group_tests(tests, set_up_foreign, remove_temporary_folder);
}

/* Checkpoints, and interrupts by signals. */
#include "../child.h"

#include <sys/resource.h>

#define LONG "1000000" /* more epochs than any test waits for */

static void test_resume(void **state) {
  (void)state;
  static const char *const devices[] = {"reference", "auto"};
  for (size_t d = 0; d < 2; d++) {
    const char *full = path_of("full"), *resumed = path_of("resumed"),
               *checkpoint = path_of("checkpoint");
    command_result result = run("train", "--data", "digits", PLAIN_SGD, "--hidden", "16",
                                "--epochs", "3", "--device", devices[d], "--save", full);
    assert_code(&result, 0);
    result_free(&result);
    result = run("train", "--data", "digits", PLAIN_SGD, "--hidden", "16", "--epochs", "1",
                 "--device", devices[d], "--checkpoint", checkpoint, "--checkpoint-every", "20");
    assert_code(&result, 0);
    result_free(&result);
    for (size_t again = 0; again < 2; again++) { /* the second time, nothing is left to train */
      result =
          run("train", "--data", "digits", PLAIN_SGD, "--hidden", "16", "--epochs", "3", "--device",
              devices[d], "--checkpoint", checkpoint, "--resume", checkpoint, "--save", resumed);
      assert_code(&result, 0);
      assert_says(result.out, again == 0 ? "epoch 2/3" : "nothing left to train");
      assert_null(strstr(result.out, "epoch 1/3"));
      result_free(&result);
      assert_same_files(full, resumed);
      assert_int_equal(remove(resumed), 0);
    }
    result = run("train", "--data", "digits", PLAIN_SGD, "--hidden", "16", "--epochs", "3",
                 "--device", devices[d], "--resume", checkpoint, "--json");
    assert_code(&result, 0);
    cJSON *json = parse_json(&result);
    assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(json, "train_loss")));
    assert_true(json_number(json, "test_accuracy") > 0.5);
    cJSON_Delete(json);
    result_free(&result);
  }
}

static void test_refusals(void **state) {
  (void)state;
  const char *checkpoint = path_of("checkpoint");
  command_result result = run("train", "--data", "digits", PLAIN_SGD, "--hidden", "16", "--epochs",
                              "1", "--device", "reference", "--checkpoint", checkpoint);
  assert_code(&result, 0);
  result_free(&result);
#define RESUMED                                                                                    \
  "train", "--data", "digits", PLAIN_SGD, "--device", "reference", "--resume", checkpoint
  assert_one_line(run(RESUMED), 1, PARTS("checkpoint", "network", "\"64-16-10\"", "\"64-256-10\""));
  assert_one_line(run(RESUMED, "--hidden", "16", "--lr", "0.2"), 1,
                  PARTS("learning rate", "\"0.1\"", "\"0.2\""));
  assert_one_line(run(RESUMED, "--hidden", "16", "--clip-norm", "1"), 1,
                  PARTS("norm", "\"0\"", "\"1\""));
  assert_one_line(run(RESUMED, "--hidden", "16", "--seed", "2"), 1,
                  PARTS("seed", "\"1\"", "\"2\""));
  assert_one_line(run("train", "--data", "digits", "--resume", path_of("missing")), 1,
                  PARTS("cannot resume", "missing", "No such file"));
  assert_one_line(run("train", "--data", "digits", "--checkpoint", path_of("missing/checkpoint")),
                  1, PARTS("missing", "No such file"));
  assert_one_line(run("train", "--data", "digits", "--checkpoint-every", "5"), 2,
                  PARTS("--checkpoint-every needs --checkpoint"));
  assert_one_line(run("train", "--data", "digits", "--clip-norm", "0"), 2,
                  PARTS("--clip-norm", "above 0"));
  assert_one_line(run("eval", "--model", checkpoint, "--data", "digits"), 1,
                  PARTS("checkpoint", "expected a model"));
}

/* Units for which the number of epochs does not change how steps run: docs/checkpoints.md. */
#define UNITS "100"

/* Runs the command that the last line of the message has, in a shell, for a few more epochs. */
static void run_what_was_said(const char *message, const char *epochs, const char *save) {
  const char *line = strstr(message, "to continue:\n  ");
  assert_non_null(line);
  line += strlen("to continue:\n  ");
  const size_t length = strcspn(line, "\n");
  assert_string_equal(line + length, "\n");
  char *command = NULL;
  const char *program = QUERN_TEST_COMMAND;
  const int folder = (int)(strrchr(program, '/') - program);
  assert_true(asprintf(&command, "PATH='%.*s' %.*s --epochs %s --save '%s' >&2", folder, program,
                       (int)length, line, epochs, save) > 0);
  const int status = system(command);
  if (status != 0) fail_msg("exit status %d of: %s", status, command);
  free(command);
}

static void check_interrupt(const char *device, int signal, bool resumed) {
  /* The name has a quote and a blank, which a shell must read. */
  char checkpoint[2 * PATH_BYTES];
  snprintf(checkpoint, sizeof checkpoint, "%s", path_of("that's mine"));
  char *epochs = NULL;
  if (resumed) { /* a run that was resumed itself prints --resume once */
    command_result first = run("train", "--data", "digits", PLAIN_SGD, "--hidden", UNITS,
                               "--device", device, "--epochs", "1", "--checkpoint", checkpoint);
    assert_code(&first, 0);
    result_free(&first);
  }
  const char *resume = resumed ? "--resume" : NULL;
  child running =
      start(ARGUMENTS("train", "--data", "digits", PLAIN_SGD, "--hidden", UNITS, "--device", device,
                      "--epochs", LONG, "--checkpoint", checkpoint, resume, checkpoint));
  wait_for_text(&running, running.out, "\nepoch ");
  pause_for(20);
  assert_int_equal(kill(running.process, signal), 0);
  command_result result = finish(&running);
  assert_code(&result, 128 + signal);
  assert_says(result.err, "interrupted ");
  assert_says(result.err, " of " LONG);
  assert_says(result.err, "that's mine");
  const char *message = strstr(result.err, "--resume");
  assert_non_null(message);
  assert_null(strstr(message + 1, "--resume"));

  /* Continues for two epochs, and compares with training that never stopped. */
  size_t size;
  unsigned char *bytes = read_bytes(checkpoint, &size);
  bytes[size] = '\0';
  const char *cursor = strstr((const char *)bytes + 8, "\"quern.epoch\":\"");
  assert_non_null(cursor);
  const long epoch = strtol(cursor + strlen("\"quern.epoch\":\""), NULL, 10);
  free(bytes);
  assert_true(asprintf(&epochs, "%ld", epoch + 2) > 0);
  run_what_was_said(result.err, epochs, path_of("resumed"));
  command_result full = run("train", "--data", "digits", PLAIN_SGD, "--hidden", UNITS, "--device",
                            device, "--epochs", epochs, "--save", path_of("full"));
  assert_code(&full, 0);
  assert_same_files(path_of("full"), path_of("resumed"));
  result_free(&full);
  result_free(&result);
  free(epochs);
}

static void test_interrupt(void **state) {
  (void)state;
  check_interrupt("reference", SIGINT, false);
}

static void test_terminate(void **state) {
  (void)state;
  check_interrupt("reference", SIGTERM, true);
}

static void test_interrupt_on_a_device(void **state) {
  (void)state;
  check_interrupt("auto", SIGINT, false);
}

/* Without a checkpoint the message says that nothing was kept. With --json, stdout stays empty. */
static void test_nothing_asked_to_be_saved(void **state) {
  (void)state;
  child running = start(ARGUMENTS("train", "--data", "digits", PLAIN_SGD, "--device", "reference",
                                  "--epochs", LONG, "--json"));
  wait_for_text(&running, running.err, "epoch "); /* with --json, epochs are on stderr */
  assert_int_equal(kill(running.process, SIGINT), 0);
  command_result result = finish(&running);
  assert_code(&result, 130);
  assert_string_equal(result.out, "");
  assert_says(result.err, "nothing was saved: use --checkpoint FILE");
  result_free(&result);
}

static void assert_is_model(const char *path) {
  command_result result = run("eval", "--model", path, "--data", "digits", "--device", "reference");
  assert_code(&result, 0);
  result_free(&result);
}

static void test_interrupt_saves_the_model(void **state) {
  (void)state;
  const char *model = path_of("model");
  child running = start(ARGUMENTS("train", "--data", "digits", PLAIN_SGD, "--device", "reference",
                                  "--hidden", "16", "--epochs", LONG, "--save", model));
  wait_for_text(&running, running.out, "\nepoch ");
  assert_int_equal(kill(running.process, SIGINT), 0);
  command_result result = finish(&running);
  assert_code(&result, 130);
  assert_says(result.err, "saved the model so far to ");
  assert_says(result.err, "; use --checkpoint FILE to be able to continue");
  assert_is_model(model);
  result_free(&result);
}

/* A terminal that closes may send the signal twice. */
static void test_hangup(void **state) {
  (void)state;
  char model[2 * PATH_BYTES];
  snprintf(model, sizeof model, "%s", path_of("model"));
  void (*before)(int) = signal(SIGHUP, SIG_DFL); /* it may be ignored here */
  child running = start(ARGUMENTS("train", "--data", "digits", PLAIN_SGD, "--device", "reference",
                                  "--hidden", "16", "--epochs", LONG, "--checkpoint",
                                  path_of("checkpoint"), "--save", model));
  signal(SIGHUP, before);
  wait_for_text(&running, running.out, "\nepoch ");
  assert_int_equal(kill(running.process, SIGHUP), 0);
  assert_int_equal(kill(running.process, SIGHUP), 0);
  command_result result = finish(&running);
  assert_code(&result, 128 + SIGHUP);
  assert_says(result.err, "interrupted by a hangup ");
  assert_says(result.err, "to continue:\n");
  assert_is_model(model);
  result_free(&result);
  assert_int_equal(access(path_of("checkpoint"), F_OK), 0);
}

/* The exit code that a shell wrote to a file. */
static int exit_of(const char *name) {
  size_t size;
  unsigned char *bytes = read_bytes(path_of(name), &size);
  bytes[size] = '\0';
  const int code = atoi((const char *)bytes);
  free(bytes);
  return code;
}

/* `head` closes the pipe after two lines: training ends at the first line that cannot be written.
 */
static void check_pipe(const char *saving, const char *message) {
  char *command = NULL;
  assert_true(asprintf(&command,
                       "cd '%s' && { '%s' train --data digits --optimizer sgd --schedule constant "
                       "--hidden 16 --device reference --epochs " LONG
                       " %s 2>err; echo $? >code; } | head -n 2 >out",
                       temporary_folder, QUERN_TEST_COMMAND, saving) > 0);
  assert_int_equal(system(command), 0);
  assert_int_equal(exit_of("code"), 128 + SIGPIPE);
  size_t size;
  char *err = (char *)read_bytes(path_of("err"), &size);
  err[size] = '\0';
  if (*message != '\0')
    assert_says(err, message);
  else
    assert_string_equal(err, "");
  free(err);
  free(command);
}

static void test_closed_pipe(void **state) {
  (void)state;
  check_pipe("", "");
  check_pipe("--save model --checkpoint checkpoint", "interrupted because its output is closed ");
  assert_is_model(path_of("model"));
  assert_int_equal(access(path_of("checkpoint"), F_OK), 0);
}

/* The log reaches the size limit: its rows are whole, and model and checkpoint are saved. */
static void test_limit_on_the_size_of_a_file(void **state) {
  (void)state;
  char log[2 * PATH_BYTES], model[2 * PATH_BYTES], checkpoint[2 * PATH_BYTES];
  snprintf(log, sizeof log, "%s", path_of("log.csv"));
  snprintf(model, sizeof model, "%s", path_of("model"));
  snprintf(checkpoint, sizeof checkpoint, "%s", path_of("checkpoint"));
  const command_setting setting = {NULL, "/dev/null"};
  struct rlimit before, limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  limit.rlim_cur = 20000;
  void (*handler)(int) = signal(SIGXFSZ, SIG_DFL); /* programs started by Python ignore it */
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  command_result result =
      run_with(&setting, ARGUMENTS("train", "--data", "digits", PLAIN_SGD, "--device", "reference",
                                   "--hidden", "2", "--epochs", LONG, "--log", log, "--save", model,
                                   "--checkpoint", checkpoint));
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, handler);
  assert_code(&result, 128 + SIGXFSZ);
  assert_says(result.err, "log.csv cannot be written: File too large");
  assert_says(result.err, "interrupted by the limit on the size of a file after epoch ");
  assert_is_model(model);
  assert_int_equal(access(checkpoint, F_OK), 0);
  size_t size;
  unsigned char *rows = read_bytes(log, &size);
  assert_true(size > 19000 && size <= 20000 && rows[size - 1] == '\n');
  free(rows);
  result_free(&result);
}

/* One step takes the reference half a minute: the first signal waits for it, the second does not.
 */
static void test_second_signal(void **state) {
  (void)state;
  child running =
      start(ARGUMENTS("train", "--data", "digits", "--device", "reference", "--batch", "1438",
                      "--hidden", "2048,2048", "--checkpoint", path_of("checkpoint")));
  wait_for_text(&running, running.out, "network: ");
  pause_for(2000); /* long enough to be inside the step on a busy machine */
  assert_int_equal(kill(running.process, SIGINT), 0);
  pause_for(300);
  assert_still_running(&running);
  assert_int_equal(kill(running.process, SIGTERM), 0);
  command_result result = finish(&running);
  assert_code(&result, 128 + SIGTERM);
  assert_string_equal(result.err, "");
  assert_int_not_equal(access(path_of("checkpoint"), F_OK), 0);
  result_free(&result);
}

/* Signals that are ignored at the start stay ignored: hangups under nohup, Ctrl-C in a shell's
 * background. */
static void test_ignored_signals_stay_so(void **state) {
  (void)state;
  const char *checkpoint = path_of("checkpoint");
  void (*before)(int) = signal(SIGTERM, SIG_IGN);
  child running = start(ARGUMENTS("train", "--data", "digits", "--device", "reference", "--hidden",
                                  "16", "--epochs", LONG, "--checkpoint", checkpoint));
  signal(SIGTERM, before);
  wait_for_text(&running, running.out, "\nepoch ");
  assert_int_equal(kill(running.process, SIGTERM), 0);
  pause_for(100);
  assert_still_running(&running);
  assert_int_equal(kill(running.process, SIGINT), 0);
  command_result result = finish(&running);
  assert_code(&result, 130);
  result_free(&result);
}

/* Under nohup, on a device whose compiler (PoCL's LLVM) installs signal handlers, with nothing
 * compiled before. */
static void test_nohup_while_a_compiler_has_handlers(void **state) {
  (void)state;
  char *cache = NULL;
  assert_true(asprintf(&cache, "POCL_CACHE_DIR=%s/built", temporary_folder) > 0);
  const char *const environment[] = {cache, NULL};
  void (*before)(int) = signal(SIGHUP, SIG_IGN);
  child running = start_with(&(const command_setting){environment, NULL},
                             ARGUMENTS("train", "--data", "digits", "--hidden", "16", "--epochs",
                                       LONG, "--checkpoint", path_of("checkpoint")));
  signal(SIGHUP, before);
  wait_for_text(&running, running.out, "\nepoch ");
  assert_int_equal(kill(running.process, SIGHUP), 0);
  pause_for(100);
  assert_still_running(&running);
  assert_int_equal(kill(running.process, SIGTERM), 0);
  command_result result = finish(&running);
  assert_code(&result, 128 + SIGTERM);
  assert_says(result.err, "to continue:\n");
  assert_int_equal(access(path_of("checkpoint"), F_OK), 0);
  result_free(&result);
  char *command = NULL;
  assert_true(asprintf(&command, "rm -rf '%s/built'", temporary_folder) > 0);
  assert_int_equal(system(command), 0);
  free(command);
  free(cache);
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_FOLDER(test_resume),
      WITH_FOLDER(test_refusals),
      WITH_FOLDER(test_interrupt),
      WITH_FOLDER(test_terminate),
      WITH_FOLDER(test_interrupt_on_a_device),
      WITH_FOLDER(test_nothing_asked_to_be_saved),
      WITH_FOLDER(test_interrupt_saves_the_model),
      WITH_FOLDER(test_hangup),
      WITH_FOLDER(test_closed_pipe),
      WITH_FOLDER(test_limit_on_the_size_of_a_file),
      WITH_FOLDER(test_second_signal),
      WITH_FOLDER(test_ignored_signals_stay_so),
      WITH_FOLDER(test_nohup_while_a_compiler_has_handlers),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

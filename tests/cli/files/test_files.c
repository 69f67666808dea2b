/* The files that commands read and write: what is refused before anything is read, and what a full
 * disk leaves behind. */
#include "../command.h"

#include <quern/quern.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define TRAIN "train", "--hidden", "4", "--epochs", "2", "--device", "reference"
#define TABLE "1,2,0\n2,1,1\n3,5,0\n4,4,1\n5,1,0\n6,3,1\n7,7,0\n8,2,1\n9,1,0\n10,8,1\n"

static char *before_folder;

/* Runs in the folder, so that names are short and messages fit below a limit on the size of files.
 */
static int enter_folder(void **state) {
  before_folder = getcwd(NULL, 0);
  return before_folder == NULL || make_temporary_folder(state) != 0 ? -1 : chdir(temporary_folder);
}

static int leave_folder(void **state) {
  const int left = chdir(before_folder);
  free(before_folder);
  return left != 0 ? -1 : remove_temporary_folder(state);
}

static void write_text(const char *name, const char *text) {
  write_bytes(name, text, strlen(text));
}

static char *read_text(const char *name) {
  size_t size;
  char *text = (char *)read_bytes(name, &size);
  text[size] = '\0';
  return text;
}

static void assert_holds(const char *name, const char *text) {
  char *found = read_text(name);
  if (strcmp(found, text) != 0) fail_msg("%s holds \"%s\", expected \"%s\"", name, found, text);
  free(found);
}

static void run_well(command_result result) {
  assert_code(&result, 0);
  result_free(&result);
}

static void assert_nothing_temporary(void) {
  DIR *folder = opendir(".");
  assert_non_null(folder);
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
    if (strncmp(entry->d_name, ".quern-", 7) == 0) fail_msg("%s was left", entry->d_name);
  closedir(folder);
}

/* A limit on the size of files stands for a full disk. */
static command_result run_within(rlim_t bytes, const char *const *arguments) {
  const command_setting setting = {NULL, "/dev/null"};
  struct rlimit before, limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  limit.rlim_cur = bytes;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const command_result result = run_with(&setting, arguments);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, handler);
  return result;
}

static bool draws_png(void) {
  write_text("try.csv", "epoch,train_loss\n1,1\n2,2\n");
  command_result result = run("plot", "try.csv", "-o", "try.png");
  const bool draws = result.code == 0;
  if (!draws) assert_says(result.err, "without cairo");
  result_free(&result);
  return draws;
}

static bool writes_onnx(void) {
  return quern_onnx_check(NULL, "x.onnx") != QUERN_ERROR_UNSUPPORTED;
}

/* --- A full disk
 * ----------------------------------------------------------------------------------------- */

static void assert_keeps(const char *target, const char *const *arguments) {
  write_text(target, "old");
  command_result result = run_within(200, arguments);
  assert_code(&result, 1);
  assert_says(result.err, target);
  assert_says(result.err, "File too large");
  assert_holds(target, "old");
  assert_nothing_temporary();
  result_free(&result);
}

static void test_full_disk(void **state) {
  (void)state;
  char inputs[1200];
  for (size_t i = 0; i + 1 < sizeof inputs; i++) inputs[i] = i % 2 == 0 ? '1' : ',';
  inputs[sizeof inputs - 1] = '\0';
  const bool png = draws_png();
  write_text("data.csv", TABLE);
  run_well(run(TRAIN, "--data", "data.csv", "--save", "model.safetensors", "--log", "log.csv"));
  assert_keeps("out.svg", ARGUMENTS("plot", "log.csv", "-o", "out.svg"));
  assert_keeps("out.svg", ARGUMENTS("eval", "--model", "model.safetensors", "--data", "data.csv",
                                    "--device", "reference", "--plot", "out.svg"));
  if (png) {
    assert_keeps("out.png", ARGUMENTS("plot", "log.csv", "-o", "out.png"));
    assert_keeps("out.png", ARGUMENTS("eval", "--model", "model.safetensors", "--data", "data.csv",
                                      "--device", "reference", "--plot", "out.png"));
  }
  assert_keeps("out.conf", ARGUMENTS(TRAIN, "--data", "data.csv", "--inputs", inputs,
                                     "--write-config", "out.conf"));
  assert_keeps("out.safetensors", ARGUMENTS("convert", "model.safetensors", "out.safetensors"));
  assert_keeps("out.safetensors",
               ARGUMENTS(TRAIN, "--data", "data.csv", "--save", "out.safetensors"));
  if (writes_onnx())
    assert_keeps("out.onnx", ARGUMENTS("convert", "model.safetensors", "out.onnx"));
}

/* If the first row cannot be written, the old log remains. */
static void test_full_disk_before_the_log_begins(void **state) {
  (void)state;
  static const char *const names[] = {"log.csv", "log.jsonl"};
  write_text("data.csv", TABLE);
  for (size_t i = 0; i < 2; i++) {
    write_text(names[i], "old\n");
    command_result result =
        run_within(100, ARGUMENTS(TRAIN, "--data", "data.csv", "--log", names[i]));
    assert_code(&result, 1);
    assert_int_equal(count_lines(result.err), 1);
    assert_says(result.err, names[i]);
    assert_says(result.err, "File too large");
    assert_holds(names[i], "old\n");
    assert_nothing_temporary();
    result_free(&result);
  }
}

/* A row that does not fit is left out entirely, and training continues to its end. */
static void test_full_disk_in_a_log(void **state) {
  (void)state;
  static const char *const names[] = {"log.csv", "log.jsonl"};
  write_text("data.csv", TABLE);
  for (size_t i = 0; i < 2; i++) {
    command_result result = run_within(
        1900, ARGUMENTS("train", "--hidden", "4", "--device", "reference", "--data", "data.csv",
                        "--epochs", "60", "--log", names[i], "--save", "model.safetensors"));
    assert_code(&result, 1);
    assert_int_equal(count_lines(result.err), 1);
    assert_says(result.err, "cannot be written: File too large");
    result_free(&result);
    assert_int_equal(access("model.safetensors", F_OK), 0);
    assert_int_equal(remove("model.safetensors"), 0);
    char *log = read_text(names[i]);
    const size_t length = strlen(log);
    assert_in_range(length, 1001, 1900);
    assert_int_equal(log[length - 1], '\n');
    free(log);
    run_well(run("plot", names[i], "-o", "log.svg"));
  }
}

/* --- What is no file
 * ------------------------------------------------------------------------------------- */

static void test_readers_take_regular_files(void **state) {
  (void)state;
  static const char *const names[] = {"pipe", "folder", "/dev/zero", "/dev/null", "loop"};
  assert_int_equal(mkfifo("pipe", 0600), 0);
  assert_int_equal(mkdir("folder", 0700), 0);
  assert_int_equal(symlink("loop", "loop"), 0);
  write_text("data.csv", TABLE);
  run_well(run(TRAIN, "--data", "data.csv", "--checkpoint", "checkpoint"));
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *const parts[] = {names[i], NULL};
    assert_one_line(run("plot", names[i], "-o", "out.svg"), 1, parts);
    assert_one_line(run("train", "--config", names[i]), 2, parts);
    assert_one_line(run("train", "--data", names[i]), 1, parts);
    assert_one_line(run(TRAIN, "--data", "data.csv", "--test", names[i]), 1, parts);
    assert_one_line(run("eval", "--data", "data.csv", "--model", names[i]), 1, parts);
    assert_one_line(run("predict", "--data", "data.csv", "--model", names[i]), 1, parts);
    assert_one_line(run("inspect", names[i]), 1, parts);
    assert_one_line(run("convert", names[i], "out.safetensors"), 1, parts);
  }
  /* A log to which a resumed training appends. */
  assert_int_equal(symlink("pipe", "pipe.csv"), 0);
  assert_one_line(run(TRAIN, "--data", "data.csv", "--resume", "checkpoint", "--log", "pipe.csv"),
                  1, PARTS("pipe.csv"));
  assert_int_not_equal(access("out.svg", F_OK), 0);
}

static const char *long_name(const char *ending) {
  static char name[400];
  memset(name, 'n', 300);
  strcpy(name + 300, ending);
  return name;
}

/* Data, model and log do not exist. The message is about the target, so targets are checked first.
 */
static void assert_refuses(const char *target, const char *why) {
  const char *const parts[] = {"cannot save to", target, why, NULL};
  static const char *const options[] = {"--save", "--checkpoint", "--log", "--write-config"};
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    assert_one_line(run("train", "--data", "missing", options[i], target), 1, parts);
  assert_one_line(run("plot", "missing", "-o", target), 1, parts);
  assert_one_line(run("eval", "--model", "missing", "--data", "missing", "--plot", target), 1,
                  parts);
}

/* Links give pipes and devices the endings that pictures need. */
static void test_targets_are_tried_first(void **state) {
  (void)state;
  assert_int_equal(mkfifo("pipe", 0600), 0);
  assert_int_equal(symlink("pipe", "pipe.svg"), 0);
  assert_int_equal(symlink("/dev/null", "device.svg"), 0);
  assert_int_equal(symlink("nowhere", "dangling.svg"), 0);
  assert_int_equal(mkdir("folder.svg", 0700), 0);
  write_text("file", "");
  assert_refuses("pipe.svg", "is a pipe, expected a regular file");
  assert_refuses("device.svg", "is a device, expected a regular file");
  assert_refuses("dangling.svg", "symbolic link to a missing file");
  assert_refuses("folder.svg", "is a folder");
  assert_refuses("nowhere/a.svg", "No such file");
  assert_refuses("file/a.svg", "Not a directory");
  assert_refuses(long_name(".svg"), "File name too long");
  assert_int_not_equal(access("nowhere", F_OK), 0);
  assert_one_line(run("convert", "missing", long_name(".onnx")), 1, PARTS("File name too long"));
  assert_one_line(run("train", "--data", "missing", "--save", "/dev/null"), 1,
                  PARTS("is a device"));
}

static void test_the_standard_output_is_no_target(void **state) {
  (void)state;
  write_text("data.csv", TABLE);
  assert_one_line(run(TRAIN, "--data", "data.csv", "--save", "/dev/stdout"), 1,
                  PARTS("/dev/stdout"));
  const command_setting setting = {NULL, "out"};
  command_result result =
      run_with(&setting, ARGUMENTS(TRAIN, "--data", "data.csv", "--save", "out"));
  assert_code(&result, 1);
  assert_says(result.err, "cannot save to out: the standard output is written there");
  result_free(&result);
}

static void test_a_folder_that_is_locked(void **state) {
  (void)state;
  if (geteuid() == 0) skip(); /* root can write everywhere */
  assert_int_equal(mkdir("locked", 0500), 0);
  assert_refuses("locked/a.svg", "Permission denied");
}

/* --- Files that would be overwritten
 * --------------------------------------------------------------------- */

static void assert_spares(const char *input, const char *const *arguments) {
  command_result result = run_with(&(const command_setting){NULL, NULL}, arguments);
  assert_one_line(result, 1, PARTS("cannot save to", "would overwrite", input));
}

static void test_inputs_are_spared(void **state) {
  (void)state;
  write_text("data.csv", TABLE);
  write_text("run.conf", "data = data.csv\n");
  run_well(run(TRAIN, "--data", "data.csv", "--checkpoint", "kept", "--save", "model.svg", "--log",
               "a.csv"));
  assert_int_equal(symlink("data.csv", "link"), 0);
  assert_int_equal(link("data.csv", "hard.csv"), 0);
  assert_int_equal(link("kept", "hard"), 0);
  static const char *const options[] = {"--save", "--checkpoint", "--log", "--write-config"},
                           *const names[] = {"data.csv", "link", "./hard.csv"};
  for (size_t i = 0; i < 4; i++) {
    for (size_t j = 0; j < 3; j++) {
      assert_spares("--data reads", ARGUMENTS(TRAIN, "--data", "data.csv", options[i], names[j]));
      assert_spares("--test reads", ARGUMENTS(TRAIN, "--data", "digits", "--test", "data.csv",
                                              options[i], names[j]));
    }
    assert_spares("--config reads",
                  ARGUMENTS(TRAIN, "--config", "run.conf", options[i], "run.conf"));
    if (i != 1)
      assert_spares("--resume reads",
                    ARGUMENTS(TRAIN, "--data", "data.csv", "--resume", "kept", options[i], "hard"));
  }
  assert_spares("--model reads", ARGUMENTS("eval", "--model", "model.svg", "--data", "data.csv",
                                           "--plot", "model.svg"));
  assert_int_equal(symlink("a.csv", "a.svg"), 0);
  assert_spares("plot reads", ARGUMENTS("plot", "a.csv", "-o", "a.svg"));
  assert_int_equal(symlink("model.svg", "same.safetensors"), 0);
  assert_spares("convert reads", ARGUMENTS("convert", "model.svg", "same.safetensors"));
  assert_holds("data.csv", TABLE);
  assert_holds("run.conf", "data = data.csv\n");
  /* Overwriting the checkpoint that is resumed is allowed. */
  run_well(run(TRAIN, "--data", "data.csv", "--resume", "kept", "--checkpoint", "kept"));
}

static void test_targets_are_apart(void **state) {
  (void)state;
  char *other = NULL;
  assert_true(asprintf(&other, "%s/same.csv", temporary_folder) > 0);
  write_text("data.csv", TABLE);
  for (size_t there = 0; there < 2; there++) {
    assert_one_line(
        run(TRAIN, "--data", "data.csv", "--save", "same.csv", "--checkpoint", "./same.csv"), 1,
        PARTS("cannot save to ./same.csv: --save writes it too"));
    assert_one_line(run(TRAIN, "--data", "data.csv", "--save", "same.csv", "--log", other), 1,
                    PARTS("cannot save to", "--save writes it too"));
    write_text("same.csv", "");
  }
  assert_int_equal(mkdir("folder", 0700), 0);
  run_well(run(TRAIN, "--data", "data.csv", "--save", "new", "--checkpoint", "folder/new"));
  assert_int_equal(remove("folder/new"), 0);
  free(other);
}

/* --- Formats
 * --------------------------------------------------------------------------------------------- */

static void test_the_ending_decides(void **state) {
  (void)state;
  write_text("data.csv", TABLE);
  run_well(run(TRAIN, "--data", "data.csv", "--save", "model.net"));
  assert_holds("data.csv", TABLE);
  quern_network *network = NULL;
  assert_int_equal(quern_model_load("model.net", NULL, &network), QUERN_OK);
  quern_network_free(network);
  if (!writes_onnx()) {
    assert_one_line(run("train", "--data", "digits", "--epochs", "1000000", "--save", "net.onnx"),
                    1, PARTS("net.onnx", "without protobuf-c"));
    return;
  }
  run_well(run(TRAIN, "--data", "data.csv", "--save", "net.onnx"));
  network = NULL;
  assert_int_equal(quern_onnx_load("net.onnx", NULL, &network), QUERN_OK);
  quern_network_free(network);
  run_well(run("convert", "model.net", "same.onnx"));
  assert_same_files("net.onnx", "same.onnx");
}

#define FILE_TEST(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      FILE_TEST(test_full_disk),
      FILE_TEST(test_full_disk_before_the_log_begins),
      FILE_TEST(test_full_disk_in_a_log),
      FILE_TEST(test_readers_take_regular_files),
      FILE_TEST(test_targets_are_tried_first),
      FILE_TEST(test_the_standard_output_is_no_target),
      FILE_TEST(test_a_folder_that_is_locked),
      FILE_TEST(test_inputs_are_spared),
      FILE_TEST(test_targets_are_apart),
      FILE_TEST(test_the_ending_decides),
  };
  return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}

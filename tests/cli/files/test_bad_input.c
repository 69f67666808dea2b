/* Every bad input ends in one line that names the file, the place and what was expected; nothing is
 * written. */
#include "../command.h"

#include <sys/stat.h>

#define IMAGES "some-images-idx3-ubyte"
#define LABELS "some-labels-idx1-ubyte"
#define TARGET "model.safetensors"

/* Four images of 2 x 2 pixels. */
static const unsigned char good_images[] = {0, 0, 8, 3, 0, 0, 0, 4, 0, 0,  0,  2,  0,  0,  0,  2,
                                            1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const unsigned char good_labels[] = {0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 2, 1};

static void write_text(const char *name, const char *text) {
  write_bytes(path_of(name), text, strlen(text));
}

static void write_idx(size_t image_bytes, size_t label_bytes) {
  write_bytes(path_of(IMAGES), good_images, image_bytes);
  write_bytes(path_of(LABELS), good_labels, label_bytes);
}

/* Writes IDX images with one byte changed. */
static void write_spoiled_images(size_t place, unsigned char byte) {
  unsigned char images[sizeof good_images];
  memcpy(images, good_images, sizeof images);
  images[place] = byte;
  write_idx(sizeof good_images, sizeof good_labels);
  write_bytes(path_of(IMAGES), images, sizeof images);
}

static size_t count_files(void) {
  size_t count = 0;
  DIR *folder = opendir(temporary_folder);
  assert_non_null(folder);
  while (readdir(folder) != NULL) count++;
  closedir(folder);
  return count;
}

/* Training on `name` with --save fails with one line and leaves the folder unchanged. */
static void assert_training_fails(const char *name, const char *const *parts) {
  size_t files = count_files();
  const char *target = path_of(TARGET);
  assert_one_line(run("train", "--data", path_of(name), "--epochs", "1", "--save", target), 1,
                  parts);
  assert_int_equal(count_files(), files);
}

static void test_files_that_are_not_there(void **state) {
  (void)state;
  assert_training_fails("missing.csv", PARTS("missing.csv", "No such file"));
  assert_one_line(run("train", "--data", "digitss"), 1,
                  PARTS("cannot open digitss: No such file or directory; the data sets with a name "
                        "are digits and fashion-mnist"));
  assert_one_line(run("eval", "--model", path_of("missing"), "--data", "digits"), 1,
                  PARTS("missing", "No such file"));
  assert_one_line(run("predict", "--model", path_of("missing"), "--data", "digits"), 1,
                  PARTS("missing", "No such file"));
  assert_one_line(run("train", "--data", "digits", "--test", path_of("missing")), 1,
                  PARTS("missing", "No such file"));
}

static void test_idx(void **state) {
  (void)state;
  /* valid, so that the following cases fail for their own reason */
  write_idx(sizeof good_images, sizeof good_labels);
  command_result good = run("train", "--data", path_of(IMAGES), "--epochs", "1");
  assert_code(&good, 0);
  result_free(&good);

  write_idx(sizeof good_images - 1, sizeof good_labels);
  assert_training_fails(IMAGES, PARTS(IMAGES, "truncated", "byte 31", "16 bytes"));
  write_idx(10, sizeof good_labels);
  assert_training_fails(IMAGES, PARTS(IMAGES, "truncated", "byte 10"));
  write_idx(sizeof good_images, sizeof good_labels - 1);
  assert_training_fails(IMAGES, PARTS(LABELS, "truncated", "byte 11", "4 bytes"));
  write_spoiled_images(3, 1);
  assert_training_fails(IMAGES, PARTS(IMAGES, "expected"));
  write_spoiled_images(1, 7);
  assert_training_fails(IMAGES, PARTS(IMAGES, "magic", "expected 0x00000803"));
  write_spoiled_images(7, 5);
  assert_training_fails(IMAGES, PARTS(IMAGES, "5 images", LABELS, "4 labels"));
  write_spoiled_images(15, 1);
  assert_training_fails(IMAGES, PARTS(IMAGES, "trailing", "byte 24", "8 bytes"));
  write_spoiled_images(15, 255);
  assert_training_fails(IMAGES, PARTS(IMAGES, "truncated", "byte 32", "2040 bytes"));
  write_spoiled_images(11, 0);
  assert_training_fails(IMAGES, PARTS(IMAGES, "expected 1 to"));
}

static void test_images_and_labels_that_differ(void **state) {
  (void)state;
  static const unsigned char three[] = {0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 2};
  write_idx(sizeof good_images, sizeof good_labels);
  write_bytes(path_of(LABELS), three, sizeof three);
  assert_training_fails(IMAGES, PARTS(IMAGES, "4 images", LABELS, "3 labels"));
}

static void test_csv(void **state) {
  (void)state;
  write_text("words.csv", "1,2,0\n3,four,1\n5,6,0\n");
  assert_training_fails("words.csv", PARTS("words.csv", "line 2", "four", "number"));
  write_text("nan.csv", "1,2,0\n3,4,1\nnan,6,0\n");
  assert_training_fails("nan.csv", PARTS("nan.csv", "line 3", "nan"));
  write_text("infinite.csv", "1,2,0\ninf,4,1\n");
  assert_training_fails("infinite.csv", PARTS("infinite.csv", "line 2", "inf"));
  write_text("ragged.csv", "1,2,0\n3,1\n");
  assert_training_fails("ragged.csv", PARTS("ragged.csv", "line 2"));
  write_text("label.csv", "1,2,0\n3,4,nan\n");
  assert_training_fails("label.csv", PARTS("label.csv", "line 2", "nan"));
  write_text("half.csv", "1,2,0\n3,4,0.5\n");
  assert_training_fails("half.csv", PARTS("half.csv", "line 2", "0.5", "--task regression"));
  write_text("empty.csv", "");
  assert_training_fails("empty.csv", PARTS("empty.csv", "empty"));
}

static void test_labels_past_the_classes(void **state) {
  (void)state;
  write_text("train.csv", "1,2,0\n3,4,1\n5,6,1\n");
  write_text("test.csv", "1,2,1\n3,4,7\n");
  assert_one_line(run("train", "--data", path_of("train.csv"), "--test", path_of("test.csv"),
                      "--save", path_of(TARGET)),
                  1,
                  PARTS("test.csv: line 2, column 3",
                        "one of the classes that were trained on: 0 to 1", "'7'"));
  assert_int_not_equal(access(path_of(TARGET), F_OK), 0);

  command_result trained =
      run("train", "--data", path_of("train.csv"), "--epochs", "1", "--save", path_of(TARGET));
  assert_code(&trained, 0);
  result_free(&trained);
  assert_one_line(run("eval", "--model", path_of(TARGET), "--data", path_of("test.csv")), 1,
                  PARTS("test.csv: line 2, column 3",
                        "one of the classes that were trained on: 0 to 1", "'7'"));
}

static void test_columns_that_do_not_fit(void **state) {
  (void)state;
  write_text("two.csv", "1,2,0\n3,4,1\n5,6,1\n");
  write_text("three.csv", "1,2,3,0\n3,4,5,1\n");
  assert_one_line(run("train", "--data", path_of("two.csv"), "--test", path_of("three.csv")), 1,
                  PARTS("three.csv: 4 columns", "expected 3 as in the training data"));
  command_result trained =
      run("train", "--data", path_of("two.csv"), "--epochs", "1", "--save", path_of(TARGET));
  assert_code(&trained, 0);
  result_free(&trained);
  static const char *const commands[] = {"eval", "predict"};
  for (size_t i = 0; i < 2; i++)
    assert_one_line(
        run(commands[i], "--model", path_of(TARGET), "--data", path_of("three.csv")), 1,
        PARTS("three.csv: 4 columns", "expected 3 as in the training data, or only the 2 inputs"));
  assert_one_line(
      run("eval", "--model", path_of(TARGET), "--data", path_of("two.csv"), "--show", "1"), 1,
      PARTS("--show", "two.csv", "no images"));
  assert_one_line(run("eval", "--model", path_of(TARGET), "--data", path_of("two.csv"),
                      "--class-names", "a,b,c"),
                  1, PARTS("--class-names", "3 names", TARGET, "2 classes"));
}

static void test_models(void **state) {
  (void)state;
  command_result trained =
      run("train", "--data", "digits", "--epochs", "1", "--save", path_of(TARGET));
  assert_code(&trained, 0);
  result_free(&trained);
  size_t size;
  unsigned char *bytes = read_bytes(path_of(TARGET), &size);
  static const size_t lengths[] = {0, 7, 20, 1000};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    write_bytes(path_of("short"), bytes, lengths[i]);
    assert_one_line(run("eval", "--model", path_of("short"), "--data", "digits"), 1,
                    PARTS("short"));
  }
  write_bytes(path_of("short"), bytes, size - 1);
  assert_one_line(run("predict", "--model", path_of("short"), "--data", "digits"), 1,
                  PARTS("short"));
  memset(bytes, 0xFF, 8); /* a header of 2^64 - 1 bytes */
  write_bytes(path_of("huge"), bytes, size);
  assert_one_line(run("eval", "--model", path_of("huge"), "--data", "digits"), 1, PARTS("huge"));
  free(bytes);
}

static void test_devices_that_are_not_there(void **state) {
  (void)state;
  static const char *const devices[] = {"abacus", "99", "99:0", "reference:0"};
  for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
    assert_one_line(run("example", "--device", devices[i]), 1, PARTS(devices[i], "'reference'"));
  const command_setting environment = {PARTS("QUERN_DEVICE=abacus"), NULL};
  assert_one_line(
      run_with(&environment, ARGUMENTS("train", "--data", "digits", "--save", path_of(TARGET))), 1,
      PARTS("abacus", "'reference'"));
  assert_int_not_equal(access(path_of(TARGET), F_OK), 0);
}

static void test_targets_that_cannot_be_written(void **state) {
  (void)state;
  write_text("file", "");
  assert_int_equal(mkdir(path_of("folder"), 0700), 0);
  static const struct {
    const char *target;
    const char *why;
  } cases[] = {{"missing/model", "No such file"},
               {"file/model", "Not a directory"},
               {"folder", "a folder"},
               {"folder/", "a folder"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_one_line(
        run("train", "--data", "digits", "--epochs", "1000000", "--save", path_of(cases[i].target)),
        1, PARTS("cannot save", cases[i].target, cases[i].why));
  if (geteuid() == 0) return; /* root can write everywhere */
  assert_int_equal(chmod(path_of("folder"), 0500), 0);
  assert_one_line(run("train", "--data", "digits", "--save", path_of("folder/model")), 1,
                  PARTS("folder", "Permission denied"));
}

static void test_sizes_that_overflow(void **state) {
  (void)state;
  assert_one_line(run("train", "--data", "digits", "--hidden", "2147483647,2147483647", "--save",
                      path_of(TARGET)),
                  1, PARTS("2147483647", "overflow"));
  assert_one_line(
      run("train", "--data", "digits", "--hidden", "2147483647,1000000", "--save", path_of(TARGET)),
      1, PARTS("network: ", " bytes of host memory, of which ", "take fewer units"));
  assert_int_not_equal(access(path_of(TARGET), F_OK), 0);
}

static void test_training_that_diverges_saves_nothing(void **state) {
  (void)state;
  size_t files = count_files();
  command_result result = run("train", "--data", "digits", "--lr", "1e30", "--epochs", "50",
                              "--save", path_of(TARGET), "--json");
  assert_code(&result, 1);
  assert_string_equal(result.out, "");
  assert_says(result.err, "the loss is nan in step ");
  assert_int_equal(count_files(), files);
  result_free(&result);
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_FOLDER(test_files_that_are_not_there),
      WITH_FOLDER(test_idx),
      WITH_FOLDER(test_images_and_labels_that_differ),
      WITH_FOLDER(test_csv),
      WITH_FOLDER(test_labels_past_the_classes),
      WITH_FOLDER(test_columns_that_do_not_fit),
      WITH_FOLDER(test_models),
      WITH_FOLDER(test_devices_that_are_not_there),
      WITH_FOLDER(test_targets_that_cannot_be_written),
      WITH_FOLDER(test_sizes_that_overflow),
      WITH_FOLDER(test_training_that_diverges_saves_nothing),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

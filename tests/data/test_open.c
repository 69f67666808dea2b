/* Names that can be opened: the digits, folders, files; and names that cannot. */
#include "temporary.h"
#include <math.h>
#include <sys/stat.h>

#define FASHION_MNIST "/usr/share/datasets/fashion-mnist"

static const unsigned char train_images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0,
                                             0, 1, 0, 0, 0, 2, 1, 2, 3, 4};
static const unsigned char train_labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 0, 1};
static const unsigned char test_images[] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 9, 8};
static const unsigned char test_labels[] = {0, 0, 8, 1, 0, 0, 0, 1, 1};

#define WRITE(name, bytes) write_bytes(path_of(name), bytes, sizeof bytes)

/* Counts computed from the file by other means. */
static void digits(void **state) {
  (void)state;
  static const int counts[10] = {178, 182, 177, 183, 181, 182, 181, 179, 174, 180};
  quern_dataset *sets[2];
  assert_int_equal(quern_dataset_open("digits", NULL, &sets[0], &sets[1]), QUERN_OK);
  assert_int_equal(quern_dataset_rows(sets[0]), 1797 - 359);
  assert_int_equal(quern_dataset_rows(sets[1]), 359);
  int seen[10] = {0};
  double sum = 0;
  for (size_t set = 0; set < 2; set++) {
    const quern_dataset *dataset = sets[set];
    assert_int_equal(quern_dataset_columns(dataset), 64);
    assert_int_equal(quern_dataset_classes(dataset), 10);
    assert_string_equal(quern_dataset_source(dataset), "digits");
    size_t height = 0, width = 0;
    assert_true(quern_dataset_image_size(dataset, &height, &width));
    assert_int_equal(height, 8);
    assert_int_equal(width, 8);
    for (size_t row = 0; row < quern_dataset_rows(dataset); row++) {
      float values[64];
      quern_dataset_values(dataset, row, values);
      for (size_t i = 0; i < 64; i++) {
        assert_true(values[i] >= 0.0f && values[i] <= 1.0f);
        sum += (double)values[i] * 16;
      }
      seen[quern_dataset_label(dataset, row)]++;
    }
  }
  assert_true(sum == 561718.0);
  assert_memory_equal(seen, counts, sizeof counts);
  quern_dataset_free(sets[0]);
  quern_dataset_free(sets[1]);
  quern_dataset_free(open_one("digits", NULL));
}

static void fashion_mnist(void **state) {
  (void)state;
  if (access(FASHION_MNIST "/train-images-idx3-ubyte.gz", R_OK) != 0) skip();
  quern_dataset *sets[2];
  assert_int_equal(quern_dataset_open(FASHION_MNIST, NULL, &sets[0], &sets[1]), QUERN_OK);
  for (size_t set = 0; set < 2; set++) {
    const size_t rows = set == 0 ? 60000 : 10000;
    assert_int_equal(quern_dataset_rows(sets[set]), rows);
    assert_int_equal(quern_dataset_columns(sets[set]), 784);
    assert_int_equal(quern_dataset_classes(sets[set]), 10);
    size_t seen[10] = {0};
    for (size_t row = 0; row < rows; row++) seen[quern_dataset_label(sets[set], row)]++;
    for (size_t i = 0; i < 10; i++) assert_int_equal(seen[i], rows / 10);
    quern_dataset_free(sets[set]);
  }
}

/* The name is searched for in the user's and the system's data folders. */
static void known_name(void **state) {
  (void)state;
  setenv("XDG_DATA_HOME", "/nonexistent", 1);
  setenv("XDG_DATA_DIRS", temporary_folder, 1);
  assert_open_fails("fashion-mnist", NULL, QUERN_ERROR_FILE);
  assert_error_says("fashion-mnist: there is no folder datasets/fashion-mnist in /nonexistent:",
                    temporary_folder, "Debian and Ubuntu have it as dataset-fashion-mnist", NULL);
  assert_int_equal(mkdir(path_of("datasets"), 0700), 0);
  assert_int_equal(mkdir(path_of("datasets/fashion-mnist"), 0700), 0);
  WRITE("datasets/fashion-mnist/train-images-idx3-ubyte", train_images);
  WRITE("datasets/fashion-mnist/train-labels-idx1-ubyte", train_labels);
  setenv("XDG_DATA_DIRS", "relative:/nonexistent", 1);
  assert_open_fails("fashion-mnist", NULL, QUERN_ERROR_FILE);
  setenv("XDG_DATA_HOME", temporary_folder, 1);
  quern_dataset *dataset = open_one("fashion-mnist", NULL);
  assert_int_equal(quern_dataset_rows(dataset), 2);
  quern_dataset_free(dataset);
  remove(path_of("datasets/fashion-mnist/train-images-idx3-ubyte"));
  remove(path_of("datasets/fashion-mnist/train-labels-idx1-ubyte"));
  rmdir(path_of("datasets/fashion-mnist"));
  unsetenv("XDG_DATA_HOME");
  unsetenv("XDG_DATA_DIRS");
}

static void folder(void **state) {
  (void)state;
  WRITE("train-images-idx3-ubyte", train_images);
  write_gzip(path_of("train-labels.idx1-ubyte.gz"), train_labels, sizeof train_labels);
  quern_dataset *train, *test;
  /* Without a test set. */
  assert_int_equal(quern_dataset_open(temporary_folder, NULL, &train, &test), QUERN_OK);
  assert_int_equal(quern_dataset_rows(train), 2);
  assert_string_equal(quern_dataset_source(train), path_of("train-images-idx3-ubyte"));
  assert_null(test);
  quern_dataset_free(train);

  WRITE("t10k-images-idx3-ubyte", test_images);
  WRITE("t10k-labels-idx1-ubyte", test_labels);
  assert_int_equal(quern_dataset_open(path_of(""), NULL, &train, &test), QUERN_OK);
  assert_int_equal(quern_dataset_rows(test), 1);
  float values[2];
  quern_dataset_values(test, 0, values);
  assert_true(values[0] == 9.0f * (1.0f / 255.0f));
  quern_dataset_free(train);
  quern_dataset_free(test);
}

static void folder_in_part(void **state) {
  (void)state;
  assert_open_fails(temporary_folder, NULL, QUERN_ERROR_FILE);
  assert_error_says(temporary_folder, "train-images-idx3-ubyte", "train-labels-idx1-ubyte", ".gz",
                    NULL);
  WRITE("train-images-idx3-ubyte", train_images);
  assert_open_fails(temporary_folder, NULL, QUERN_ERROR_FILE);
  assert_error_says("train-images-idx3-ubyte exists", "no ", "train-labels-idx1-ubyte", NULL);
  WRITE("train-labels-idx1-ubyte", train_labels);
  WRITE("t10k-labels-idx1-ubyte", test_labels);
  assert_open_fails(temporary_folder, NULL, QUERN_ERROR_FILE);
  assert_error_says("t10k-labels-idx1-ubyte exists", "t10k-images-idx3-ubyte", NULL);
  /* A set that is not requested is not read. */
  quern_dataset_free(open_one(temporary_folder, NULL));
  WRITE("t10k-images-idx3-ubyte", train_images);
  assert_open_fails(temporary_folder, NULL, QUERN_ERROR_FORMAT);
  assert_error_says("t10k-images-idx3-ubyte", "2 images", "1 labels", NULL);
}

static void not_there(void **state) {
  (void)state;
  assert_open_fails(path_of("nothing"), NULL, QUERN_ERROR_FILE);
  assert_error_says("cannot open ", path_of("nothing"), "No such file or directory", NULL);
  assert_open_fails("", NULL, QUERN_ERROR_FILE);
  write_bytes(path_of("empty"), "", 0);
  assert_open_fails(path_of("empty"), NULL, QUERN_ERROR_FORMAT);
  assert_error_says(path_of("empty"), "empty", "expected", NULL);
  write_gzip(path_of("empty.gz"), "", 0);
  assert_open_fails(path_of("empty.gz"), NULL, QUERN_ERROR_FORMAT);
  assert_error_says(path_of("empty.gz"), "empty", NULL);
}

static void not_a_file(void **state) {
  (void)state;
  assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
  assert_open_fails(path_of("fifo"), NULL, QUERN_ERROR_FILE);
  assert_error_says(path_of("fifo"), "is a FIFO", "expected a file", NULL);
  assert_open_fails("/dev/null", NULL, QUERN_ERROR_FILE);
  assert_error_says("/dev/null is a device", NULL);
  WRITE("a-images-idx3-ubyte", train_images);
  assert_int_equal(mkdir(path_of("a-labels-idx1-ubyte"), 0700), 0);
  assert_open_fails(path_of("a-images-idx3-ubyte"), NULL, QUERN_ERROR_FILE);
  assert_error_says(path_of("a-labels-idx1-ubyte"), "is a folder", NULL);
}

/* Root can read anything, so root becomes another user for this test. */
static void unreadable(void **state) {
  (void)state;
  write_bytes(path_of("locked.csv"), "1,2\n", 4);
  assert_int_equal(chmod(path_of("locked.csv"), 0), 0);
  const bool root = geteuid() == 0;
  if (root && seteuid(65534) != 0) skip();
  quern_dataset *train;
  const quern_status status = quern_dataset_open(path_of("locked.csv"), NULL, &train, NULL);
  if (root) assert_int_equal(seteuid(0), 0);
  assert_int_equal(status, QUERN_ERROR_FILE);
  assert_error_says("cannot open ", path_of("locked.csv"), "Permission denied", NULL);
}

static void bad_arguments(void **state) {
  (void)state;
  quern_dataset *train;
  assert_int_equal(quern_dataset_open(NULL, NULL, &train, NULL), QUERN_ERROR_ARGUMENT);
  assert_error_says("where is NULL", NULL);
  assert_int_equal(quern_dataset_open("digits", NULL, NULL, NULL), QUERN_ERROR_ARGUMENT);
  assert_error_says("train is NULL", NULL);
  quern_dataset_options options = quern_dataset_options_default();
  options.size = 1;
  assert_open_fails("digits", &options, QUERN_ERROR_ARGUMENT);
  assert_error_says("size is 1", NULL);
  options = quern_dataset_options_default();
  options.header = (quern_csv_header)9;
  assert_open_fails("digits", &options, QUERN_ERROR_ARGUMENT);
  options = quern_dataset_options_default();
  options.label = (quern_csv_label)9;
  assert_open_fails("digits", &options, QUERN_ERROR_ARGUMENT);
}

static void from_floats(void **state) {
  (void)state;
  float values[] = {1, 2, 3, 4, 5, 6};
  int32_t labels[] = {0, 2, 1};
  quern_dataset *dataset;
  assert_int_equal(quern_dataset_from_floats(values, labels, 3, 2, &dataset), QUERN_OK);
  values[2] = 0; /* the data set has its own copies */
  labels[1] = 0;
  assert_int_equal(quern_dataset_rows(dataset), 3);
  assert_int_equal(quern_dataset_columns(dataset), 2);
  assert_int_equal(quern_dataset_classes(dataset), 3);
  assert_string_equal(quern_dataset_source(dataset), "memory");
  float row[2];
  quern_dataset_values(dataset, 1, row);
  assert_true(row[0] == 3.0f && row[1] == 4.0f);
  assert_int_equal(quern_dataset_label(dataset, 1), 2);
  size_t height, width;
  assert_false(quern_dataset_image_size(dataset, &height, &width));
  quern_dataset_free(dataset);
  quern_dataset_free(NULL);

  const float wrong[] = {NAN, INFINITY, -INFINITY};
  for (size_t i = 0; i < 3; i++) {
    values[3] = wrong[i];
    assert_int_equal(quern_dataset_from_floats(values, labels, 3, 2, &dataset), QUERN_ERROR_DATA);
    assert_error_says("row 1, column 1", "finite", NULL);
    assert_null(dataset);
  }
  values[3] = 4;
  labels[2] = -1;
  assert_int_equal(quern_dataset_from_floats(values, labels, 3, 2, &dataset), QUERN_ERROR_DATA);
  assert_error_says("row 2", "label -1", NULL);
  labels[2] = INT32_MAX;
  assert_int_equal(quern_dataset_from_floats(values, labels, 3, 2, &dataset), QUERN_ERROR_DATA);
  assert_int_equal(quern_dataset_from_floats(values, labels, 0, 2, &dataset), QUERN_ERROR_SHAPE);
  assert_int_equal(quern_dataset_from_floats(values, labels, 3, 0, &dataset), QUERN_ERROR_SHAPE);
  assert_int_equal(quern_dataset_from_floats(NULL, labels, 3, 2, &dataset), QUERN_ERROR_ARGUMENT);
  assert_int_equal(quern_dataset_from_floats(values, NULL, 3, 2, &dataset), QUERN_ERROR_ARGUMENT);
  assert_int_equal(quern_dataset_from_floats(values, labels, 3, 2, NULL), QUERN_ERROR_ARGUMENT);
  assert_int_equal(quern_dataset_from_floats(values, labels, SIZE_MAX / 2, 4, &dataset),
                   QUERN_ERROR_OVERFLOW);
  assert_error_says("at most 2147483647", NULL);
}

#define TEST(function) cmocka_unit_test_teardown(function, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(digits),         TEST(fashion_mnist), TEST(known_name), TEST(folder),
      TEST(folder_in_part), TEST(not_there),     TEST(not_a_file), TEST(unreadable),
      TEST(bad_arguments),  TEST(from_floats),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

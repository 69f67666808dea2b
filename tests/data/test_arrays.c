/* Files that NumPy and safetensors wrote (arrays/make_arrays.py), whole and damaged. */
#include "temporary.h"

#include <fcntl.h>
#include <math.h>

#define MADE(name) QUERN_TEST_DATA "/arrays/" name

static const quern_dataset_options defaults = {.size = sizeof(quern_dataset_options)};

/* x of make_arrays.py. */
static void assert_x(const quern_dataset *dataset, float scale) {
  assert_int_equal(quern_dataset_rows(dataset), 4);
  assert_int_equal(quern_dataset_columns(dataset), 3);
  for (size_t row = 0; row < 4; row++) {
    float values[3];
    quern_dataset_values(dataset, row, values);
    for (size_t i = 0; i < 3; i++)
      assert_true(values[i] == truncf(((float)(row * 3 + i) / 8.0f - 0.5f) * scale) / scale);
  }
}

static void assert_y(const quern_dataset *dataset) {
  static const int32_t y[] = {0, 2, 1, 2};
  assert_int_equal(quern_dataset_task(dataset), QUERN_TASK_CLASSES);
  assert_int_equal(quern_dataset_classes(dataset), 3);
  for (size_t row = 0; row < 4; row++) assert_int_equal(quern_dataset_label(dataset, row), y[row]);
}

/* Prices as the target. */
static void assert_prices(const char *path) {
  static const float prices[] = {1.5f, -2.0f, 1e6f, 0.25f};
  quern_dataset_options options = defaults;
  options.target = "prices";
  quern_dataset *dataset = open_one(path, &options);
  assert_int_equal(quern_dataset_task(dataset), QUERN_TASK_REGRESSION);
  assert_int_equal(quern_dataset_outputs(dataset), 1);
  for (size_t row = 0; row < 4; row++) {
    float price;
    quern_dataset_targets(dataset, row, &price);
    assert_true(price == prices[row]);
  }
  quern_dataset_free(dataset);
  options.inputs = "prices";
  options.target = "y";
  dataset = open_one(path, &options);
  assert_int_equal(quern_dataset_columns(dataset), 1);
  assert_y(dataset);
  quern_dataset_free(dataset);
  options.target = "";
  dataset = open_one(path, &options);
  assert_int_equal(quern_dataset_task(dataset), QUERN_TASK_NONE);
  quern_dataset_free(dataset);
  options.target = "cost";
  assert_open_fails(path, &options, QUERN_ERROR_FORMAT);
  assert_error_says("target: there is no array cost, expected one of", "prices", NULL);
  options.inputs = "z";
  assert_open_fails(path, &options, QUERN_ERROR_FORMAT);
  assert_error_says("inputs: there is no array z", NULL);
}

static void archives(void **state) {
  (void)state;
  static const char *const paths[] = {MADE("stored.npz"), MADE("tensors.safetensors")};
  for (size_t i = 0; i < 2; i++) {
    quern_dataset *dataset = open_one(paths[i], NULL);
    assert_x(dataset, 8.0f);
    assert_y(dataset);
    assert_string_equal(quern_dataset_source(dataset), paths[i]);
    quern_dataset_free(dataset);
    assert_prices(paths[i]);
  }
}

static size_t open_descriptors(void) {
  size_t count = 0;
  for (int descriptor = 0; descriptor < 1024; descriptor++)
    count += fcntl(descriptor, F_GETFD) >= 0;
  return count;
}

/* Archives are read from their ends and gzip from its start, so a packed archive must be read as
 * the unpacked one. If it is truncated or has wrong sizes, the error names the file and no file
 * stays open. */
static void packed_archives(void **state) {
  (void)state;
  static const char *const paths[] = {MADE("stored.npz"), MADE("tensors.safetensors")};
  const size_t descriptors = open_descriptors();
  for (size_t i = 0; i < 2; i++) {
    const char *path = path_of("packed.gz");
    size_t size;
    unsigned char *bytes = read_bytes(paths[i], &size);
    write_gzip(path, bytes, size);
    quern_dataset *dataset = open_one(path, NULL);
    assert_x(dataset, 8.0f);
    assert_y(dataset);
    assert_string_equal(quern_dataset_source(dataset), path);
    quern_dataset_free(dataset);
    assert_prices(path);
    if (i == 0)
      memset(bytes + size - 10, 0x7f, 8); /* the length and the place of the directory */
    else
      bytes[3] = 0x7f; /* the highest byte of the header's length */
    write_gzip(path, bytes, size);
    quern_dataset *refused;
    assert_int_not_equal(quern_dataset_open(path, NULL, &refused, NULL), QUERN_OK);
    assert_error_says("packed.gz", NULL);
    free(bytes);
    bytes = read_bytes(paths[i], &size);
    write_gzip(path, bytes, size);
    free(bytes);
    bytes = read_bytes(path, &size);
    for (size_t length = 20; length < size; length += 7) {
      write_bytes(path, bytes, length);
      assert_int_not_equal(quern_dataset_open(path, NULL, &refused, NULL), QUERN_OK);
      assert_error_says("packed.gz", NULL);
    }
    free(bytes);
  }
  assert_int_equal(open_descriptors(), descriptors);
}

static void training_and_test(void **state) {
  (void)state;
  static const float marks[4][2] = {{1, 0}, {0, 0}, {1, 1}, {0, 1}};
  quern_dataset *sets[2];
  assert_int_equal(quern_dataset_open(MADE("deflated.npz"), NULL, &sets[0], &sets[1]), QUERN_OK);
  for (size_t set = 0; set < 2; set++) {
    assert_int_equal(quern_dataset_rows(sets[set]), set == 0 ? 4 : 2);
    assert_int_equal(quern_dataset_task(sets[set]), QUERN_TASK_LABELS);
    size_t height, width;
    assert_true(quern_dataset_image_size(sets[set], &height, &width));
    assert_int_equal(height, 2);
    assert_int_equal(width, 2);
    for (size_t row = 0; row < quern_dataset_rows(sets[set]); row++) {
      float values[4], targets[2];
      quern_dataset_values(sets[set], row, values);
      quern_dataset_targets(sets[set], row, targets);
      for (size_t i = 0; i < 4; i++)
        assert_true(values[i] == (float)((row * 4 + i) * 17) * (1.0f / 255.0f));
      assert_memory_equal(targets, marks[row], sizeof targets);
    }
    quern_dataset_free(sets[set]);
  }
  quern_dataset_free(open_one(MADE("deflated.npz"), NULL));
}

static void copy_file(const char *from, const char *to) {
  size_t size;
  unsigned char *bytes = read_bytes(from, &size);
  write_bytes(to, bytes, size);
  free(bytes);
}

static void files_beside(void **state) {
  (void)state;
  quern_dataset *dataset = open_one(MADE("X.npy"), NULL); /* y.npy is beside it */
  assert_x(dataset, 1.0f);
  assert_y(dataset);
  quern_dataset_free(dataset);
  dataset = open_one(MADE("version2.npy"), NULL); /* there is no x in "version2" to replace */
  assert_x(dataset, 8.0f);
  assert_int_equal(quern_dataset_task(dataset), QUERN_TASK_NONE);
  quern_dataset_free(dataset);
  dataset = open_one(MADE("version3.npy"), NULL);
  assert_x(dataset, 8.0f);
  quern_dataset_free(dataset);

  size_t size;
  unsigned char *bytes = read_bytes(MADE("X.npy"), &size);
  write_gzip(path_of("max-x_1.npy"), bytes, size); /* only the last x counts; gzip'd or not */
  free(bytes);
  copy_file(MADE("y.npy"), path_of("max-y_1.npy"));
  dataset = open_one(path_of("max-x_1.npy"), NULL);
  assert_y(dataset);
  quern_dataset_free(dataset);
  copy_file(MADE("version2.npy"), path_of("max-y_1.npy"));
  quern_dataset_options options = defaults;
  options.task = QUERN_TASK_CLASSES;
  assert_open_fails(path_of("max-x_1.npy"), &options, QUERN_ERROR_SHAPE);
  assert_error_says("max-y_1.npy", "of shape [4][3], expected one class for each sample, [4]",
                    NULL);
  copy_file(MADE("stored.npz"), path_of("max-y_1.npy"));
  assert_open_fails(path_of("max-x_1.npy"), NULL, QUERN_ERROR_FORMAT);
  assert_error_says("max-y_1.npy: byte 0: expected the magic number of .npy", NULL);
}

/* A truncated file is an error that names it: here at every seventh byte, in tests/fuzz at every
 * one. */
static void truncated(void **state) {
  (void)state;
  static const char *const names[] = {"version2.npy", "stored.npz", "deflated.npz",
                                      "tensors.safetensors"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char from[PATH_BYTES];
    size_t size;
    snprintf(from, sizeof from, "%s/arrays/%s", QUERN_TEST_DATA, names[i]);
    unsigned char *bytes = read_bytes(from, &size);
    for (size_t length = 10; length < size; length += 7) {
      quern_dataset *dataset;
      write_bytes(path_of(names[i]), bytes, length);
      assert_int_not_equal(quern_dataset_open(path_of(names[i]), NULL, &dataset, NULL), QUERN_OK);
      assert_error_says(names[i], NULL);
    }
    free(bytes);
  }
}

/* One byte of an archive at a time is changed. It may still be read, but only as the original,
 * since each array has a checksum. */
static void damaged_archive(void **state) {
  (void)state;
  size_t size;
  unsigned char *bytes = read_bytes(MADE("deflated.npz"), &size);
  size_t refused = 0;
  for (size_t position = 4; position < size; position += 3) {
    bytes[position] ^= 0x41;
    write_bytes(path_of("damaged.npz"), bytes, size);
    quern_dataset *train = NULL, *test = NULL;
    if (quern_dataset_open(path_of("damaged.npz"), NULL, &train, &test) != QUERN_OK) {
      refused++;
      assert_error_says("damaged.npz", NULL);
    } else {
      float values[4];
      quern_dataset_values(train, 3, values);
      assert_true(values[3] == 1.0f);
    }
    quern_dataset_free(train);
    quern_dataset_free(test);
    bytes[position] ^= 0x41;
  }
  assert_true(refused > size / 6);
  free(bytes);
}

static void bad_archives(void **state) {
  (void)state;
  static const char *const texts[][2] = {
      {"PK\x03\x04", "it is too short"},
      {"PK\x03\x04 and nothing else that would be an archive", "it has no end record"},
  };
  for (size_t i = 0; i < 2; i++) {
    write_bytes(path_of("bad.npz"), texts[i][0], strlen(texts[i][0]));
    assert_open_fails(path_of("bad.npz"), NULL, QUERN_ERROR_FORMAT);
    assert_error_says("bad.npz: is not a complete ZIP archive", texts[i][1], NULL);
  }
  copy_file(MADE("tensors.safetensors"), path_of("model"));
  quern_dataset_options options = defaults;
  options.inputs = "0.weight";
  assert_open_fails(path_of("model"), &options, QUERN_ERROR_FORMAT);
  assert_error_says("inputs: there is no array 0.weight, expected one of ", "x", NULL);
}

#define TEST(function) cmocka_unit_test_teardown(function, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(archives),  TEST(packed_archives), TEST(training_and_test), TEST(files_beside),
      TEST(truncated), TEST(damaged_archive), TEST(bad_archives),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

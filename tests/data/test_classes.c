/* Labels as values: the classes in each kind of file, the same classes in other data, and
 * errors. */
#include "temporary.h"

#include <inttypes.h>

static const quern_dataset_options defaults = {.size = sizeof(quern_dataset_options)};

static const char *write_text(const char *name, const char *text) {
  const char *path = path_of(name);
  write_bytes(path, text, strlen(text));
  return path;
}

/* Checks the classes' names, NULL for numbers 0 … k-1, and the class of each row. */
static void assert_classes(const quern_dataset *dataset, size_t count, const char *const *names,
                           const int32_t *labels) {
  assert_int_equal(quern_dataset_classes(dataset), count);
  for (size_t i = 0; i < count; i++) {
    const char *name = quern_schema_class_name(quern_dataset_schema(dataset), i);
    if (names == NULL)
      assert_null(name);
    else
      assert_string_equal(name, names[i]);
  }
  for (size_t row = 0; row < quern_dataset_rows(dataset); row++)
    assert_int_equal(quern_dataset_label(dataset, row), labels[row]);
}
#define NAMES(...)  ((const char *const[]){__VA_ARGS__})
#define LABELS(...) ((const int32_t[]){__VA_ARGS__})

static void numbers_in_order(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t count;
    const char *names[4];
    int32_t labels[4];
  } cases[] = {
      {"1,-1\n1,1\n1,-1\n1,1\n", 2, {"-1", "1"}, {0, 1, 0, 1}},
      {"1,2\n1,1\n1,2\n1,2\n", 2, {"1", "2"}, {1, 0, 1, 1}},
      {"1,2000\n1,1000\n1,1000\n1,9e2\n", 3, {"900", "1000", "2000"}, {2, 1, 1, 0}},
      {"1,0\n1,1000000000\n1,0.0\n1,-0\n", 2, {"0", "1000000000"}, {0, 1, 0, 0}},
      {"1,0\n1,2\n1,2.0\n1,+2\n", 2, {"0", "2"}, {0, 1, 1, 1}},
      {"1,10\n1,9\n1,9\n1,-9007199254740992\n", 3, {"-9007199254740992", "9", "10"}, {2, 1, 1, 0}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    quern_dataset *dataset = open_one(write_text("some.csv", cases[i].text), NULL);
    assert_classes(dataset, cases[i].count, cases[i].names, cases[i].labels);
    quern_dataset_free(dataset);
  }
  quern_dataset *dataset = open_one(write_text("some.csv", "1,2\n1,0\n1,1.0\n1,0\n"), NULL);
  assert_classes(dataset, 3, NULL, LABELS(2, 0, 1, 0));
  quern_dataset_free(dataset);
}

static void labels_that_are_none(void **state) {
  (void)state;
  static const char *const bad[] = {"0.5", "nan", "inf", "9007199254740994", "1e300"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char text[64];
    snprintf(text, sizeof text, "1,0\n1,%s\n", bad[i]);
    assert_open_fails(write_text("some.csv", text), NULL, QUERN_ERROR_DATA);
    assert_error_says("line 2, column 2: expected a label, a whole number", "--task regression",
                      NULL);
  }
}

/* Other tables, by the schema and by the options that set the classes. */
static void other_tables(void **state) {
  (void)state;
  quern_dataset *train = open_one(write_text("train.csv", "1,1\n1,5\n1,3\n"), NULL);
  quern_dataset_options by_schema = defaults;
  by_schema.schema = quern_dataset_schema(train);
  quern_dataset *other = open_one(write_text("some.csv", "1,3\n1,5.0\n"), &by_schema);
  assert_classes(other, 3, NAMES("1", "3", "5"), LABELS(1, 2));
  quern_dataset_free(other);
  assert_open_fails(write_text("some.csv", "1,3\n1,4\n"), &by_schema, QUERN_ERROR_DATA);
  assert_error_says("some.csv: line 2, column 2",
                    "expected one of the classes that were trained on: 1, 3, 5, found '4'", NULL);

  /* Read alone and then prepared: the same numbers. */
  other = open_one(write_text("some.csv", "1,3\n1,5\n"), NULL);
  assert_classes(other, 2, NAMES("3", "5"), LABELS(0, 1));
  assert_int_equal(quern_dataset_apply(other, quern_dataset_schema(train)), QUERN_OK);
  assert_classes(other, 3, NAMES("1", "3", "5"), LABELS(1, 2));
  quern_dataset_free(other);
  other = open_one(write_text("some.csv", "1,0\n1,1\n"), NULL);
  assert_int_equal(quern_dataset_apply(other, quern_dataset_schema(train)), QUERN_ERROR_DATA);
  assert_error_says(
      "row 0, from 0: label '0', expected one of the classes that were trained on: 1, 3, 5", NULL);
  quern_dataset_free(other);
  quern_dataset_free(train);

  train = open_one(write_text("train.csv", "1,1\n1,0\n1,2\n"), NULL);
  other = open_one(write_text("some.csv", "1,0\n1,2\n"), NULL);
  assert_int_equal(quern_dataset_apply(other, quern_dataset_schema(train)), QUERN_OK);
  assert_classes(other, 3, NULL, LABELS(0, 2));
  quern_dataset_free(other);
  by_schema.schema = quern_dataset_schema(train);
  assert_open_fails(write_text("some.csv", "1,3\n"), &by_schema, QUERN_ERROR_DATA);
  assert_error_says("trained on: 0 to 2, found '3'", NULL);
  quern_dataset_free(train);

  train = open_one(write_text("train.csv", "1,b\n1,a\n1,c\n"), NULL);
  other = open_one(write_text("some.csv", "1,c\n1,b\n"), NULL);
  assert_int_equal(quern_dataset_apply(other, quern_dataset_schema(train)), QUERN_OK);
  assert_classes(other, 3, NAMES("a", "b", "c"), LABELS(2, 1));
  quern_dataset_free(other);
  other = open_one(write_text("some.csv", "1,d\n1,b\n"), NULL);
  assert_int_equal(quern_dataset_apply(other, quern_dataset_schema(train)), QUERN_ERROR_DATA);
  assert_error_says("label 'd', expected one of the classes that were trained on: a, b, c", NULL);
  quern_dataset_free(other);
  quern_dataset_free(train);
}

/* For a network without a schema: class numbers. */
static void by_count(void **state) {
  (void)state;
  quern_dataset_options options = defaults;
  options.classes = 3;
  quern_dataset *dataset = open_one(write_text("some.csv", "1,0\n1,2\n"), &options);
  assert_classes(dataset, 3, NULL, LABELS(0, 2));
  quern_dataset_free(dataset);
  static const char *const bad[] = {"3", "-1", "1000000000"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char text[32];
    snprintf(text, sizeof text, "1,0\n1,%s\n", bad[i]);
    assert_open_fails(write_text("some.csv", text), &options, QUERN_ERROR_DATA);
    assert_error_says("some.csv: line 2, column 2: expected a class number 0 to 2", bad[i], NULL);
  }
}

/* Labels that look like a regression. */
static void too_many(void **state) {
  (void)state;
  char text[4096] = "";
  for (size_t i = 0; i < 200; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%zu,%zu\n", i, i % 21);
  assert_open_fails(write_text("some.csv", text), NULL, QUERN_ERROR_DATA);
  assert_error_says("some.csv: 21 different labels in 200 rows, expected at most a tenth as many",
                    "--task regression", "--label first", "--task classes", NULL);
  quern_dataset_options options = defaults;
  options.task = QUERN_TASK_CLASSES;
  quern_dataset *dataset = open_one(path_of("some.csv"), &options);
  assert_int_equal(quern_dataset_classes(dataset), 21);
  options = defaults;
  options.schema = quern_dataset_schema(dataset);
  quern_dataset_free(open_one(path_of("some.csv"), &options));
  quern_dataset_free(dataset);
  for (size_t i = 0; i < 10; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "0,0\n");
  quern_dataset_free(open_one(write_text("some.csv", text), NULL));

  *text = '\0';
  for (size_t i = 0; i < 30; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "%zu,text %zu\n", i, i);
  assert_open_fails(write_text("some.csv", text), NULL, QUERN_ERROR_DATA);
  assert_error_says("30 different labels in 30 rows", NULL);
}

/* An .npy file of int64 at x.npy, and one of its labels at y.npy. */
static void write_npy(const char *name, const int64_t *values, size_t count) {
  char header[128];
  snprintf(header, sizeof header, "{'descr': '<i8', 'fortran_order': False, 'shape': (%zu,)}\n",
           count);
  const size_t length = strlen(header);
  unsigned char bytes[1024] = "\x93NUMPY\x01";
  bytes[8] = (unsigned char)length;
  memcpy(bytes + 10, header, length);
  memcpy(bytes + 10 + length, values, count * sizeof *values);
  write_bytes(path_of(name), bytes, 10 + length + count * sizeof *values);
}

static void arrays(void **state) {
  (void)state;
  static const int64_t x[] = {1, 2, 3, 4}, y[] = {-1, 1, 1, -1}, far[] = {0, 1000000000, 0, 1};
  write_npy("x.npy", x, 4);
  write_npy("y.npy", y, 4);
  quern_dataset *dataset = open_one(path_of("x.npy"), NULL);
  assert_classes(dataset, 2, NAMES("-1", "1"), LABELS(0, 1, 1, 0));
  quern_dataset_options by_schema = defaults;
  by_schema.schema = quern_dataset_schema(dataset);
  quern_dataset *other = open_one(path_of("x.npy"), &by_schema);
  assert_classes(other, 2, NAMES("-1", "1"), LABELS(0, 1, 1, 0));
  quern_dataset_free(other);
  /* A table read by a schema that is not of a table. */
  other = open_one(write_text("some.csv", "7,1\n8,-1\n"), &by_schema);
  assert_classes(other, 2, NAMES("-1", "1"), LABELS(1, 0));
  quern_dataset_free(other);
  write_npy("y.npy", far, 4);
  assert_open_fails(path_of("x.npy"), &by_schema, QUERN_ERROR_DATA);
  assert_error_says(
      "row 0, from 0: label 0, expected one of the classes that were trained on: -1, 1", NULL);
  quern_dataset_free(dataset);
  by_schema = defaults;
  by_schema.classes = 2;
  assert_open_fails(path_of("x.npy"), &by_schema, QUERN_ERROR_DATA);
  assert_error_says("row 1, from 0: label 1000000000, expected a class number 0 to 1", NULL);
  dataset = open_one(path_of("x.npy"), NULL);
  assert_classes(dataset, 3, NAMES("0", "1", "1000000000"), LABELS(0, 2, 0, 1));
  quern_dataset_free(dataset);
}

/* A folder of IDX files whose test set lacks a class, or has another one. */
static void write_idx(const char *part, const unsigned char *labels, unsigned char count) {
  char images_name[64], labels_name[64];
  unsigned char images[16 + 16] = {0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 1, 0, 0, 0, 1};
  unsigned char bytes[8 + 16] = {0, 0, 8, 1, 0, 0, 0, count};
  snprintf(images_name, sizeof images_name, "%s-images-idx3-ubyte", part);
  snprintf(labels_name, sizeof labels_name, "%s-labels-idx1-ubyte", part);
  memcpy(bytes + 8, labels, count);
  write_bytes(path_of(images_name), images, 16u + count);
  write_bytes(path_of(labels_name), bytes, 8u + count);
}

static void idx_folders(void **state) {
  (void)state;
  char folder[PATH_BYTES];
  snprintf(folder, sizeof folder, "%s", path_of("."));
  write_idx("train", (const unsigned char[]){1, 2, 26}, 3);
  write_idx("t10k", (const unsigned char[]){26, 1}, 2);
  quern_dataset *train, *test;
  assert_int_equal(quern_dataset_open(folder, NULL, &train, &test), QUERN_OK);
  assert_classes(train, 3, NAMES("1", "2", "26"), LABELS(0, 1, 2));
  assert_classes(test, 3, NAMES("1", "2", "26"), LABELS(2, 0));
  quern_dataset_free(train);
  quern_dataset_free(test);
  write_idx("t10k", (const unsigned char[]){26, 3}, 2);
  assert_open_fails(folder, NULL, QUERN_ERROR_DATA);
  assert_error_says("row 1, from 0: label '3'", NULL);
}

/* Class numbers that a program passes stay as they are. */
static void memory(void **state) {
  (void)state;
  static const float values[] = {1, 2};
  static const int32_t labels[] = {0, 2};
  quern_dataset *dataset;
  assert_int_equal(quern_dataset_from_floats(values, labels, 2, 1, &dataset), QUERN_OK);
  assert_classes(dataset, 3, NULL, labels);
  quern_dataset *train = open_one(write_text("train.csv", "1,1\n1,5\n1,3\n"), NULL);
  assert_int_equal(quern_dataset_apply(dataset, quern_dataset_schema(train)), QUERN_OK);
  assert_classes(dataset, 3, NULL, labels);
  quern_dataset_free(train);
  quern_dataset_free(dataset);
}

#define TEST(function) cmocka_unit_test_teardown(function, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(numbers_in_order), TEST(labels_that_are_none),
      TEST(other_tables),     TEST(by_count),
      TEST(too_many),         TEST(arrays),
      TEST(idx_folders),      TEST(memory),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

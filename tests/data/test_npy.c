/* Files in the format .npy, made by hand: every type, and every error. */
#include "temporary.h"

#include <math.h>

static const quern_dataset_options defaults = {.size = sizeof(quern_dataset_options)};

/* A file of version 1 with this dictionary and these bytes. */
static const char *write_npy(const char *name, const char *dictionary, const void *elements,
                             size_t bytes) {
  unsigned char file[1024] = "\x93NUMPY\x01";
  const size_t length = strlen(dictionary);
  assert_true(10 + length + bytes <= sizeof file);
  file[8] = (unsigned char)length;
  memcpy(file + 10, dictionary, length);
  memcpy(file + 10 + length, elements, bytes);
  write_bytes(path_of(name), file, 10 + length + bytes);
  return path_of(name);
}

static void every_type(void **state) {
  (void)state;
  static const struct {
    const char *type;
    unsigned char bytes[8];
    size_t size;
    float value;
  } cases[] = {
      {"|b1", {1}, 1, 1.0f},
      {"|u1", {200}, 1, 200.0f},
      {"|i1", {0x80}, 1, -128.0f},
      {"<u2", {0x34, 0x12}, 2, 4660.0f},
      {"<i2", {0xfe, 0xff}, 2, -2.0f},
      {"<u4", {0, 0, 0, 0x80}, 4, 2147483648.0f},
      {"<i4", {0, 0, 0, 0x80}, 4, -2147483648.0f},
      {"<u8", {0, 0, 0, 0, 0, 0, 0, 0x80}, 8, 9223372036854775808.0f},
      {"<i8", {0, 0, 0, 0, 0, 0, 0, 0x80}, 8, -9223372036854775808.0f},
      {"<i8", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 8, -1.0f},
      {"<f4", {0, 0, 0xc0, 0xbf}, 4, -1.5f},
      {"<f8", {0, 0, 0, 0, 0, 0, 0xf8, 0xbf}, 8, -1.5f},
      {">u2", {0x12, 0x34}, 2, 4660.0f},
      {">i4", {0xff, 0xff, 0xff, 0xfe}, 4, -2.0f},
      {">f4", {0xbf, 0xc0, 0, 0}, 4, -1.5f},
      {">f8", {0xbf, 0xf8, 0, 0, 0, 0, 0, 0}, 8, -1.5f},
      {"<f2", {0x00, 0xbe}, 2, -1.5f},
      {">f2", {0xbe, 0x00}, 2, -1.5f},
      {"<f2", {0xff, 0x7b}, 2, 65504.0f},
      {"<f2", {0x01, 0x80}, 2, -0x1p-24f},
      {"<f2", {0x00, 0x04}, 2, 0x1p-14f},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char dictionary[128];
    snprintf(dictionary, sizeof dictionary,
             "{'descr': '%s', 'fortran_order': False, 'shape': (1,), }\n", cases[i].type);
    quern_dataset *dataset =
        open_one(write_npy("one.npy", dictionary, cases[i].bytes, cases[i].size), NULL);
    float value;
    quern_dataset_values(dataset, 0, &value);
    if (!(value == cases[i].value))
      fail_msg("%s: %g, expected %g", cases[i].type, (double)value, (double)cases[i].value);
    quern_dataset_free(dataset);
  }
}

/* Fortran's order, which DataFrame.to_numpy() gives. */
static void columns_first(void **state) {
  (void)state;
  const float matrix[] = {1, 3, 5, 2, 4, 6};
  quern_dataset *dataset =
      open_one(write_npy("one.npy", "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2)}",
                         matrix, sizeof matrix),
               NULL);
  for (size_t row = 0; row < 3; row++) {
    float values[2];
    quern_dataset_values(dataset, row, values);
    assert_true(values[0] == (float)(2 * row + 1) && values[1] == (float)(2 * row + 2));
  }
  quern_dataset_free(dataset);
  unsigned char cube[24];
  for (size_t i = 0; i < 2; i++)
    for (size_t j = 0; j < 3; j++)
      for (size_t k = 0; k < 4; k++) cube[i + 2 * j + 6 * k] = (unsigned char)(12 * i + 4 * j + k);
  dataset =
      open_one(write_npy("one.npy", "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4)}",
                         cube, sizeof cube),
               NULL);
  for (size_t row = 0; row < 2; row++) {
    float values[12];
    quern_dataset_values(dataset, row, values);
    for (size_t i = 0; i < 12; i++)
      assert_true(fabsf(values[i] - (float)(12 * row + i) / 255.0f) < 1e-6f);
  }
  quern_dataset_free(dataset);
}

static void write_labels(const char *dictionary, const void *elements, size_t bytes) {
  const float x[] = {1, 2, 3, 4};
  write_npy("y.npy", dictionary, elements, bytes);
  write_npy("x.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 1)}", x, sizeof x);
}

static void assert_classes(const char *path, const quern_dataset_options *options,
                           const char *const *names, const int32_t *labels) {
  quern_dataset *dataset = open_one(path, options);
  assert_int_equal(quern_dataset_classes(dataset), 2);
  for (size_t c = 0; c < 2; c++)
    assert_string_equal(quern_schema_class_name(quern_dataset_schema(dataset), c), names[c]);
  for (size_t row = 0; row < quern_dataset_rows(dataset); row++)
    assert_int_equal(quern_dataset_label(dataset, row), labels[row]);
  quern_dataset_free(dataset);
}

static void text_labels(void **state) {
  (void)state;
  static const char *const names[] = {"no", "oui\xc3\xa9"};
  static const int32_t labels[] = {1, 0, 0, 1};
  const char bytes[] = "oui\xc3\xa9no\0\0\0no\0\0\0oui\xc3\xa9";
  write_labels("{'descr': '|S5', 'fortran_order': False, 'shape': (4,)}", bytes, 20);
  assert_classes(path_of("x.npy"), NULL, names, labels);
  static const uint32_t points[] = {'o', 'u', 'i', 0xe9, 'n', 'o', 0,   0,
                                    'n', 'o', 0,   0,    'o', 'u', 'i', 0xe9};
  unsigned char turned[2][64];
  for (size_t i = 0; i < 64; i++) {
    turned[0][i] = (unsigned char)(points[i / 4] >> 8 * (i % 4));
    turned[1][i] = (unsigned char)(points[i / 4] >> 8 * (3 - i % 4));
  }
  write_labels("{'descr': '>U4', 'fortran_order': False, 'shape': (4, 1)}", turned[1], 64);
  assert_classes(path_of("x.npy"), NULL, names, labels);
  write_labels("{'descr': '<U4', 'fortran_order': False, 'shape': (4,)}", turned[0], 64);
  quern_dataset *dataset = open_one(path_of("x.npy"), NULL);
  /* Other data, in an array and in a table, by the same classes. */
  quern_dataset_options options = defaults;
  options.schema = quern_dataset_schema(dataset);
  assert_classes(path_of("x.npy"), &options, names, labels);
  write_bytes(path_of("some.csv"), "a,y\n1,oui\xc3\xa9\n2,no\n", 17);
  assert_classes(path_of("some.csv"), &options, names, labels);
  write_labels("{'descr': '|S5', 'fortran_order': False, 'shape': (4,)}",
               "oui\xc3\xa9no\0\0\0nein\0no\0\0\0", 20);
  assert_open_fails(path_of("x.npy"), &options, QUERN_ERROR_DATA);
  assert_error_says("row 2", "one of the classes that the model was trained on", NULL);
  write_labels("{'descr': '|S5', 'fortran_order': False, 'shape': (4,)}",
               "oui\xc3\xffno\0\0\0nein\0no\0\0\0", 20);
  assert_open_fails(path_of("x.npy"), NULL, QUERN_ERROR_DATA);
  assert_error_says("row 0", "the name of a class", NULL);
  options = defaults;
  options.task = QUERN_TASK_REGRESSION;
  assert_open_fails(path_of("x.npy"), &options, QUERN_ERROR_UNSUPPORTED);
  quern_dataset_free(dataset);
}

static void bad_npy(void **state) {
  (void)state;
  static const struct {
    const char *dictionary;
    quern_status status;
    const char *error;
  } cases[] = {
      {"{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", QUERN_ERROR_UNSUPPORTED,
       "elements of type \"<f16\", expected floats of 2, 4 or 8 bytes"},
      {"{'descr': '<U0', 'fortran_order': False, 'shape': (1,)}", QUERN_ERROR_UNSUPPORTED,
       "elements of type \"<U0\""},
      {"{'descr': '|S4', 'fortran_order': False, 'shape': (1,)}", QUERN_ERROR_UNSUPPORTED,
       "texts, expected numbers"},
      {"{'descr': '|Sx', 'fortran_order': False, 'shape': (1,)}", QUERN_ERROR_UNSUPPORTED,
       "elements of type"},
      {"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", QUERN_ERROR_UNSUPPORTED,
       "elements of type \"|O\""},
      {"{'descr': '|f4', 'fortran_order': False, 'shape': (1,)}", QUERN_ERROR_UNSUPPORTED,
       "elements of type"},
      {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", QUERN_ERROR_FORMAT,
       "byte 20: expected a string"},
      {"{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", QUERN_ERROR_FORMAT,
       "expected False or True"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1)}", QUERN_ERROR_FORMAT,
       "expected a comma"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': 1}", QUERN_ERROR_FORMAT,
       "expected a shape"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", QUERN_ERROR_FORMAT,
       "expected a size"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
       QUERN_ERROR_FORMAT, "a smaller size"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
       QUERN_ERROR_OVERFLOW, "overflows"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1152921504606846976,)}",
       QUERN_ERROR_FORMAT, "truncated"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}", QUERN_ERROR_FORMAT,
       "without elements"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': ()}", QUERN_ERROR_SHAPE,
       "a single number"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", QUERN_ERROR_FORMAT,
       "expected 8 bytes of elements"},
      {"{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}", QUERN_ERROR_FORMAT,
       "trailing bytes"},
      {"{'descr': '<f4', 'fortran_order': False}", QUERN_ERROR_FORMAT,
       "expected descr, fortran_order and shape"},
      {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
       QUERN_ERROR_FORMAT, "each once"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}", QUERN_ERROR_FORMAT,
       "each once"},
      {"{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}", QUERN_ERROR_FORMAT,
       "expected ',' or '}'"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", QUERN_ERROR_FORMAT,
       "nothing but blanks"},
      {"", QUERN_ERROR_FORMAT, "expected '{'"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_open_fails(write_npy("bad.npy", cases[i].dictionary, "\0\0\0\0", 4), NULL,
                      cases[i].status);
    assert_error_says("bad.npy: ", cases[i].error, NULL);
  }
  const char *good = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}";
  static const float wrong[] = {NAN, INFINITY, -INFINITY};
  for (size_t i = 0; i < 3; i++) {
    assert_open_fails(write_npy("bad.npy", good, &wrong[i], 4), NULL, QUERN_ERROR_DATA);
    assert_error_says("row 0, value 0", "expected a finite number", NULL);
  }
  static const double large = 1e39;
  assert_open_fails(
      write_npy("bad.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", &large, 8),
      NULL, QUERN_ERROR_DATA);
  assert_error_says("1e+39", "a number that fits a float", NULL);
  quern_dataset_options options = defaults;
  options.missing = QUERN_MISSING_MEAN;
  const float some[] = {1.0f, NAN, 3.0f};
  quern_dataset *dataset =
      open_one(write_npy("some.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1)}",
                         some, sizeof some),
               &options);
  assert_int_equal(quern_dataset_fit(dataset, false), QUERN_OK);
  float value;
  quern_dataset_values(dataset, 1, &value);
  assert_true(value == 2.0f);
  quern_dataset_free(dataset);
  options.missing = QUERN_MISSING_ZERO;
  dataset = open_one(path_of("some.npy"), &options);
  quern_dataset_values(dataset, 1, &value);
  assert_true(value == 0.0f);
  quern_dataset_free(dataset);

  unsigned char version[] = "\x93NUMPY\x04\x00\x00\x00\x00\x00";
  write_bytes(path_of("bad.npy"), version, sizeof version);
  assert_open_fails(path_of("bad.npy"), NULL, QUERN_ERROR_UNSUPPORTED);
  assert_error_says("byte 6: version 4.0", NULL);
  version[6] = 2;
  version[11] = 0x7f; /* a header of gigabytes */
  write_bytes(path_of("bad.npy"), version, sizeof version);
  assert_open_fails(path_of("bad.npy"), NULL, QUERN_ERROR_FORMAT);
  assert_error_says("byte 8: a header of ", "expected at most 65536", NULL);
}

#define TEST(function) cmocka_unit_test_teardown(function, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(every_type),
      TEST(columns_first),
      TEST(text_labels),
      TEST(bad_npy),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

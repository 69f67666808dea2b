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

static void bad_npy(void **state) {
  (void)state;
  static const struct {
    const char *dictionary;
    quern_status status;
    const char *error;
  } cases[] = {
      {"{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", QUERN_ERROR_UNSUPPORTED,
       "elements of type \">f4\""},
      {"{'descr': '<f2', 'fortran_order': False, 'shape': (1,)}", QUERN_ERROR_UNSUPPORTED,
       "elements of type \"<f2\""},
      {"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", QUERN_ERROR_UNSUPPORTED,
       "elements of type \"|O\""},
      {"{'descr': '|f4', 'fortran_order': False, 'shape': (1,)}", QUERN_ERROR_UNSUPPORTED,
       "elements of type"},
      {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", QUERN_ERROR_FORMAT,
       "byte 20: expected a string"},
      {"{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}", QUERN_ERROR_UNSUPPORTED,
       "in Fortran order"},
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
      TEST(bad_npy),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

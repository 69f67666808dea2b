/* CSV files: valid ones in all their forms, and every error. */
#include "temporary.h"
#include <locale.h>
#include <math.h>

#define FILE_NAME "some.csv"

static const char *write_text(const char *text) {
  const char *path = path_of(FILE_NAME);
  write_bytes(path, text, strlen(text));
  return path;
}

static quern_dataset_options options_of(quern_csv_header header, quern_csv_label label) {
  quern_dataset_options options = quern_dataset_options_default();
  options.header = header;
  options.label = label;
  return options;
}

/* Asserts that the text is read as these rows of two values and a label. */
static void check_text(const char *text, const quern_dataset_options *options, size_t rows,
                       const float (*values)[2], const int32_t *labels) {
  quern_dataset *dataset = open_one(write_text(text), options);
  assert_int_equal(quern_dataset_rows(dataset), rows);
  assert_int_equal(quern_dataset_columns(dataset), 2);
  size_t height, width;
  assert_false(quern_dataset_image_size(dataset, &height, &width));
  for (size_t row = 0; row < rows; row++) {
    float got[2];
    quern_dataset_values(dataset, row, got);
    assert_true(got[0] == values[row][0] && got[1] == values[row][1]);
    assert_int_equal(label_of(dataset, row), labels[row]);
  }
  quern_dataset_free(dataset);
}

static const float two_rows[][2] = {{1.5f, -2.0f}, {0.25f, 3e10f}};
static const int32_t two_labels[] = {4, 0};

static void good_spellings(void **state) {
  (void)state;
  const char *spellings[] = {
      "1.5,-2,4\n0.25,3e10,0\n",
      "1.5,-2,4\n0.25,3e10,0",
      "1.5,-2,4\r\n0.25,3e10,0\r\n",
      "1.5,-2,4\r\n0.25,3e10,0",
      "\t1.5 , -2,4 \n .25,+3.0E+10,0.0\n",
      "1.5,-2,4\n0.25,3e10,0\n\n\r\n  \n",
      "\357\273\2771.5,-2,4\n0.25,3e10,0\n",
      "width,height,class\n1.5,-2,4\n0.25,3e10,0\n",
      "0000000001.5,-2.,4\n25e-2,30000000000,-0\n",
      "\"1.5\",-2,\"4\"\n0.25, \"3e10\" ,0\n",
      "\"width, in \"\"cm\"\"\",\"height\r\nin cm\",class\r\n1.5,-2,4\r\n0.25,3e10,0\r\n",
      "1.5\t-2\t4\n0.25\t3e10\t0\n",
      "1.5;-2;4\n0.25;3e10;0\n",
      "\"a,b\"\tc\td\n1.5\t -2 \t4\n0.25\t3e10\t0\n",
  };
  for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
    check_text(spellings[i], NULL, 2, two_rows, two_labels);
  const char *text = spellings[0];
  write_gzip(path_of("some.csv.gz"), text, strlen(text));
  quern_dataset *dataset = open_one(path_of("some.csv.gz"), NULL);
  assert_int_equal(quern_dataset_rows(dataset), 2);
  assert_int_equal(quern_dataset_classes(dataset), 2);
  quern_dataset_free(dataset);
}

/* Lines of old Macs and of some exports end with CR alone, also inside quotes. */
static void carriage_returns(void **state) {
  (void)state;
  check_text("1.5,-2,4\r0.25,3e10,0\r", NULL, 2, two_rows, two_labels);
  check_text("\"a\rb\",c,y\r1.5,-2,4\r0.25,3e10,0", NULL, 2, two_rows, two_labels);
}

static void header_and_label_choices(void **state) {
  (void)state;
  const quern_dataset_options first = options_of(QUERN_HEADER_AUTO, QUERN_LABEL_FIRST);
  check_text("4,1.5,-2\n0,0.25,3e10\n", &first, 2, two_rows, two_labels);
  check_text("class,a,b\n4,1.5,-2\n0,0.25,3e10\n", &first, 2, two_rows, two_labels);

  /* A header of numbers is a header only if one is requested. */
  const quern_dataset_options one = options_of(QUERN_HEADER_ONE, QUERN_LABEL_LAST);
  check_text("7,8,9\n1.5,-2,4\n0.25,3e10,0\n", &one, 2, two_rows, two_labels);

  const quern_dataset_options none = options_of(QUERN_HEADER_NONE, QUERN_LABEL_LAST);
  assert_open_fails(write_text("a,b,c\n1,2,3\n"), &none, QUERN_ERROR_FORMAT);
  assert_error_says(FILE_NAME, "line 1, column 1", "expected a number", "'a'", NULL);
  /* One number among the names: not a header, so an error. */
  assert_open_fails(write_text("a,2,c\n1,2,3\n"), NULL, QUERN_ERROR_FORMAT);
  assert_error_says(FILE_NAME, "line 1, column 1", NULL);
  assert_open_fails(write_text("a,nan,c\n1,2,3\n"), NULL, QUERN_ERROR_FORMAT);
}

/* A text, and the error's message. */
typedef struct bad_text {
  const char *text;
  quern_status status;
  const char *place, *found;
} bad_text;

static void bad_texts(void **state) {
  (void)state;
  const bad_text cases[] = {
      {"1,2,0\n1,2\n", QUERN_ERROR_FORMAT, "line 2", "2 columns, expected 3"},
      {"a,b,c\n1,2,3,0\n", QUERN_ERROR_FORMAT, "line 2", "4 columns, expected 3"},
      {"1,2,0\n1,2,0,\n", QUERN_ERROR_FORMAT, "line 2", "4 columns, expected 3"},
      {"1,2,0\n1,cat,0\n", QUERN_ERROR_FORMAT, "line 2, column 2", "found 'cat'"},
      {"1,2,0\n1,,0\n", QUERN_ERROR_FORMAT, "line 2, column 2", "found nothing"},
      {"1,2,0\n1,0x10,0\n", QUERN_ERROR_FORMAT, "line 2, column 2", "'0x10'"},
      {"1,2,0\n1,1e,0\n", QUERN_ERROR_FORMAT, "line 2, column 2", "'1e'"},
      {"1,2,0\n1,1e+,0\n", QUERN_ERROR_FORMAT, "line 2, column 2", "'1e+'"},
      {"1,2,0\n1,.,0\n", QUERN_ERROR_FORMAT, "line 2, column 2", "'.'"},
      {"1,2,0\n1,-,0\n", QUERN_ERROR_FORMAT, "line 2, column 2", "'-'"},
      {"1,2,0\n1,3 4,0\n", QUERN_ERROR_FORMAT, "line 2, column 2", "'3 4'"},
      {"1,2,0\n1,3;4,0\n", QUERN_ERROR_FORMAT, "line 2, column 2", "'3;4'"},
      {"1,2,0\n1,\x01\x1b,0\n", QUERN_ERROR_FORMAT, "line 2, column 2", "'?\?'"},
      {"1,2,0\r1,2,0\n", QUERN_ERROR_FORMAT, "line 1, column 3", "found '0?1'"},
      {"1,2,0\n1,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,0\n", QUERN_ERROR_FORMAT, "column 2",
       "'aaaaaaaaaaaaaaaaaaaaaaaa...'"},
      {"1,2,0\nnan,2,0\n", QUERN_ERROR_DATA, "line 2, column 1",
       "expected a finite number, found 'nan'"},
      {"1,2,0\n1,-NaN,0\n", QUERN_ERROR_DATA, "line 2, column 2", "found '-NaN'"},
      {"1,inf,0\n", QUERN_ERROR_DATA, "line 1, column 2", "found 'inf'"},
      {"1,-Infinity,0\n", QUERN_ERROR_DATA, "line 1, column 2", "found '-Infinity'"},
      {"1,nan(1),0\n", QUERN_ERROR_FORMAT, "line 1, column 2", "'nan(1)'"},
      {"1,1e39,0\n", QUERN_ERROR_DATA, "line 1, column 2", "expected a number that fits a float"},
      {"1,2,0\n1,2,cat\n", QUERN_ERROR_FORMAT, "line 2, column 3", "expected a label"},
      {"1,2,0\n1,2,\n", QUERN_ERROR_FORMAT, "line 2, column 3", "found nothing"},
      {"1,2,1.5\n", QUERN_ERROR_DATA, "line 1, column 3", "found '1.5'"},
      {"1,2,nan\n", QUERN_ERROR_DATA, "line 1, column 3", "found 'nan'"},
      {"1,2,9007199254740994\n", QUERN_ERROR_DATA, "line 1, column 3", "found '9007199254740994'"},
      {"1,2,1e400\n", QUERN_ERROR_DATA, "line 1, column 3", "found '1e400'"},
      {"1,2,99999999999999999999\n", QUERN_ERROR_DATA, "line 1, column 3",
       "found '99999999999999999999'"},
      {"1,2,0\n\n1,2,0\n", QUERN_ERROR_FORMAT, "line 2", "empty"},
      {"\n1,2,0\n", QUERN_ERROR_FORMAT, "line 1", "empty"},
      {"1,2,0\n1,2,0\n \r\n\n1,2,0\n", QUERN_ERROR_FORMAT, "line 3", "empty"},
      {"1\n2\n", QUERN_ERROR_FORMAT, "line 1", "1 column"},
      {"1 2 3\n", QUERN_ERROR_FORMAT, "line 1", "separated by commas"},
      {"a,b\n", QUERN_ERROR_FORMAT, FILE_NAME, "a header and no rows"},
      {"\n\n", QUERN_ERROR_FORMAT, FILE_NAME, "empty"},
      {"\357\273\277", QUERN_ERROR_FORMAT, FILE_NAME, "empty"},
      {"1,2,0\n1,2\"2\",0\n", QUERN_ERROR_FORMAT, "line 2, column 2", "a quote inside a field"},
      {"1,2,0\n1,\"2\"2,0\n", QUERN_ERROR_FORMAT, "line 2, column 2", "text after a closing quote"},
      {"1,2,0\n1,\"2,0\n1,2,0\n", QUERN_ERROR_FORMAT, "line 2, column 2",
       "a quote that is not closed"},
      {"1,2,0\n1,\"a\nb\",0\n", QUERN_ERROR_FORMAT, "line 2, column 2", "found 'a?b'"},
      {"a,b,\"c\n\"\n1,x,0\n", QUERN_ERROR_FORMAT, "line 3, column 2", "found 'x'"},
      {"\"1\",2,0\n\"1\",\"\"\"\",0\n", QUERN_ERROR_FORMAT, "line 2, column 2", "found '\"'"},
      {"\"a,b\",c\n1,2,0\n", QUERN_ERROR_FORMAT, "line 2", "3 columns, expected 2"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_open_fails(write_text(cases[i].text), NULL, cases[i].status);
    assert_error_says(FILE_NAME, cases[i].place, cases[i].found, NULL);
  }
  /* A NUL does not end a field. */
  write_bytes(path_of(FILE_NAME), "1,2\0,0\n", 7);
  assert_open_fails(path_of(FILE_NAME), NULL, QUERN_ERROR_FORMAT);
  assert_error_says("line 1, column 2", "'2?'", NULL);
}

static void largest_label(void **state) {
  (void)state;
  quern_dataset *dataset = open_one(write_text("1,2147483646\n"), NULL);
  assert_int_equal(label_of(dataset, 0), 2147483646);
  assert_int_equal(quern_dataset_classes(dataset), 1);
  quern_dataset_free(dataset);
}

/* Every float, written with enough digits to be unique, is read back exactly. */
static void floats_round_trip(void **state) {
  (void)state;
  const float values[] = {0.1f,         1e-45f,     1.17549435e-38f, 3.40282347e38f,
                          -16777215.0f, 9999999.0f, 0.3333333433f};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    char text[64];
    snprintf(text, sizeof text, "%.9g,1\n", (double)values[i]);
    quern_dataset *dataset = open_one(write_text(text), NULL);
    float got;
    quern_dataset_values(dataset, 0, &got);
    assert_true(got == values[i]);
    quern_dataset_free(dataset);
  }
}

/* Lines longer than any buffer, and more rows than any first allocation. */
static void long_lines_and_many_rows(void **state) {
  (void)state;
  const size_t columns = 100003;
  char *text = malloc(2 * (columns * 4 + 16));
  assert_non_null(text);
  char *cursor = text;
  for (size_t row = 0; row < 2; row++) {
    for (size_t i = 0; i < columns; i++) cursor += sprintf(cursor, "%03zu,", i % 1000);
    cursor += sprintf(cursor, "%zu\n", row);
  }
  quern_dataset *dataset = open_one(write_text(text), NULL);
  free(text);
  assert_int_equal(quern_dataset_rows(dataset), 2);
  assert_int_equal(quern_dataset_columns(dataset), columns);
  float *values = malloc(columns * sizeof *values);
  assert_non_null(values);
  quern_dataset_values(dataset, 1, values);
  for (size_t i = 0; i < columns; i++) assert_true(values[i] == (float)(i % 1000));
  free(values);
  quern_dataset_free(dataset);

  const size_t rows = 50021;
  text = malloc(rows * 16);
  assert_non_null(text);
  cursor = text;
  for (size_t row = 0; row < rows; row++) cursor += sprintf(cursor, "%zu,%zu\n", row, row % 7);
  dataset = open_one(write_text(text), NULL);
  free(text);
  assert_int_equal(quern_dataset_rows(dataset), rows);
  for (size_t row = 0; row < rows; row++) {
    float value;
    quern_dataset_values(dataset, row, &value);
    assert_true(value == (float)row);
    assert_int_equal(quern_dataset_label(dataset, row), row % 7);
  }
  quern_dataset_free(dataset);
}

/* A gzip file truncated anywhere after its magic number is an error, never fewer rows. */
static void truncated_gzip(void **state) {
  (void)state;
  const char *text = "1.5,-2,4\n0.25,3e10,0\n7,8,1\n";
  const char *path = path_of("cut.csv.gz");
  write_gzip(path, text, strlen(text));
  size_t size;
  unsigned char *content = read_bytes(path, &size);
  for (size_t length = 0; length < size; length++) {
    write_bytes(path, content, length);
    assert_open_fails(path, NULL, QUERN_ERROR_FORMAT);
    if (length >= 2) assert_error_says("cut.csv.gz", "truncated", NULL);
  }
  free(content);
}

/* The German locale has a decimal comma; reading does not depend on the locale. */
static void german_locale(void **state) {
  (void)state;
  char command[2 * PATH_BYTES];
  snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s' >/dev/null 2>&1",
           path_of("de_DE.UTF-8"));
  if (!setlocale(LC_ALL, "de_DE.UTF-8")) {
    setenv("LOCPATH", temporary_folder, 1);
    if (system(command) < 0 || !setlocale(LC_ALL, "de_DE.UTF-8")) {
      unsetenv("LOCPATH");
      skip();
    }
  }
  assert_string_equal(localeconv()->decimal_point, ",");
  check_text("1.5,-2,4\n0.25,3e10,0\n", NULL, 2, two_rows, two_labels);
  setlocale(LC_ALL, "C");
  unsetenv("LOCPATH");
  snprintf(command, sizeof command, "rm -rf '%s'", path_of("de_DE.UTF-8"));
  assert_int_equal(system(command), 0);
}

#define TEST(function) cmocka_unit_test_teardown(function, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(good_spellings),
      TEST(header_and_label_choices),
      TEST(carriage_returns),
      TEST(bad_texts),
      TEST(largest_label),
      TEST(german_locale),
      TEST(long_lines_and_many_rows),
      TEST(truncated_gzip),
      TEST(floats_round_trip),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

/* Tables as spreadsheets and other programs write them: columns of row numbers, decimal commas,
 * missing values by many names, and what is said if a column or a header is not clear. */
#include "temporary.h"
#include <math.h>

static const char *write_text(const char *text) {
  const char *path = path_of("some.csv");
  write_bytes(path, text, strlen(text));
  return path;
}

static void assert_value(const quern_dataset *dataset, size_t row, size_t column, float expected) {
  float values[16];
  assert_true(quern_dataset_columns(dataset) <= 16);
  quern_dataset_values(dataset, row, values);
  if (!(values[column] == expected))
    fail_msg("row %zu, value %zu: %g, expected %g", row, column, (double)values[column],
             (double)expected);
}

static void row_numbers(void **state) {
  (void)state;
  static const char *const tables[] = {",a,b,y\n0,5,6,1\n1,7,8,0\n",
                                       "\"\",a,b,y\n1,5,6,1\n2,7,8,0\n"};
  for (size_t i = 0; i < 2; i++) {
    quern_dataset *dataset = open_one(write_text(tables[i]), NULL), *rest, *held_out;
    assert_int_equal(quern_dataset_columns(dataset), 2);
    assert_value(dataset, 1, 0, 7);
    assert_non_null(strstr(quern_dataset_note(dataset), "left out"));
    assert_int_equal(quern_dataset_split(dataset, 0.5, 1, &rest, &held_out), QUERN_OK);
    assert_non_null(strstr(quern_dataset_note(rest), "left out"));
    /* Other data may have the column or not. */
    quern_dataset_options options = quern_dataset_options_default();
    options.schema = quern_dataset_schema(dataset);
    quern_dataset *other = open_one(write_text(",b,a\n8,1,2\n3,4,5\n"), &options);
    assert_value(other, 0, 0, 2);
    quern_dataset_free(other);
    other = open_one(write_text("a,b\n2,1\n"), &options);
    assert_value(other, 0, 0, 2);
    quern_dataset_free(other);
    quern_dataset_free(rest);
    quern_dataset_free(held_out);
    quern_dataset_free(dataset);
  }
  assert_open_fails(write_text(",a,b,y\n0,5,6,1\n5,7,8,0\n"), NULL, QUERN_ERROR_FORMAT);
  assert_error_says("line 3, column 1", "expected 1, found '5'", "no name", "--exclude 1",
                    "--inputs", NULL);
  assert_open_fails(write_text(",a,b,y\n2,5,6,1\n"), NULL, QUERN_ERROR_FORMAT);
  assert_open_fails(write_text(",a,b,y\n0.0,5,6,1\n"), NULL, QUERN_ERROR_FORMAT);
  /* A column with a name is an input. */
  quern_dataset *dataset = open_one(write_text("i,a,b,y\n0,5,6,1\n1,7,8,0\n"), NULL);
  assert_int_equal(quern_dataset_columns(dataset), 3);
  assert_string_equal(quern_dataset_note(dataset), "");
  quern_dataset_free(dataset);
}

static void excluded(void **state) {
  (void)state;
  quern_dataset_options options = quern_dataset_options_default();
  options.exclude = "name,2";
  const char *table = "name,a,b,y\nAnn,5,6,1\nBob,7,8,0\n";
  quern_dataset *dataset = open_one(write_text(table), &options);
  assert_int_equal(quern_dataset_columns(dataset), 1);
  assert_value(dataset, 1, 0, 8);
  quern_dataset_free(dataset);
  options.exclude = "1";
  dataset = open_one(write_text(",a,y\n7,5,1\n3,7,0\n"), &options);
  assert_int_equal(quern_dataset_columns(dataset), 1);
  assert_string_equal(quern_dataset_note(dataset), "");
  quern_dataset_free(dataset);
  options.exclude = "nome";
  assert_open_fails(write_text(table), &options, QUERN_ERROR_ARGUMENT);
  assert_error_says("there is no column \"nome\"", NULL);
  options.exclude = "1,2,3";
  assert_open_fails(write_text(table), &options, QUERN_ERROR_FORMAT);
  assert_error_says("at least one input", NULL);
  options.inputs = "2";
  assert_open_fails(write_text(table), &options, QUERN_ERROR_ARGUMENT);
  assert_error_says("both inputs and columns to exclude", NULL);
}

static void decimal_commas(void **state) {
  (void)state;
  const char *table = "a;b;y\n0,5;-1,25e1;ja\n2;1.5;nein\n";
  assert_open_fails(write_text(table), NULL, QUERN_ERROR_FORMAT);
  assert_error_says("line 2, column 1", "found '0,5'", "--decimal comma", NULL);
  quern_dataset_options options = quern_dataset_options_default();
  options.decimal = ',';
  quern_dataset *dataset = open_one(write_text(table), &options);
  assert_value(dataset, 0, 0, 0.5f);
  assert_value(dataset, 0, 1, -12.5f);
  assert_value(dataset, 1, 1, 1.5f);
  assert_string_equal(quern_schema_class_name(quern_dataset_schema(dataset), 1), "nein");
  quern_dataset_free(dataset);
  /* Without a header, the comma is still no delimiter. Texts keep theirs. */
  dataset = open_one(write_text("0,5;1,5;a,b\n2,5;3,5;c\n"), &options);
  assert_value(dataset, 1, 0, 2.5f);
  assert_string_equal(quern_schema_class_name(quern_dataset_schema(dataset), 0), "a,b");
  quern_dataset_free(dataset);
  options.delimiter = ',';
  assert_open_fails(write_text(table), &options, QUERN_ERROR_ARGUMENT);
  options.delimiter = 0;
  options.decimal = '/';
  assert_open_fails(write_text(table), &options, QUERN_ERROR_ARGUMENT);
  assert_error_says("decimal mark", NULL);
}

static void missing_by_many_names(void **state) {
  (void)state;
  static const char *const names[] = {"null", "NULL", "N/A", "n/a", "na",  "#N/A", "<NA>",
                                      "None", "NaN",  "",    "?",   "-99", "k.A."};
  char table[64];
  quern_dataset_options options = quern_dataset_options_default();
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(table, sizeof table, "a,b,y\n1,%s,0\n2,5,1\n", names[i]);
    options.missing = QUERN_MISSING_ZERO;
    options.missing_values = "-99,k.A.";
    for (int text = 0; text < 2; text++) {
      options.text = text ? QUERN_TEXT_ONE_HOT : QUERN_TEXT_REFUSE;
      quern_dataset *dataset = open_one(write_text(table), &options);
      assert_int_equal(quern_dataset_columns(dataset), 2);
      assert_value(dataset, 0, 1, 0);
      assert_value(dataset, 1, 1, 5);
      quern_dataset_free(dataset);
    }
    options.missing = QUERN_MISSING_REFUSE;
    options.text = QUERN_TEXT_REFUSE;
    if (i == 11) continue; /* -99 is a number too */
    if (quern_dataset_open(path_of("some.csv"), &options, &(quern_dataset *){NULL}, NULL) ==
        QUERN_OK)
      fail_msg("'%s' was read as a number", names[i]);
    assert_error_says("line 2, column 2", "--missing mean", NULL);
  }
}

/* Numbers with a stray text would be a category each. */
static void stray_texts(void **state) {
  (void)state;
  static const char *const strays[] = {"$375", "unknown", "1,234"};
  static const char *const cures[] = {"but not '$375'", "but not 'unknown'", "31 different texts"};
  quern_dataset_options options = quern_dataset_options_default();
  options.text = QUERN_TEXT_ONE_HOT;
  for (size_t i = 0; i < 3; i++) {
    FILE *file = fopen(path_of("some.csv"), "w");
    assert_non_null(file);
    fprintf(file, "a;b;y\n");
    for (int row = 0; row < 1000; row++) {
      if (row % 100 == 0)
        fprintf(file, "1;%s;0\n", strays[i]);
      else
        fprintf(file, "1;%d;1\n", row % 30);
    }
    assert_int_equal(fclose(file), 0);
    assert_open_fails(path_of("some.csv"), &options, QUERN_ERROR_DATA);
    assert_error_says("column 2 (\"b\")", cures[i], NULL);
  }
  /* A few numbers among codes are codes. */
  quern_dataset *dataset = open_one(write_text("a,b,y\n1,A1,0\n2,12,1\n3,13,1\n"), &options);
  assert_int_equal(quern_dataset_columns(dataset), 4);
  quern_dataset_free(dataset);
}

static void headers_of_numbers(void **state) {
  (void)state;
  static const char *const tables[] = {"1990,1991,y\n1,2,0\n3,4,1\n", "id,1990,y\n1,2,0\n3,4,1\n"};
  quern_dataset_options options = quern_dataset_options_default();
  for (size_t i = 0; i < 2; i++) {
    options.header = QUERN_HEADER_AUTO;
    assert_open_fails(write_text(tables[i]), &options, QUERN_ERROR_FORMAT);
    assert_error_says("line 1", "--header one", NULL);
    options.header = QUERN_HEADER_ONE;
    quern_dataset *dataset = open_one(write_text(tables[i]), &options);
    assert_int_equal(quern_dataset_rows(dataset), 2);
    quern_dataset_free(dataset);
  }
  /* Texts over texts, and missing values, are data. */
  options.header = QUERN_HEADER_AUTO;
  options.text = QUERN_TEXT_ONE_HOT;
  options.missing = QUERN_MISSING_ZERO;
  quern_dataset *dataset = open_one(write_text("1,NA,red,yes\n2,3,blue,no\n"), &options);
  assert_int_equal(quern_dataset_rows(dataset), 2);
  quern_dataset_free(dataset);
}

#define TEST(function) cmocka_unit_test_teardown(function, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(row_numbers),           TEST(excluded),    TEST(decimal_commas),
      TEST(missing_by_many_names), TEST(stray_texts), TEST(headers_of_numbers),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

/* Tables by their columns: text classes, missing values, categories, and reading by a schema. */
#include "temporary.h"
#include <math.h>

static const char *write_text(const char *text) {
  const char *path = path_of("some.csv");
  write_bytes(path, text, strlen(text));
  return path;
}

static const quern_dataset_options defaults = {.size = sizeof(quern_dataset_options)};

/* Asserts a row's values. */
static void assert_row(const quern_dataset *dataset, size_t row, const float *values,
                       size_t count) {
  float got[16];
  assert_true(count <= 16);
  assert_int_equal(quern_dataset_columns(dataset), count);
  quern_dataset_values(dataset, row, got);
  for (size_t i = 0; i < count; i++)
    if (!(got[i] == values[i]))
      fail_msg("row %zu, value %zu: %g, expected %g", row, i, (double)got[i], (double)values[i]);
}
#define ROW(dataset, row, ...)                                                                     \
  assert_row(dataset, row, (const float[]){__VA_ARGS__},                                           \
             sizeof((float[]){__VA_ARGS__}) / sizeof(float))

static void assert_targets(const quern_dataset *dataset, size_t row, const float *values,
                           size_t count) {
  float got[16];
  assert_true(count <= 16);
  assert_int_equal(quern_dataset_outputs(dataset), count);
  quern_dataset_targets(dataset, row, got);
  for (size_t i = 0; i < count; i++) assert_true(got[i] == values[i]);
}
#define TARGETS(dataset, row, ...)                                                                 \
  assert_targets(dataset, row, (const float[]){__VA_ARGS__},                                       \
                 sizeof((float[]){__VA_ARGS__}) / sizeof(float))

static void columns_by_name_and_number(void **state) {
  (void)state;
  const char *text = "id,width,price,height,weight\n7,1,10,2,3\n8,4,20,5,6\n";
  quern_dataset_options options = defaults;
  options.task = QUERN_TASK_REGRESSION;
  options.target = "price";
  quern_dataset *dataset = open_one(write_text(text), &options);
  assert_int_equal(quern_dataset_task(dataset), QUERN_TASK_REGRESSION);
  ROW(dataset, 1, 8, 4, 5, 6);
  TARGETS(dataset, 1, 20);
  assert_int_equal(quern_dataset_classes(dataset), 0);
  assert_int_equal(quern_dataset_label(dataset, 0), -1);
  assert_string_equal(quern_schema_target_name(quern_dataset_schema(dataset), 0), "price");
  assert_null(quern_schema_target_name(quern_dataset_schema(dataset), 1));
  assert_null(quern_schema_class_name(quern_dataset_schema(dataset), 0));
  quern_dataset_free(dataset);

  options.target = "5,price";
  options.inputs = "height,2";
  dataset = open_one(write_text(text), &options);
  ROW(dataset, 0, 2, 1);
  TARGETS(dataset, 0, 3, 10);
  quern_dataset_free(dataset);

  options.target = ""; /* no target */
  dataset = open_one(write_text(text), &options);
  assert_int_equal(quern_dataset_task(dataset), QUERN_TASK_NONE);
  assert_int_equal(quern_dataset_outputs(dataset), 0);
  quern_dataset_free(dataset);

  static const struct {
    const char *target, *inputs, *error;
  } wrong[] = {
      {"prize", NULL,
       "there is no column \"prize\", expected a name of its header or a number from 1 to 5"},
      {"6", NULL, "there is no column \"6\""},
      {"0", NULL, "there is no column \"0\""},
      {"99999999999999999999999999", NULL, "there is no column"},
      {"price,", NULL, "there is no column \"\""},
      {"price,3", NULL, "column 3 is used twice, expected once"},
      {"price", "width,price", "column 3 is used twice, expected once"},
      {"1,2,3,4,5", NULL, "expected at least one input besides the target"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    options.target = wrong[i].target;
    options.inputs = wrong[i].inputs;
    quern_dataset *none;
    assert_int_not_equal(quern_dataset_open(write_text(text), &options, &none, NULL), QUERN_OK);
    assert_null(none);
    assert_error_says("some.csv", wrong[i].error, NULL);
  }
  options = defaults;
  options.target = "a";
  assert_open_fails(write_text("a,a,b\n1,2,3\n"), &options, QUERN_ERROR_FORMAT);
  assert_error_says("columns 1 and 2 are both called \"a\"", NULL);
  options.target = "a,b";
  assert_open_fails(write_text("a,b,c\n1,2,3\n"), &options, QUERN_ERROR_ARGUMENT);
  assert_error_says("2 target columns, expected one for classes", NULL);
}

static void labels(void **state) {
  (void)state;
  quern_dataset_options options = defaults;
  options.task = QUERN_TASK_LABELS;
  options.target = "red,round";
  quern_dataset *dataset = open_one(write_text("x,red,round\n0.5,1,0\n1.5,0,1.0\n"), &options);
  assert_int_equal(quern_dataset_task(dataset), QUERN_TASK_LABELS);
  TARGETS(dataset, 0, 1, 0);
  TARGETS(dataset, 1, 0, 1);
  quern_dataset_free(dataset);
  static const char *const bad[] = {"2", "-1", "yes", "", "0.5", "nan"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char text[64];
    snprintf(text, sizeof text, "x,red,round\n0.5,1,0\n1.5,0,%s\n", bad[i]);
    assert_open_fails(write_text(text), &options, QUERN_ERROR_DATA);
    assert_error_says("line 3, column 3: expected a label, 0 or 1", NULL);
  }
}

static void text_classes(void **state) {
  (void)state;
  quern_dataset *dataset =
      open_one(write_text("x,kind\n1,pear\n2,apple\n3,\"fig, dried\"\n4,pear\n"), NULL);
  assert_int_equal(quern_dataset_classes(dataset), 3);
  static const int32_t expected[] = {2, 0, 1, 2};
  for (size_t i = 0; i < 4; i++) assert_int_equal(quern_dataset_label(dataset, i), expected[i]);
  const quern_schema *schema = quern_dataset_schema(dataset);
  assert_string_equal(quern_schema_class_name(schema, 0), "apple");
  assert_string_equal(quern_schema_class_name(schema, 1), "fig, dried");
  assert_string_equal(quern_schema_class_name(schema, 2), "pear");
  assert_null(quern_schema_class_name(schema, 3));

  /* Other tables are read by the same schema, with columns in any order. */
  quern_dataset_options options = defaults;
  options.schema = schema;
  quern_dataset *other = open_one(write_text("kind,more,x\napple,9,8\npear,7,6\n"), &options);
  ROW(other, 0, 8);
  assert_int_equal(quern_dataset_label(other, 0), 0);
  assert_int_equal(quern_dataset_label(other, 1), 2);
  assert_int_equal(quern_dataset_classes(other), 3);
  quern_dataset_free(other);
  other = open_one(write_text("x\n5\n"), &options);
  assert_int_equal(quern_dataset_task(other), QUERN_TASK_NONE);
  ROW(other, 0, 5);
  quern_dataset_free(other);
  other = open_one(write_text("5,apple\n"), &options); /* without a header: by position */
  assert_int_equal(quern_dataset_label(other, 0), 0);
  quern_dataset_free(other);
  other = open_one(write_text("5\n"), &options);
  assert_int_equal(quern_dataset_task(other), QUERN_TASK_NONE);
  quern_dataset_free(other);
  assert_open_fails(write_text("x,kind\n5,plum\n"), &options, QUERN_ERROR_DATA);
  assert_error_says(
      "line 2, column 2: expected one of the classes that the model was trained on, found 'plum'",
      NULL);
  assert_open_fails(write_text("y,kind\n5,pear\n"), &options, QUERN_ERROR_FORMAT);
  assert_error_says("there is no column \"x\", which the model reads", NULL);
  assert_open_fails(write_text("1,2,3\n"), &options, QUERN_ERROR_FORMAT);
  assert_error_says("3 columns, expected 2 as in the training data, or only the 1 inputs", NULL);
  quern_dataset_free(dataset);

  assert_open_fails(write_text("x,kind\n1,a\n2,\n"), NULL, QUERN_ERROR_FORMAT);
  assert_error_says("line 3, column 2: expected the name of a class, found nothing", NULL);
  assert_open_fails(write_text("x,kind\n1,a\n2,\xff\n"), NULL, QUERN_ERROR_FORMAT);
  assert_error_says("line 3, column 2: expected a text in UTF-8", NULL);
  assert_open_fails(write_text("x,\xff\n1,a\n"), NULL, QUERN_ERROR_FORMAT);
  assert_error_says("line 1, column 2: expected the name of a column in UTF-8", NULL);
}

static void missing_values(void **state) {
  (void)state;
  static const char *const spellings[] = {"", "NA", "?", "nan", "NaN", "\"NA\""};
  for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
    char text[64];
    snprintf(text, sizeof text, "x,y,class\n1,2,0\n3,%s,1\n5,6,0\n", spellings[i]);
    quern_dataset *dataset;
    assert_int_not_equal(quern_dataset_open(write_text(text), NULL, &dataset, NULL), QUERN_OK);
    assert_error_says("line 3, column 2", NULL);

    quern_dataset_options options = defaults;
    options.missing = QUERN_MISSING_ZERO;
    dataset = open_one(write_text(text), &options);
    ROW(dataset, 1, 3, 0);
    quern_dataset_free(dataset);

    options.missing = QUERN_MISSING_MEAN;
    dataset = open_one(write_text(text), &options);
    assert_int_equal(quern_dataset_fit(dataset, false), QUERN_OK);
    ROW(dataset, 0, 1, 2);
    ROW(dataset, 1, 3, 4);
    /* Missing values of other tables become this table's mean. */
    quern_dataset_options by_schema = defaults;
    by_schema.schema = quern_dataset_schema(dataset);
    quern_dataset *other = open_one(write_text("x,y\n?,100\n7,NA\n"), &by_schema);
    ROW(other, 0, 3, 100);
    ROW(other, 1, 7, 4);
    quern_dataset_free(other);
    quern_dataset_free(dataset);
  }
  /* Targets cannot be missing. */
  quern_dataset_options options = defaults;
  options.missing = QUERN_MISSING_MEAN;
  assert_open_fails(write_text("x,y\n1,0\n2,\n"), &options, QUERN_ERROR_FORMAT);
  assert_error_says("line 3, column 2: expected a label", NULL);
  options.task = QUERN_TASK_REGRESSION;
  assert_open_fails(write_text("x,y\n1,0\n2,?\n"), &options, QUERN_ERROR_FORMAT);
  assert_error_says("line 3, column 2: expected a number, found '?'", NULL);
  /* A column without values. */
  quern_dataset *dataset = open_one(write_text("x,z,y\n1,,0\n2,NA,1\n"), &options);
  assert_int_equal(quern_dataset_fit(dataset, true), QUERN_OK);
  ROW(dataset, 0, -1, 0);
  ROW(dataset, 1, 1, 0);
  quern_dataset_free(dataset);
}

static void categories(void **state) {
  (void)state;
  const char *text = "size,color,y\n1,red,0\n2,blue,1\n3,red,0\n";
  assert_open_fails(write_text(text), NULL, QUERN_ERROR_FORMAT);
  assert_error_says("line 2, column 2: expected a number, found 'red'", NULL);
  quern_dataset_options options = defaults;
  options.text = QUERN_TEXT_ONE_HOT;
  quern_dataset *dataset = open_one(write_text(text), &options);
  ROW(dataset, 0, 1, 0, 1);
  ROW(dataset, 1, 2, 1, 0);
  ROW(dataset, 2, 3, 0, 1);
  quern_dataset_options by_schema = defaults;
  by_schema.schema = quern_dataset_schema(dataset);
  quern_dataset *other = open_one(write_text("color,size\nblue,9\n"), &by_schema);
  ROW(other, 0, 9, 1, 0);
  quern_dataset_free(other);
  assert_open_fails(write_text("color,size\ngreen,9\n"), &by_schema, QUERN_ERROR_DATA);
  assert_error_says(
      "line 2, column 1: expected one of the texts that the model was trained on, found 'green'",
      NULL);
  assert_open_fails(write_text("color,size\n,9\n"), &by_schema, QUERN_ERROR_DATA);
  quern_dataset_free(dataset);

  /* A missing first value is not a category. */
  options.missing = QUERN_MISSING_ZERO;
  dataset = open_one(write_text("size,color,y\n1,?,0\n?,blue,1\n3,red,0\n4,NA,1\n"), &options);
  ROW(dataset, 0, 1, 0, 0);
  ROW(dataset, 1, 0, 1, 0);
  ROW(dataset, 2, 3, 0, 1);
  ROW(dataset, 3, 4, 0, 0);
  quern_dataset_free(dataset);
}

static void delimiters(void **state) {
  (void)state;
  quern_dataset_options options = defaults;
  options.delimiter = '|';
  quern_dataset *dataset = open_one(write_text("a|b|c\n1|2|0\n"), &options);
  ROW(dataset, 0, 1, 2);
  quern_dataset_free(dataset);
  /* The file's name says that commas are not delimiters. */
  const char *tsv = "a,b\tb\tc\n1\t2\t0\n";
  write_bytes(path_of("some.tsv"), tsv, strlen(tsv));
  dataset = open_one(path_of("some.tsv"), NULL);
  ROW(dataset, 0, 1, 2);
  quern_dataset_free(dataset);
  write_gzip(path_of("some.TSV.gz"), tsv, strlen(tsv));
  quern_dataset_free(open_one(path_of("some.TSV.gz"), NULL));
  /* Tabs separate empty fields; blanks around a field are not part of it. */
  options = defaults;
  options.missing = QUERN_MISSING_ZERO;
  dataset = open_one(write_text("1\t\t0\n\t 2 \t1\n"), &options);
  ROW(dataset, 0, 1, 0);
  ROW(dataset, 1, 0, 2);
  quern_dataset_free(dataset);
  static const char bad[] = {'"', '.', '-', '+', '\'', 'e', 'Z', '5', ' ', '\n', '\x7f'};
  for (size_t i = 0; i < sizeof bad; i++) {
    options.delimiter = bad[i];
    assert_open_fails("digits", &options, QUERN_ERROR_ARGUMENT);
    assert_error_says("as delimiter", NULL);
  }
}

/* Callers compiled with a shorter options struct. */
static void shorter_options(void **state) {
  (void)state;
  quern_dataset_options options = defaults;
  options.size = offsetof(quern_dataset_options, inputs);
  options.label = QUERN_LABEL_FIRST;
  options.inputs = "never read";
  quern_dataset *dataset = open_one(write_text("3,1,2\n"), &options);
  assert_int_equal(label_of(dataset, 0), 3);
  quern_dataset_free(dataset);
  options.size = sizeof options + 1;
  assert_open_fails("digits", &options, QUERN_ERROR_ARGUMENT);
}

#define TEST(function) cmocka_unit_test_teardown(function, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(columns_by_name_and_number),
      TEST(labels),
      TEST(text_classes),
      TEST(missing_values),
      TEST(categories),
      TEST(delimiters),
      TEST(shorter_options),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

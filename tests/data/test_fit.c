/* Preparing data: missing values, standardized columns and targets, and the same preparation of
 * other data. */
#include "data/dataset.h"
#include "temporary.h"
#include <math.h>

/* The targets as used in training. */
static void trained_targets(const quern_dataset *dataset, size_t row, float *targets) {
  memcpy(targets, dataset->targets + row * 2, 2 * sizeof *targets);
}

static quern_dataset *regression(const float *values, const float *targets, size_t rows,
                                 size_t columns, size_t count) {
  quern_dataset *result;
  if (quern_dataset_from_targets(values, targets, QUERN_TASK_REGRESSION, rows, columns, count,
                                 &result) != QUERN_OK)
    fail_msg("%s", quern_last_error());
  return result;
}

/* Mean 3 and deviation 2; a constant; mean 1e7, at which floats would lose the deviation of 1. */
static const float values[] = {1, 7, 9999999, 5, 7, 10000001, 1, 7, 9999999, 5, 7, 10000001};
static const float targets[] = {10, -1, 20, 1, 10, -1, 20, 1};

static void standardized(void **state) {
  (void)state;
  quern_dataset *dataset = regression(values, targets, 4, 3, 2);
  assert_false(quern_schema_is_standardized(quern_dataset_schema(dataset)));
  assert_int_equal(quern_dataset_fit(dataset, true), QUERN_OK);
  assert_true(quern_schema_is_standardized(quern_dataset_schema(dataset)));
  for (size_t row = 0; row < 4; row++) {
    const float sign = row % 2 == 0 ? -1.0f : 1.0f;
    float got[3], target[2];
    quern_dataset_values(dataset, row, got);
    trained_targets(dataset, row, target);
    assert_true(got[0] == sign && got[1] == 0.0f && got[2] == sign);
    assert_true(target[0] == sign && target[1] == sign);
  }
  /* Other data are prepared with the same numbers: a test set does not use its own mean. */
  const float other_values[] = {7, 8, 10000003}, other_targets[] = {35, 0};
  quern_dataset *other = regression(other_values, other_targets, 1, 3, 2);
  assert_int_equal(quern_dataset_apply(other, quern_dataset_schema(dataset)), QUERN_OK);
  float got[3], target[2];
  quern_dataset_values(other, 0, got);
  trained_targets(other, 0, target);
  assert_true(got[0] == 2.0f && got[1] == 1.0f && got[2] == 3.0f);
  assert_true(target[0] == 4.0f && target[1] == 0.0f);
  quern_dataset_targets(other, 0, target); /* in their original units */
  assert_true(target[0] == 35.0f && target[1] == 0.0f);

  assert_int_equal(quern_dataset_fit(dataset, true), QUERN_ERROR_ARGUMENT);
  assert_error_says("memory is standardized already", NULL);
  assert_int_equal(quern_dataset_apply(other, quern_dataset_schema(dataset)), QUERN_ERROR_ARGUMENT);
  quern_dataset_free(other);
  other = regression(other_values, other_targets, 1, 2, 2);
  assert_int_equal(quern_dataset_apply(other, quern_dataset_schema(dataset)), QUERN_ERROR_SHAPE);
  assert_error_says("2 columns per sample, but the schema has 3", NULL);
  quern_dataset_free(other);
  other = regression(other_values, other_targets, 1, 3, 1);
  assert_int_equal(quern_dataset_apply(other, quern_dataset_schema(dataset)), QUERN_ERROR_SHAPE);
  assert_error_says("2 targets of the schema", NULL);
  quern_dataset_free(other);

  /* The parts of a split keep the whole's preparation. */
  quern_dataset *rest, *held_out;
  assert_int_equal(quern_dataset_split(dataset, 0.5, 1, &rest, &held_out), QUERN_OK);
  assert_int_equal(quern_dataset_task(held_out), QUERN_TASK_REGRESSION);
  assert_true(quern_schema_is_standardized(quern_dataset_schema(held_out)));
  for (size_t row = 0; row < 2; row++) {
    quern_dataset_values(rest, row, got);
    trained_targets(rest, row, target);
    assert_true(got[0] == target[0] && got[0] == target[1]);
  }
  quern_dataset_free(rest);
  quern_dataset_free(held_out);
  quern_dataset_free(dataset);
}

/* A deviation so small that a value of another set overflows. */
static void too_large(void **state) {
  (void)state;
  const float small[] = {0.0f, 1e-30f}, large[] = {1e30f}, target[] = {0, 1};
  quern_dataset *dataset = regression(small, target, 2, 1, 1),
                *other = regression(large, target, 1, 1, 1);
  assert_int_equal(quern_dataset_fit(dataset, true), QUERN_OK);
  assert_int_equal(quern_dataset_apply(other, quern_dataset_schema(dataset)), QUERN_ERROR_DATA);
  assert_error_says("sample 0, value 0: 1e+30", "too large for a float", NULL);
  quern_dataset_free(other);
  quern_dataset_free(dataset);
}

/* Bytes become floats, with their scale. */
static void bytes(void **state) {
  (void)state;
  quern_dataset *train, *test;
  assert_int_equal(quern_dataset_open("digits", NULL, &train, &test), QUERN_OK);
  float before[64], after[64];
  double sum = 0.0, squares = 0.0;
  const size_t rows = quern_dataset_rows(train), column = 20;
  for (size_t row = 0; row < rows; row++) {
    quern_dataset_values(train, row, before);
    sum += (double)before[column];
    squares += (double)before[column] * (double)before[column];
  }
  const double mean = sum / (double)rows, deviation = sqrt(squares / (double)rows - mean * mean);
  quern_dataset_values(test, 3, before);
  assert_int_equal(quern_dataset_fit(train, true), QUERN_OK);
  assert_int_equal(quern_dataset_apply(test, quern_dataset_schema(train)), QUERN_OK);
  quern_dataset_values(test, 3, after);
  assert_true(fabs((double)after[column] - ((double)before[column] - mean) / deviation) <= 1e-6);
  assert_true(after[0] == 0.0f); /* the corner is empty in every digit */
  assert_int_equal(quern_dataset_classes(test), 10);
  quern_dataset_free(train);
  quern_dataset_free(test);
}

static void from_targets(void **state) {
  (void)state;
  float marks[] = {0, 1, 1, 0};
  quern_dataset *dataset;
  assert_int_equal(quern_dataset_from_targets(values, marks, QUERN_TASK_LABELS, 2, 3, 2, &dataset),
                   QUERN_OK);
  marks[0] = 1; /* the data set has its own copies */
  float got[2];
  quern_dataset_targets(dataset, 0, got);
  assert_true(got[0] == 0.0f && got[1] == 1.0f);
  assert_int_equal(quern_dataset_outputs(dataset), 2);
  assert_int_equal(quern_dataset_classes(dataset), 0);
  quern_dataset_free(dataset);
  assert_int_equal(quern_dataset_from_targets(values, NULL, QUERN_TASK_NONE, 2, 3, 0, &dataset),
                   QUERN_OK);
  assert_int_equal(quern_dataset_task(dataset), QUERN_TASK_NONE);
  quern_dataset_free(dataset);

  marks[2] = 0.5f;
  assert_int_equal(quern_dataset_from_targets(values, marks, QUERN_TASK_LABELS, 2, 3, 2, &dataset),
                   QUERN_ERROR_DATA);
  assert_error_says("row 1, target 0: 0.5, expected a label, 0 or 1", NULL);
  assert_null(dataset);
  marks[3] = NAN;
  assert_int_equal(
      quern_dataset_from_targets(values, marks, QUERN_TASK_REGRESSION, 2, 3, 2, &dataset),
      QUERN_ERROR_DATA);
  assert_error_says("row 1, target 1: nan", NULL);
  static const struct {
    bool targets;
    quern_task task;
    size_t count;
  } wrong[] = {{true, QUERN_TASK_CLASSES, 1}, {true, QUERN_TASK_NONE, 0},
               {true, QUERN_TASK_LABELS, 0},  {false, QUERN_TASK_LABELS, 2},
               {false, QUERN_TASK_NONE, 1},   {true, (quern_task)9, 1},
               {true, QUERN_TASK_NONE, 1},    {false, QUERN_TASK_REGRESSION, 0}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_int_equal(quern_dataset_from_targets(values, wrong[i].targets ? targets : NULL,
                                                wrong[i].task, 2, 3, wrong[i].count, &dataset),
                     QUERN_ERROR_ARGUMENT);
  assert_int_equal(quern_dataset_from_targets(NULL, targets, QUERN_TASK_LABELS, 2, 3, 1, &dataset),
                   QUERN_ERROR_ARGUMENT);
  assert_int_equal(
      quern_dataset_from_targets(values, targets, QUERN_TASK_LABELS, 0, 3, 1, &dataset),
      QUERN_ERROR_SHAPE);
  assert_int_equal(quern_dataset_fit(NULL, true), QUERN_ERROR_ARGUMENT);
  assert_int_equal(quern_dataset_apply(NULL, NULL), QUERN_ERROR_ARGUMENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(standardized),
      cmocka_unit_test(too_large),
      cmocka_unit_test(bytes),
      cmocka_unit_test(from_targets),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

/* Splits: a partition, reproducible, for every size. */
#include "temporary.h"
#include <math.h>

/* Row r has the values 10 r and 10 r + 1 and the label r. */
static quern_dataset *make(size_t rows) {
  float *values = malloc(rows * 2 * sizeof *values);
  int32_t *labels = malloc(rows * sizeof *labels);
  assert_non_null(values);
  assert_non_null(labels);
  for (size_t row = 0; row < rows; row++) {
    values[2 * row] = (float)(10 * row);
    values[2 * row + 1] = (float)(10 * row + 1);
    labels[row] = (int32_t)row;
  }
  quern_dataset *dataset;
  assert_int_equal(quern_dataset_from_floats(values, labels, rows, 2, &dataset), QUERN_OK);
  free(values);
  free(labels);
  return dataset;
}

/* Asserts that values stay with their labels, and marks the labels. */
static void mark(const quern_dataset *dataset, unsigned char *seen) {
  for (size_t row = 0; row < quern_dataset_rows(dataset); row++) {
    const int32_t label = quern_dataset_label(dataset, row);
    float values[2];
    quern_dataset_values(dataset, row, values);
    assert_true(values[0] == (float)(10 * label) && values[1] == (float)(10 * label + 1));
    assert_int_equal(seen[label], 0);
    seen[label] = 1;
  }
}

static void partition(void **state) {
  (void)state;
  const size_t sizes[] = {2, 3, 10, 101, 1000};
  const double fractions[] = {1e-9, 0.2, 0.5, 0.999999};
  for (size_t i = 0; i < 5; i++) {
    quern_dataset *dataset = make(sizes[i]);
    for (size_t j = 0; j < 4; j++) {
      quern_dataset *rest, *held_out;
      assert_int_equal(quern_dataset_split(dataset, fractions[j], 7, &rest, &held_out), QUERN_OK);
      size_t expected = (size_t)round((double)sizes[i] * fractions[j]);
      if (expected < 1) expected = 1;
      if (expected > sizes[i] - 1) expected = sizes[i] - 1;
      assert_int_equal(quern_dataset_rows(held_out), expected);
      assert_int_equal(quern_dataset_rows(rest), sizes[i] - expected);
      /* Each part keeps the classes of the whole. */
      assert_int_equal(quern_dataset_classes(held_out), sizes[i]);
      assert_int_equal(quern_dataset_classes(rest), sizes[i]);
      unsigned char seen[1000] = {0};
      mark(held_out, seen);
      mark(rest, seen); /* no label occurs twice and the count is right, so every row is there */
      quern_dataset_free(rest);
      quern_dataset_free(held_out);
    }
    quern_dataset_free(dataset);
  }
}

static void labels_of(const quern_dataset *dataset, int32_t *labels) {
  for (size_t row = 0; row < quern_dataset_rows(dataset); row++)
    labels[row] = quern_dataset_label(dataset, row);
}

/* A seed's order must never change. */
static void known_order(void **state) {
  (void)state;
  static const int32_t expected_held_out[] = {9, 6, 8};
  static const int32_t expected_rest[] = {2, 3, 7, 5, 1, 4, 0};
  quern_dataset *dataset = make(10), *rest, *held_out;
  assert_int_equal(quern_dataset_split(dataset, 0.3, 42, &rest, &held_out), QUERN_OK);
  int32_t labels[10];
  labels_of(held_out, labels);
  assert_memory_equal(labels, expected_held_out, sizeof expected_held_out);
  labels_of(rest, labels);
  assert_memory_equal(labels, expected_rest, sizeof expected_rest);
  quern_dataset_free(rest);
  quern_dataset_free(held_out);
  quern_dataset_free(dataset);
}

static void seeds(void **state) {
  (void)state;
  const uint64_t chosen[] = {1, 1, 2, (uint64_t)1 << 32 | 1};
  int32_t orders[4][500];
  quern_dataset *dataset = make(1000);
  for (size_t i = 0; i < 4; i++) {
    quern_dataset *rest, *held_out;
    assert_int_equal(quern_dataset_split(dataset, 0.5, chosen[i], &rest, &held_out), QUERN_OK);
    labels_of(held_out, orders[i]);
    quern_dataset_free(rest);
    quern_dataset_free(held_out);
  }
  quern_dataset_free(dataset);
  assert_memory_equal(orders[0], orders[1], sizeof orders[0]);
  assert_memory_not_equal(orders[0], orders[2], sizeof orders[0]);
  assert_memory_not_equal(orders[0], orders[3], sizeof orders[0]);
}

static quern_dataset *make_classes(const size_t *counts, size_t classes) {
  float values[2048];
  int32_t labels[2048];
  size_t rows = 0;
  for (size_t c = 0; c < classes; c++)
    for (size_t i = 0; i < counts[c]; i++, rows++) {
      assert_true(rows < 2048);
      labels[rows] = (int32_t)c;
      values[rows] = (float)rows;
    }
  quern_dataset *dataset;
  assert_int_equal(quern_dataset_from_floats(values, labels, rows, 1, &dataset), QUERN_OK);
  return dataset;
}

/* Counts the rows of each class, and marks the rows. */
static void count_classes(const quern_dataset *dataset, size_t *counts, unsigned char *seen) {
  for (size_t row = 0; row < quern_dataset_rows(dataset); row++) {
    float value;
    quern_dataset_values(dataset, row, &value);
    assert_int_equal(seen[(size_t)value]++, 0);
    counts[quern_dataset_label(dataset, row)]++;
  }
}

typedef struct classes_case {
  size_t counts[4];
  double fraction;
  size_t held[4]; /* of each class */
} classes_case;

/* Every class with two rows is on both sides, by any seed, in the proportion of the whole. */
static void classes_are_kept(void **state) {
  (void)state;
  static const classes_case cases[] = {
      {{94, 3, 3, 0}, 0.2, {18, 1, 1, 0}},
      {{50, 50, 50, 0}, 0.2, {10, 10, 10, 0}},
      {{1000, 2, 2, 2}, 0.01, {9, 1, 1, 1}},
      {{2, 2, 2, 2}, 0.9, {1, 1, 1, 1}},
      {{600, 300, 100, 20}, 0.5, {300, 150, 50, 10}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    quern_dataset *dataset = make_classes(cases[i].counts, 4), *rest, *held_out;
    for (uint64_t seed = 0; seed < 20; seed++) {
      size_t held[4] = {0}, kept[4] = {0};
      unsigned char seen[2048] = {0};
      assert_int_equal(quern_dataset_split(dataset, cases[i].fraction, seed, &rest, &held_out),
                       QUERN_OK);
      count_classes(held_out, held, seen);
      count_classes(rest, kept, seen);
      for (size_t c = 0; c < 4; c++) {
        assert_int_equal(held[c], cases[i].held[c]);
        assert_int_equal(held[c] + kept[c], cases[i].counts[c]);
      }
      quern_dataset_free(rest);
      quern_dataset_free(held_out);
    }
    quern_dataset_free(dataset);
  }
}

static void bad_arguments(void **state) {
  (void)state;
  quern_dataset *dataset = make(4), *one = make(1), *rest, *held_out;
  const double fractions[] = {0.0, 1.0, -0.5, 2.0, NAN};
  for (size_t i = 0; i < 5; i++) {
    assert_int_equal(quern_dataset_split(dataset, fractions[i], 0, &rest, &held_out),
                     QUERN_ERROR_ARGUMENT);
    assert_error_says("fraction", "more than 0 and less than 1", NULL);
    assert_null(rest);
    assert_null(held_out);
  }
  assert_int_equal(quern_dataset_split(one, 0.5, 0, &rest, &held_out), QUERN_ERROR_SHAPE);
  assert_error_says("memory has 1 row", "at least 2", NULL);
  assert_int_equal(quern_dataset_split(NULL, 0.5, 0, &rest, &held_out), QUERN_ERROR_ARGUMENT);
  assert_int_equal(quern_dataset_split(dataset, 0.5, 0, NULL, &held_out), QUERN_ERROR_ARGUMENT);
  assert_int_equal(quern_dataset_split(dataset, 0.5, 0, &rest, NULL), QUERN_ERROR_ARGUMENT);
  quern_dataset_free(dataset);
  quern_dataset_free(one);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(partition),        cmocka_unit_test(known_order),   cmocka_unit_test(seeds),
      cmocka_unit_test(classes_are_kept), cmocka_unit_test(bad_arguments),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Class labels as values. Labels 0 … k-1 need no list in the schema, so that data with class
 * numbers, and its models, stay simple. */
#include "classes.h"

#include "../base/error.h"
#include "../base/size.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* 2^53: a double is exact for every whole number up to it */
#define LARGEST_VALUE   9007199254740992.0
#define FEW_CATEGORIES  20
#define SHOWN_CLASSES   4
#define VALUE_CHARACTER 24 /* "-9007199254740992" and a terminating zero */

bool quern__is_class_value(double value) {
  return fabs(value) <= LARGEST_VALUE && value == floor(value);
}

bool quern__too_many_categories(size_t count, size_t rows) {
  return count > FEW_CATEGORIES && count > rows / 10;
}

quern_status quern__classes_check_count(const quern_dataset *dataset, size_t classes,
                                        const quern_dataset_options *options) {
  const bool asked = options->task == QUERN_TASK_CLASSES || options->classes > 0;
  if (asked || !quern__too_many_categories(classes, dataset->rows)) return QUERN_OK;
  const bool table = dataset->schema->fields > 0;
  return quern__fail(
      QUERN_ERROR_DATA,
      "%s: %zu different labels in %zu rows, expected at most a tenth as many: give --task "
      "regression for numeric targets%s, or --task classes to keep so many classes",
      dataset->source, classes, dataset->rows,
      table ? ", --label first for labels in the first column" : "");
}

/* --- Finding the classes ---------------------------------------------------------------------- */

/* Sets *classes to k if the values are 0 … k-1, each present; else to 0. k cannot exceed the number
 * of rows. */
static quern_status find_dense(const double *values, size_t count, size_t *classes) {
  double largest = 0.0;
  *classes = 0;
  for (size_t i = 0; i < count; i++) {
    if (values[i] < 0.0 || values[i] >= (double)count) return QUERN_OK;
    if (values[i] > largest) largest = values[i];
  }
  const size_t most = (size_t)largest + 1;
  bool *seen = calloc(most, sizeof *seen);
  if (seen == NULL) return quern__fail_memory("class labels", most);
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    bool *mark = &seen[(size_t)values[i]];
    found += !*mark;
    *mark = true;
  }
  free(seen);
  if (found == most) *classes = most;
  return QUERN_OK;
}

static int compare_values(const void *a, const void *b) {
  const double first = *(const double *)a, second = *(const double *)b;
  return (first > second) - (first < second);
}

/* Returns the different values in ascending order. The caller frees *distinct. */
static quern_status find_distinct(const double *values, size_t count, double **distinct,
                                  size_t *classes) {
  double *sorted;
  QUERN__FORWARD(quern__schema_copy_doubles(values, count, &sorted));
  qsort(sorted, count, sizeof *sorted, compare_values);
  *classes = 0;
  for (size_t i = 0; i < count; i++)
    if (i == 0 || sorted[i] != sorted[*classes - 1]) sorted[(*classes)++] = sorted[i];
  *distinct = sorted;
  return QUERN_OK;
}

/* Returns the index of a value in an ascending list; `count` if it is not there. */
static size_t find_value(const double *ascending, size_t count, double value) {
  const double *found =
      count > 0 ? bsearch(&value, ascending, count, sizeof *ascending, compare_values) : NULL;
  return found != NULL ? (size_t)(found - ascending) : count;
}

/* --- The classes of a schema ------------------------------------------------------------------ */

const quern__schema_column *quern__classes_list(const quern_schema *schema) {
  const bool any = schema->task == QUERN_TASK_CLASSES && schema->targets.count > 0 &&
                   schema->targets.items[0].category_count > 0;
  return any ? &schema->targets.items[0] : NULL;
}

bool quern__classes_find(const quern_schema *schema, double value, int32_t *label) {
  const quern__schema_column *list = quern__classes_list(schema);
  const size_t place =
      list != NULL && list->values != NULL ? find_value(list->values, schema->outputs, value)
      : value >= 0.0 && value < (double)schema->outputs && value == floor(value) ? (size_t)value
                                                                                 : schema->outputs;
  if (place == schema->outputs) return false;
  *label = (int32_t)place;
  return true;
}

quern__classes_text quern__classes_expected(const quern_schema *schema) {
  quern__classes_text classes_text;
  const quern__schema_column *list = quern__classes_list(schema);
  int index = snprintf(classes_text.text, sizeof classes_text.text,
                       "one of the classes that were trained on: ");
  if (list == NULL) {
    snprintf(classes_text.text + index, sizeof classes_text.text - (size_t)index, "0 to %zu",
             schema->outputs - 1);
    return classes_text;
  }
  for (size_t i = 0; i < list->category_count && (size_t)index < sizeof classes_text.text; i++) {
    const char *comma = i > 0 ? ", " : "";
    const bool more = i == SHOWN_CLASSES;
    index +=
        more ? snprintf(classes_text.text + index, sizeof classes_text.text - (size_t)index, " …")
             : snprintf(classes_text.text + index, sizeof classes_text.text - (size_t)index,
                        "%s%.*s", comma, VALUE_CHARACTER, list->categories[i]);
    if (more) break;
  }
  return classes_text;
}

/* --- The labels of a data set ----------------------------------------------------------------- */

static quern_status make_labels(quern_dataset *dataset) {
  size_t bytes;
  if (!quern__multiply(dataset->rows, sizeof *dataset->labels, &bytes))
    return quern__fail_memory("class labels", SIZE_MAX);
  free(dataset->labels);
  dataset->labels = malloc(bytes);
  return dataset->labels != NULL ? QUERN_OK : quern__fail_memory("class labels", bytes);
}

static quern_status fail_value(const quern_dataset *dataset, size_t row, double value,
                               const char *expected) {
  return quern__fail(QUERN_ERROR_DATA, "%s: row %zu, from 0: label %.17g, expected %s",
                     dataset->source, row, value, expected);
}

/* Makes the values the classes of the schema's target. Takes over `values`, even if this fails. */
static quern_status describe_classes(quern_schema *schema, double *values, size_t count) {
  const quern_status status =
      schema->targets.count > 0 ? QUERN_OK : quern__schema_columns_create(1, &schema->targets);
  if (status == QUERN_OK) return quern__schema_set_values(&schema->targets.items[0], values, count);
  free(values);
  return status;
}

/* Numbers the classes in ascending order of their values. */
static quern_status number_by_order(quern_dataset *dataset, const double *values, double *distinct,
                                    size_t classes) {
  for (size_t row = 0; row < dataset->rows; row++)
    dataset->labels[row] = (int32_t)find_value(distinct, classes, values[row]);
  quern__dataset_set_classes(dataset);
  return describe_classes(dataset->schema, distinct, classes);
}

static void take_numbers(quern_dataset *dataset, const double *values) {
  for (size_t row = 0; row < dataset->rows; row++) dataset->labels[row] = (int32_t)values[row];
  quern__dataset_set_classes(dataset);
}

quern_status quern__dataset_take_classes(quern_dataset *dataset, const double *classes) {
  QUERN__FORWARD(make_labels(dataset));
  take_numbers(dataset, classes);
  return QUERN_OK;
}

static quern_status number_by_schema(quern_dataset *dataset, const double *values,
                                     const quern_schema *schema) {
  for (size_t row = 0; row < dataset->rows; row++) {
    if (quern__classes_find(schema, values[row], &dataset->labels[row])) continue;
    return fail_value(dataset, row, values[row], quern__classes_expected(schema).text);
  }
  quern__dataset_set_classes(dataset);
  const quern__schema_column *list = quern__classes_list(schema);
  dataset->labels_are_classes = list != NULL && list->values == NULL;
  return list != NULL && list->values != NULL
             ? quern__schema_set_classes(dataset->schema, list, schema->outputs)
             : QUERN_OK;
}

quern__classes_text quern__classes_below(size_t count) {
  quern__classes_text classes_text;
  snprintf(classes_text.text, sizeof classes_text.text,
           "a class number 0 to %zu: the model has no names for its classes", count - 1);
  return classes_text;
}

static quern_status number_by_count(quern_dataset *dataset, const double *values, size_t count) {
  for (size_t row = 0; row < dataset->rows; row++) {
    if (values[row] >= 0.0 && values[row] < (double)count) continue;
    return fail_value(dataset, row, values[row], quern__classes_below(count).text);
  }
  take_numbers(dataset, values);
  dataset->labels_are_classes = true;
  return QUERN_OK;
}

static quern_status learn_classes(quern_dataset *dataset, const double *values,
                                  const quern_dataset_options *options) {
  size_t classes;
  double *distinct = NULL;
  QUERN__FORWARD(find_dense(values, dataset->rows, &classes));
  if (classes == 0) QUERN__FORWARD(find_distinct(values, dataset->rows, &distinct, &classes));
  quern_status status = quern__classes_check_count(dataset, classes, options);
  if (status != QUERN_OK) {
    free(distinct);
    return status;
  }
  if (distinct != NULL) return number_by_order(dataset, values, distinct, classes);
  take_numbers(dataset, values);
  return QUERN_OK;
}

quern_status quern__dataset_set_class_values(quern_dataset *dataset, const double *values,
                                             const quern_dataset_options *options) {
  QUERN__FORWARD(make_labels(dataset));
  if (options->schema != NULL) return number_by_schema(dataset, values, options->schema);
  if (options->classes > 0) return number_by_count(dataset, values, options->classes);
  return learn_classes(dataset, values, options);
}

/* Makes data sets of arrays in memory. */
#include "../base/error.h"
#include "../base/size.h"
#include "data.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The caller's arrays: labels, targets, or neither. */
typedef struct given {
  const float *values;
  const int32_t *labels;
  const float *targets;
  size_t rows, columns, target_count;
  quern_task task;
} given;

static quern_status check_sizes(const given *from) {
  if (from->rows == 0 || from->columns == 0) {
    return quern__fail(QUERN_ERROR_SHAPE,
                       "data set: %zu rows of %zu columns, expected at least one of each",
                       from->rows, from->columns);
  }
  if (from->rows > QUERN__DIMENSION_LARGEST || from->columns > QUERN__DIMENSION_LARGEST ||
      from->target_count > QUERN__DIMENSION_LARGEST) {
    return quern__fail(
        QUERN_ERROR_OVERFLOW,
        "data set: %zu rows of %zu columns and %zu targets, expected at most %zu of each",
        from->rows, from->columns, from->target_count, QUERN__DIMENSION_LARGEST);
  }
  return QUERN_OK;
}

/* Checks a matrix of floats. `what` is "column" or "target". */
static quern_status check_finite(const float *values, size_t rows, size_t columns,
                                 const char *what) {
  for (size_t row = 0; row < rows; row++) {
    for (size_t column = 0; column < columns; column++) {
      const float value = values[row * columns + column];
      if (isfinite(value)) continue;
      return quern__fail(QUERN_ERROR_DATA,
                         "data set: row %zu, %s %zu: %g, expected a finite number", row, what,
                         column, (double)value);
    }
  }
  return QUERN_OK;
}

static quern_status check_labels(const int32_t *labels, size_t rows) {
  for (size_t row = 0; row < rows; row++) {
    if (labels[row] >= 0 && labels[row] != INT32_MAX) continue;
    return quern__fail(QUERN_ERROR_DATA, "data set: row %zu: label %d, expected 0 to %d", row,
                       (int)labels[row], (int)(INT32_MAX - 1));
  }
  return QUERN_OK;
}

static quern_status check_marks(const given *from) {
  for (size_t i = 0; i < from->rows * from->target_count; i++) {
    if (from->targets[i] == 0.0f || from->targets[i] == 1.0f) continue;
    return quern__fail(QUERN_ERROR_DATA,
                       "data set: row %zu, target %zu: %g, expected a label, 0 or 1",
                       i / from->target_count, i % from->target_count, (double)from->targets[i]);
  }
  return QUERN_OK;
}

/* Copies rows · columns elements. Their size can overflow only if the caller's counts are wrong. */
static quern_status copy_elements(const void *from, size_t rows, size_t columns,
                                  size_t element_bytes, void **to) {
  size_t count, bytes;
  if (!quern__multiply(rows, columns, &count) || !quern__multiply(count, element_bytes, &bytes)) {
    return quern__fail(QUERN_ERROR_OVERFLOW,
                       "data set: %zu rows of %zu columns do not fit in memory", rows, columns);
  }
  *to = malloc(bytes);
  if (*to == NULL) return quern__fail_memory("a data set", bytes);
  memcpy(*to, from, bytes);
  return QUERN_OK;
}

static quern_status make_dataset(const given *from, quern_dataset **dataset) {
  QUERN__FORWARD(check_sizes(from));
  QUERN__FORWARD(check_finite(from->values, from->rows, from->columns, "column"));
  if (from->labels != NULL) QUERN__FORWARD(check_labels(from->labels, from->rows));
  if (from->targets != NULL)
    QUERN__FORWARD(check_finite(from->targets, from->rows, from->target_count, "target"));
  if (from->task == QUERN_TASK_LABELS) QUERN__FORWARD(check_marks(from));
  quern_dataset *result;
  QUERN__FORWARD(quern__dataset_new("memory", &result));
  quern_status status = QUERN_OK;
  void *copied;
  result->element = QUERN_ELEMENT_FLOAT32;
  result->rows = from->rows;
  result->columns = from->columns;
  QUERN__TRY(
      copy_elements(from->values, from->rows, from->columns, sizeof(float), &result->values));
  if (from->labels != NULL) {
    QUERN__TRY(copy_elements(from->labels, from->rows, 1, sizeof(int32_t), &copied));
    result->labels = copied;
    result->labels_are_classes = true;
    quern__dataset_set_classes(result);
  } else {
    if (from->targets != NULL) {
      QUERN__TRY(
          copy_elements(from->targets, from->rows, from->target_count, sizeof(float), &copied));
      result->targets = copied;
    }
    quern__dataset_set_targets(result, from->task, from->target_count);
  }
  *dataset = result;
  result = NULL;
cleanup:
  quern_dataset_free(result);
  return status;
}

quern_status quern_dataset_from_floats(const float *values, const int32_t *labels, size_t rows,
                                       size_t columns, quern_dataset **dataset) {
  if (dataset == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "data set: dataset is NULL");
  *dataset = NULL;
  if (values == NULL || labels == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "data set: %s is NULL", values ? "labels" : "values");
  return make_dataset(
      &(given){.values = values, .labels = labels, .rows = rows, .columns = columns}, dataset);
}

quern_status quern_dataset_from_targets(const float *values, const float *targets, quern_task task,
                                        size_t rows, size_t columns, size_t target_count,
                                        quern_dataset **dataset) {
  if (dataset == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "data set: dataset is NULL");
  *dataset = NULL;
  if (values == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "data set: values is NULL");
  const bool known =
      task == QUERN_TASK_NONE || task == QUERN_TASK_LABELS || task == QUERN_TASK_REGRESSION;
  if (!known) {
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "data set: task %d, expected labels, regression or none", (int)task);
  }
  if ((task == QUERN_TASK_NONE) != (targets == NULL) || (targets == NULL) != (target_count == 0)) {
    return quern__fail(
        QUERN_ERROR_ARGUMENT,
        "data set: %zu targets %s, expected at least one with a task, and none without",
        target_count, targets ? "given" : "at NULL");
  }
  return make_dataset(&(given){.values = values,
                               .targets = targets,
                               .rows = rows,
                               .columns = columns,
                               .target_count = target_count,
                               .task = task},
                      dataset);
}

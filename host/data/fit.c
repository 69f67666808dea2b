/* Prepares data: fills missing values and standardizes columns. */
#include "../base/error.h"
#include "classes.h"
#include <math.h>
#include <stdlib.h>

/* Returns a column's mean, ignoring missing values (NaN); 0 if all are missing. */
static double mean_of(const float *values, size_t rows, size_t stride) {
  double sum = 0.0;
  size_t count = 0;
  for (size_t row = 0; row < rows; row++) {
    if (isnan(values[row * stride])) continue;
    sum += (double)values[row * stride];
    count++;
  }
  return count > 0 ? sum / (double)count : 0.0;
}

/* Returns a column's standard deviation (dividing by rows); 1 if all its values are equal. */
static double deviation_of(const float *values, size_t rows, size_t stride, double mean) {
  double sum = 0.0;
  bool constant = true;
  for (size_t row = 0; row < rows; row++) {
    const double value = (double)values[row * stride];
    if (values[row * stride] != values[0]) constant = false;
    sum += (value - mean) * (value - mean);
  }
  const double deviation = sqrt(sum / (double)rows);
  return constant || !(deviation > 0.0) ? 1.0 : deviation;
}

/* Returns a column's mean. If all values are equal, returns that value, which rounding in mean_of
 * might change. */
static double center_of(const float *values, size_t rows, size_t stride) {
  bool constant = true;
  for (size_t row = 1; row < rows && constant; row++) constant = values[row * stride] == values[0];
  return constant ? (double)values[0] : mean_of(values, rows, stride);
}

static quern_status allocate_doubles(size_t count, double **result) {
  *result = calloc(count, sizeof **result);
  return *result != NULL ? QUERN_OK : quern__fail_memory("a schema", count * sizeof **result);
}

/* Computes each column's mean and deviation. On failure the caller frees both. */
static quern_status learn_columns(const float *values, size_t rows, size_t columns, double **mean,
                                  double **deviation) {
  QUERN__FORWARD(allocate_doubles(columns, mean));
  QUERN__FORWARD(allocate_doubles(columns, deviation));
  for (size_t i = 0; i < columns; i++) {
    (*mean)[i] = center_of(values + i, rows, columns);
    (*deviation)[i] = deviation_of(values + i, rows, columns, (*mean)[i]);
  }
  return QUERN_OK;
}

static void fill_missing(quern_dataset *dataset) {
  float *values = dataset->values;
  if (!dataset->has_missing || dataset->schema->fill == NULL) return;
  for (size_t row = 0; row < dataset->rows; row++) {
    for (size_t i = 0; i < dataset->columns; i++, values++)
      if (isnan(*values)) *values = (float)dataset->schema->fill[i];
  }
  dataset->has_missing = false;
}

/* Computes in double and rounds once. */
static quern_status standardize_matrix(const char *source, float *values, size_t rows,
                                       size_t columns, const double *mean,
                                       const double *deviation) {
  for (size_t row = 0; row < rows; row++) {
    for (size_t i = 0; i < columns; i++, values++) {
      const float result = (float)(((double)*values - mean[i]) / deviation[i]);
      if (!isfinite(result)) {
        return quern__fail(QUERN_ERROR_DATA,
                           "%s: sample %zu, value %zu: %g, standardized by mean %g and deviation "
                           "%g, is too large for a float",
                           source, row, i, (double)*values, mean[i], deviation[i]);
      }
      *values = result;
    }
  }
  return QUERN_OK;
}

static quern_status standardize_dataset(quern_dataset *dataset) {
  const quern_schema *schema = dataset->schema;
  if (schema->mean != NULL) {
    QUERN__FORWARD(standardize_matrix(dataset->source, dataset->values, dataset->rows,
                                      dataset->columns, schema->mean, schema->deviation));
  }
  if (schema->target_mean == NULL || dataset->targets == NULL) return QUERN_OK;
  return standardize_matrix(dataset->source, dataset->targets, dataset->rows, schema->outputs,
                            schema->target_mean, schema->target_deviation);
}

/* Sets fill to the columns' means. has_missing may be set without missing values, for other data
 * that may have some. */
static quern_status learn_fill(quern_dataset *dataset) {
  quern_schema *schema = dataset->schema;
  if (!dataset->has_missing || schema->fill != NULL) return QUERN_OK;
  QUERN__FORWARD(allocate_doubles(dataset->columns, &schema->fill));
  for (size_t i = 0; i < dataset->columns; i++)
    schema->fill[i] = mean_of((const float *)dataset->values + i, dataset->rows, dataset->columns);
  return QUERN_OK;
}

quern_status quern_dataset_fit(quern_dataset *dataset, bool standardized) {
  if (dataset == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "fit: dataset is NULL");
  quern_schema *schema = dataset->schema;
  if (schema->mean != NULL || schema->target_mean != NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "fit: %s is standardized already", dataset->source);
  if (!standardized && !dataset->has_missing) return QUERN_OK;
  QUERN__FORWARD(quern__dataset_check_idle("fit", dataset));
  QUERN__FORWARD(quern__dataset_widen(dataset));
  QUERN__FORWARD(learn_fill(dataset));
  fill_missing(dataset);
  if (!standardized) return QUERN_OK;
  QUERN__FORWARD(learn_columns(dataset->values, dataset->rows, dataset->columns, &schema->mean,
                               &schema->deviation));
  if (schema->task == QUERN_TASK_REGRESSION) {
    QUERN__FORWARD(learn_columns(dataset->targets, dataset->rows, schema->outputs,
                                 &schema->target_mean, &schema->target_deviation));
  }
  return standardize_dataset(dataset);
}

/* Checks that the targets, if any, are those that the schema describes. */
static quern_status check_targets(const quern_dataset *dataset, const quern_schema *schema) {
  const quern_schema *own = dataset->schema;
  if (own->task == QUERN_TASK_NONE || schema->target_mean == NULL) return QUERN_OK;
  if (own->task == schema->task && own->outputs == schema->outputs) return QUERN_OK;
  return quern__fail(QUERN_ERROR_SHAPE, "prepare: %s does not have the %zu targets of the schema",
                     dataset->source, schema->outputs);
}

quern_status quern_dataset_apply(quern_dataset *dataset, const quern_schema *schema) {
  if (dataset == NULL || schema == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "prepare: %s is NULL", dataset ? "schema" : "dataset");
  quern_schema *own = dataset->schema;
  if (own->mean != NULL || own->target_mean != NULL) {
    return quern__fail(QUERN_ERROR_ARGUMENT, "prepare: %s is standardized already",
                       dataset->source);
  }
  if (dataset->columns != schema->columns) {
    return quern__fail(QUERN_ERROR_SHAPE,
                       "prepare: %s has %zu columns per sample, but the schema has %zu",
                       dataset->source, dataset->columns, schema->columns);
  }
  QUERN__FORWARD(check_targets(dataset, schema));
  QUERN__FORWARD(quern__dataset_share_classes(dataset, schema));
  if (schema->mean == NULL && schema->fill == NULL) return QUERN_OK;
  QUERN__FORWARD(quern__dataset_check_idle("prepare", dataset));
  QUERN__FORWARD(quern__dataset_widen(dataset));
  /* If the reader has chosen fill values, keep them for the values that are still missing. */
  if (own->fill == NULL)
    QUERN__FORWARD(quern__schema_copy_doubles(schema->fill, schema->columns, &own->fill));
  fill_missing(dataset);
  QUERN__FORWARD(quern__schema_copy_doubles(schema->mean, schema->columns, &own->mean));
  QUERN__FORWARD(quern__schema_copy_doubles(schema->deviation, schema->columns, &own->deviation));
  if (dataset->targets != NULL && schema->target_mean != NULL) {
    QUERN__FORWARD(
        quern__schema_copy_doubles(schema->target_mean, schema->outputs, &own->target_mean));
    QUERN__FORWARD(quern__schema_copy_doubles(schema->target_deviation, schema->outputs,
                                              &own->target_deviation));
  }
  return standardize_dataset(dataset);
}

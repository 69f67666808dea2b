/* Makes a data set of two arrays: each row of the first is a sample, and the second has its
 * targets. */
#include "../../base/error.h"
#include "../../base/size.h"
#include "../classes.h"
#include "array.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Converts a half: 1 sign bit, 5 of the exponent, 10 of the fraction. */
static double half_of(uint64_t bits) {
  const int exponent = (int)(bits >> 10 & 31);
  const double fraction = (double)(bits & 1023), sign = bits >> 15 ? -1.0 : 1.0;
  if (exponent == 31) return fraction > 0.0 ? (double)NAN : sign * (double)INFINITY;
  return sign * (exponent == 0 ? ldexp(fraction, -24) : ldexp(fraction + 1024.0, exponent - 25));
}

/* Returns an element as a double; exact except for integers past 2^53. */
static double element_at(const quern__array *array, size_t index) {
  const unsigned char *bytes = array->data + index * array->bytes;
  uint64_t bits = 0;
  for (size_t i = array->bytes; i-- > 0;) bits = bits << 8 | bytes[i];
  if (array->number == QUERN__FLOAT && array->bytes == sizeof(double)) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
  }
  if (array->number == QUERN__FLOAT && array->bytes == 2) return half_of(bits);
  if (array->number == QUERN__FLOAT || array->number == QUERN__BRAIN_FLOAT) {
    const uint32_t word = array->bytes == 2 ? (uint32_t)bits << 16 : (uint32_t)bits;
    float value;
    memcpy(&value, &word, sizeof value);
    return (double)value;
  }
  if (array->number != QUERN__SIGNED) return (double)bits;
  const unsigned shift = 64 - 8 * (unsigned)array->bytes;
  const uint64_t sign = (uint64_t)1 << (63 - shift);
  /* Converts two's complement portably: the magnitude is 2^n minus the bits. */
  return (bits & sign) != 0 ? -(double)(((~bits + 1) << shift) >> shift) : (double)bits;
}

/* A shape in a message, such as "[3][4]". */
typedef struct shape_text {
  char text[96];
} shape_text;

static shape_text print_shape(const quern__array *array) {
  shape_text printed = {""};
  size_t position = 0;
  for (size_t i = 0; i < array->rank && position < sizeof printed.text; i++)
    position += (size_t)snprintf(printed.text + position, sizeof printed.text - position, "[%zu]",
                                 array->shape[i]);
  return printed;
}

/* All dimensions but the first make up the columns. */
static quern_status rows_and_columns(const quern__array *array, size_t *rows, size_t *columns) {
  if (array->rank == 0) {
    return quern__fail(QUERN_ERROR_SHAPE, "%s: a single number, expected samples in rows",
                       array->name);
  }
  *rows = array->shape[0];
  *columns = quern__array_count(array) / *rows;
  if (*rows <= QUERN__DIMENSION_LARGEST && *columns <= QUERN__DIMENSION_LARGEST) return QUERN_OK;
  return quern__fail(QUERN_ERROR_OVERFLOW, "%s: of shape %s, expected at most %zu rows and columns",
                     array->name, print_shape(array).text, QUERN__DIMENSION_LARGEST);
}

/* Converts all elements to floats. If may_miss is set, NaN is a missing value. */
static quern_status make_floats(const quern__array *array, size_t columns, const char *what,
                                bool may_miss, bool *has_missing, float **floats) {
  const size_t count = quern__array_count(array);
  size_t bytes;
  if (!quern__multiply(count, sizeof(float), &bytes))
    return quern__fail_memory(array->name, SIZE_MAX);
  float *result = malloc(bytes);
  if (result == NULL) return quern__fail_memory(array->name, bytes);
  for (size_t i = 0; i < count; i++) {
    const double value = element_at(array, i);
    result[i] = (float)value;
    if (isfinite(result[i])) continue;
    if (isnan(value) && may_miss) {
      *has_missing = true;
      continue;
    }
    free(result);
    return quern__fail(QUERN_ERROR_DATA, "%s: row %zu, %s %zu, both from 0: %g, expected %s",
                       array->name, i / columns, what, i % columns, value,
                       isfinite(value) ? "a number that fits a float" : "a finite number");
  }
  *floats = result;
  return QUERN_OK;
}

/* Sets the class labels, which must be whole numbers. */
static quern_status set_labels(const quern__array *array, quern_dataset *result,
                               const quern_dataset_options *options) {
  const size_t count = quern__array_count(array);
  size_t bytes;
  if (!quern__multiply(count, sizeof(double), &bytes))
    return quern__fail_memory(array->name, SIZE_MAX);
  double *values = malloc(bytes);
  if (values == NULL) return quern__fail_memory(array->name, bytes);
  quern_status status = QUERN_OK;
  for (size_t i = 0; i < count && status == QUERN_OK; i++) {
    values[i] = element_at(array, i);
    if (!quern__is_class_value(values[i]))
      status = quern__fail(QUERN_ERROR_DATA,
                           "%s: row %zu, from 0: %g, expected a label, a whole number (numeric "
                           "targets need --task regression)",
                           array->name, i, values[i]);
  }
  if (status == QUERN_OK) status = quern__dataset_set_class_values(result, values, options);
  free(values);
  return status;
}

static quern_task task_of(const quern__array *y, size_t targets,
                          const quern_dataset_options *options) {
  if (options->schema != NULL && options->schema->task != QUERN_TASK_NONE)
    return options->schema->task;
  if (options->task != QUERN_TASK_NONE) return options->task;
  if (y->number == QUERN__FLOAT || y->number == QUERN__BRAIN_FLOAT) return QUERN_TASK_REGRESSION;
  return targets == 1 ? QUERN_TASK_CLASSES : QUERN_TASK_LABELS;
}

static quern_status check_marks(const quern__array *y, const float *targets, size_t columns) {
  for (size_t i = 0; i < quern__array_count(y); i++) {
    if (targets[i] == 0.0f || targets[i] == 1.0f) continue;
    return quern__fail(QUERN_ERROR_DATA,
                       "%s: row %zu, target %zu, both from 0: %g, expected a label, 0 or 1",
                       y->name, i / columns, i % columns, (double)targets[i]);
  }
  return QUERN_OK;
}

static quern_status check_numbers(const quern__array *array) {
  if (!quern__array_is_text(array)) return QUERN_OK;
  return quern__fail(QUERN_ERROR_UNSUPPORTED,
                     "%s: texts, expected numbers; in Python, "
                     "x.astype(\"float32\") converts numbers in texts",
                     array->name);
}

static quern_status set_targets(quern_dataset *result, const quern__array *x, const quern__array *y,
                                const quern_dataset_options *options) {
  size_t rows, targets;
  QUERN__FORWARD(rows_and_columns(y, &rows, &targets));
  if (rows != result->rows) {
    return quern__fail(QUERN_ERROR_SHAPE, "%s has %zu samples, but %s has %zu", x->name,
                       result->rows, y->name, rows);
  }
  const quern_task task = task_of(y, targets, options);
  if (task == QUERN_TASK_CLASSES) {
    if (targets != 1) {
      return quern__fail(QUERN_ERROR_SHAPE,
                         "%s: of shape %s, expected one class for each sample, [%zu]", y->name,
                         print_shape(y).text, rows);
    }
    return quern__array_is_text(y) ? quern__array_text_labels(y, result, options)
                                   : set_labels(y, result, options);
  }
  QUERN__FORWARD(check_numbers(y));
  QUERN__FORWARD(make_floats(y, targets, "target", false, NULL, &result->targets));
  if (task == QUERN_TASK_LABELS) QUERN__FORWARD(check_marks(y, result->targets, targets));
  quern__dataset_set_targets(result, task, targets);
  return QUERN_OK;
}

/* Sets the values. Images of bytes are scaled to 0 … 1, as for IDX. */
static quern_status set_values(quern_dataset *result, quern__array *x,
                               const quern_dataset_options *options) {
  if (x->number == QUERN__UNSIGNED && x->bytes == 1) {
    result->element = QUERN_ELEMENT_UINT8;
    result->values = x->data;
    x->data = NULL;
    if (x->rank >= 3) result->scale = 1.0f / 255.0f;
  } else {
    const bool fills = options->schema != NULL ? options->schema->fill != NULL
                                               : options->missing != QUERN_MISSING_REFUSE;
    float *values;
    result->element = QUERN_ELEMENT_FLOAT32;
    QUERN__FORWARD(make_floats(x, result->columns, "value", fills, &result->has_missing, &values));
    result->values = values;
  }
  /* [rows][height][width], or with one channel before or after these two */
  const size_t *shape = x->shape;
  if (x->rank == 3 || (x->rank == 4 && shape[3] == 1)) {
    result->height = shape[1];
    result->width = shape[2];
  } else if (x->rank == 4 && shape[1] == 1) {
    result->height = shape[2];
    result->width = shape[3];
  }
  return QUERN_OK;
}

/* Handles options->missing, as the reader of tables does. */
static quern_status apply_missing_option(quern_dataset *result,
                                         const quern_dataset_options *options) {
  if (options->schema != NULL || result->element != QUERN_ELEMENT_FLOAT32) return QUERN_OK;
  if (options->missing == QUERN_MISSING_MEAN) result->has_missing = true;
  if (options->missing != QUERN_MISSING_ZERO) return QUERN_OK;
  result->schema->fill = calloc(result->columns, sizeof *result->schema->fill);
  if (result->schema->fill == NULL)
    return quern__fail_memory("a schema", result->columns * sizeof(double));
  float *values = result->values;
  for (size_t i = 0; i < result->rows * result->columns; i++)
    if (isnan(values[i])) values[i] = 0.0f;
  result->has_missing = false;
  return QUERN_OK;
}

quern_status quern__arrays_dataset(const char *source, quern__array *x, const quern__array *y,
                                   const quern_dataset_options *options, quern_dataset **dataset) {
  quern_dataset *result;
  QUERN__FORWARD(quern__dataset_new(source, &result));
  quern_status status = QUERN_OK;
  QUERN__TRY(rows_and_columns(x, &result->rows, &result->columns));
  QUERN__TRY(check_numbers(x));
  QUERN__TRY(set_values(result, x, options));
  if (y != NULL)
    QUERN__TRY(set_targets(result, x, y, options));
  else
    quern__dataset_set_targets(result, QUERN_TASK_NONE, 0);
  QUERN__TRY(apply_missing_option(result, options));
  *dataset = result;
  result = NULL;
cleanup:
  quern_dataset_free(result);
  return status;
}

/* Data sets: making, freeing, and looking into them. */
#include "dataset.h"

#include "data.h"
#include "error.h"
#include "size.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

quern_status quern__dataset_new(const char *source, quern_dataset **dataset) {
  quern_dataset *made = calloc(1, sizeof *made);
  if (!made) return quern__fail_memory("a data set", sizeof *made);
  size_t source_bytes = strlen(source) + 1;
  made->source = malloc(source_bytes);
  if (!made->source) {
    free(made);
    return quern__fail_memory("a data set's source", source_bytes);
  }
  memcpy(made->source, source, source_bytes);
  made->scale = 1.0f;
  *dataset = made;
  return QUERN_OK;
}

void quern__dataset_count_classes(quern_dataset *dataset) {
  int32_t largest = 0;
  for (size_t row = 0; row < dataset->rows; row++) {
    if (dataset->labels[row] > largest) largest = dataset->labels[row];
  }
  dataset->classes = (size_t)largest + 1;
}

static quern_status check_floats(const float *values, const int32_t *labels, size_t rows, size_t columns) {
  if (!values || !labels) {
    return quern__fail(QUERN_ERROR_ARGUMENT, "data set: %s is NULL", values ? "labels" : "values");
  }
  if (rows == 0 || columns == 0) {
    return quern__fail(QUERN_ERROR_SHAPE, "data set: %zu rows of %zu columns, expected at least one of each",
                       rows, columns);
  }
  if (rows > QUERN__DIMENSION_LARGEST || columns > QUERN__DIMENSION_LARGEST) {
    return quern__fail(QUERN_ERROR_OVERFLOW,
                       "data set: %zu rows of %zu columns, expected at most %zu of each", rows, columns,
                       QUERN__DIMENSION_LARGEST);
  }
  return QUERN_OK;
}

/* The values themselves, once it is known that there are so many. */
static quern_status check_finite(const float *values, const int32_t *labels, size_t rows, size_t columns) {
  for (size_t row = 0; row < rows; row++) {
    for (size_t column = 0; column < columns; column++) {
      float value = values[row * columns + column];
      if (!isfinite(value)) {
        return quern__fail(QUERN_ERROR_DATA, "data set: row %zu, column %zu: %g, expected a finite number",
                           row, column, (double)value);
      }
    }
    if (labels[row] < 0 || labels[row] == INT32_MAX) {
      return quern__fail(QUERN_ERROR_DATA, "data set: row %zu: label %d, expected 0 to %d", row,
                         (int)labels[row], (int)(INT32_MAX - 1));
    }
  }
  return QUERN_OK;
}

quern_status quern_dataset_from_floats(const float *values, const int32_t *labels, size_t rows,
                                       size_t columns, quern_dataset **dataset) {
  if (!dataset) return quern__fail(QUERN_ERROR_ARGUMENT, "data set: dataset is NULL");
  *dataset = NULL;
  QUERN__FORWARD(check_floats(values, labels, rows, columns));
  size_t count, value_bytes, label_bytes;
  if (!quern__multiply(rows, columns, &count) || !quern__multiply(count, sizeof(float), &value_bytes) ||
      !quern__multiply(rows, sizeof(int32_t), &label_bytes)) {
    return quern__fail(QUERN_ERROR_OVERFLOW, "data set: %zu rows of %zu floats do not fit in memory", rows,
                       columns);
  }
  QUERN__FORWARD(check_finite(values, labels, rows, columns));

  quern_dataset *made;
  QUERN__FORWARD(quern__dataset_new("memory", &made));
  quern_status status = QUERN_OK;
  made->element = QUERN_FLOAT32;
  made->rows = rows;
  made->columns = columns;
  made->values = malloc(value_bytes);
  made->labels = malloc(label_bytes);
  if (!made->values || !made->labels) {
    status = quern__fail_memory("a data set", made->values ? label_bytes : value_bytes);
    goto cleanup;
  }
  memcpy(made->values, values, value_bytes);
  memcpy(made->labels, labels, label_bytes);
  quern__dataset_count_classes(made);
  *dataset = made;
  made = NULL;
cleanup:
  quern_dataset_free(made);
  return status;
}

void quern_dataset_free(quern_dataset *dataset) {
  if (!dataset) return;
  free(dataset->source);
  free(dataset->values);
  free(dataset->labels);
  free(dataset);
}

size_t quern_dataset_rows(const quern_dataset *dataset) {
  return dataset->rows;
}

size_t quern_dataset_columns(const quern_dataset *dataset) {
  return dataset->columns;
}

size_t quern_dataset_classes(const quern_dataset *dataset) {
  return dataset->classes;
}

bool quern_dataset_image_size(const quern_dataset *dataset, size_t *height, size_t *width) {
  if (dataset->height == 0) return false;
  *height = dataset->height;
  *width = dataset->width;
  return true;
}

int32_t quern_dataset_label(const quern_dataset *dataset, size_t row) {
  return dataset->labels[row];
}

void quern_dataset_values(const quern_dataset *dataset, size_t row, float *values) {
  const size_t first = row * dataset->columns;
  for (size_t column = 0; column < dataset->columns; column++) {
    float element = dataset->element == QUERN_UINT8
                        ? (float)((const uint8_t *)dataset->values)[first + column]
                        : ((const float *)dataset->values)[first + column];
    values[column] = fmaf(element, dataset->scale, dataset->offset);
  }
}

const char *quern_dataset_source(const quern_dataset *dataset) {
  return dataset->source;
}

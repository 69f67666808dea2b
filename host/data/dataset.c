/* Data sets: creation, release and access. */
#include "dataset.h"

#include "../base/error.h"
#include "../base/size.h"
#include "data.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

quern_status quern__dataset_new(const char *source, quern_dataset **dataset) {
  quern_dataset *result = calloc(1, sizeof *result);
  if (result == NULL) return quern__fail_memory("a data set", sizeof *result);
  size_t source_bytes = strlen(source) + 1;
  result->source = malloc(source_bytes);
  if (result->source == NULL) {
    free(result);
    return quern__fail_memory("a data set's source", source_bytes);
  }
  memcpy(result->source, source, source_bytes);
  result->scale = 1.0f;
  const quern_status status = quern__schema_create(&result->schema);
  if (status == QUERN_OK)
    *dataset = result;
  else
    quern_dataset_free(result);
  return status;
}

void quern__dataset_set_classes(quern_dataset *dataset) {
  int32_t largest = 0;
  for (size_t row = 0; row < dataset->rows; row++)
    if (dataset->labels[row] > largest) largest = dataset->labels[row];
  dataset->schema->task = QUERN_TASK_CLASSES;
  dataset->schema->outputs = (size_t)largest + 1;
  dataset->schema->columns = dataset->columns;
}

void quern__dataset_set_targets(quern_dataset *dataset, quern_task task, size_t count) {
  dataset->schema->task = task;
  dataset->schema->outputs = count;
  dataset->schema->columns = dataset->columns;
}

quern_status quern__dataset_widen(quern_dataset *dataset) {
  if (dataset->element == QUERN_ELEMENT_FLOAT32) return QUERN_OK;
  size_t count, bytes;
  if (!quern__multiply(dataset->rows, dataset->columns, &count) ||
      !quern__multiply(count, sizeof(float), &bytes)) {
    return quern__fail(QUERN_ERROR_OVERFLOW, "%s: %zu rows of %zu floats do not fit in memory",
                       dataset->source, dataset->rows, dataset->columns);
  }
  float *values = malloc(bytes);
  if (values == NULL) return quern__fail_memory("a data set as floats", bytes);
  for (size_t row = 0; row < dataset->rows; row++)
    quern_dataset_values(dataset, row, values + row * dataset->columns);
  free(dataset->values);
  dataset->values = values;
  dataset->element = QUERN_ELEMENT_FLOAT32;
  dataset->scale = 1.0f;
  dataset->offset = 0.0f;
  return QUERN_OK;
}

const quern_dataset *quern__dataset_hold(const quern_dataset *dataset) {
  quern_dataset *held = (quern_dataset *)(uintptr_t)dataset;
  if (held == NULL) return NULL;
  atomic_fetch_add_explicit(&held->readers, 1, memory_order_relaxed);
  return dataset;
}

void quern__dataset_release(const quern_dataset *dataset) {
  quern_dataset_free((quern_dataset *)(uintptr_t)dataset);
}

quern_status quern__dataset_check_idle(const char *what, const quern_dataset *dataset) {
  if (atomic_load_explicit(&dataset->readers, memory_order_acquire) == 0) return QUERN_OK;
  return quern__fail(QUERN_ERROR_BUSY,
                     "%s: %s is in use by a training, and cannot change until that ends", what,
                     dataset->source);
}

void quern_dataset_free(quern_dataset *dataset) {
  if (dataset == NULL) return;
  if (atomic_fetch_sub_explicit(&dataset->readers, 1, memory_order_acq_rel) > 0) return;
  free(dataset->source);
  free(dataset->values);
  free(dataset->labels);
  free(dataset->targets);
  quern__schema_free(dataset->schema);
  free(dataset);
}

size_t quern_dataset_rows(const quern_dataset *dataset) {
  return dataset->rows;
}

size_t quern_dataset_columns(const quern_dataset *dataset) {
  return dataset->columns;
}

const quern_schema *quern_dataset_schema(const quern_dataset *dataset) {
  return dataset->schema;
}

const char *quern_dataset_note(const quern_dataset *dataset) {
  return dataset->without_index ? "column 1 has no name and counts the rows: it is left out" : "";
}

quern_task quern_dataset_task(const quern_dataset *dataset) {
  return dataset->schema->task;
}

size_t quern_dataset_outputs(const quern_dataset *dataset) {
  return dataset->schema->outputs;
}

size_t quern_dataset_classes(const quern_dataset *dataset) {
  return dataset->schema->task == QUERN_TASK_CLASSES ? dataset->schema->outputs : 0;
}

bool quern_dataset_image_size(const quern_dataset *dataset, size_t *height, size_t *width) {
  if (dataset->height == 0) return false;
  *height = dataset->height;
  *width = dataset->width;
  return true;
}

int32_t quern_dataset_label(const quern_dataset *dataset, size_t row) {
  return dataset->labels != NULL ? dataset->labels[row] : -1;
}

void quern_dataset_values(const quern_dataset *dataset, size_t row, float *values) {
  const size_t first = row * dataset->columns;
  for (size_t column = 0; column < dataset->columns; column++) {
    float element = dataset->element == QUERN_ELEMENT_UINT8
                        ? (float)((const uint8_t *)dataset->values)[first + column]
                        : ((const float *)dataset->values)[first + column];
    values[column] = fmaf(element, dataset->scale, dataset->offset);
  }
}

void quern_dataset_targets(const quern_dataset *dataset, size_t row, float *targets) {
  const quern_schema *schema = dataset->schema;
  for (size_t i = 0; dataset->targets != NULL && i < schema->outputs; i++) {
    const float target = dataset->targets[row * schema->outputs + i];
    targets[i] =
        schema->target_mean != NULL
            ? (float)((double)target * schema->target_deviation[i] + schema->target_mean[i])
            : target;
  }
}

const char *quern_dataset_source(const quern_dataset *dataset) {
  return dataset->source;
}

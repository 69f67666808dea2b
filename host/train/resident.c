/* Data sets on the device. */
#include "resident.h"

#include "../context.h"
#include "../dataset.h"
#include "../error.h"
#include "../network/network.h"
#include "../schema.h"
#include "../size.h"
#include <stdlib.h>

/* What the data must be for any use of the network. */
static quern_status check_samples(const quern_network *network, const quern_dataset *dataset) {
  const quern__shape *shape = &network->shape;
  if (dataset->columns != shape->inputs)
    return quern__fail(QUERN_ERROR_SHAPE, "%s has %zu columns a sample, and the network %zu inputs",
                       dataset->source, dataset->columns, shape->inputs);
  if (dataset->has_missing)
    return quern__fail(QUERN_ERROR_DATA,
                       "%s: its missing values have not been filled: call quern_dataset_fit first",
                       dataset->source);
  if (network->schema != NULL && !quern__schema_prepares_alike(network->schema, dataset->schema))
    return quern__fail(QUERN_ERROR_DATA,
                       "%s: is not prepared as the data that the network was trained on: open it by "
                       "quern_network_schema, or apply that",
                       dataset->source);
  return QUERN_OK;
}

/* What is to be predicted, and whether the loss can be taken of it. */
static quern_status check_truth(const quern_network *network, const quern_dataset *dataset) {
  const quern_schema *schema = dataset->schema;
  const quern_loss loss = network->shape.loss;
  const size_t outputs = quern__shape_outputs(&network->shape);
  if (schema->task == QUERN_TASK_NONE)
    return quern__fail(QUERN_ERROR_DATA,
                       "%s: has nothing to predict: expected labels or targets of its samples",
                       dataset->source);
  if (schema->task != QUERN_TASK_CLASSES) {
    if (!quern__loss_takes_targets(loss))
      return quern__fail(QUERN_ERROR_DATA,
                         "%s: has %zu %s to predict, and the %s loss takes one class a sample",
                         dataset->source, schema->outputs,
                         schema->task == QUERN_TASK_LABELS ? "labels" : "numbers", quern_loss_name(loss));
    if (schema->outputs != outputs)
      return quern__fail(QUERN_ERROR_SHAPE, "%s has %zu targets a sample, and the network %zu outputs",
                         dataset->source, schema->outputs, outputs);
    if (loss != QUERN_BINARY) return QUERN_OK;
    for (size_t i = 0; i < dataset->rows * outputs; i++) {
      const float target = dataset->targets[i];
      if (target >= 0.0f && target <= 1.0f) continue;
      return quern__fail(QUERN_ERROR_DATA,
                         "%s: target %zu of sample %zu is %g, expected 0 to 1 for the binary loss",
                         dataset->source, i % outputs, i / outputs, (double)target);
    }
    return QUERN_OK;
  }
  if (schema->outputs <= outputs) return QUERN_OK;
  size_t row = 0;
  while (row < dataset->rows && (size_t)dataset->labels[row] < outputs) row++;
  if (row == dataset->rows) return QUERN_OK; /* it knows of more classes than it has */
  return quern__fail(QUERN_ERROR_DATA,
                     "%s: the label of sample %zu is %d, expected 0 to %zu: the network has %zu outputs",
                     dataset->source, row, (int)dataset->labels[row], outputs - 1, outputs);
}

static quern_status upload(quern_context *context, const void *data, size_t count, size_t element_bytes,
                           quern_buffer **buffer) {
  QUERN__FORWARD(quern_buffer_create(context, count * element_bytes, buffer));
  return quern_buffer_write(*buffer, 0, count * element_bytes, data, QUERN_WAIT);
}

static quern_status upload_truth(quern_context *context, const quern_dataset *dataset,
                                 quern__resident *resident) {
  const quern_schema *schema = dataset->schema;
  resident->task = schema->task;
  if (schema->task == QUERN_TASK_CLASSES)
    return upload(context, dataset->labels, dataset->rows, sizeof *dataset->labels, &resident->labels);
  resident->target_count = schema->outputs;
  QUERN__FORWARD(
      quern__schema_copy_doubles(schema->target_deviation, schema->outputs, &resident->target_scale));
  return upload(context, dataset->targets, dataset->rows * schema->outputs, sizeof *dataset->targets,
                &resident->targets);
}

quern_status quern__resident_create(quern_context *context, const quern_network *network,
                                    const quern_dataset *dataset, bool learns, quern__resident *resident) {
  *resident = (quern__resident){.context = context,
                                .rows = dataset->rows,
                                .columns = dataset->columns,
                                .element = dataset->element,
                                .scale = dataset->scale,
                                .offset = dataset->offset};
  QUERN__FORWARD(check_samples(network, dataset));
  if (learns) QUERN__FORWARD(check_truth(network, dataset));
  quern_status status;
  uint32_t *order = malloc(dataset->rows * sizeof *order);
  if (order == NULL) return quern__fail_memory("sample order", dataset->rows * sizeof *order);
  for (size_t i = 0; i < dataset->rows; i++) order[i] = (uint32_t)i;
  QUERN__TRY(upload(context, dataset->values, dataset->rows * dataset->columns,
                    quern__element_bytes(dataset->element), &resident->values));
  if (learns) QUERN__TRY(upload_truth(context, dataset, resident));
  QUERN__TRY(upload(context, order, dataset->rows, sizeof *order, &resident->order));
  free(order);
  return QUERN_OK;
cleanup:
  free(order);
  quern__resident_free(resident);
  return status;
}

void quern__resident_free(quern__resident *resident) {
  quern_buffer_free(resident->values);
  quern_buffer_free(resident->labels);
  quern_buffer_free(resident->targets);
  free(resident->target_scale);
  quern_buffer_free(resident->order);
  *resident = (quern__resident){0};
}

/* A buffer of `rows` x `columns` elements of 4 bytes. */
static quern_status create_matrix(quern_context *context, size_t rows, size_t columns,
                                  quern_buffer **buffer) {
  size_t count, bytes;
  if (!quern__multiply(rows, columns, &count) || !quern__multiply(count, sizeof(float), &bytes))
    return quern__fail(QUERN_ERROR_OVERFLOW, "a batch of %zu samples of %zu values overflows", rows, columns);
  return quern__buffer_create_touched(context, bytes, buffer);
}

quern_status quern__batch_create(quern_context *context, size_t size, size_t columns, size_t target_count,
                                 quern__batch *batch) {
  *batch = (quern__batch){0};
  quern_status status;
  QUERN__TRY(create_matrix(context, size, columns, &batch->x));
  if (target_count > 0)
    QUERN__TRY(create_matrix(context, size, target_count, &batch->targets));
  else
    QUERN__TRY(create_matrix(context, size, 1, &batch->labels));
  return QUERN_OK;
cleanup:
  quern__batch_free(batch);
  return status;
}

void quern__batch_free(quern__batch *batch) {
  quern_buffer_free(batch->x);
  quern_buffer_free(batch->labels);
  quern_buffer_free(batch->targets);
  *batch = (quern__batch){0};
}

quern_status quern__resident_gather(const quern__resident *resident, size_t first, size_t n,
                                    const quern__batch *batch, quern_tensor *x, quern__truth *truth) {
  quern_context *context = resident->context;
  const size_t rows = resident->rows;
  quern_tensor indices = quern_vector(resident->order, first, n);
  *x = quern_matrix(batch->x, 0, n, resident->columns);
  QUERN__FORWARD(quern_gather_rows(context, resident->element,
                                   quern_matrix(resident->values, 0, rows, resident->columns), indices,
                                   resident->scale, resident->offset, *x));
  if (truth == NULL) return QUERN_OK;
  *truth = (quern__truth){.labels = quern_none()};
  if (resident->targets == NULL) {
    truth->labels = quern_vector(batch->labels, 0, n);
    return quern_gather_labels(context, quern_vector(resident->labels, 0, rows), indices, truth->labels);
  }
  const size_t count = resident->target_count;
  truth->targets = quern_matrix(batch->targets, 0, n, count);
  return quern_gather_rows(context, QUERN_FLOAT32, quern_matrix(resident->targets, 0, rows, count), indices,
                           1.0f, 0.0f, truth->targets);
}

quern__samples quern__resident_samples(const quern__resident *resident, size_t first, size_t n,
                                       const quern__batch *batch, size_t size) {
  return (quern__samples){.element = resident->element,
                          .source = quern_matrix(resident->values, 0, resident->rows, resident->columns),
                          .labels = quern_vector(resident->labels, 0, resident->rows),
                          .order = quern_vector(resident->order, first, n),
                          .scale = resident->scale,
                          .offset = resident->offset,
                          .x = quern_matrix(batch->x, 0, size, resident->columns),
                          .batch_labels = quern_vector(batch->labels, 0, size)};
}

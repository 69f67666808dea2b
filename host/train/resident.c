/* Data sets on the device. */
#include "resident.h"

#include "../context.h"
#include "../dataset.h"
#include "../error.h"
#include "../network/network.h"
#include "../size.h"
#include <stdlib.h>

static quern_status check_fit(const quern_network *network, const quern_dataset *dataset) {
  const quern__shape *shape = &network->shape;
  if (dataset->columns != shape->inputs)
    return quern__fail(QUERN_ERROR_SHAPE, "%s has %zu columns a sample, and the network %zu inputs",
                       dataset->source, dataset->columns, shape->inputs);
  size_t outputs = quern__shape_outputs(shape);
  if (dataset->classes <= outputs) return QUERN_OK;
  size_t row = 0;
  while ((size_t)dataset->labels[row] < outputs) row++;
  return quern__fail(QUERN_ERROR_DATA,
                     "%s: the label of sample %zu is %d, expected 0 to %zu: the network has %zu outputs",
                     dataset->source, row, (int)dataset->labels[row], outputs - 1, outputs);
}

static quern_status upload(quern_context *context, const void *data, size_t count, size_t element_bytes,
                           quern_buffer **buffer) {
  QUERN__FORWARD(quern_buffer_create(context, count * element_bytes, buffer));
  return quern_buffer_write(*buffer, 0, count * element_bytes, data, QUERN_WAIT);
}

quern_status quern__resident_create(quern_context *context, const quern_network *network,
                                    const quern_dataset *dataset, quern__resident *resident) {
  *resident = (quern__resident){.context = context,
                                .rows = dataset->rows,
                                .columns = dataset->columns,
                                .element = dataset->element,
                                .scale = dataset->scale,
                                .offset = dataset->offset};
  QUERN__FORWARD(check_fit(network, dataset));
  quern_status status;
  uint32_t *order = malloc(dataset->rows * sizeof *order);
  if (order == NULL) return quern__fail_memory("sample order", dataset->rows * sizeof *order);
  for (size_t i = 0; i < dataset->rows; i++) order[i] = (uint32_t)i;
  QUERN__TRY(upload(context, dataset->values, dataset->rows * dataset->columns,
                    quern__element_bytes(dataset->element), &resident->values));
  QUERN__TRY(upload(context, dataset->labels, dataset->rows, sizeof *dataset->labels, &resident->labels));
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
  quern_buffer_free(resident->order);
  *resident = (quern__resident){0};
}

quern_status quern__batch_create(quern_context *context, size_t size, size_t columns, quern__batch *batch) {
  *batch = (quern__batch){0};
  size_t count, bytes;
  if (!quern__multiply(size, columns, &count) || !quern__multiply(count, sizeof(float), &bytes))
    return quern__fail(QUERN_ERROR_OVERFLOW, "a batch of %zu samples of %zu values overflows", size, columns);
  QUERN__FORWARD(quern__buffer_create_touched(context, bytes, &batch->x));
  quern_status status = quern__buffer_create_touched(context, size * sizeof(int32_t), &batch->labels);
  if (status != QUERN_OK) quern__batch_free(batch);
  return status;
}

void quern__batch_free(quern__batch *batch) {
  quern_buffer_free(batch->x);
  quern_buffer_free(batch->labels);
  *batch = (quern__batch){0};
}

quern_status quern__resident_gather(const quern__resident *resident, size_t first, size_t n,
                                    const quern__batch *batch, quern_tensor *x, quern_tensor *labels) {
  quern_tensor indices = quern_vector(resident->order, first, n);
  *x = quern_matrix(batch->x, 0, n, resident->columns);
  *labels = quern_vector(batch->labels, 0, n);
  QUERN__FORWARD(quern_gather_rows(resident->context, resident->element,
                                   quern_matrix(resident->values, 0, resident->rows, resident->columns),
                                   indices, resident->scale, resident->offset, *x));
  return quern_gather_labels(resident->context, quern_vector(resident->labels, 0, resident->rows), indices,
                             *labels);
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

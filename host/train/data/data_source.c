/* Samples for ops, resident or streamed. */
#include "data_source.h"

#include "../../base/error.h"
#include "../../base/size.h"
#include "../../data/dataset.h"
#include "../../data/schema.h"
#include "../../device/context.h"
#include "../../network/network.h"
#include "check.h"
#include "stream.h"
#include <stdlib.h>
#include <zlib.h>

static bool is_streamed(const quern__data_source *source) {
  return source->chunk_rows > 0;
}

/* Bytes of the labels or targets of `rows` samples. */
static size_t targets_bytes(const quern__data_source *source, size_t rows) {
  return rows * quern__targets_count(source) * sizeof(float); /* an int32_t has the same size */
}

static const void *targets_of(const quern_dataset *dataset) {
  return dataset->targets != NULL ? (const void *)dataset->targets : dataset->labels;
}

size_t quern__targets_count(const quern__data_source *source) {
  return !source->learns ? 0 : source->target_count > 0 ? source->target_count : 1;
}

size_t quern__targets_place(const quern__data_source *source, size_t rows) {
  return quern__values_padded(rows * source->columns * quern__element_bytes(source->element));
}

static quern_status upload(quern_buffer *buffer, size_t offset, size_t bytes, const void *data) {
  return quern_buffer_write(buffer, offset, bytes, data, QUERN_WAIT);
}

/* Uploads the shard's samples, one adjacent range after another. */
static quern_status create_resident(quern__data_source *source, const quern_dataset *dataset,
                                    size_t rows, size_t bytes) {
  quern__chunk *all = &source->chunks[0];
  const quern__shard *shard = &source->shard;
  const size_t value_bytes = source->columns * quern__element_bytes(source->element),
               label = targets_bytes(source, 1), place = quern__targets_place(source, rows);
  const unsigned char *values = dataset->values, *targets = targets_of(dataset);
  all->first = source->origin;
  if (rows == 0) return QUERN_OK;
  QUERN__FORWARD(quern_buffer_create(source->context, bytes, &all->buffer));
  for (size_t position = 0, n, to = 0;
       (n = quern__shard_run(shard, position, source->rows, &position)) > 0;
       position += n, to += n) {
    QUERN__FORWARD(
        upload(all->buffer, to * value_bytes, n * value_bytes, values + position * value_bytes));
    if (label > 0)
      QUERN__FORWARD(
          upload(all->buffer, place + to * label, n * label, targets + position * label));
  }
  all->rows = rows;
  return QUERN_OK;
}

static quern_status create_order(quern__data_source *source, size_t rows) {
  quern_status status;
  if (rows == 0) return QUERN_OK;
  uint32_t *order = malloc(rows * sizeof *order);
  if (order == NULL) return quern__fail_memory("sample order", rows * sizeof *order);
  for (size_t i = 0; i < rows; i++) order[i] = (uint32_t)i;
  QUERN__TRY(quern_buffer_create(source->context, rows * sizeof *order, &source->order));
  QUERN__TRY(upload(source->order, 0, rows * sizeof *order, order));
cleanup:
  free(order);
  return status;
}

quern_status quern__data_source_create(quern_context *context, const quern_network *network,
                                       const quern_dataset *dataset, bool learns,
                                       quern__residency residency, quern__shard shard,
                                       quern__data_source *source) {
  const quern_schema *schema = dataset->schema;
  *source = (quern__data_source){.context = context,
                                 .rows = dataset->rows,
                                 .columns = dataset->columns,
                                 .element = dataset->element,
                                 .scale = dataset->scale,
                                 .offset = dataset->offset,
                                 .shard = shard,
                                 .learns = learns,
                                 .chunk_rows = residency.chunk_rows,
                                 .chunk_span = residency.chunk_span,
                                 .origin = shard.batch < shard.rows ? 0 : shard.begin,
                                 .current = SIZE_MAX};
  QUERN__FORWARD(quern__check_samples(network, dataset));
  if (learns) QUERN__FORWARD(quern__check_targets(network, dataset));
  quern_status status;
  if (learns) {
    source->task = schema->task;
    if (schema->task != QUERN_TASK_CLASSES) {
      source->target_count = schema->outputs;
      QUERN__TRY(quern__schema_copy_doubles(schema->target_deviation, schema->outputs,
                                            &source->target_scale));
    }
  }
  size_t bytes;
  const size_t rows =
      is_streamed(source) ? source->chunk_rows : quern__shard_before(&source->shard, source->rows);
  const quern__sample_size size = quern__sample_size_of(dataset, learns);
  if (!quern__chunk_bytes(&size, rows, &bytes)) {
    status =
        quern__fail(QUERN_ERROR_OVERFLOW, "%s: the size of %zu samples of %zu values overflows",
                    dataset->source, rows, source->columns);
    goto cleanup;
  }
  QUERN__TRY(is_streamed(source) ? quern__stream_create(source, dataset, bytes)
                                 : create_resident(source, dataset, rows, bytes));
  QUERN__TRY(create_order(source, rows));
  return QUERN_OK;
cleanup:
  quern__data_source_free(source);
  return status;
}

void quern__data_source_free(quern__data_source *source) {
  for (size_t i = 0; i < 2; i++) {
    quern_staging_free(source->chunks[i].staging);
    quern_buffer_free(source->chunks[i].buffer);
  }
  free(source->target_scale);
  quern_buffer_free(source->order);
  quern__dataset_release(source->dataset);
  *source = (quern__data_source){0};
}

quern_status quern__data_source_begin(quern__data_source *source, const uint32_t *order) {
  if (is_streamed(source)) return quern__stream_begin(source, order);
  return quern_buffer_write(source->order, 0, source->rows * sizeof *order, order, QUERN_NO_WAIT);
}

size_t quern__data_source_reach(const quern__data_source *source, size_t first, size_t end) {
  if (!is_streamed(source)) return end;
  const size_t left = source->chunk_span - (first - source->origin) % source->chunk_span;
  return end - first < left ? end : first + left;
}

/* Finds the chunk that contains the sample at `first`, and makes it available to the ops queued
 * next. */
static quern_status find_chunk(quern__data_source *source, size_t first,
                               const quern__chunk **chunk) {
  if (is_streamed(source)) return quern__stream_find(source, first, chunk);
  *chunk = &source->chunks[0];
  return QUERN_OK;
}

/* The positions in a chunk of the n samples from `first` on. */
static quern_tensor indices_of(const quern__data_source *source, const quern__chunk *chunk,
                               size_t first, size_t n) {
  const quern__shard *shard = &source->shard;
  return quern_vector(source->order,
                      quern__shard_before(shard, first) - quern__shard_before(shard, chunk->first),
                      n);
}

static quern_tensor values_of(const quern__data_source *source, const quern__chunk *chunk) {
  return quern_matrix(chunk->buffer, 0, chunk->rows, source->columns);
}

/* A vector of labels, or a matrix of targets, of `rows` samples from an element of a buffer. */
static quern__targets targets_in(const quern__data_source *source, quern_buffer *buffer,
                                 size_t place, size_t rows) {
  if (source->target_count == 0)
    return (quern__targets){.labels = quern_vector(buffer, place, rows)};
  return (quern__targets){.targets = quern_matrix(buffer, place, rows, source->target_count)};
}

static quern__targets targets_of_chunk(const quern__data_source *source,
                                       const quern__chunk *chunk) {
  return targets_in(source, chunk->buffer,
                    quern__targets_place(source, chunk->rows) / sizeof(float), chunk->rows);
}

static quern__targets targets_of_batch(const quern__data_source *source, const quern__batch *batch,
                                       size_t rows) {
  return targets_in(source, source->target_count == 0 ? batch->labels : batch->targets, 0, rows);
}

quern_status quern__data_source_gather(quern__data_source *source, size_t first, size_t n,
                                       const quern__batch *batch, quern_tensor *x,
                                       quern__targets *targets) {
  quern_context *context = source->context;
  const quern__chunk *chunk;
  QUERN__FORWARD(find_chunk(source, first, &chunk));
  const quern_tensor indices = indices_of(source, chunk, first, n);
  *x = quern_matrix(batch->x, 0, n, source->columns);
  QUERN__FORWARD(quern_gather_rows(context, source->element, values_of(source, chunk), indices,
                                   source->scale, source->offset, *x));
  if (targets == NULL) return QUERN_OK;
  const quern__targets all = targets_of_chunk(source, chunk);
  *targets = targets_of_batch(source, batch, n);
  if (source->target_count == 0)
    return quern_gather_labels(context, all.labels, indices, targets->labels);
  return quern_gather_rows(context, QUERN_ELEMENT_FLOAT32, all.targets, indices, 1.0f, 0.0f,
                           targets->targets);
}

quern_status quern__data_source_samples(quern__data_source *source, size_t first, size_t n,
                                        const quern__batch *batch, size_t size,
                                        quern__samples *samples) {
  const quern__chunk *chunk;
  QUERN__FORWARD(find_chunk(source, first, &chunk));
  *samples = (quern__samples){.element = source->element,
                              .source = values_of(source, chunk),
                              .expected = targets_of_chunk(source, chunk),
                              .order = indices_of(source, chunk, first, n),
                              .scale = source->scale,
                              .offset = source->offset,
                              .x = quern_matrix(batch->x, 0, size, source->columns),
                              .batch = targets_of_batch(source, batch, size)};
  return QUERN_OK;
}

quern_status quern__data_source_ahead(quern__data_source *source) {
  return is_streamed(source) ? quern__stream_ahead(source) : QUERN_OK;
}

/* --- Checksum --------------------------------------------------------------------------------- */

enum { PIECE = 1 << 20 };

/* Adds part of a buffer, a piece at a time. */
static quern_status add_buffer(quern_buffer *buffer, size_t offset, size_t bytes, uint32_t *sum) {
  unsigned char *piece = malloc(PIECE);
  if (piece == NULL) return quern__fail_memory("checkpoint", PIECE);
  quern_status status = QUERN_OK;
  for (size_t position = 0; position < bytes && status == QUERN_OK; position += PIECE) {
    const size_t size = bytes - position < PIECE ? bytes - position : PIECE;
    status = quern_buffer_read(buffer, offset + position, size, piece, QUERN_WAIT);
    if (status == QUERN_OK) *sum = (uint32_t)crc32(*sum, piece, (uInt)size);
  }
  free(piece);
  return status;
}

quern_status quern__data_source_checksum(const quern__data_source *source, uint32_t *sum) {
  const quern_dataset *dataset = source->dataset;
  const size_t rows = is_streamed(source) ? dataset->rows : source->chunks[0].rows;
  const size_t values = rows * source->columns * quern__element_bytes(source->element);
  if (is_streamed(source)) {
    *sum = (uint32_t)crc32_z(*sum, dataset->values, values);
    *sum = (uint32_t)crc32_z(*sum, targets_of(dataset), targets_bytes(source, rows));
    return QUERN_OK;
  }
  QUERN__FORWARD(add_buffer(source->chunks[0].buffer, 0, values, sum));
  return add_buffer(source->chunks[0].buffer, quern__targets_place(source, rows),
                    targets_bytes(source, rows), sum);
}

/* --- Batches ---------------------------------------------------------------------------------- */

static quern_status create_matrix(quern_context *context, size_t rows, size_t columns,
                                  quern_buffer **buffer) {
  size_t count, bytes;
  if (!quern__multiply(rows, columns, &count) || !quern__multiply(count, sizeof(float), &bytes))
    return quern__fail(QUERN_ERROR_OVERFLOW, "a batch of %zu samples of %zu values overflows", rows,
                       columns);
  return quern__buffer_create_touched(context, bytes, buffer);
}

quern_status quern__batch_create(quern_context *context, size_t size, size_t columns,
                                 size_t target_count, quern__batch *batch) {
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

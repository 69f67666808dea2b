/* Streams a data set from the host in chunks. Two buffers alternate: while the device computes on
 * one, the host gathers the next chunk's rows, unconverted and in the order of the pass, and copies
 * them to the other. The host is never more than one chunk ahead, since it waits for the copy
 * before last. */
#include "stream.h"

#include "../../base/error.h"
#include "../../data/dataset.h"
#include "../../device/context.h"
#include <string.h>

quern_status quern__stream_create(quern__data_source *source, const quern_dataset *dataset,
                                  size_t bytes) {
  source->dataset = quern__dataset_hold(dataset);
  for (size_t i = 0; i < 2; i++) {
    quern__chunk *chunk = &source->chunks[i];
    QUERN__FORWARD(quern__buffer_create_touched(source->context, bytes, &chunk->buffer));
    QUERN__FORWARD(quern_staging_create(chunk->buffer, &chunk->staging));
  }
  return QUERN_OK;
}

/* Copies the shard's rows, of `bytes` each, between two positions of the pass from an array of the
 * data set. */
static void gather_rows(const quern__data_source *source, unsigned char *to,
                        const unsigned char *rows, size_t bytes, size_t first, size_t end) {
  const uint32_t *order = source->pass;
  for (size_t position = first, n;
       (n = quern__shard_run(&source->shard, position, end, &position)) > 0; position += n) {
    if (order == NULL) memcpy(to, rows + position * bytes, n * bytes);
    for (size_t i = 0; order != NULL && i < n; i++)
      memcpy(to + i * bytes, rows + order[position + i] * bytes, bytes);
    to += n * bytes;
  }
}

static quern__chunk *chunk_at(quern__data_source *source, size_t index) {
  return &source->chunks[index % 2];
}

/* Starts to send a chunk of the pass, unless that has started or the chunk has no sample of the
 * shard. */
static quern_status send_chunk(quern__data_source *source, size_t index) {
  quern__chunk *chunk = chunk_at(source, index);
  const quern_dataset *dataset = source->dataset;
  const size_t first = source->origin + index * source->chunk_span, left = source->rows - first;
  const size_t end = left < source->chunk_span ? source->rows : first + source->chunk_span;
  const size_t rows =
      quern__shard_before(&source->shard, end) - quern__shard_before(&source->shard, first);
  if (rows == 0 || (chunk->rows > 0 && chunk->first == first)) return QUERN_OK;
  chunk->rows = 0;
  void *memory;
  QUERN__FORWARD(quern_staging_begin(chunk->staging, &memory));
  const size_t offset = quern__targets_place(source, rows),
               label = quern__targets_count(source) * sizeof(float);
  gather_rows(source, memory, dataset->values,
              source->columns * quern__element_bytes(source->element), first, end);
  if (label > 0)
    gather_rows(source, (unsigned char *)memory + offset,
                dataset->targets != NULL ? (const void *)dataset->targets : dataset->labels, label,
                first, end);
  QUERN__FORWARD(quern_staging_send(chunk->staging, offset + rows * label));
  chunk->first = first;
  chunk->rows = rows;
  return QUERN_OK;
}

/* Releases the current chunk: no op queued later reads it. */
static quern_status release_current(quern__data_source *source) {
  if (source->current == SIZE_MAX) return QUERN_OK;
  QUERN__FORWARD(quern_staging_release(chunk_at(source, source->current)->staging));
  source->current = SIZE_MAX;
  return QUERN_OK;
}

quern_status quern__stream_begin(quern__data_source *source, const uint32_t *order) {
  QUERN__FORWARD(release_current(source));
  source->pass = order;
  source->chunks[0].rows = source->chunks[1].rows = 0;
  return QUERN_OK;
}

quern_status quern__stream_find(quern__data_source *source, size_t first,
                                const quern__chunk **chunk) {
  const size_t index = (first - source->origin) / source->chunk_span;
  if (index != source->current) {
    QUERN__FORWARD(release_current(source));
    QUERN__FORWARD(send_chunk(source, index));
    source->current = index;
  }
  *chunk = chunk_at(source, index);
  return QUERN_OK;
}

quern_status quern__stream_ahead(quern__data_source *source) {
  const size_t next = source->current == SIZE_MAX ? 0 : source->current + 1;
  return next * source->chunk_span < source->rows - source->origin ? send_chunk(source, next)
                                                                   : QUERN_OK;
}

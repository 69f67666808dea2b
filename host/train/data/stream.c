/* Streams a data set from the host in chunks. Two buffers alternate: while the device computes on
 * one, the host gathers the next chunk's rows, unconverted and in the order of the pass, and copies
 * them to the other. The host is never more than one chunk ahead, since it waits for the copy
 * before last. */
#include "stream.h"

#include "../../base/error.h"
#include "../../data/dataset.h"
#include "../../device/context.h"
#include <string.h>

quern_status quern__stream_create(quern__data_source *feed, const quern_dataset *dataset,
                                  size_t bytes) {
  feed->dataset = quern__dataset_hold(dataset);
  for (size_t i = 0; i < 2; i++) {
    quern__chunk *chunk = &feed->chunks[i];
    QUERN__FORWARD(quern__buffer_create_touched(feed->context, bytes, &chunk->buffer));
    QUERN__FORWARD(quern_staging_create(chunk->buffer, &chunk->staging));
  }
  return QUERN_OK;
}

/* Copies the shard's rows, of `bytes` each, between two positions of the pass from an array of the
 * data set. */
static void gather(const quern__data_source *feed, unsigned char *to, const unsigned char *rows,
                   size_t bytes, size_t first, size_t end) {
  const uint32_t *order = feed->pass;
  for (size_t position = first, n;
       (n = quern__shard_run(&feed->shard, position, end, &position)) > 0; position += n) {
    if (order == NULL) memcpy(to, rows + position * bytes, n * bytes);
    for (size_t i = 0; order != NULL && i < n; i++)
      memcpy(to + i * bytes, rows + order[position + i] * bytes, bytes);
    to += n * bytes;
  }
}

static quern__chunk *chunk_at(quern__data_source *feed, size_t index) {
  return &feed->chunks[index % 2];
}

/* Starts to send a chunk of the pass, unless that has started or the chunk has no sample of the
 * shard. */
static quern_status load_stream(quern__data_source *feed, size_t index) {
  quern__chunk *chunk = chunk_at(feed, index);
  const quern_dataset *dataset = feed->dataset;
  const size_t first = feed->origin + index * feed->chunk_span, left = feed->rows - first;
  const size_t end = left < feed->chunk_span ? feed->rows : first + feed->chunk_span;
  const size_t rows =
      quern__shard_before(&feed->shard, end) - quern__shard_before(&feed->shard, first);
  if (rows == 0 || (chunk->rows > 0 && chunk->first == first)) return QUERN_OK;
  chunk->rows = 0;
  void *memory;
  QUERN__FORWARD(quern_staging_begin(chunk->staging, &memory));
  const size_t place = quern__targets_place(feed, rows),
               label = quern__targets_count(feed) * sizeof(float);
  gather(feed, memory, dataset->values, feed->columns * quern__element_bytes(feed->element), first,
         end);
  if (label > 0)
    gather(feed, (unsigned char *)memory + place,
           dataset->targets != NULL ? (const void *)dataset->targets : dataset->labels, label,
           first, end);
  QUERN__FORWARD(quern_staging_send(chunk->staging, place + rows * label));
  chunk->first = first;
  chunk->rows = rows;
  return QUERN_OK;
}

/* Releases the current chunk: no op queued later reads it. */
static quern_status leave(quern__data_source *feed) {
  if (feed->current == SIZE_MAX) return QUERN_OK;
  QUERN__FORWARD(quern_staging_release(chunk_at(feed, feed->current)->staging));
  feed->current = SIZE_MAX;
  return QUERN_OK;
}

quern_status quern__stream_begin(quern__data_source *feed, const uint32_t *order) {
  QUERN__FORWARD(leave(feed));
  feed->pass = order;
  feed->chunks[0].rows = feed->chunks[1].rows = 0;
  return QUERN_OK;
}

quern_status quern__stream_find(quern__data_source *feed, size_t first,
                                const quern__chunk **chunk) {
  const size_t index = (first - feed->origin) / feed->chunk_span;
  if (index != feed->current) {
    QUERN__FORWARD(leave(feed));
    QUERN__FORWARD(load_stream(feed, index));
    feed->current = index;
  }
  *chunk = chunk_at(feed, index);
  return QUERN_OK;
}

quern_status quern__stream_ahead(quern__data_source *feed) {
  const size_t next = feed->current == SIZE_MAX ? 0 : feed->current + 1;
  return next * feed->chunk_span < feed->rows - feed->origin ? load_stream(feed, next) : QUERN_OK;
}

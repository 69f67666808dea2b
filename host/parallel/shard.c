#include "shard.h"

quern__shard quern__shard_of(const quern_collective *collective, const uint32_t *shares,
                             size_t rows, size_t batch) {
  if (batch > rows) batch = rows;
  quern__shard shard = {.rows = rows, .batch = batch};
  quern__collective_part(collective, shares, batch, &shard.begin, &shard.own);
  quern__collective_part(collective, shares, rows % batch, &shard.last_begin, &shard.last_own);
  return shard;
}

/* The shard's samples of one batch, as positions of the pass. */
typedef struct batch_part {
  size_t begin, end;
} batch_part;

static batch_part part_of_batch(const quern__shard *shard, size_t batch) {
  const size_t first = batch * shard->batch;
  const bool whole = shard->rows - first >= shard->batch;
  const size_t begin = first + (whole ? shard->begin : shard->last_begin);
  return (batch_part){begin, begin + (whole ? shard->own : shard->last_own)};
}

static size_t clamp(size_t least, size_t value, size_t most) {
  return value < least ? least : value > most ? most : value;
}

size_t quern__shard_before(const quern__shard *shard, size_t position) {
  const size_t batch = position / shard->batch, whole = batch * shard->own;
  if (position == shard->rows && position % shard->batch == 0) return whole;
  const batch_part part = part_of_batch(shard, batch);
  return whole + clamp(part.begin, position, part.end) - part.begin;
}

size_t quern__shard_run(const quern__shard *shard, size_t from, size_t end, size_t *begin) {
  while (from < end) {
    const size_t batch = from / shard->batch;
    const batch_part part = part_of_batch(shard, batch);
    *begin = from > part.begin ? from : part.begin;
    if (*begin >= end) return 0;
    if (*begin < part.end) return (part.end < end ? part.end : end) - *begin;
    from = shard->rows - batch * shard->batch > shard->batch ? (batch + 1) * shard->batch
                                                             : shard->rows;
  }
  return 0;
}

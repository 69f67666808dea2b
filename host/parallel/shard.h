/* A rank's shard of a data set: its own samples of each batch of a pass. Positions refer to the
 * whole pass, so that callers name samples in the same way wherever they are stored. */
#ifndef QUERN_HOST_PARALLEL_SHARD_H
#define QUERN_HOST_PARALLEL_SHARD_H

#include "collective_ops.h"

typedef struct quern__shard {
  size_t rows;  /* samples of the pass */
  size_t batch; /* samples per batch, which ranks divide; the last batch may be smaller */
  /* this rank's samples in a batch: first position, number */
  size_t begin, own;
  size_t last_begin, last_own; /* the same for a smaller last batch, if any */
} quern__shard;

/* Computes this rank's shard, by its share, of a pass over `rows` samples in batches. collective
 * NULL: all samples. */
quern__shard quern__shard_of(const quern_collective *collective, const uint32_t *shares,
                             size_t rows, size_t batch);

/* Counts the shard's samples before a position, which is at most the end. */
size_t quern__shard_before(const quern__shard *shard, size_t position);

/* Finds the shard's next adjacent samples from `from` on and before `end`. *begin gets their
 * position. Returns their number, 0 if there are no more. */
size_t quern__shard_run(const quern__shard *shard, size_t from, size_t end, size_t *begin);

#endif

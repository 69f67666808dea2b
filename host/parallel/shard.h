/* A rank's shard of a data set: of each batch of a pass, the samples that are the rank's own.
 * Positions are those of the whole pass, so that who asks for samples says which ones in the same
 * way wherever they lie. */
#ifndef QUERN_HOST_PARALLEL_SHARD_H
#define QUERN_HOST_PARALLEL_SHARD_H

#include "collective_ops.h"

typedef struct quern__shard {
  size_t rows;  /* of the pass */
  size_t batch; /* of them that are divided at a time; the last may be shorter */
  /* of a batch: where this rank's samples begin in it, and how many they are */
  size_t begin, own;
  size_t last_begin, last_own; /* the same of the short batch at the end, where there is one */
} quern__shard;

/* This rank's of a pass over `rows` samples in batches, by its share; all of it where `collective`
 * is NULL. */
quern__shard quern__shard_of(const quern_collective *collective, const uint32_t *shares,
                             size_t rows, size_t batch);

/* How many of the shard's samples come before a position, which is at most the end. */
size_t quern__shard_before(const quern__shard *shard, size_t position);

/* The next samples of the shard that lie side by side, from `from` on and before `end`: *begin gets
 * their position. How many; 0 where there are no more. */
size_t quern__shard_run(const quern__shard *shard, size_t from, size_t end, size_t *begin);

#endif

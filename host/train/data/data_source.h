/* The samples of a data set: resident, stored whole on the device, or streamed from the host in
 * chunks. Callers see no difference: the same batches come in the same order to the same ops. A
 * rank asks only for samples of its shard, and a streamed source sends no others. */
#ifndef QUERN_HOST_TRAIN_DATA_DATA_SOURCE_H
#define QUERN_HOST_TRAIN_DATA_DATA_SOURCE_H

#include "../../network/plan.h"
#include "../../parallel/shard.h"
#include "residency.h"
#include <quern/staging.h>
#include <quern/train.h>

/* Samples on the device: the values as in the data set, then the labels or targets. See
 * quern__chunk_bytes. */
typedef struct quern__chunk {
  quern_buffer *buffer;
  quern_staging *staging; /* NULL if resident */
  /* position in the pass of the first sample; number of samples, 0 if empty */
  size_t first, rows;
} quern__chunk;

typedef struct quern__data_source {
  quern_context *context;
  size_t rows, columns; /* samples of a pass; values per sample */
  /* the samples to store on the device: all of them if they are resident and shuffled */
  quern__shard shard;
  quern_element element;
  float scale, offset;
  bool learns;         /* has labels, int32_t [rows], or targets */
  size_t target_count; /* targets per sample; 0 for labels, or without either */
  quern_task task;
  /* [target_count], owned: the size of a target of 1 in the data's own units; NULL: 1 */
  double *target_scale;
  /* uint32_t [samples of a chunk]: the order of its samples. If streamed, 0, 1, 2, …, since the
   * host puts them in order. */
  quern_buffer *order;
  quern__chunk chunks[2]; /* only the first if resident */

  /* streamed only */
  size_t chunk_rows; /* samples that a chunk has room for; 0: resident */
  /* position in the pass of the first chunk; positions per chunk, which is a number of whole
   * batches */
  size_t origin, chunk_span;
  const quern_dataset *dataset; /* held */
  const uint32_t *pass;         /* order of the current pass; NULL: that of the data set */
  size_t current;               /* index of the chunk in use; SIZE_MAX: none */
} quern__data_source;

/* Memory for a batch of samples, for any data set with the same columns. */
typedef struct quern__batch {
  quern_buffer *x;       /* [size][columns] */
  quern_buffer *labels;  /* int32_t [size] */
  quern_buffer *targets; /* [size][target_count]; NULL if target_count is 0 */
} quern__batch;

/* Checks the data set against the network and prepares its shard in the data set's own order:
 * uploads it, which waits, or keeps a reference for streaming. With `learns` it needs labels or
 * targets in the form of the network's loss; otherwise they stay on the host. */
quern_status quern__data_source_create(quern_context *context, const quern_network *network,
                                       const quern_dataset *dataset, bool learns,
                                       quern__residency residency, quern__shard shard,
                                       quern__data_source *source);
void quern__data_source_free(quern__data_source *source);

/* Begins a pass over all samples in this order, which must not change during the pass. Of resident
 * data, all samples must be on the device. */
quern_status quern__data_source_begin(quern__data_source *source, const uint32_t *order);

/* Returns the end, at most `end`, of the samples from `first` on that are available at once: the
 * end of a chunk. */
size_t quern__data_source_reach(const quern__data_source *source, size_t first, size_t end);

/* Queues the gather of the n samples at positions `first` … of the pass into the batch. They must
 * be adjacent samples of the shard in one chunk. `expected` may be NULL. */
quern_status quern__data_source_gather(quern__data_source *source, size_t first, size_t n,
                                       const quern__batch *batch, quern_tensor *x,
                                       quern__targets *expected);

/* Describes the same n samples for whole steps of `size` samples, which gather them. */
quern_status quern__data_source_samples(quern__data_source *source, size_t first, size_t n,
                                        const quern__batch *batch, size_t size,
                                        quern__samples *samples);

/* Starts to send the next chunk, if any. Useful before a wait, so that later steps need not wait
 * for the host; otherwise chunks are sent when needed. */
quern_status quern__data_source_ahead(quern__data_source *source);

/* Updates the checksum `sum` with the values and the labels or targets, in the order of the data
 * set and in their format on the device. */
quern_status quern__data_source_checksum(const quern__data_source *source, uint32_t *sum);

quern_status quern__batch_create(quern_context *context, size_t size, size_t columns,
                                 size_t target_count, quern__batch *batch);
void quern__batch_free(quern__batch *batch);

#endif

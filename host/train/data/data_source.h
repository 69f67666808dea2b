/* Where the samples of a data set come from: the device, where it lies whole (resident), or the
 * host, which sends it a chunk at a time (streamed). Who asks for samples cannot tell the two
 * apart: the same batches come in the same order to the same ops. A rank of several asks for those
 * of its shard alone, and no others are sent to it. */
#ifndef QUERN_HOST_TRAIN_DATA_DATA_SOURCE_H
#define QUERN_HOST_TRAIN_DATA_DATA_SOURCE_H

#include "../../network/plan.h"
#include "../../parallel/shard.h"
#include "residency.h"
#include <quern/staging.h>
#include <quern/train.h>

/* Samples on the device: `bytes` as quern__chunk_bytes, their values as they are on disk, and
 * behind them what is to be predicted. */
typedef struct quern__chunk {
  quern_buffer *buffer;
  quern_staging *staging; /* NULL where resident */
  /* how many samples are in it, and where in the pass they begin; rows 0: none */
  size_t first, rows;
} quern__chunk;

typedef struct quern__data_source {
  quern_context *context;
  size_t rows, columns; /* of a pass; of a sample */
  /* what of a pass comes to the device; where its order changes and it is resident, all */
  quern__shard shard;
  quern_element element;
  float scale, offset;
  bool learns;         /* it has what is to be predicted: labels, int32_t [rows], or targets */
  size_t target_count; /* floats a sample; 0 where there are labels, or nothing */
  quern_task task;
  /* [target_count], owned: what a target of 1 is in the data's own units; NULL: 1 */
  double *target_scale;
  /* uint32_t, as long as the chunk: which of its samples comes when. Streamed: 0, 1, 2 …, as the
   * host puts them in order. */
  quern_buffer *order;
  quern__chunk chunks[2]; /* resident: the first alone */

  /* Streamed alone. */
  size_t chunk_rows; /* the most samples of a chunk; 0: resident */
  /* where in the pass the first begins, and how far each reaches: to the end of a batch */
  size_t origin, chunk_span;
  const quern_dataset *dataset; /* held */
  const uint32_t *pass;         /* the order of the pass under way; NULL: the data set's own */
  size_t current;               /* which chunk of the pass is read; SIZE_MAX: none yet */
} quern__data_source;

/* Where a batch of samples is gathered to. One serves every data set with the same columns. */
typedef struct quern__batch {
  quern_buffer *x;       /* [size][columns] */
  quern_buffer *labels;  /* int32_t [size] */
  quern_buffer *targets; /* [size][target_count]; NULL where that is 0 */
} quern__batch;

/* Checks the data set against the network, and makes the shard of it ready in the data set's own
 * order: uploads it, which it waits for, or holds the data set. `learns`: it must have what is to
 * be predicted, in the form that the loss takes; without it that stays on the host. */
quern_status quern__data_source_create(quern_context *context, const quern_network *network,
                                       const quern_dataset *dataset, bool learns,
                                       quern__residency placement, quern__shard shard,
                                       quern__data_source *feed);
void quern__data_source_free(quern__data_source *feed);

/* Begins a pass in an order of all samples, which must stay as it is until the pass is over.
 * Resident data must all be here. */
quern_status quern__data_source_begin(quern__data_source *feed, const uint32_t *order);

/* How far, at most to `end`, samples from `first` on come at once: to the end of a chunk. */
size_t quern__data_source_reach(const quern__data_source *feed, size_t first, size_t end);

/* Queues the gathering of n samples of the shard, from the one at `first` in the order on, into the
 * batch; they lie side by side and do not reach past a chunk. truth may be NULL. */
quern_status quern__data_source_gather(quern__data_source *feed, size_t first, size_t n,
                                       const quern__batch *batch, quern_tensor *x,
                                       quern__targets *expected);

/* The same n samples for whole steps of `size` samples, which gather by themselves. */
quern_status quern__data_source_samples(quern__data_source *feed, size_t first, size_t n,
                                        const quern__batch *batch, size_t size,
                                        quern__samples *samples);

/* Sends the chunk after the one that is read on its way, where there is one. To be called before a
 * wait, so that what comes after it need not wait for the host; where nobody waits it happens by
 * itself. */
quern_status quern__data_source_ahead(quern__data_source *feed);

/* Goes on with the checksum `sum` over the values and what is to be predicted, in the data set's
 * order, as they are on the device. */
quern_status quern__data_source_checksum(const quern__data_source *feed, uint32_t *sum);

quern_status quern__batch_create(quern_context *context, size_t size, size_t columns,
                                 size_t target_count, quern__batch *batch);
void quern__batch_free(quern__batch *batch);

#endif

/* A data set that lives on a device: uploaded once, as it is on disk, and gathered by index into batches. */
#ifndef QUERN_HOST_TRAIN_RESIDENT_H
#define QUERN_HOST_TRAIN_RESIDENT_H

#include "../network/plan.h"
#include <quern/train.h>

typedef struct quern__resident {
  quern_context *context;
  size_t rows, columns;
  quern_element element;
  float scale, offset;
  quern_buffer *values; /* [rows][columns] elements */
  /* Of these one, or neither where there is nothing to predict. */
  quern_buffer *labels;  /* int32_t [rows] */
  quern_buffer *targets; /* [rows][target_count] */
  size_t target_count;
  quern_task task;
  double *target_scale; /* [target_count], owned: what a target of 1 is in the data's own units; NULL: 1 */
  quern_buffer *order;  /* uint32_t [rows]: which sample comes when */
} quern__resident;

/* Where a batch of samples is gathered to. One serves every data set with the same columns. */
typedef struct quern__batch {
  quern_buffer *x;       /* [size][columns] */
  quern_buffer *labels;  /* int32_t [size] */
  quern_buffer *targets; /* [size][target_count]; NULL where that is 0 */
} quern__batch;

/* Checks the data set against the network and uploads it, in its own order. `learns`: it must have what is to be predicted, in the
 * form that the loss takes; without it that stays on the host. Waits for the upload. */
quern_status quern__resident_create(quern_context *context, const quern_network *network,
                                    const quern_dataset *dataset, bool learns, quern__resident *resident);
void quern__resident_free(quern__resident *resident);

quern_status quern__batch_create(quern_context *context, size_t size, size_t columns, size_t target_count,
                                 quern__batch *batch);
void quern__batch_free(quern__batch *batch);

/* Queues the gathering of n samples, from the one at `first` in the order on, into the batch. truth may be NULL. */
quern_status quern__resident_gather(const quern__resident *resident, size_t first, size_t n,
                                    const quern__batch *batch, quern_tensor *x, quern__truth *truth);

/* n samples from the one at `first` in the order on, for whole steps of `size` samples. */
quern__samples quern__resident_samples(const quern__resident *resident, size_t first, size_t n,
                                       const quern__batch *batch, size_t size);

#endif

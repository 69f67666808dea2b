/* Gradients on their way through all ranks: from the device a bucket at a time, while backward of
 * the layers below still runs, added up, and back. */
#ifndef QUERN_HOST_PARALLEL_REDUCE_H
#define QUERN_HOST_PARALLEL_REDUCE_H

#include "../device/exchange.h"
#include "../network/plan.h"
#include "collective_ops.h"

/* What the sums of an epoch took, on this rank. */
typedef struct quern__reducing {
  double seconds; /* in which a sum was under way */
  double exposed; /* of those, with nothing left for the device to do */
} quern__reducing;

typedef struct quern__reducer quern__reducer;

/* What carries the gradients of such a network: every rank's call, after all have agreed that they
 * are well. The caller owns *reducer. */
quern_status quern__reducer_create(const quern_collective *collective, const quern__shape *shape,
                                   quern__reducer **reducer);
void quern__reducer_free(quern__reducer *reducer);

/* The buckets that it carries, with their memory, which is freed before the reducer is; the caller
 * owns them, to give them to a plan. */
quern_status quern__reducer_buckets(quern__reducer *reducer, quern_context *context,
                                    const quern__shape *shape, quern__buckets *buckets);

/* The buckets that a plan on such a rank has. */
quern_status quern__reducer_divide(const quern__shape *shape, quern__buckets *buckets);

/* For the plan's backward pass to tell of its buckets. */
quern__bucket_watch quern__reducer_watch(quern__reducer *reducer);

/* Once all buckets are told of: adds them up over all ranks, and queues the plan's update by the
 * sums. Adds to *reducing. */
quern_status quern__reduce(quern__reducer *reducer, quern_plan *plan, quern__reducing *reducing);

#endif

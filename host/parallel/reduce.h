/* Sums gradients over all ranks: copies each bucket from the device while backward of lower layers
 * still runs, adds it up, and copies the sums back. */
#ifndef QUERN_HOST_PARALLEL_REDUCE_H
#define QUERN_HOST_PARALLEL_REDUCE_H

#include "../device/exchange.h"
#include "../network/plan.h"
#include "collective_ops.h"

/* Wall-clock time of an epoch's sums on this rank, in seconds. */
typedef struct quern__reducing {
  double seconds; /* with a sum in progress */
  double exposed; /* of those, with the device idle */
} quern__reducing;

typedef struct quern__reducer quern__reducer;

/* Creates a reducer for the gradients of such a network. Every rank must call this, once none has
 * failed. The caller owns *reducer. */
quern_status quern__reducer_create(const quern_collective *collective, const quern__shape *shape,
                                   quern__reducer **reducer);
void quern__reducer_free(quern__reducer *reducer);

/* Creates the buckets that the reducer transfers, with their memory. The caller owns them, passes
 * them to a plan, and frees them before the reducer. */
quern_status quern__reducer_buckets(quern__reducer *reducer, quern_context *context,
                                    const quern__shape *shape, quern__buckets *buckets);

/* Computes the buckets of a plan that takes part in a reduction, without memory. */
quern_status quern__reducer_divide(const quern__shape *shape, quern__buckets *buckets);

/* Returns the callback that the plan's backward pass calls for each bucket. */
quern__bucket_watch quern__reducer_watch(quern__reducer *reducer);

/* Called once all buckets are queued: adds them up over all ranks and queues the plan's update with
 * the sums. Adds the time to *reducing. */
quern_status quern__reduce(quern__reducer *reducer, quern_plan *plan, quern__reducing *reducing);

#endif

/* What normalization asks of a context's backend. */
#ifndef QUERN_HOST_DEVICE_NORMALIZATION_H
#define QUERN_HOST_DEVICE_NORMALIZATION_H

#include <quern/context.h>
#include <stdbool.h>

/* Whether there are the ops by which several ranks normalize by the batch of all, see ops.h. */
bool quern__has_batch_norm_parts(const quern_context *context);

#endif

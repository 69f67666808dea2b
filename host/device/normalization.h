/* Normalization features of a context's backend. */
#ifndef QUERN_HOST_DEVICE_NORMALIZATION_H
#define QUERN_HOST_DEVICE_NORMALIZATION_H

#include <quern/context.h>
#include <stdbool.h>

/* True if the backend has the ops for batch normalization across ranks, see ops.h. */
bool quern__has_batch_norm_parts(const quern_context *context);

#endif

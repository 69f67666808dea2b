/* Optimizers inside the library: a step's coefficients, computed once for all parameters. */
#ifndef QUERN_HOST_FUNCTIONS_OPTIMIZER_H
#define QUERN_HOST_FUNCTIONS_OPTIMIZER_H

#include <quern/backend_ops.h>

/* Returns the coefficients of step `step` = 1, 2, …, computed in double and rounded once. The
 * optimizer must be valid; decay_bias is copied from it. */
quern_optimizer_step quern__optimizer_step(const quern_optimizer *optimizer, uint64_t step);

/* True if the context's backend has quern_dense_backward_update for this optimizer. Defined in
 * host/ops/. */
bool quern__has_dense_backward_update(const quern_context *context,
                                      const quern_optimizer *optimizer);

#endif

/* Optimizers inside the library: a step's coefficients, computed once for all parameters. */
#ifndef QUERN_HOST_FUNCTIONS_OPTIMIZER_H
#define QUERN_HOST_FUNCTIONS_OPTIMIZER_H

#include <quern/backend_ops.h>

/* Returns the coefficients of step `step` = 1, 2, …, computed in double and rounded once. The
 * optimizer must be valid; decay_bias is copied from it. */
quern_update quern__update_of(const quern_optimizer *optimizer, uint64_t step);

/* True if the context's backend can do quern_optimizer_update or quern_dense_backward_update for
 * this optimizer. Defined in host/ops/. */
bool quern__has_optimizer_update(const quern_context *context, const quern_optimizer *optimizer);
bool quern__has_dense_backward_update(const quern_context *context,
                                      const quern_optimizer *optimizer);

/* True if the backend table's ops for plain SGD suffice. */
static inline bool quern__is_plain_sgd(const quern_optimizer *optimizer) {
  return optimizer->kind == QUERN_OPTIMIZER_SGD;
}

/* Converts the optimizer for the backend table's ops for plain SGD. */
static inline quern_sgd quern__sgd_of(const quern_optimizer *optimizer) {
  const quern_sgd sgd = {(float)optimizer->learning_rate, (float)optimizer->weight_decay};
  return sgd;
}

#endif

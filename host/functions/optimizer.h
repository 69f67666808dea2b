/* The inside of optimizers: a step's numbers, worked out once for all parameters. */
#ifndef QUERN_HOST_FUNCTIONS_OPTIMIZER_H
#define QUERN_HOST_FUNCTIONS_OPTIMIZER_H

#include <quern/backend_ops.h>

/* The numbers of step `step` = 1, 2, … of a valid optimizer, computed in double and rounded once.
 * decay_bias is as the optimizer has it. */
quern_update quern__update_of(const quern_optimizer *optimizer, uint64_t step);

/* Whether the context has quern_optimizer_update for this optimizer, and
 * quern_dense_backward_update. In host/ops/. */
bool quern__has_optimizer_update(const quern_context *context, const quern_optimizer *optimizer);
bool quern__has_dense_backward_update(const quern_context *context,
                                      const quern_optimizer *optimizer);

/* Whether the table's ops for plain SGD do all of this optimizer. */
static inline bool quern__is_plain_sgd(const quern_optimizer *optimizer) {
  return optimizer->kind == QUERN_OPTIMIZER_SGD;
}

/* The same as the table's ops for plain SGD have it. */
static inline quern_sgd quern__sgd_of(const quern_optimizer *optimizer) {
  const quern_sgd sgd = {(float)optimizer->learning_rate, (float)optimizer->weight_decay};
  return sgd;
}

#endif

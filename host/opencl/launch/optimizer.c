/* Launchers of the optimizers. */
#include "../../base/error.h"
#include "../opencl.h"

static const quern__kernel update_kernels[] = {
    [QUERN_OPTIMIZER_RULE_SGD] = QUERN__KERNEL_optimizer_update_sgd,
    [QUERN_OPTIMIZER_RULE_MOMENTUM] = QUERN__KERNEL_optimizer_update_momentum,
    [QUERN_OPTIMIZER_RULE_NESTEROV] = QUERN__KERNEL_optimizer_update_nesterov,
    [QUERN_OPTIMIZER_RULE_ADAM] = QUERN__KERNEL_optimizer_update_adam,
    [QUERN_OPTIMIZER_RULE_RMSPROP] = QUERN__KERNEL_optimizer_update_rmsprop,
    [QUERN_OPTIMIZER_RULE_RMSPROP_MOMENTUM] = QUERN__KERNEL_optimizer_update_rmsprop_momentum};

quern_status quern__cl_optimizer_update(void *state, const quern_optimizer_update_op *op) {
  const size_t rule = (size_t)op->update.rule;
  if (rule >= sizeof update_kernels / sizeof *update_kernels)
    return quern__fail(QUERN_ERROR_UNSUPPORTED, "optimizer update: rule %d is unknown",
                       (int)op->update.rule);
  return quern__cl_launch(state, update_kernels[rule], quern__range_vectors(state, op->count),
                          ARGS(ULONG(op->count), SPAN(op->gradients), OPTIMIZER_STEP(&op->update),
                               SPAN(op->parameters), SPAN(op->momentum), SPAN(op->square)));
}

quern_status quern__cl_clip_norm(void *state, const quern_clip_norm_op *op) {
  return quern__cl_launch(
      state, QUERN__KERNEL_clip_norm, quern__range_vectors(state, op->count),
      ARGS(ULONG(op->count), FLOAT(op->max_norm), SPAN(op->squares), SPAN(op->x)));
}

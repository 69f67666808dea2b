/* Optimizers over ranges of parameters, one vector per work-item. Needs common.cl and
 * optimizer_rules.cl. */

/* A step of one rule (see optimizer_rules.cl), constant so that the kernel neither tests for it nor
 * touches state that it does not keep, which is null. */
#define OPTIMIZER_UPDATE(name, rule)                                                               \
  __kernel void optimizer_update_##name(                                                           \
      ulong count, __global const float *gradients, ulong gradients_offset, OPTIMIZER_PARAMETERS,  \
      __global float *parameters, ulong parameters_offset, __global float *momentum,               \
      ulong momentum_offset, __global float *square, ulong square_offset) {                        \
    const ulong at = (ulong)get_global_id(0) * VECTOR_WIDTH;                                       \
    if (at >= count) return;                                                                       \
    const OptimizerStep update = OPTIMIZER_OF_PARAMETERS;                                          \
    const uint lanes = (uint)min((ulong)VECTOR_WIDTH, count - at);                                 \
    optimizer_step_part(rule, &update, quern_load_part(gradients + gradients_offset + at, lanes),  \
                        parameters + parameters_offset + at, momentum + momentum_offset + at,      \
                        square + square_offset + at, lanes);                                       \
  }
OPTIMIZER_UPDATE(sgd, RULE_SGD)
OPTIMIZER_UPDATE(momentum, RULE_MOMENTUM)
OPTIMIZER_UPDATE(nesterov, RULE_NESTEROV)
OPTIMIZER_UPDATE(adam, RULE_ADAM)
OPTIMIZER_UPDATE(rmsprop, RULE_RMSPROP)
OPTIMIZER_UPDATE(rmsprop_momentum, RULE_RMSPROP_MOMENTUM)

/* x ← x min(1, max_norm / (√squares + 10⁻⁶)). The comparison is written to propagate NaN. */
__kernel void clip_norm(ulong count, float max_norm, __global const float *squares,
                        ulong squares_offset, __global float *x, ulong x_offset) {
  const ulong at = (ulong)get_global_id(0) * VECTOR_WIDTH;
  if (at >= count) return;
  float scale = max_norm / (sqrt(squares[squares_offset]) + 1e-6f);
  if (scale > 1.0f) scale = 1.0f;
  const uint lanes = (uint)min((ulong)VECTOR_WIDTH, count - at);
  __global float *target = x + x_offset + at;
  quern_store_part(scale * quern_load_part(target, lanes), target, lanes);
}

/* Optimizers over ranges of parameters, one vector per work-item. Needs common.cl and update.cl. */

/* A step of any rule (see update.cl). State that the rule does not keep is null. */
__kernel void optimizer_update(ulong count, __global const float *gradients, ulong gradients_offset,
                               UPDATE_PARAMETERS, __global float *parameters,
                               ulong parameters_offset, __global float *momentum,
                               ulong momentum_offset, __global float *square, ulong square_offset) {
  const ulong at = (ulong)get_global_id(0) * VECTOR_WIDTH;
  if (at >= count) return;
  const Update update = UPDATE_OF_PARAMETERS;
  const uint lanes = (uint)min((ulong)VECTOR_WIDTH, count - at);
  __global float *target = parameters + parameters_offset + at;
  const quern_vector gradient = quern_load_part(gradients + gradients_offset + at, lanes);
  if (update.rule == UPDATE_SGD)
    quern_store_part(updated_by_sgd(&update, gradient, quern_load_part(target, lanes)), target,
                     lanes);
  else
    update_part(update.rule, &update, gradient, target, momentum + momentum_offset + at,
                square + square_offset + at, lanes);
}

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

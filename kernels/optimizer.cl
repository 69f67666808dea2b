/* Optimizers over ranges of parameters, a vector of them a work-item. */

/* p ← p - rate (g + decay p). */
__kernel void sgd_update(ulong count, __global const float *gradients, ulong gradients_offset, float rate, float decay,
                         __global float *parameters, ulong parameters_offset) {
  const ulong at = (ulong)get_global_id(0) * VECTOR_WIDTH;
  if (at >= count) return;
  const uint lanes = (uint)min((ulong)VECTOR_WIDTH, count - at);
  __global float *target = parameters + parameters_offset + at;
  const quern_vector old = quern_load_part(target, lanes);
  const quern_vector gradient = quern_load_part(gradients + gradients_offset + at, lanes);
  quern_store_part(old - rate * (gradient + decay * old), target, lanes);
}

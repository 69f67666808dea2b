/* Separate activations, one vector of elements per work-item. Dense kernels apply theirs
 * themselves. Needs common.cl. */

/* H = f(Z). h may be z. */
__kernel void activation_forward(ulong count, __global const float *z, ulong z_offset,
                                 int activation, float slope, __global float *h, ulong h_offset) {
  const ulong at = (ulong)get_global_id(0) * VECTOR_WIDTH;
  if (at >= count) return;
  const uint lanes = (uint)min((ulong)VECTOR_WIDTH, count - at);
  const quern_vector value = quern_load_part(z + z_offset + at, lanes);
  quern_store_part(quern_activate_vector(activation, slope, value), h + h_offset + at, lanes);
}

/* dZ = dH f'(h). dz may be dh or h. */
__kernel void activation_backward(ulong count, __global const float *dh, ulong dh_offset,
                                  __global const float *h, ulong h_offset, int activation,
                                  float slope, __global float *dz, ulong dz_offset) {
  const ulong at = (ulong)get_global_id(0) * VECTOR_WIDTH;
  if (at >= count) return;
  const uint lanes = (uint)min((ulong)VECTOR_WIDTH, count - at);
  const quern_vector value = quern_load_part(h + h_offset + at, lanes);
  const quern_vector gradient = quern_load_part(dh + dh_offset + at, lanes);
  quern_store_part(gradient * quern_activate_gradient_vector(activation, slope, value),
                   dz + dz_offset + at, lanes);
}

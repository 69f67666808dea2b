/* Initial values of buffers: a constant, or uniform random numbers. Needs common.cl and
 * philox.cl. */

/* x = value. */
__kernel void fill(ulong count, float value, __global float *x, ulong x_offset) {
  const ulong at = (ulong)get_global_id(0) * VECTOR_WIDTH;
  if (at >= count) return;
  quern_store_part((quern_vector)(value), x + x_offset + at,
                   (uint)min((ulong)VECTOR_WIDTH, count - at));
}

/* x_i = fma(u_i, scale, low), with u_i the upper 24 bits of word i of the sequence. Each work-item
 * computes four words. */
__kernel void random_uniform(ulong count, ulong seed, uint stream, float low, float scale,
                             __global float *x, ulong x_offset) {
  const ulong block = get_global_id(0);
  if (block >= (count + 3) / 4) return;
  const uint4 words = philox((uint4)((uint)block, (uint)(block >> 32), stream, 0),
                             (uint2)((uint)seed, (uint)(seed >> 32)));
  float values[4];
  vstore4(fma(convert_float4(words >> 8), (float4)(scale), (float4)(low)), 0, values);
  __global float *target = x + x_offset + block * 4;
  const uint lanes = (uint)min((ulong)4, count - block * 4);
  for (uint i = 0; i < lanes; i++) target[i] = values[i];
}

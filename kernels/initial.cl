/* What buffers start from: a constant, or uniform numbers. */

/* x = value. */
__kernel void fill(ulong count, float value, __global float *x, ulong x_offset) {
  const ulong at = (ulong)get_global_id(0) * VECTOR_WIDTH;
  if (at >= count) return;
  quern_store_part((quern_vector)(value), x + x_offset + at, (uint)min((ulong)VECTOR_WIDTH, count - at));
}

/* Philox4x32-10: ten rounds over a counter under a key. host/philox.c is its twin. */
uint4 philox(uint4 counter, uint2 key) {
  for (uint round = 0; round < 10; round++) {
    const uint high0 = mul_hi(0xD2511F53u, counter.x), low0 = 0xD2511F53u * counter.x;
    const uint high1 = mul_hi(0xCD9E8D57u, counter.z), low1 = 0xCD9E8D57u * counter.z;
    counter = (uint4)(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
    key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
  }
  return counter;
}

/* x_i = fma(u_i, scale, low), u_i the upper 24 bits of word i of the sequence; four words a work-item. */
__kernel void random_uniform(ulong count, ulong seed, uint stream, float low, float scale, __global float *x,
                             ulong x_offset) {
  const ulong block = get_global_id(0);
  if (block >= (count + 3) / 4) return;
  const uint4 words = philox((uint4)((uint)block, (uint)(block >> 32), stream, 0), (uint2)((uint)seed, (uint)(seed >> 32)));
  float values[4];
  vstore4(fma(convert_float4(words >> 8), (float4)(scale), (float4)(low)), 0, values);
  __global float *target = x + x_offset + block * 4;
  const uint lanes = (uint)min((ulong)4, count - block * 4);
  for (uint i = 0; i < lanes; i++) target[i] = values[i];
}

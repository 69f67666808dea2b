/* Dropout, forward and backward. The mask is computed each time and never stored. Needs
 * philox.cl. */

/* The mask of the four units of one generator block: 0 if the unit's word is below `threshold`,
 * else `scale`. */
float4 dropout_mask(uint block, uint row, uint2 key, uint threshold, float scale) {
  const uint4 words = philox((uint4)(block, row, 0, 0), key);
  return select((float4)(scale), (float4)(0.0f), words < (uint4)(threshold));
}

/* Y = X M, with the mask M of words j of row r. Each work-item handles the four units of one
 * generator block. Dimension 0 counts the blocks of a row, dimension 1 the rows. y may be x. */
__kernel void dropout(uint n, uint units, uint key_low, uint key_high, uint first_row,
                      uint threshold, float scale, __global const float *x, ulong x_offset,
                      __global float *y, ulong y_offset) {
  const uint block = get_global_id(0), row = get_global_id(1);
  if (block >= (units + 3) / 4 || row >= n) return;
  const float4 mask =
      dropout_mask(block, first_row + row, (uint2)(key_low, key_high), threshold, scale);
  const ulong at = (ulong)row * units + 4 * block;
  x += x_offset + at;
  y += y_offset + at;
  const uint lanes = min(4u, units - 4 * block);
  if (lanes == 4) {
    vstore4(vload4(0, x) * mask, 0, y);
    return;
  }
  float parts[4];
  vstore4(mask, 0, parts);
  for (uint i = 0; i < lanes; i++) y[i] = x[i] * parts[i];
}

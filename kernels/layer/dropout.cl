/* Dropout, forward and backward. The mask is computed each time and never stored. Needs
 * philox.cl. */

/* The mask of the four units of one generator block: 0 if the unit's word is below `threshold`,
 * else `scale`. */
float4 dropout_mask(uint block, uint row, uint2 key, uint threshold, float scale) {
  const uint4 words = philox((uint4)(block, row, 0, 0), key);
  return select((float4)(scale), (float4)(0.0f), words < (uint4)(threshold));
}

/* Units of a call of dropout_masks: VECTOR_WIDTH generator blocks. */
#define MASK_UNITS (4 * VECTOR_WIDTH)

/* The same for the units of the generator blocks from `block` on, MASK_UNITS in all. philox() with
 * a vector's lanes side by side, in loops that compilers turn into vectors. */
void dropout_masks(uint block, uint row, uint2 key, uint threshold, float scale, float *mask) {
  uint word[4][VECTOR_WIDTH];
  for (uint i = 0; i < VECTOR_WIDTH; i++) {
    word[0][i] = block + i;
    word[1][i] = row;
    word[2][i] = word[3][i] = 0;
  }
  for (uint round = 0; round < 10; round++) {
    for (uint i = 0; i < VECTOR_WIDTH; i++) {
      const ulong product0 = (ulong)0xD2511F53u * word[0][i];
      const ulong product1 = (ulong)0xCD9E8D57u * word[2][i];
      word[0][i] = (uint)(product1 >> 32) ^ word[1][i] ^ key.x;
      word[1][i] = (uint)product1;
      word[2][i] = (uint)(product0 >> 32) ^ word[3][i] ^ key.y;
      word[3][i] = (uint)product0;
    }
    key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
  }
  for (uint i = 0; i < VECTOR_WIDTH; i++)
    for (uint w = 0; w < 4; w++) mask[4 * i + w] = word[w][i] < threshold ? 0.0f : scale;
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

/* O = exp(Z - m) / Σ exp(Z - m), with m the largest of the row. One row per work-item. o may be z.
 * Z, O [n][k]. Needs no other file. */

__kernel void softmax(uint n, uint k, __global const float *z, ulong z_offset, __global float *o,
                      ulong o_offset) {
  const size_t row = get_global_id(0);
  if (row >= n) return;
  __global const float *z_row = z + z_offset + row * k;
  __global float *o_row = o + o_offset + row * k;

  float largest = z_row[0];
  for (uint a = 1; a < k; a++)
    if (z_row[a] > largest) largest = z_row[a];
  float sum = 0.0f;
  for (uint a = 0; a < k; a++) {
    const float power = exp(z_row[a] - largest);
    sum += power;
    o_row[a] = power;
  }
  for (uint a = 0; a < k; a++) o_row[a] /= sum;
}

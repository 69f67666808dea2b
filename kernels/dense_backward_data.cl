/* dX = (dZ Wᵀ) ∘ f'(h), the gradient that a dense layer hands down, through the activation f underneath.
 * dZ [n][out], W [in][out], h [n][in] or null with the identity, dX [n][in].
 *
 * Both factors are read along their rows, so a work-item computes TILE_ROWS samples by TILE_VECTORS inputs as dot products,
 * each in a vector of partial sums whose lanes are added at the end:
 *
 *                      out →                        TILE_VECTORS inputs
 *            ┌──────┬──────┬───                    ┌────┬────┐
 *       dZ   │  d0  │  d1  │ …            ──►   dX │ Σ  │ Σ  │  TILE_ROWS samples
 *            └──────┴──────┴───                    └────┴────┘
 *            ┌──────┬──────┬───
 *       W    │  w0  │  w1  │ …      Σ lanes of (d0·w0 + d1·w1 + …)
 *            └──────┴──────┴───
 */

/* Samples in a tile. */
#ifndef TILE_ROWS
#define TILE_ROWS 2
#endif
/* Inputs in a tile. */
#ifndef TILE_VECTORS
#define TILE_VECTORS 2
#endif

__kernel void dense_backward_data(uint n, uint in, uint out, __global const float *dz, ulong dz_offset,
                                  __global const float *w, ulong w_offset, __global const float *h, ulong h_offset,
                                  int activation, float slope, int accumulate, __global float *dx, ulong dx_offset) {
  const size_t column = get_global_id(0) * TILE_VECTORS;
  const size_t row = get_global_id(1) * TILE_ROWS;
  if (row >= n || column >= in) return;

  __global const float *dz_row[TILE_ROWS];
  for (uint r = 0; r < TILE_ROWS; r++) dz_row[r] = dz + dz_offset + min(row + r, (size_t)n - 1) * out;
  __global const float *w_row[TILE_VECTORS];
  for (uint c = 0; c < TILE_VECTORS; c++) w_row[c] = w + w_offset + min(column + c, (size_t)in - 1) * out;

  quern_vector sum[TILE_ROWS][TILE_VECTORS];
  for (uint r = 0; r < TILE_ROWS; r++)
    for (uint c = 0; c < TILE_VECTORS; c++) sum[r][c] = (quern_vector)(0.0f);

  const uint whole = out - out % VECTOR_WIDTH;
  for (uint k = 0; k < whole; k += VECTOR_WIDTH) {
    quern_vector weight[TILE_VECTORS];
    for (uint c = 0; c < TILE_VECTORS; c++) weight[c] = QUERN_VLOAD(w_row[c] + k);
    for (uint r = 0; r < TILE_ROWS; r++) {
      const quern_vector gradient = QUERN_VLOAD(dz_row[r] + k);
      for (uint c = 0; c < TILE_VECTORS; c++) sum[r][c] = mad(gradient, weight[c], sum[r][c]);
    }
  }
  if (whole < out) {
    quern_vector weight[TILE_VECTORS];
    for (uint c = 0; c < TILE_VECTORS; c++) weight[c] = quern_load_part(w_row[c] + whole, out - whole);
    for (uint r = 0; r < TILE_ROWS; r++) {
      const quern_vector gradient = quern_load_part(dz_row[r] + whole, out - whole);
      for (uint c = 0; c < TILE_VECTORS; c++) sum[r][c] = mad(gradient, weight[c], sum[r][c]);
    }
  }

  for (uint r = 0; r < TILE_ROWS; r++) {
    if (row + r >= n) break;
    for (uint c = 0; c < TILE_VECTORS; c++) {
      if (column + c >= in) break;
      const size_t at = (row + r) * in + column + c;
      float value = quern_sum_lanes(sum[r][c]);
      if (h) value *= quern_activate_gradient(activation, slope, h[h_offset + at]);
      dx[dx_offset + at] = accumulate ? dx[dx_offset + at] + value : value;
    }
  }
}

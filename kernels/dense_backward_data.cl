/* dX = (dZ Wᵀ) ∘ f'(h), the gradient that a dense layer hands down, through the activation f underneath.
 * dZ [n][out], W [in][out], h [n][in] or null with the identity, dX [n][in].
 *
 * Both factors are read along their rows, so a work-item computes TILE_ROWS samples by TILE_COLUMNS inputs as dot products,
 * VECTOR_WIDTH of them, each in a vector of partial sums:
 *
 *                      out →                        TILE_COLUMNS inputs
 *            ┌──────┬──────┬───                    ┌────┬────┐
 *       dZ   │  d0  │  d1  │ …            ──►   dX │ Σ  │ Σ  │  TILE_ROWS samples
 *            └──────┴──────┴───                    └────┴────┘
 *            ┌──────┬──────┬───
 *       W    │  w0  │  w1  │ …      Σ lanes of (d0·w0 + d1·w1 + …)
 *            └──────┴──────┴───
 *
 * At the end, as many vectors as a vector has lanes are folded, two into one, until one vector holds the sum of each. */

/* Samples in a tile: a power of two, at most VECTOR_WIDTH. */
#ifndef TILE_ROWS
#define TILE_ROWS 2
#endif
/* Inputs in a tile. */
#define TILE_COLUMNS (VECTOR_WIDTH / TILE_ROWS)

/* [a0 a1 a2 a3], [b0 b1 b2 b3]  →  [a0+a1 a2+a3 b0+b1 b2+b3] */
#if VECTOR_WIDTH > 1
#define FOLD(a, b) ((quern_vector)((a).even, (b).even) + (quern_vector)((a).odd, (b).odd))
#else
#define FOLD(a, b) (a)
#endif

__kernel void dense_backward_data(uint n, uint in, uint out, __global const float *dz, ulong dz_offset,
                                  __global const float *w, ulong w_offset, __global const float *h, ulong h_offset,
                                  int activation, float slope, int accumulate, __global float *dx, ulong dx_offset,
                                  uint rows) {
  const size_t column = get_global_id(0) * TILE_COLUMNS;
  const size_t first = get_global_id(1) * rows;
  if (first >= n || column >= in) return;
  const size_t end = min(first + rows, (size_t)n);
  __global const float *w_row[TILE_COLUMNS];
  QUERN_UNROLL for (uint c = 0; c < TILE_COLUMNS; c++)
    w_row[c] = w + w_offset + min(column + c, (size_t)in - 1) * out;

  for (size_t row = first; row < end; row += TILE_ROWS) {
    __global const float *dz_row[TILE_ROWS];
    QUERN_UNROLL for (uint r = 0; r < TILE_ROWS; r++) dz_row[r] = dz + dz_offset + min(row + r, (size_t)n - 1) * out;

    quern_vector sum[VECTOR_WIDTH];
    QUERN_UNROLL for (uint i = 0; i < VECTOR_WIDTH; i++) sum[i] = (quern_vector)(0.0f);

    const uint whole = out - out % VECTOR_WIDTH;
    for (uint k = 0; k < whole; k += VECTOR_WIDTH) {
      quern_vector weight[TILE_COLUMNS];
      QUERN_UNROLL for (uint c = 0; c < TILE_COLUMNS; c++) weight[c] = QUERN_VLOAD(w_row[c] + k);
      QUERN_UNROLL for (uint r = 0; r < TILE_ROWS; r++) {
        const quern_vector gradient = QUERN_VLOAD(dz_row[r] + k);
        QUERN_UNROLL for (uint c = 0; c < TILE_COLUMNS; c++)
          sum[r * TILE_COLUMNS + c] = QUERN_MAD(gradient, weight[c], sum[r * TILE_COLUMNS + c]);
      }
    }

    QUERN_UNROLL for (uint count = VECTOR_WIDTH / 2; count > 0; count /= 2)
      QUERN_UNROLL for (uint i = 0; i < count; i++) sum[i] = FOLD(sum[2 * i], sum[2 * i + 1]);
    float dot[VECTOR_WIDTH];
    QUERN_VSTORE(sum[0], dot);

    QUERN_UNROLL for (uint r = 0; r < TILE_ROWS; r++) {
      if (row + r >= n) break;
      QUERN_UNROLL for (uint c = 0; c < TILE_COLUMNS; c++) {
        if (column + c >= in) break;
        const size_t at = (row + r) * in + column + c;
        float value = dot[r * TILE_COLUMNS + c];
        for (uint k = whole; k < out; k++) value = QUERN_MAD(dz_row[r][k], w_row[c][k], value);
        if (h) value *= quern_activate_gradient(activation, slope, h[h_offset + at]);
        dx[dx_offset + at] = accumulate ? dx[dx_offset + at] + value : value;
      }
    }
  }
}

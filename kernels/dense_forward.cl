/* Y = f(X W + b), the forward pass of a dense layer. X [n][in], W [in][out], b [out] or null, Y [n][out].
 *
 * A work-item computes a register tile of Y: TILE_ROWS samples by TILE_VECTORS vectors of outputs. At each step k it
 * takes one row of W's strip as vectors, and multiplies each by one scalar of X a sample:
 *
 *                       TILE_VECTORS · VECTOR_WIDTH
 *                      ┌──────┬──────┐
 *                W     │  w0  │  w1  │ ← row k
 *                      └──────┴──────┘
 *              k
 *            ┌───┐     ┌──────┬──────┐
 *       X    │ x │     │ x·w0 │ x·w1 │   TILE_ROWS
 *            │ x │  Y  │  …   │  …   │
 *            └───┘     └──────┴──────┘
 *
 * A tile over the lower edge computes its last sample again and does not store it; one over the right edge loads
 * and stores part of a vector. */

/* Samples in a tile. */
#ifndef TILE_ROWS
#define TILE_ROWS 4
#endif
/* Vectors of outputs in a tile. */
#ifndef TILE_VECTORS
#define TILE_VECTORS 1
#endif
#define TILE_COLUMNS (TILE_VECTORS * VECTOR_WIDTH)

__kernel void dense_forward(uint n, uint in, uint out, __global const float *x, ulong x_offset,
                            __global const float *w, ulong w_offset, __global const float *b, ulong b_offset,
                            int activation, float slope, __global float *y, ulong y_offset) {
  const size_t column = get_global_id(0) * TILE_COLUMNS;
  const size_t row = get_global_id(1) * TILE_ROWS;
  if (row >= n || column >= out) return;
  const uint columns = (uint)min((size_t)TILE_COLUMNS, out - column);

  __global const float *x_row[TILE_ROWS];
  for (uint r = 0; r < TILE_ROWS; r++) x_row[r] = x + x_offset + min(row + r, (size_t)n - 1) * in;
  __global const float *w_row = w + w_offset + column;

  quern_vector sum[TILE_ROWS][TILE_VECTORS];
  for (uint v = 0; v < TILE_VECTORS; v++) {
    const uint used = v * VECTOR_WIDTH;
    quern_vector start = (quern_vector)(0.0f);
    if (b && used < columns) start = quern_load_part(b + b_offset + column + used, columns - used);
    for (uint r = 0; r < TILE_ROWS; r++) sum[r][v] = start;
  }

  if (columns == TILE_COLUMNS) {
    for (uint k = 0; k < in; k++, w_row += out) {
      quern_vector weight[TILE_VECTORS];
      for (uint v = 0; v < TILE_VECTORS; v++) weight[v] = QUERN_VLOAD(w_row + v * VECTOR_WIDTH);
      for (uint r = 0; r < TILE_ROWS; r++)
        for (uint v = 0; v < TILE_VECTORS; v++) sum[r][v] = mad((quern_vector)(x_row[r][k]), weight[v], sum[r][v]);
    }
  } else {
    for (uint k = 0; k < in; k++, w_row += out) {
      for (uint v = 0; v < TILE_VECTORS; v++) {
        const uint used = v * VECTOR_WIDTH;
        if (used >= columns) break;
        const quern_vector weight = quern_load_part(w_row + used, columns - used);
        for (uint r = 0; r < TILE_ROWS; r++) sum[r][v] = mad((quern_vector)(x_row[r][k]), weight, sum[r][v]);
      }
    }
  }

  for (uint r = 0; r < TILE_ROWS; r++) {
    if (row + r >= n) break;
    __global float *y_row = y + y_offset + (row + r) * out + column;
    for (uint v = 0; v < TILE_VECTORS; v++) {
      const uint used = v * VECTOR_WIDTH;
      if (used >= columns) break;
      quern_store_part(quern_activate_vector(activation, slope, sum[r][v]), y_row + used, columns - used);
    }
  }
}

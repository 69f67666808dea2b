/* dW = Xᵀ dZ and db = Σ_rows dZ, or the SGD step with them: p ← p - rate (g + decay p).
 * X [n][in], dZ [n][out], dW [in][out] or null, db [out] or null.
 *
 * A work-item computes a register tile of dW: TILE_ROWS inputs by TILE_VECTORS vectors of outputs. Each sample adds
 * the outer product of a few scalars of its row of X with a strip of its row of dZ:
 *
 *                          TILE_VECTORS · VECTOR_WIDTH
 *                         ┌──────┬──────┐
 *              dZ         │  d0  │  d1  │ ← sample
 *                         └──────┴──────┘
 *        sample ↓
 *            ┌───┐        ┌──────┬──────┐
 *       Xᵀ   │ x │        │ x·d0 │ x·d1 │   TILE_ROWS
 *            │ x │    dW  │  …   │  …   │
 *            └───┘        └──────┴──────┘
 *
 * The tiles of the first inputs also sum dZ for the bias. */

/* Inputs in a tile. */
#ifndef TILE_ROWS
#define TILE_ROWS 4
#endif
/* Vectors of outputs in a tile. */
#ifndef TILE_VECTORS
#define TILE_VECTORS 1
#endif
#define TILE_COLUMNS (TILE_VECTORS * VECTOR_WIDTH)

/* What becomes of a gradient. Values as in host/opencl/dense.c. */
#define WRITE      0
#define ACCUMULATE 1
#define UPDATE     2

void put(int mode, float rate, float decay, quern_vector gradient, __global float *target, uint count) {
  if (mode != WRITE) {
    const quern_vector old = quern_load_part(target, count);
    if (mode == ACCUMULATE) gradient += old;
    else gradient = old - rate * (gradient + decay * old);
  }
  quern_store_part(gradient, target, count);
}

__kernel void dense_backward_weights(uint n, uint in, uint out, __global const float *x, ulong x_offset,
                                     __global const float *dz, ulong dz_offset, int mode, float rate, float decay,
                                     __global float *dw, ulong dw_offset, __global float *db, ulong db_offset) {
  const size_t column = get_global_id(0) * TILE_COLUMNS;
  const size_t row = get_global_id(1) * TILE_ROWS;
  if (row >= in || column >= out) return;
  const uint columns = (uint)min((size_t)TILE_COLUMNS, out - column);

  if (db && row == 0) {
    for (uint v = 0; v < TILE_VECTORS; v++) {
      const uint used = v * VECTOR_WIDTH;
      if (used >= columns) break;
      __global const float *strip = dz + dz_offset + column + used;
      quern_vector sum = (quern_vector)(0.0f);
      for (uint s = 0; s < n; s++, strip += out) sum += quern_load_part(strip, columns - used);
      put(mode, rate, decay, sum, db + db_offset + column + used, columns - used);
    }
  }
  if (!dw) return;

  /* Inputs past the last are read as the last, and not stored. */
  uint input[TILE_ROWS];
  for (uint r = 0; r < TILE_ROWS; r++) input[r] = (uint)(min(row + r, (size_t)in - 1) - row);
  __global const float *x_row = x + x_offset + row;
  __global const float *dz_row = dz + dz_offset + column;

  quern_vector sum[TILE_ROWS][TILE_VECTORS];
  for (uint r = 0; r < TILE_ROWS; r++)
    for (uint v = 0; v < TILE_VECTORS; v++) sum[r][v] = (quern_vector)(0.0f);

  if (columns == TILE_COLUMNS) {
    for (uint s = 0; s < n; s++, x_row += in, dz_row += out) {
      quern_vector gradient[TILE_VECTORS];
      for (uint v = 0; v < TILE_VECTORS; v++) gradient[v] = QUERN_VLOAD(dz_row + v * VECTOR_WIDTH);
      for (uint r = 0; r < TILE_ROWS; r++)
        for (uint v = 0; v < TILE_VECTORS; v++)
          sum[r][v] = mad((quern_vector)(x_row[input[r]]), gradient[v], sum[r][v]);
    }
  } else {
    for (uint s = 0; s < n; s++, x_row += in, dz_row += out) {
      for (uint v = 0; v < TILE_VECTORS; v++) {
        const uint used = v * VECTOR_WIDTH;
        if (used >= columns) break;
        const quern_vector gradient = quern_load_part(dz_row + used, columns - used);
        for (uint r = 0; r < TILE_ROWS; r++) sum[r][v] = mad((quern_vector)(x_row[input[r]]), gradient, sum[r][v]);
      }
    }
  }

  for (uint r = 0; r < TILE_ROWS; r++) {
    if (row + r >= in) break;
    __global float *dw_row = dw + dw_offset + (row + r) * out + column;
    for (uint v = 0; v < TILE_VECTORS; v++) {
      const uint used = v * VECTOR_WIDTH;
      if (used >= columns) break;
      put(mode, rate, decay, sum[r][v], dw_row + used, columns - used);
    }
  }
}

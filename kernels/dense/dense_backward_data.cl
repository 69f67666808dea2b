/* dX = (dZ Wᵀ) ∘ f'(h), the gradient that a dense layer passes down, through the activation f below
 * it. dZ [n][out], W [in][out], h [n][in] or null for the identity, dX [n][in]. Needs common.cl and
 * dense_tile.cl.
 *
 * Uses the tiles of dense_tile.cl. The left factor is dZ, read in place. The panels are strips of
 * Wᵀ, transposed one square of vectors at a time. If `out` exceeds a panel, dX holds the partial
 * sums. */

/* Samples per tile. */
#ifndef DATA_ROWS
#define DATA_ROWS 4
#endif
/* Vectors of inputs per tile. */
#ifndef DATA_VECTORS
#define DATA_VECTORS 1
#endif
/* Columns of W per panel. */
#ifndef DATA_PANEL
#define DATA_PANEL 64
#endif
#define DATA_COLUMNS (DATA_VECTORS * VECTOR_WIDTH)

DEFINE_PRODUCT(data_product, DATA_ROWS, DATA_VECTORS)

/* Samples processed at once if dX overwrites h. Their h is kept until all panels are done. */
#define DATA_BLOCK (8 * DATA_ROWS)

/* Instead of an activation: h is f' itself. */
#define DATA_DERIVATIVE (-1)
/* f' from a vector of h. */
#define DATA_GRADIENT(value)                                                                       \
  (activation == DATA_DERIVATIVE ? (value)                                                         \
                                 : quern_activate_gradient_vector(activation, slope, value))

/* Computes the strip of dX that starts at `column`, for samples `first` to `end`. */
void data_strip(uint in, uint out, __global const float *dz, __global const float *w,
                __global const float *h, int activation, float slope, int accumulate,
                __global float *dx, size_t column, size_t first, size_t end) {
  const uint columns = (uint)min((size_t)DATA_COLUMNS, in - column);
  const uint vectors = strip_vectors(columns, DATA_VECTORS);
  const bool keep = h == dx && out > DATA_PANEL;
  quern_vector panel[DATA_PANEL * DATA_VECTORS], sums[DATA_ROWS * DATA_VECTORS],
      kept[DATA_BLOCK * DATA_VECTORS];
  const size_t block = keep ? DATA_BLOCK : end - first;
  for (size_t block_first = first; block_first < end; block_first += block) {
    const size_t block_end = min(block_first + block, end);
    if (keep)
      for (size_t row = block_first; row < block_end; row++)
        for (uint v = 0; v < vectors; v++)
          kept[(row - block_first) * vectors + v] =
              quern_load_part(h + row * in + column + v * VECTOR_WIDTH, strip_lanes(columns, v));

    for (uint k = 0; k < out; k += DATA_PANEL) {
      const uint depth = min((uint)DATA_PANEL, out - k);
      const bool last = k + depth == out;
      transpose_panel(w + column * out + k, out, depth, columns, vectors, panel);
      for (size_t row = block_first; row < block_end;) {
        const uint rows =
            data_product(dz + row * out + k, out, block_end - row, panel, depth, vectors, sums);
        for (uint r = 0; r < rows; r++) {
          for (uint v = 0; v < vectors; v++) {
            const uint lanes = strip_lanes(columns, v);
            const size_t at = (row + r) * in + column + v * VECTOR_WIDTH;
            quern_vector value = sums[r * vectors + v];
            /* With `accumulate`, dX already holds other values, so each panel's part is multiplied
             * by f' separately. */
            if (k > 0 && !accumulate) value += quern_load_part(dx + at, lanes);
            if (h && (last || accumulate))
              value *= DATA_GRADIENT(keep ? kept[(row + r - block_first) * vectors + v]
                                          : quern_load_part(h + at, lanes));
            if (accumulate) value += quern_load_part(dx + at, lanes);
            quern_store_part(value, dx + at, lanes);
          }
        }
        row += rows;
      }
    }
  }
}

__kernel void dense_backward_data(uint n, uint in, uint out, __global const float *dz,
                                  ulong dz_offset, __global const float *w, ulong w_offset,
                                  __global const float *h, ulong h_offset, int activation,
                                  float slope, int accumulate, __global float *dx, ulong dx_offset,
                                  uint rows) {
  const size_t column = get_global_id(0) * DATA_COLUMNS;
  const size_t first = get_global_id(1) * rows;
  if (first >= n || column >= in) return;
  data_strip(in, out, dz + dz_offset, w + w_offset, h ? h + h_offset : h, activation, slope,
             accumulate, dx + dx_offset, column, first, min(first + rows, (size_t)n));
}

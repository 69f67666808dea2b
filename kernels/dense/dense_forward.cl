/* Y = f(X W + b), the forward pass of a dense layer. X [n][in], W [in][out], b [out] or null, Y
 * [n][out]. Needs common.cl and dense_tile.cl.
 *
 * Uses the tiles of dense_tile.cl. The left factor is X, read in place. The panels are strips of W.
 * If `in` exceeds a panel, Y holds the partial sums. A few samples need no panel. */

/* Samples per tile. */
#ifndef FORWARD_ROWS
#define FORWARD_ROWS 4
#endif
/* Vectors of outputs per tile. */
#ifndef FORWARD_VECTORS
#define FORWARD_VECTORS 1
#endif
/* Rows of W per panel. */
#ifndef FORWARD_PANEL
#define FORWARD_PANEL 64
#endif
#define FORWARD_COLUMNS (FORWARD_VECTORS * VECTOR_WIDTH)
/* The most samples, in whole tiles, for which a panel costs more than it saves. Their tiles read W
 * in place. */
#define FORWARD_DIRECT (4 * FORWARD_ROWS)

DEFINE_PRODUCT(forward_product, FORWARD_ROWS, FORWARD_VECTORS)

/* Computes the sums of a wide tile directly from W. The tile's rows of X may span 2^32 floats or
 * more. */
#define W_VECTOR(i, v, VECTORS) QUERN_VLOAD(w + out * (i) + VECTOR_WIDTH * (v))
void forward_direct(__global const float *x, uint depth, __global const float *w, size_t out,
                    quern_vector *sums) {
  TILE_SUMS(x, FORWARD_ROWS, FORWARD_VECTORS, (size_t)depth, 1, W_VECTOR)
  QUERN_UNROLL_FOR (uint r = 0; r < FORWARD_ROWS; r++)
    QUERN_UNROLL_FOR (uint v = 0; v < FORWARD_VECTORS; v++)
      sums[r * FORWARD_VECTORS + v] = sum[r][v];
}

/* Computes the strip of Y that starts at `column`, for samples `first` to `end`. */
void forward_strip(uint in, uint out, __global const float *x, __global const float *w,
                   __global const float *b, int activation, float slope, __global float *y,
                   size_t column, size_t first, size_t end) {
  const uint columns = (uint)min((size_t)FORWARD_COLUMNS, out - column);
  const uint vectors = strip_vectors(columns, FORWARD_VECTORS);
  quern_vector panel[FORWARD_PANEL * FORWARD_VECTORS], sums[FORWARD_ROWS * FORWARD_VECTORS];
  const size_t samples = end - first;
  const bool direct =
      columns == FORWARD_COLUMNS && samples <= FORWARD_DIRECT && samples % FORWARD_ROWS == 0;
  const uint longest = direct ? in : FORWARD_PANEL;
  for (uint k = 0; k < in; k += longest) {
    const uint depth = min(longest, in - k);
    const bool last = k + depth == in;
    if (!direct) copy_panel(w + (size_t)k * out + column, out, depth, columns, vectors, panel);
    for (size_t row = first; row < end;) {
      uint rows = FORWARD_ROWS;
      if (direct)
        forward_direct(x + row * in, in, w + column, out, sums);
      else
        rows = forward_product(x + row * in + k, in, end - row, panel, depth, vectors, sums);
      for (uint r = 0; r < rows; r++) {
        for (uint v = 0; v < vectors; v++) {
          const uint lanes = strip_lanes(columns, v);
          const size_t at = column + v * VECTOR_WIDTH;
          __global float *y_at = y + (row + r) * out + at;
          quern_vector value = sums[r * vectors + v];
          if (k > 0) value += quern_load_part(y_at, lanes);
          if (last) {
            if (b) value += quern_load_part(b + at, lanes);
            value = quern_activate_vector(activation, slope, value);
          }
          quern_store_part(value, y_at, lanes);
        }
      }
      row += rows;
    }
  }
}

__kernel void dense_forward(uint n, uint in, uint out, __global const float *x, ulong x_offset,
                            __global const float *w, ulong w_offset, __global const float *b,
                            ulong b_offset, int activation, float slope, __global float *y,
                            ulong y_offset, uint rows) {
  const size_t column = get_global_id(0) * FORWARD_COLUMNS;
  const size_t first = get_global_id(1) * rows;
  if (first >= n || column >= out) return;
  forward_strip(in, out, x + x_offset, w + w_offset, b ? b + b_offset : b, activation, slope,
                y + y_offset, column, first, min(first + rows, (size_t)n));
}

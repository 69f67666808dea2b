/* Y = f(X W + b), the forward pass of a dense layer. X [n][in], W [in][out], b [out] or null, Y [n][out].
 *
 * A work-item computes a strip of Y: TILE_COLUMNS outputs of `rows` samples, one register tile of TILE_ROWS samples at a
 * time. It first copies PANEL rows of its strip of W side by side into a panel that stays in the cache, filled up with
 * zeros over the right edge; then every tile runs through the panel. At each step k a tile takes one row of the panel as
 * vectors, and multiplies each by one scalar of X a sample:
 *
 *                       TILE_VECTORS · VECTOR_WIDTH
 *                      ┌──────┬──────┐
 *             panel    │  w0  │  w1  │ ← row k
 *                      └──────┴──────┘
 *              k
 *            ┌───┐     ┌──────┬──────┐
 *       X    │ x │     │ x·w0 │ x·w1 │   TILE_ROWS
 *            │ x │  Y  │  …   │  …   │
 *            └───┘     └──────┴──────┘
 *
 * Where `in` is longer than a panel, Y holds the sums so far. A tile over the lower edge computes its last sample again and
 * does not store it. */

/* Samples in a tile. */
#ifndef TILE_ROWS
#define TILE_ROWS 4
#endif
/* Vectors of outputs in a tile. */
#ifndef TILE_VECTORS
#define TILE_VECTORS 1
#endif
/* Rows of W in a panel. */
#ifndef PANEL
#define PANEL 64
#endif
#define TILE_COLUMNS (TILE_VECTORS * VECTOR_WIDTH)

/* The arguments of the kernel that a tile needs. */
typedef struct {
  uint n, in, out;
  __global const float *x;
  __global const float *b; /* null for none */
  __global float *y;
  int activation;
  float slope;
} Layer;

/* Whether f is a matter of a comparison, and such an f. A tile applies it to each of its vectors; another f, which is long, is
 * applied to the strip when it is done, so that its code stands there once. */
#define IS_PIECEWISE(activation)                                                                             \
  ((activation) == QUERN_IDENTITY || (activation) == QUERN_RELU || (activation) == QUERN_LEAKY_RELU)

quern_vector piecewise(int activation, float slope, quern_vector z) {
  if (activation == QUERN_RELU) return z <= (quern_vector)(0.0f) ? (quern_vector)(0.0f) : z;
  if (activation == QUERN_LEAKY_RELU) return z <= (quern_vector)(0.0f) ? slope * z : z;
  return z;
}

/* One tile: samples from `row` on, VECTORS vectors of outputs from `column` on, over `depth` rows of the panel, VECTORS vectors
 * each, that stand for those of W from `k` on. */
#define DEFINE_TILE(tile, VECTORS)                                                                              \
  void tile(const Layer *layer, size_t row, size_t column, const quern_vector *panel, uint k, uint depth) {     \
    const uint columns = (uint)min((size_t)VECTORS * VECTOR_WIDTH, layer->out - column);                        \
    __global const float *x_row[TILE_ROWS];                                                                     \
    __global float *y_row[TILE_ROWS];                                                                           \
    quern_vector sum[TILE_ROWS][VECTORS];                                                                       \
    QUERN_UNROLL for (uint r = 0; r < TILE_ROWS; r++) {                                                         \
      const size_t sample = min(row + r, (size_t)layer->n - 1);                                                 \
      x_row[r] = layer->x + sample * layer->in + k;                                                             \
      y_row[r] = layer->y + sample * layer->out + column;                                                       \
    }                                                                                                           \
    QUERN_UNROLL for (uint v = 0; v < VECTORS; v++) {                                                           \
      const uint used = v * VECTOR_WIDTH;                                                                       \
      quern_vector start = (quern_vector)(0.0f);                                                                \
      if (k == 0 && layer->b) start = quern_load_part(layer->b + column + used, columns - used);                \
      QUERN_UNROLL for (uint r = 0; r < TILE_ROWS; r++)                                                         \
        sum[r][v] = k == 0 ? start : quern_load_part(y_row[r] + used, columns - used);                          \
    }                                                                                                           \
    for (uint i = 0; i < depth; i++) {                                                                          \
      quern_vector weight[VECTORS];                                                                             \
      QUERN_UNROLL for (uint v = 0; v < VECTORS; v++) weight[v] = panel[i * VECTORS + v];                       \
      QUERN_UNROLL for (uint r = 0; r < TILE_ROWS; r++) {                                                       \
        const quern_vector scalar = (quern_vector)(x_row[r][i]);                                                \
        QUERN_UNROLL for (uint v = 0; v < VECTORS; v++) sum[r][v] = QUERN_MAD(scalar, weight[v], sum[r][v]);          \
      }                                                                                                         \
    }                                                                                                           \
    const bool last = k + depth == layer->in;                                                                   \
    QUERN_UNROLL for (uint r = 0; r < TILE_ROWS; r++) {                                                         \
      if (row + r < layer->n) {                                                                                 \
        QUERN_UNROLL for (uint v = 0; v < VECTORS; v++) {                                                       \
          const uint used = v * VECTOR_WIDTH;                                                                   \
          quern_vector value = sum[r][v];                                                                       \
          if (last) value = piecewise(layer->activation, layer->slope, value);                                  \
          quern_store_part(value, y_row[r] + used, columns - used);                                             \
        }                                                                                                       \
      }                                                                                                         \
    }                                                                                                           \
  }

DEFINE_TILE(whole_tile, TILE_VECTORS)
DEFINE_TILE(narrow_tile, 1)

__kernel void dense_forward(uint n, uint in, uint out, __global const float *x, ulong x_offset,
                            __global const float *w, ulong w_offset, __global const float *b, ulong b_offset,
                            int activation, float slope, __global float *y, ulong y_offset, uint rows) {
  const size_t column = get_global_id(0) * TILE_COLUMNS;
  const size_t first = get_global_id(1) * rows;
  if (first >= n || column >= out) return;
  const size_t end = min(first + rows, (size_t)n);
  const uint columns = (uint)min((size_t)TILE_COLUMNS, out - column);
  const Layer layer = {n, in, out, x + x_offset, b ? b + b_offset : b, y + y_offset, activation, slope};

  quern_vector panel[PANEL * TILE_VECTORS];
  for (uint k = 0; k < in; k += PANEL) {
    const uint depth = min((uint)PANEL, in - k);
    __global const float *w_row = w + w_offset + (size_t)k * out + column;
    if (columns == TILE_COLUMNS) {
      for (uint i = 0; i < depth; i++, w_row += out)
        QUERN_UNROLL for (uint v = 0; v < TILE_VECTORS; v++)
          panel[i * TILE_VECTORS + v] = QUERN_VLOAD(w_row + v * VECTOR_WIDTH);
      for (size_t row = first; row < end; row += TILE_ROWS)
        whole_tile(&layer, row, column, panel, k, depth);
    } else {
      for (uint used = 0; used < columns; used += VECTOR_WIDTH) {
        for (uint i = 0; i < depth; i++)
          panel[i] = quern_load_part(w_row + (size_t)i * out + used, columns - used);
        for (size_t row = first; row < end; row += TILE_ROWS)
          narrow_tile(&layer, row, column + used, panel, k, depth);
      }
    }
  }

  if (IS_PIECEWISE(activation)) return;
  for (size_t row = first; row < end; row++) {
    for (uint used = 0; used < columns; used += VECTOR_WIDTH) {
      __global float *at = layer.y + row * out + column + used;
      const quern_vector z = quern_load_part(at, columns - used);
      quern_store_part(quern_activate_vector(activation, slope, z), at, columns - used);
    }
  }
}

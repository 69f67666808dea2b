/* Register tiles and cached panels, shared by the matrix products on CPUs. Needs common.cl and
 * interleave.cl.
 *
 * A work-item computes a strip of the result, one register tile after another. It first copies
 * PANEL rows of its strip of the right factor into a compact panel, which stays in the cache. Every
 * tile of the strip then reads the whole panel. At each step k, a tile loads one panel row as
 * vectors and multiplies each by one scalar per row of the left factor:
 *
 *                        VECTORS · VECTOR_WIDTH
 *                      ┌──────┬──────┐
 *             panel    │  p0  │  p1  │ ← row k
 *                      └──────┴──────┘
 *              k
 *            ┌───┐     ┌──────┬──────┐
 *     left   │ a │     │ a·p0 │ a·p1 │   ROWS
 *            │ a │ sum │  …   │  …   │
 *            └───┘     └──────┴──────┘
 *
 * A tile writes its sums to private memory, and a short loop applies them to the result. Thus only
 * the inner loop is unrolled, and edges cost nothing elsewhere.
 *
 * Each product has its own tiles (the host sets ROWS and VECTORS: FORWARD_ROWS, …): a wide one, and
 * a narrow one of one vector for the right edge and narrow layers. If the rows of the left factor
 * are samples, there are also flat ones of one row for the remaining rows. */

/* Declares sum[r][v] = Σ_i left[r][i] right[i][v], i < depth. left[r][i] is at left[r · ROW_STEP +
 * i · STEP]. RIGHT(i, v, VECTORS) is right[i][v]. */
#define TILE_SUMS(left, ROWS, VECTORS, ROW_STEP, STEP, RIGHT)                                      \
  quern_vector sum[ROWS][VECTORS];                                                                 \
  QUERN_UNROLL_FOR (uint r = 0; r < ROWS; r++)                                                     \
    QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++) sum[r][v] = (quern_vector)(0.0f);              \
  for (uint i = 0; i < depth; i++) {                                                               \
    quern_vector right[VECTORS];                                                                   \
    QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++) right[v] = RIGHT(i, v, VECTORS);               \
    QUERN_UNROLL_FOR (uint r = 0; r < ROWS; r++) {                                                 \
      const quern_vector scalar = (quern_vector)((left)[r * ROW_STEP + i * STEP]);                 \
      QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++)                                              \
        sum[r][v] = QUERN_MAD(scalar, right[v], sum[r][v]);                                        \
    }                                                                                              \
  }

#define PANEL_VECTOR(i, v, VECTORS) panel[(i) * (VECTORS) + (v)]

/* Defines tile(), which writes these sums to private memory. */
#define DEFINE_TILE(tile, SPACE, ROWS, VECTORS, ROW_STEP, STEP)                                    \
  void tile(SPACE const float *left, size_t stride, const quern_vector *panel, uint depth,         \
            quern_vector *sums) {                                                                  \
    TILE_SUMS(left, ROWS, VECTORS, ROW_STEP, STEP, PANEL_VECTOR)                                   \
    QUERN_UNROLL_FOR (uint r = 0; r < ROWS; r++)                                                   \
      QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++) sums[r * VECTORS + v] = sum[r][v];           \
  }

/* Defines product(), which runs the tile that fits the `left_rows` remaining rows and the strip's
 * vectors. It returns how many rows it processed. */
#define DEFINE_PRODUCT(product, ROWS, VECTORS)                                                     \
  DEFINE_TILE(QUERN_JOIN(product, _wide), __global, ROWS, VECTORS, stride, 1)                      \
  DEFINE_TILE(QUERN_JOIN(product, _narrow), __global, ROWS, 1, stride, 1)                          \
  DEFINE_TILE(QUERN_JOIN(product, _flat_wide), __global, 1, VECTORS, stride, 1)                    \
  DEFINE_TILE(QUERN_JOIN(product, _flat_narrow), __global, 1, 1, stride, 1)                        \
  uint product(__global const float *left, size_t stride, size_t left_rows,                        \
               const quern_vector *panel, uint depth, uint vectors, quern_vector *sums) {          \
    if (left_rows < ROWS) {                                                                        \
      if (vectors == VECTORS)                                                                      \
        QUERN_JOIN(product, _flat_wide)(left, stride, panel, depth, sums);                         \
      else                                                                                         \
        QUERN_JOIN(product, _flat_narrow)(left, stride, panel, depth, sums);                       \
      return 1;                                                                                    \
    }                                                                                              \
    if (vectors == VECTORS)                                                                        \
      QUERN_JOIN(product, _wide)(left, stride, panel, depth, sums);                                \
    else                                                                                           \
      QUERN_JOIN(product, _narrow)(left, stride, panel, depth, sums);                              \
    return ROWS;                                                                                   \
  }

/* Returns the vectors of a strip of `columns` columns: all of the tile's, or one. */
uint strip_vectors(uint columns, uint tile_vectors) {
  return columns <= VECTOR_WIDTH ? 1 : tile_vectors;
}

/* Returns the lanes of a strip's vector v that are within its `columns` columns. */
uint strip_lanes(uint columns, uint v) {
  const uint used = v * VECTOR_WIDTH;
  return columns > used ? min(columns - used, (uint)VECTOR_WIDTH) : 0;
}

/* panel[i][v] = row i of a strip of `columns` columns. Lanes past them are never stored, so they
 * may hold whatever follows in memory, within the rows to be copied. */
void copy_panel(__global const float *from, size_t stride, uint depth, uint columns, uint vectors,
                quern_vector *panel) {
  const size_t end = (depth - 1) * stride + columns, width = vectors * VECTOR_WIDTH;
  const uint whole = end < width ? 0 : (uint)min((end - width) / stride + 1, (size_t)depth);
  for (uint i = 0; i < whole; i++, from += stride)
    for (uint v = 0; v < vectors; v++)
      panel[i * vectors + v] = QUERN_VLOAD(from + v * VECTOR_WIDTH);
  for (uint i = whole; i < depth; i++, from += stride)
    for (uint v = 0; v < vectors; v++)
      panel[i * vectors + v] = quern_load_part(from + v * VECTOR_WIDTH, strip_lanes(columns, v));
}

/* Interleaves the halves of a square of vectors; log2(VECTOR_WIDTH) rounds transpose it. */
#define TRANSPOSE_ROUND                                                                            \
  QUERN_UNROLL_FOR (uint i = 0; i < VECTOR_WIDTH / 2; i++) {                                       \
    b[2 * i] = INTERLEAVE_LOW(a[i], a[i + VECTOR_WIDTH / 2]);                                      \
    b[2 * i + 1] = INTERLEAVE_HIGH(a[i], a[i + VECTOR_WIDTH / 2]);                                 \
  }                                                                                                \
  QUERN_UNROLL_FOR (uint r = 0; r < VECTOR_WIDTH; r++) a[r] = b[r];

/* panel[i · step] = column i of a square of `rows` rows and `columns` columns, with zeros in the
 * lanes past `rows`. Writes at most VECTOR_WIDTH columns. */
void transpose_square(__global const float *from, size_t stride, uint rows, uint columns,
                      quern_vector *panel, uint step) {
  quern_vector a[VECTOR_WIDTH], b[VECTOR_WIDTH];
  if (rows >= VECTOR_WIDTH && columns >= VECTOR_WIDTH) {
    QUERN_UNROLL_FOR (uint r = 0; r < VECTOR_WIDTH; r++) a[r] = QUERN_VLOAD(from + r * stride);
  } else {
    for (uint r = 0; r < VECTOR_WIDTH; r++)
      b[r] = r < rows ? quern_load_part(from + r * stride, columns) : (quern_vector)(0.0f);
    QUERN_UNROLL_FOR (uint r = 0; r < VECTOR_WIDTH; r++) a[r] = b[r];
  }
#if VECTOR_WIDTH >= 2
  TRANSPOSE_ROUND
#endif
#if VECTOR_WIDTH >= 4
  TRANSPOSE_ROUND
#endif
#if VECTOR_WIDTH >= 8
  TRANSPOSE_ROUND
#endif
#if VECTOR_WIDTH >= 16
  TRANSPOSE_ROUND
#endif
  if (columns >= VECTOR_WIDTH) {
    QUERN_UNROLL_FOR (uint i = 0; i < VECTOR_WIDTH; i++) panel[i * step] = a[i];
  } else {
    QUERN_UNROLL_FOR (uint i = 0; i < VECTOR_WIDTH; i++) b[i] = a[i];
    for (uint i = 0; i < columns; i++) panel[i * step] = b[i];
  }
}

/* panel[i][v] = column i of a strip of `columns` rows, a strip of the transposed factor. */
void transpose_panel(__global const float *from, size_t stride, uint depth, uint columns,
                     uint vectors, quern_vector *panel) {
  for (uint v = 0; v < vectors; v++)
    for (uint i = 0; i < depth; i += VECTOR_WIDTH)
      transpose_square(from + (size_t)v * VECTOR_WIDTH * stride + i, stride,
                       strip_lanes(columns, v), depth - i, panel + i * vectors + v, vectors);
}

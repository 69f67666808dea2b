/* What the matrix products of CPU devices share: register tiles, and the panels that they run
 * through.
 *
 * A work-item computes a strip of the result, one register tile after another. Of the right factor
 * it first copies PANEL rows of the strip side by side into a panel that stays in the cache; then
 * every tile of the strip
 * runs through the panel. At each step k a tile takes one row of the panel as vectors, and
 * multiplies each by one scalar of the left factor a row:
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
 * A tile leaves its sums in private memory, from where a short loop takes them to the result: so
 * the loop that counts is all that is unrolled, and edges cost nothing where there are none.
 *
 * Each product has tiles of its own (ROWS and VECTORS come from the host: FORWARD_ROWS, …): a wide
 * one, a narrow one of one vector for the right edge and for narrow layers, and, where the rows of
 * the left factor are samples, flat ones of one row for what is left over below. */

/* Declares sum[r][v] = Σ_i left[r][i] right[i][v], i < depth. left[r][i] is at left[r · ROW_STEP +
 * i · STEP]; RIGHT(i, v, VECTORS) is right[i][v]. */
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

/* tile: those sums, left in private memory. */
#define DEFINE_TILE(tile, SPACE, ROWS, VECTORS, ROW_STEP, STEP)                                    \
  void tile(SPACE const float *left, size_t stride, const quern_vector *panel, uint depth,         \
            quern_vector *sums) {                                                                  \
    TILE_SUMS(left, ROWS, VECTORS, ROW_STEP, STEP, PANEL_VECTOR)                                   \
    QUERN_UNROLL_FOR (uint r = 0; r < ROWS; r++)                                                   \
      QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++) sums[r * VECTORS + v] = sum[r][v];           \
  }

/* product: the tile that fits the `left_rows` rows still to do and the strip's vectors; returns how
 * many rows it did. */
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

/* Vectors that a strip of `columns` columns takes: all of the tile's, or one. */
uint strip_vectors(uint columns, uint tile_vectors) {
  return columns <= VECTOR_WIDTH ? 1 : tile_vectors;
}

/* Lanes of a strip's vector v that lie in its `columns` columns. */
uint strip_lanes(uint columns, uint v) {
  const uint used = v * VECTOR_WIDTH;
  return columns > used ? min(columns - used, (uint)VECTOR_WIDTH) : 0;
}

/* panel[i][v] = row i of a strip of `columns` columns. Lanes past them are never stored, so they
 * may hold what comes next in memory, as long as that is of the rows to be copied. */
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

/* [a0 a1 …], [b0 b1 …]  →  [a0 b0 a1 b1 …] of the low halves, and of the high ones. Lane by lane,
 * which compilers make one instruction of; Oclgrind ends over assignments to .even and .odd. */
#if VECTOR_WIDTH == 2
#define INTERLEAVE_LOW(a, b)  ((quern_vector)((a).s0, (b).s0))
#define INTERLEAVE_HIGH(a, b) ((quern_vector)((a).s1, (b).s1))
#elif VECTOR_WIDTH == 4
#define INTERLEAVE_LOW(a, b)  ((quern_vector)((a).s0, (b).s0, (a).s1, (b).s1))
#define INTERLEAVE_HIGH(a, b) ((quern_vector)((a).s2, (b).s2, (a).s3, (b).s3))
#elif VECTOR_WIDTH == 8
#define INTERLEAVE_LOW(a, b)                                                                       \
  ((quern_vector)((a).s0, (b).s0, (a).s1, (b).s1, (a).s2, (b).s2, (a).s3, (b).s3))
#define INTERLEAVE_HIGH(a, b)                                                                      \
  ((quern_vector)((a).s4, (b).s4, (a).s5, (b).s5, (a).s6, (b).s6, (a).s7, (b).s7))
#elif VECTOR_WIDTH == 16
#define INTERLEAVE_LOW(a, b)                                                                       \
  ((quern_vector)((a).s0, (b).s0, (a).s1, (b).s1, (a).s2, (b).s2, (a).s3, (b).s3, (a).s4, (b).s4,  \
                  (a).s5, (b).s5, (a).s6, (b).s6, (a).s7, (b).s7))
#define INTERLEAVE_HIGH(a, b)                                                                      \
  ((quern_vector)((a).s8, (b).s8, (a).s9, (b).s9, (a).sa, (b).sa, (a).sb, (b).sb, (a).sc, (b).sc,  \
                  (a).sd, (b).sd, (a).se, (b).se, (a).sf, (b).sf))
#endif

/* Riffles a square of vectors: log2(VECTOR_WIDTH) rounds turn it. */
#define TRANSPOSE_ROUND                                                                            \
  QUERN_UNROLL_FOR (uint i = 0; i < VECTOR_WIDTH / 2; i++) {                                       \
    b[2 * i] = INTERLEAVE_LOW(a[i], a[i + VECTOR_WIDTH / 2]);                                      \
    b[2 * i + 1] = INTERLEAVE_HIGH(a[i], a[i + VECTOR_WIDTH / 2]);                                 \
  }                                                                                                \
  QUERN_UNROLL_FOR (uint r = 0; r < VECTOR_WIDTH; r++) a[r] = b[r];

/* panel[i · step] = column i of a square of `rows` rows and `columns` columns; zeros in the lanes
 * past `rows`. At most VECTOR_WIDTH columns are written. */
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

/* panel[i][v] = column i of a strip of `columns` rows: the strip of the transposed factor. */
void transpose_panel(__global const float *from, size_t stride, uint depth, uint columns,
                     uint vectors, quern_vector *panel) {
  for (uint v = 0; v < vectors; v++)
    for (uint i = 0; i < depth; i += VECTOR_WIDTH)
      transpose_square(from + (size_t)v * VECTOR_WIDTH * stride + i, stride,
                       strip_lanes(columns, v), depth - i, panel + i * vectors + v, vectors);
}

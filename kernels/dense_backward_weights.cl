/* dW = Xᵀ dZ and db = Σ_rows dZ, or the SGD step with them: p ← p - rate (g + decay p).
 * X [n][in], dZ [n][out], dW [in][out] or null, db [out] or null.
 *
 * A work-item computes a strip of dW: TILE_COLUMNS outputs of `rows` inputs, one register tile of TILE_ROWS inputs at a time.
 * It copies a panel of dZ (PANEL samples of its outputs, zeros over the right edge) and, group after group of VECTOR_WIDTH
 * inputs, a panel of X, so that what the tiles run through lies side by side in the cache. Each sample adds the outer
 * product of a few scalars of X with a strip of dZ:
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
 * More samples than a panel holds are added up panel by panel in dW, or, updating, taken off W panel by panel. The strips of
 * the first inputs also sum dZ for the bias. */

/* Inputs in a tile: at most VECTOR_WIDTH, and a divisor of it. */
#ifndef TILE_ROWS
#define TILE_ROWS 4
#endif
/* Vectors of outputs in a tile. */
#ifndef TILE_VECTORS
#define TILE_VECTORS 1
#endif
/* Samples in a panel. */
#ifndef PANEL
#define PANEL 64
#endif
#define TILE_COLUMNS (TILE_VECTORS * VECTOR_WIDTH)

/* What becomes of a gradient. Values as in host/opencl/dense.c. */
#define WRITE      0
#define ACCUMULATE 1
#define UPDATE     2

typedef struct {
  int mode;
  float rate, decay;
} Target;

void put(Target target, quern_vector gradient, __global float *at, uint count) {
  if (target.mode != WRITE) {
    const quern_vector old = quern_load_part(at, count);
    if (target.mode == ACCUMULATE) gradient += old;
    else gradient = old - target.rate * (gradient + target.decay * old);
  }
  quern_store_part(gradient, at, count);
}

/* One tile: `inputs` inputs (more than it has are computed and not stored), VECTORS vectors of outputs, over `depth` samples of
 * the panels. */
#define DEFINE_TILE(tile, VECTORS)                                                                              \
  void tile(Target target, const float *x_panel, uint inputs, const quern_vector *dz_panel, uint depth,         \
            __global float *dw, uint out, uint columns) {                                                       \
    quern_vector sum[TILE_ROWS][VECTORS];                                                                       \
    QUERN_UNROLL for (uint r = 0; r < TILE_ROWS; r++)                                                           \
      QUERN_UNROLL for (uint v = 0; v < VECTORS; v++) sum[r][v] = (quern_vector)(0.0f);                         \
    for (uint s = 0; s < depth; s++) {                                                                          \
      quern_vector gradient[VECTORS];                                                                           \
      QUERN_UNROLL for (uint v = 0; v < VECTORS; v++) gradient[v] = dz_panel[s * VECTORS + v];                  \
      QUERN_UNROLL for (uint r = 0; r < TILE_ROWS; r++) {                                                       \
        const quern_vector scalar = (quern_vector)(x_panel[s * VECTOR_WIDTH + r]);                              \
        QUERN_UNROLL for (uint v = 0; v < VECTORS; v++) sum[r][v] = QUERN_MAD(scalar, gradient[v], sum[r][v]);        \
      }                                                                                                         \
    }                                                                                                           \
    QUERN_UNROLL for (uint r = 0; r < TILE_ROWS; r++) {                                                         \
      if (r < inputs) {                                                                                         \
        QUERN_UNROLL for (uint v = 0; v < VECTORS; v++) {                                                       \
          const uint used = v * VECTOR_WIDTH;                                                                   \
          put(target, sum[r][v], dw + (size_t)r * out + used, columns - used);                                  \
        }                                                                                                       \
      }                                                                                                         \
    }                                                                                                           \
  }

DEFINE_TILE(whole_tile, TILE_VECTORS)
DEFINE_TILE(narrow_tile, 1)

__kernel void dense_backward_weights(uint n, uint in, uint out, __global const float *x, ulong x_offset,
                                     __global const float *dz, ulong dz_offset, int mode, float rate, float decay,
                                     __global float *dw, ulong dw_offset, __global float *db, ulong db_offset,
                                     uint rows) {
  size_t column = get_global_id(0) * TILE_COLUMNS;
  const size_t first = get_global_id(1) * rows;
  if (first >= in || column >= out) return;
  const size_t end = min(first + rows, (size_t)in);
  const size_t column_end = min(column + TILE_COLUMNS, (size_t)out);
  x += x_offset;
  dz += dz_offset;

  quern_vector dz_panel[PANEL * TILE_VECTORS], x_panel[PANEL];
  /* A whole strip at once; of a strip over the edge, a vector of outputs at a time. */
  const uint vectors = column_end - column == TILE_COLUMNS ? TILE_VECTORS : 1;
  for (; column < column_end; column += vectors * VECTOR_WIDTH) {
    const uint columns = (uint)min((size_t)vectors * VECTOR_WIDTH, column_end - column);
    Target target = {mode, rate, decay};
    for (uint s = 0; s < n; s += PANEL) {
      const uint depth = min((uint)PANEL, n - s);
      for (uint i = 0; i < depth; i++)
        for (uint v = 0; v < vectors; v++)
          dz_panel[i * vectors + v] = quern_load_part(dz + (size_t)(s + i) * out + column + v * VECTOR_WIDTH,
                                                           columns - v * VECTOR_WIDTH);
      if (db && first == 0) {
        for (uint v = 0; v < vectors; v++) {
          quern_vector sum = (quern_vector)(0.0f);
          for (uint i = 0; i < depth; i++) sum += dz_panel[i * vectors + v];
          put(target, sum, db + db_offset + column + v * VECTOR_WIDTH, columns - v * VECTOR_WIDTH);
        }
      }
      if (dw) {
        for (size_t group = first; group < end; group += VECTOR_WIDTH) {
          const uint inputs = (uint)min((size_t)VECTOR_WIDTH, end - group);
          for (uint i = 0; i < depth; i++) x_panel[i] = quern_load_part(x + (size_t)(s + i) * in + group, inputs);
          for (uint r = 0; r < inputs; r += TILE_ROWS) {
            __global float *at = dw + dw_offset + (group + r) * out + column;
            const float *x_tile = (const float *)x_panel + r;
            if (vectors == TILE_VECTORS)
              whole_tile(target, x_tile, inputs - r, dz_panel, depth, at, out, columns);
            else narrow_tile(target, x_tile, inputs - r, dz_panel, depth, at, out, columns);
          }
        }
      }
      /* The panels to come add to this one; the decay has been taken. */
      if (target.mode == WRITE) target.mode = ACCUMULATE;
      target.decay = 0.0f;
    }
  }
}

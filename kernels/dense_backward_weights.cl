/* dW = Xᵀ dZ and db = Σ_s dZ_s, the gradients of a dense layer's parameters: written, added up, or taken as an SGD step of W and b
 * in the same pass. X [n][in], dZ [n][out], W [in][out], b [out].
 *
 * The tiles of dense_tile.cl, a step of the sum being a sample: the panels are strips of dZ, and the left factor is Xᵀ, of which
 * a vector of inputs at a time is copied beside the panel, so that both lie close together whatever the rows' stride. */

/* Inputs in a tile: a power of two, at most VECTOR_WIDTH. */
#ifndef WEIGHTS_ROWS
#define WEIGHTS_ROWS 4
#endif
/* Vectors of outputs in a tile. */
#ifndef WEIGHTS_VECTORS
#define WEIGHTS_VECTORS 1
#endif
/* Samples in a panel. */
#ifndef WEIGHTS_PANEL
#define WEIGHTS_PANEL 64
#endif
#define WEIGHTS_COLUMNS (WEIGHTS_VECTORS * VECTOR_WIDTH)
/* Narrower tiles for the right edge: one vector less, half as many. */
#define WEIGHTS_LESS (WEIGHTS_VECTORS > 2 ? WEIGHTS_VECTORS - 1 : WEIGHTS_VECTORS)
#define WEIGHTS_HALF ((WEIGHTS_VECTORS + 1) / 2)

/* What becomes of a gradient. Values as in host/opencl/dense.c. */
#define WRITE      0
#define ACCUMULATE 1
#define UPDATE     2

typedef struct {
  int mode;
  float rate, decay;
} Target;

void put(Target target, quern_vector gradient, __global float *at, uint lanes) {
  if (target.mode != WRITE) {
    const quern_vector old = quern_load_part(at, lanes);
    if (target.mode == ACCUMULATE) gradient += old;
    else gradient = old - target.rate * (gradient + target.decay * old);
  }
  quern_store_part(gradient, at, lanes);
}

DEFINE_TILE(weights_wide, __private, WEIGHTS_ROWS, WEIGHTS_VECTORS, 1, stride)
DEFINE_TILE(weights_less, __private, WEIGHTS_ROWS, WEIGHTS_LESS, 1, stride)
DEFINE_TILE(weights_half, __private, WEIGHTS_ROWS, WEIGHTS_HALF, 1, stride)
DEFINE_TILE(weights_narrow, __private, WEIGHTS_ROWS, 1, 1, stride)

/* Vectors of the narrowest tile that covers `columns` columns: these tiles are so wide that it matters. */
uint weights_vectors(uint columns) {
  if (columns <= VECTOR_WIDTH) return 1;
  if (columns <= WEIGHTS_HALF * VECTOR_WIDTH) return WEIGHTS_HALF;
  return columns <= WEIGHTS_LESS * VECTOR_WIDTH ? WEIGHTS_LESS : WEIGHTS_VECTORS;
}

void weights_tile(const float *left, const quern_vector *panel, uint depth, uint vectors, quern_vector *sums) {
  if (vectors == WEIGHTS_VECTORS) weights_wide(left, VECTOR_WIDTH, panel, depth, sums);
  else if (vectors == WEIGHTS_LESS)
    weights_less(left, VECTOR_WIDTH, panel, depth, sums);
  else if (vectors == WEIGHTS_HALF)
    weights_half(left, VECTOR_WIDTH, panel, depth, sums);
  else
    weights_narrow(left, VECTOR_WIDTH, panel, depth, sums);
}

/* A whole wide tile of W through the SGD step, its sums in registers all the way. */
void weights_update(const float *left, const quern_vector *panel, uint depth, Target target, __global float *w,
                    size_t out) {
  TILE_SUMS(left, WEIGHTS_ROWS, WEIGHTS_VECTORS, 1, VECTOR_WIDTH, PANEL_VECTOR)
  QUERN_UNROLL for (uint r = 0; r < WEIGHTS_ROWS; r++) {
    QUERN_UNROLL for (uint v = 0; v < WEIGHTS_VECTORS; v++) {
      __global float *at = w + r * out + v * VECTOR_WIDTH;
      const quern_vector old = QUERN_VLOAD(at);
      QUERN_VSTORE(old - target.rate * (sum[r][v] + target.decay * old), at);
    }
  }
}

/* The strip of dW from `column` on, inputs `first` to `end`, and of db with the first of them. */
void weights_strip(uint n, uint in, uint out, __global const float *x, __global const float *dz, Target target,
                   __global float *dw, __global float *db, size_t column, size_t first, size_t end) {
  const uint columns = (uint)min((size_t)WEIGHTS_COLUMNS, out - column);
  const uint vectors = weights_vectors(columns);
  quern_vector panel[WEIGHTS_PANEL * WEIGHTS_VECTORS], x_panel[WEIGHTS_PANEL], sums[WEIGHTS_ROWS * WEIGHTS_VECTORS];
  for (uint s = 0; s < n; s += WEIGHTS_PANEL) {
    const uint depth = min((uint)WEIGHTS_PANEL, n - s);
    copy_panel(dz + (size_t)s * out + column, out, depth, columns, vectors, panel);
    if (db && first == 0) {
      for (uint v = 0; v < vectors; v++) {
        quern_vector sum = (quern_vector)(0.0f);
        for (uint i = 0; i < depth; i++) sum += panel[i * vectors + v];
        put(target, sum, db + column + v * VECTOR_WIDTH, strip_lanes(columns, v));
      }
    }
    for (size_t group = dw ? first : end; group < end; group += VECTOR_WIDTH) {
      const uint inputs = (uint)min((size_t)VECTOR_WIDTH, end - group);
      copy_panel(x + (size_t)s * in + group, in, depth, inputs, 1, x_panel);
      for (uint i = 0; i < inputs; i += WEIGHTS_ROWS) {
        const float *left = (const float *)x_panel + i;
        if (target.mode == UPDATE && columns == WEIGHTS_COLUMNS && inputs - i >= WEIGHTS_ROWS) {
          weights_update(left, panel, depth, target, dw + (group + i) * out + column, out);
          continue;
        }
        weights_tile(left, panel, depth, vectors, sums);
        const uint rows = min((uint)WEIGHTS_ROWS, inputs - i);
        for (uint r = 0; r < rows; r++)
          for (uint v = 0; v < vectors; v++)
            put(target, sums[r * vectors + v], dw + (group + i + r) * out + column + v * VECTOR_WIDTH,
                strip_lanes(columns, v));
      }
    }
    /* The panels to come add to this one; the decay has been taken. */
    if (target.mode == WRITE) target.mode = ACCUMULATE;
    target.decay = 0.0f;
  }
}

__kernel void dense_backward_weights(uint n, uint in, uint out, __global const float *x, ulong x_offset,
                                     __global const float *dz, ulong dz_offset, int mode, float rate, float decay,
                                     __global float *dw, ulong dw_offset, __global float *db, ulong db_offset,
                                     uint rows) {
  const size_t column = get_global_id(0) * WEIGHTS_COLUMNS;
  const size_t first = get_global_id(1) * rows;
  if (first >= in || column >= out) return;
  const Target target = {mode, rate, decay};
  weights_strip(n, in, out, x + x_offset, dz + dz_offset, target, dw ? dw + dw_offset : dw, db ? db + db_offset : db,
                column, first, min(first + rows, (size_t)in));
}

/* dW = Xᵀ dZ and db = Σ_s dZ_s, the gradients of a dense layer's parameters. They are written,
 * accumulated, or used in the same pass for an optimizer step of W and b (the op
 * dense_backward_update). X [n][in], dZ [n][out], W [in][out], b [out]. Needs common.cl,
 * optimizer_rules.cl and dense_tile.cl.
 *
 * Uses the tiles of dense_tile.cl, summing over samples. The panels are strips of dZ. The left
 * factor is Xᵀ; one cache line of inputs at a time is copied next to the panel, so that both are
 * compact whatever the stride of the rows. */

/* Inputs copied at once: the floats of a cache line, which may be evicted before it is read
 * again. */
#ifndef WEIGHTS_INPUTS
#define WEIGHTS_INPUTS 16
#endif
#define INPUT_VECTORS (WEIGHTS_INPUTS / VECTOR_WIDTH)

/* Inputs per tile: a divisor of WEIGHTS_INPUTS. */
#ifndef WEIGHTS_ROWS
#define WEIGHTS_ROWS 4
#endif
/* Vectors of outputs per tile. */
#ifndef WEIGHTS_VECTORS
#define WEIGHTS_VECTORS 1
#endif
/* Samples per panel. */
#ifndef WEIGHTS_PANEL
#define WEIGHTS_PANEL 64
#endif
#define WEIGHTS_COLUMNS (WEIGHTS_VECTORS * VECTOR_WIDTH)
/* Widths of narrower tiles for the right edge: one vector less, and half as many. */
#define WEIGHTS_LESS (WEIGHTS_VECTORS > 2 ? WEIGHTS_VECTORS - 1 : WEIGHTS_VECTORS)
#define WEIGHTS_HALF ((WEIGHTS_VECTORS + 1) / 2)
/* Inputs per tall tile, which has fewer vectors: eight sums, enough that no multiply-add waits for
 * another. */
#define WEIGHTS_HALF_ROWS   (8 / WEIGHTS_HALF)
#define WEIGHTS_NARROW_ROWS 8
/* The most vectors of sums that a tile returns. */
#define WEIGHTS_SUMS (WEIGHTS_ROWS * WEIGHTS_VECTORS > 8 ? WEIGHTS_ROWS * WEIGHTS_VECTORS : 8)

/* Inputs whose sums are kept for the optimizer if the samples exceed one panel. */
#define WEIGHTS_KEPT (4 * WEIGHTS_INPUTS)

/* What to do with a gradient. Values as in host/opencl/launch/dense.c. */
#define WRITE      0
#define ACCUMULATE 1
#define UPDATE     2

/* The destination for W or b: its gradients, or the parameters and the optimizer's state. */
typedef struct {
  int mode;
  OptimizerStep update;
  __global float *at, *momentum, *square;
} Target;

/* True if panels can be added one by one, as for gradients and SGD. The other rules need the whole
 * sum. */
int is_linear(const Target *target) {
  return target->mode != UPDATE || target->update.rule == RULE_SGD;
}

void put(const Target *target, quern_vector gradient, size_t at, uint lanes) {
  if (target->mode == UPDATE && target->update.rule != RULE_SGD) {
    optimizer_step_part(target->update.rule, &target->update, gradient, target->at + at,
                        target->momentum + at, target->square + at, lanes);
    return;
  }
  if (target->mode != WRITE) {
    const quern_vector old = quern_load_part(target->at + at, lanes);
    gradient = target->mode == UPDATE ? optimizer_step_sgd(&target->update, gradient, old)
                                      : gradient + old;
  }
  quern_store_part(gradient, target->at + at, lanes);
}

DEFINE_TILE(weights_wide, __private, WEIGHTS_ROWS, WEIGHTS_VECTORS, 1, stride)
DEFINE_TILE(weights_less, __private, WEIGHTS_ROWS, WEIGHTS_LESS, 1, stride)
DEFINE_TILE(weights_half, __private, WEIGHTS_ROWS, WEIGHTS_HALF, 1, stride)
DEFINE_TILE(weights_narrow, __private, WEIGHTS_ROWS, 1, 1, stride)
#if WEIGHTS_HALF_ROWS > WEIGHTS_ROWS
DEFINE_TILE(weights_half_tall, __private, WEIGHTS_HALF_ROWS, WEIGHTS_HALF, 1, stride)
#endif
#if WEIGHTS_NARROW_ROWS > WEIGHTS_ROWS
DEFINE_TILE(weights_narrow_tall, __private, WEIGHTS_NARROW_ROWS, 1, 1, stride)
#endif

/* Returns the vectors of the narrowest tile that covers `columns` columns. These tiles are so wide
 * that this matters. */
uint weights_vectors(uint columns) {
  if (columns <= VECTOR_WIDTH) return 1;
  if (columns <= WEIGHTS_HALF * VECTOR_WIDTH) return WEIGHTS_HALF;
  return columns <= WEIGHTS_LESS * VECTOR_WIDTH ? WEIGHTS_LESS : WEIGHTS_VECTORS;
}

/* Runs the tile that fits the strip's vectors and the `inputs` remaining inputs. Returns how many
 * inputs it processed. */
uint weights_tile(const float *left, const quern_vector *panel, uint depth, uint vectors,
                  uint inputs, quern_vector *sums) {
#if WEIGHTS_HALF_ROWS > WEIGHTS_ROWS
  if (vectors == WEIGHTS_HALF && inputs >= WEIGHTS_HALF_ROWS) {
    weights_half_tall(left, WEIGHTS_INPUTS, panel, depth, sums);
    return WEIGHTS_HALF_ROWS;
  }
#endif
#if WEIGHTS_NARROW_ROWS > WEIGHTS_ROWS
  if (vectors == 1 && inputs >= WEIGHTS_NARROW_ROWS) {
    weights_narrow_tall(left, WEIGHTS_INPUTS, panel, depth, sums);
    return WEIGHTS_NARROW_ROWS;
  }
#endif
  if (vectors == WEIGHTS_VECTORS)
    weights_wide(left, WEIGHTS_INPUTS, panel, depth, sums);
  else if (vectors == WEIGHTS_LESS)
    weights_less(left, WEIGHTS_INPUTS, panel, depth, sums);
  else if (vectors == WEIGHTS_HALF)
    weights_half(left, WEIGHTS_INPUTS, panel, depth, sums);
  else
    weights_narrow(left, WEIGHTS_INPUTS, panel, depth, sums);
  return min((uint)WEIGHTS_ROWS, inputs);
}

/* Applies a step of plain SGD to a whole wide tile of W, with its sums in registers throughout. */
void weights_step(const float *left, const quern_vector *panel, uint depth,
                  const OptimizerStep *update, __global float *w, size_t out) {
  TILE_SUMS(left, WEIGHTS_ROWS, WEIGHTS_VECTORS, 1, WEIGHTS_INPUTS, PANEL_VECTOR)
  QUERN_UNROLL_FOR (uint r = 0; r < WEIGHTS_ROWS; r++) {
    QUERN_UNROLL_FOR (uint v = 0; v < WEIGHTS_VECTORS; v++) {
      __global float *at = w + r * out + v * VECTOR_WIDTH;
      QUERN_STORE(optimizer_step_sgd(update, sum[r][v], QUERN_VLOAD(at)), at);
    }
  }
}

/* Applies a step of any rule to a whole wide tile of W. The rule is selected once per tile, and
 * the program holds one copy of this code. */
#define OPTIMIZER_TILE(rule)                                                                       \
  for (uint r = 0; r < WEIGHTS_ROWS; r++)                                                          \
    QUERN_UNROLL_FOR (uint v = 0; v < WEIGHTS_VECTORS; v++) {                                      \
      const size_t i = at + r * out + v * VECTOR_WIDTH;                                            \
      optimizer_step_part(rule, &w->update, sums[r * WEIGHTS_VECTORS + v], w->at + i,              \
                          w->momentum + i, w->square + i, VECTOR_WIDTH);                           \
    }

__attribute__((noinline)) void optimizer_tile(const Target *w, const quern_vector *sums, size_t at,
                                              size_t out) {
  switch (w->update.rule) {
  case RULE_SGD:
    OPTIMIZER_TILE(RULE_SGD)
    break;
  case RULE_MOMENTUM:
    OPTIMIZER_TILE(RULE_MOMENTUM)
    break;
  case RULE_NESTEROV:
    OPTIMIZER_TILE(RULE_NESTEROV)
    break;
  case RULE_ADAM:
    OPTIMIZER_TILE(RULE_ADAM)
    break;
  case RULE_RMSPROP:
    OPTIMIZER_TILE(RULE_RMSPROP)
    break;
  default:
    OPTIMIZER_TILE(RULE_RMSPROP_MOMENTUM)
  }
}

/* Applies `rows` rows of a strip's sums to the target. */
void put_tile(const Target *target, const quern_vector *sums, uint rows, uint columns, uint vectors,
              size_t at, size_t out) {
  if (target->mode == UPDATE && columns == WEIGHTS_COLUMNS && rows == WEIGHTS_ROWS) {
    optimizer_tile(target, sums, at, out);
    return;
  }
  for (uint r = 0; r < rows; r++)
    for (uint v = 0; v < vectors; v++)
      put(target, sums[r * vectors + v], at + r * out + v * VECTOR_WIDTH, strip_lanes(columns, v));
}

/* Returns the target for the next panels, which add to this one. The decay has already been
 * applied. */
Target after_panel(Target target) {
  Target next = target;
  if (target.mode == WRITE) next.mode = ACCUMULATE;
  next.update.decay = 0.0f;
  return next;
}

/* Computes the strip of dW that starts at `column`, for inputs `first` to `end`, and that of db
 * if `first` is 0. */
void weights_strip(uint n, uint in, uint out, __global const float *x, __global const float *dz,
                   Target w, Target b, size_t column, size_t first, size_t end) {
  const uint columns = (uint)min((size_t)WEIGHTS_COLUMNS, out - column);
  const uint vectors = weights_vectors(columns);
  /* true if no sums are kept between panels */
  const int whole = n <= WEIGHTS_PANEL || is_linear(&w);
  quern_vector panel[WEIGHTS_PANEL * WEIGHTS_VECTORS], x_panel[WEIGHTS_PANEL * INPUT_VECTORS];
  quern_vector sums[WEIGHTS_SUMS];
  quern_vector kept[WEIGHTS_KEPT * WEIGHTS_VECTORS], b_kept[WEIGHTS_VECTORS];
  const size_t step = w.at && !whole ? WEIGHTS_KEPT : end - first;
  for (size_t from = first; from < end; from += step) {
    const size_t to = min(from + step, end);
    for (uint s = 0; s < n; s += WEIGHTS_PANEL) {
      const uint depth = min((uint)WEIGHTS_PANEL, n - s);
      const int is_last = s + depth == n;
      copy_panel(dz + (size_t)s * out + column, out, depth, columns, vectors, panel);
      if (b.at && from == 0) {
        for (uint v = 0; v < vectors; v++) {
          quern_vector sum = whole || s == 0 ? (quern_vector)(0.0f) : b_kept[v];
          for (uint i = 0; i < depth; i++) sum += panel[i * vectors + v];
          b_kept[v] = sum;
        }
        if (whole || is_last) put_tile(&b, b_kept, 1, columns, vectors, column, 0);
      }
      for (size_t group = w.at ? from : to; group < to; group += WEIGHTS_INPUTS) {
        const uint inputs = (uint)min((size_t)WEIGHTS_INPUTS, to - group);
        copy_panel(x + (size_t)s * in + group, in, depth, inputs, INPUT_VECTORS, x_panel);
        for (uint i = 0, rows; i < inputs; i += rows) {
          const float *left = (const float *)x_panel + i;
          const size_t at = (group + i) * out + column;
          rows = min((uint)WEIGHTS_ROWS, inputs - i);
          if (w.mode == UPDATE && whole && w.update.rule == RULE_SGD &&
              columns == WEIGHTS_COLUMNS && rows == WEIGHTS_ROWS) {
            weights_step(left, panel, depth, &w.update, w.at + at, out);
            continue;
          }
          rows = weights_tile(left, panel, depth, vectors, inputs - i, sums);
          if (!whole) {
            quern_vector *sum = kept + (group - from + i) * vectors;
            for (uint k = 0; k < rows * vectors; k++)
              sums[k] = sum[k] = s == 0 ? sums[k] : sum[k] + sums[k];
          }
          if (whole || is_last) put_tile(&w, sums, rows, columns, vectors, at, out);
        }
      }
      if (whole) {
        w = after_panel(w);
        b = after_panel(b);
      }
    }
  }
}

/* Parameters for a Target, W or b, with the optimizer's state. Unused pointers are null. */
#define WEIGHTS_TARGET(name)                                                                       \
  __global float *name, ulong name##_offset, __global float *name##_momentum,                      \
      ulong name##_momentum_offset, __global float *name##_square, ulong name##_square_offset
#define WEIGHTS_TARGET_OF(name, mode, update)                                                      \
  {                                                                                                \
    mode, update, name ? name + name##_offset : name, name##_momentum + name##_momentum_offset,    \
        name##_square + name##_square_offset                                                       \
  }

__kernel void dense_backward_weights(uint n, uint in, uint out, __global const float *x,
                                     ulong x_offset, __global const float *dz, ulong dz_offset,
                                     int mode, OPTIMIZER_PARAMETERS, WEIGHTS_TARGET(dw),
                                     WEIGHTS_TARGET(db), uint rows) {
  const size_t column = get_global_id(0) * WEIGHTS_COLUMNS;
  const size_t first = get_global_id(1) * rows;
  if (first >= in || column >= out) return;
  const OptimizerStep update = OPTIMIZER_OF_PARAMETERS;
  const Target w = WEIGHTS_TARGET_OF(dw, mode, update),
               b = WEIGHTS_TARGET_OF(db, mode, optimizer_of_bias(update));
  weights_strip(n, in, out, x + x_offset, dz + dz_offset, w, b, column, first,
                min(first + rows, (size_t)in));
}

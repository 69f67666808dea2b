/* One layer of a network that has a program of its own (network_steps.cl). This text is repeated
 * for each layer. Needs network.cl and the files that it needs, philox.cl and dropout.cl.
 *
 * Before each, the host (host/opencl/program/network_source.c) defines:
 *
 *   LAYER               its number, from the inputs up: the end of its functions' names
 *   IN, OUT             inputs and units
 *   ACTIVATION, SLOPE   f
 *   LEARNS_W, LEARNS_B  1 if W or b learns
 *   THRESHOLD, SCALE    of its dropout, as in dropout.cl; THRESHOLD 0: none
 *
 * All sizes are constants, so values stay in registers if there are enough.
 *
 * A layer's parameters are IN + 1 rows of OUT units: the rows of W, then b. Each row is VECTORS
 * vectors, whose lanes past the units are 0 and stay 0. */

#define LAYER_NAME(name) QUERN_JOIN(name, LAYER)
#define VECTORS          NETWORK_VECTORS(OUT)

void LAYER_NAME(layer_load_)(__global const float *weights, __global const float *bias,
                             quern_vector *rows) {
  NETWORK_FOR(uint i = 0; i <= IN; i++)
  QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++)
    rows[i * VECTORS + v] = quern_load_part((i < IN ? weights + i * OUT : bias) + v * VECTOR_WIDTH,
                                            OUT - v * VECTOR_WIDTH);
}

void LAYER_NAME(layer_store_)(const quern_vector *rows, __global float *weights,
                              __global float *bias) {
  NETWORK_FOR(uint i = 0; i <= IN; i++)
  QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++)
    quern_store_part(rows[i * VECTORS + v], (i < IN ? weights + i * OUT : bias) + v * VECTOR_WIDTH,
                     OUT - v * VECTOR_WIDTH);
}

/* z = x W + b, h = f(z). Even and odd inputs are summed separately, so that fewer multiply-adds
 * wait for one another. */
void LAYER_NAME(layer_forward_)(const float *x, const quern_vector *rows, quern_vector *z,
                                quern_vector *h) {
  quern_vector even[VECTORS], odd[VECTORS];
  QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++) {
    even[v] = rows[IN * VECTORS + v];
    odd[v] = (quern_vector)(0.0f);
  }
  NETWORK_FOR(uint i = 0; i < IN / 2; i++)
  QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++) {
    const uint at = 2 * i * VECTORS + v;
    even[v] = QUERN_MAD((quern_vector)(x[2 * i]), rows[at], even[v]);
    odd[v] = QUERN_MAD((quern_vector)(x[2 * i + 1]), rows[at + VECTORS], odd[v]);
  }
  QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++) {
#if IN % 2 == 1
    even[v] = QUERN_MAD((quern_vector)(x[IN - 1]), rows[(IN - 1) * VECTORS + v], even[v]);
#endif
    z[v] = even[v] + odd[v];
    h[v] = quern_activate_vector(ACTIVATION, SLOPE, z[v]);
  }
}

/* The mask of sample `row`, which is that of the dropout kernel, and h with it. */
void LAYER_NAME(layer_drop_)(uint row, ulong seed, ulong step, const quern_vector *h,
                             quern_vector *mask, quern_vector *kept) {
#if THRESHOLD > 0
  const uint2 key = philox((uint4)((uint)step, (uint)(step >> 32), LAYER, 1),
                           (uint2)((uint)seed, (uint)(seed >> 32)))
                        .xy;
  float factors[4 * ((VECTORS * VECTOR_WIDTH + 3) / 4)];
  for (uint block = 0; block < (OUT + 3) / 4; block++)
    vstore4(dropout_mask(block, row, key, THRESHOLD, SCALE), block, factors);
  for (uint i = 0; i < VECTORS * VECTOR_WIDTH; i++)
    ((float *)mask)[i] = i < OUT ? factors[i] : 0.0f;
  QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++) kept[v] = h[v] * mask[v];
#endif
}

/* Turns the gradient of the layer's output into that of z: dz = dh ∘ f'(value) ∘ mask, with zeros
 * in the lanes past the units even if an input is infinite. `value` is h, or z for activations
 * whose derivative is computed from z. */
void LAYER_NAME(layer_slope_)(const quern_vector *value, const quern_vector *mask,
                              quern_vector *dz) {
  QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++) {
    dz[v] *= quern_activate_gradient_vector(ACTIVATION, SLOPE, value[v]);
#if THRESHOLD > 0
    dz[v] *= mask[v];
#endif
  }
  QUERN_UNROLL_FOR (uint i = OUT; i < VECTORS * VECTOR_WIDTH; i++) ((float *)dz)[i] = 0.0f;
}

/* dx = dz Wᵀ, with zeros in the lanes past the inputs. */
void LAYER_NAME(layer_backward_)(const quern_vector *rows, const quern_vector *dz,
                                 quern_vector *dx) {
  NETWORK_FOR(uint k = 0; k < NETWORK_VECTORS(IN); k++) {
    quern_vector sums[VECTOR_WIDTH];
    QUERN_UNROLL_FOR (uint r = 0; r < VECTOR_WIDTH; r++) {
      const uint i = k * VECTOR_WIDTH + r;
      sums[r] = (quern_vector)(0.0f);
      if (i < IN)
        QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++)
          sums[r] = QUERN_MAD(rows[i * VECTORS + v], dz[v], sums[r]);
    }
    dx[k] = network_sum_lanes(sums);
  }
}

#if BATCH > 1
/* Adds one sample's gradients to `sums`, or starts them with the first. */
void LAYER_NAME(layer_add_)(const float *x, const quern_vector *dz, int is_first,
                            quern_vector *sums) {
  if (is_first)
    for (uint i = 0; i < (IN + 1) * VECTORS; i++) sums[i] = (quern_vector)(0.0f);
  NETWORK_FOR(uint i = 0; i < (LEARNS_W ? IN : 0); i++)
  QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++)
    sums[i * VECTORS + v] = QUERN_MAD((quern_vector)(x[i]), dz[v], sums[i * VECTORS + v]);
  QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++) sums[IN * VECTORS + v] += dz[v];
}
#define WEIGHT_GRADIENT sums[at]
#define BIAS_GRADIENT   sums[at]
#else
#define WEIGHT_GRADIENT x[i] * dz[v]
#define BIAS_GRADIENT   dz[v]
#endif

/* Applies the optimizer step, from the sums of the batch, or directly from its only sample. */
void LAYER_NAME(layer_update_)(const float *x, const quern_vector *dz, const quern_vector *sums,
                               const OptimizerStep *update, const OptimizerStep *bias_update,
                               quern_vector *rows, quern_vector *momentum, quern_vector *square) {
  NETWORK_FOR(uint i = 0; i < (LEARNS_W ? IN : 0); i++)
  QUERN_UNROLL_FOR (uint v = 0; v < VECTORS; v++) {
    const uint at = i * VECTORS + v;
    rows[at] = optimizer_step(RULE, update, WEIGHT_GRADIENT, rows[at],
                              momentum + NETWORK_MOMENTUM(at), square + NETWORK_SQUARE(at));
  }
  QUERN_UNROLL_FOR (uint v = 0; v < (LEARNS_B ? VECTORS : 0); v++) {
    const uint at = IN * VECTORS + v;
    rows[at] = optimizer_step(RULE, bias_update, BIAS_GRADIENT, rows[at],
                              momentum + NETWORK_MOMENTUM(at), square + NETWORK_SQUARE(at));
  }
}

#undef LAYER_NAME
#undef VECTORS
#undef WEIGHT_GRADIENT
#undef BIAS_GRADIENT
#undef LAYER
#undef IN
#undef OUT
#undef ACTIVATION
#undef SLOPE
#undef LEARNS_W
#undef LEARNS_B
#undef THRESHOLD
#undef SCALE

/* What the layers of a network with a program of its own share (network_layer.cl). Needs
 * common.cl, optimizer_rules.cl and interleave.cl.
 *
 * The host (host/opencl/program/network_source.c) defines:
 *
 *   RULE     the optimizer's rule, one of optimizer_rules.cl
 *   BATCH    samples of a whole batch
 *   UNROLLS  1 if loops over inputs are unrolled as well, for the smallest networks */

#define NETWORK_VECTORS(units) (((units) + VECTOR_WIDTH - 1) / VECTOR_WIDTH)

#if UNROLLS
#define NETWORK_FOR QUERN_UNROLL_FOR
#else
#define NETWORK_FOR for
#endif

/* Indices into arrays that have only one element if they are not needed: sums of gradients, and
 * the optimizer's state. */
#define NETWORK_SUMS(index)     (BATCH > 1 ? (index) : 0)
#define NETWORK_MOMENTUM(index) (KEEPS_MOMENTUM(RULE) ? (index) : 0)
#define NETWORK_SQUARE(index)   (KEEPS_SQUARE(RULE) ? (index) : 0)

/* Interleaves rows i and i + HALF, and adds up their halves. */
#define SUM_ROUND(HALF)                                                                            \
  QUERN_UNROLL_FOR (uint i = 0; i < HALF; i++)                                                     \
    rows[i] = INTERLEAVE_LOW(rows[i], rows[i + HALF]) + INTERLEAVE_HIGH(rows[i], rows[i + HALF]);

/* Returns the sums of the lanes of VECTOR_WIDTH vectors, one per lane. Overwrites `rows`. */
quern_vector network_sum_lanes(quern_vector *rows) {
#if VECTOR_WIDTH >= 16
  SUM_ROUND(8)
#endif
#if VECTOR_WIDTH >= 8
  SUM_ROUND(4)
#endif
#if VECTOR_WIDTH >= 4
  SUM_ROUND(2)
#endif
#if VECTOR_WIDTH >= 2
  SUM_ROUND(1)
#endif
  return rows[0];
}

/* Interleaving of two vectors, for transposing and for sums of lanes. Needs common.cl. */

/* [a0 a1 …], [b0 b1 …]  →  [a0 b0 a1 b1 …] of the low halves, and of the high ones. Compilers turn
 * this lane-by-lane form into one instruction. Oclgrind aborts on assignments to .even and .odd. */
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

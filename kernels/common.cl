/* The top of every program: what the families share. OpenCL C 1.2.
 *
 * All families but dense_group lie behind this text in one program, so their functions have names of their own, and a
 * macro that two of them define is undefined at the end of each.
 *
 * The host (host/opencl/program_source.c) defines, from its own enumerations,
 * QUERN_IDENTITY, QUERN_RELU, … (the activations of include/quern/activation.h) and QUERN_FAULT_LABEL, QUERN_FAULT_INDEX
 * (host/fault.h).
 *
 * Kernels take every buffer as two parameters, the pointer and a ulong offset in elements; a buffer that is not wanted
 * is a null pointer. Global sizes are rounded up to whole work-groups, so every kernel checks its ids. */

/* Floats in a vector: 1, 2, 4, 8 or 16. */
#ifndef VECTOR_WIDTH
#define VECTOR_WIDTH 4
#endif

/* Work-items in the work-group of an op that takes an element or a sample a work-item. */
#ifndef GROUP
#define GROUP 64
#endif

#define QUERN_JOIN_TEXT(a, b) a##b
#define QUERN_JOIN(a, b) QUERN_JOIN_TEXT(a, b)

/* a b + c, in one rounding where the device has an instruction for that (the host defines FUSED), else as it likes. mad()
 * is not enough: PoCL makes it two instructions. */
#ifdef FUSED
#define QUERN_MAD(a, b, c) fma((a), (b), (c))
#else
#define QUERN_MAD(a, b, c) mad((a), (b), (c))
#endif

/* In front of a loop over a register tile: a tile stays in registers only when its loops are gone. */
#define QUERN_UNROLL _Pragma("unroll")

/* VECTOR_WIDTH floats, and how they come from and go to any float address. */
#if VECTOR_WIDTH == 1
typedef float quern_vector;
#define QUERN_VLOAD(pointer) (*(pointer))
#define QUERN_VSTORE(value, pointer) (*(pointer) = (value))
#else
typedef QUERN_JOIN(float, VECTOR_WIDTH) quern_vector;
#define QUERN_VLOAD(pointer) QUERN_JOIN(vload, VECTOR_WIDTH)(0, (pointer))
#define QUERN_VSTORE(value, pointer) QUERN_JOIN(vstore, VECTOR_WIDTH)((value), 0, (pointer))
#endif

/* `move` for eight, four, two and one lanes, as far as `count`, which is less than VECTOR_WIDTH, has them. `at` counts the lanes
 * moved so far. */
#define QUERN_EACH_PART(count, move8, move4, move2, move1)                                                   \
  uint at = 0;                                                                                               \
  if ((count) & 8) {                                                                                         \
    move8;                                                                                                   \
    at = 8;                                                                                                  \
  }                                                                                                          \
  if ((count) & 4) {                                                                                         \
    move4;                                                                                                   \
    at += 4;                                                                                                 \
  }                                                                                                          \
  if ((count) & 2) {                                                                                         \
    move2;                                                                                                   \
    at += 2;                                                                                                 \
  }                                                                                                          \
  if ((count) & 1) move1;

/* `count` floats from pointer on, and zeros in the lanes after them; any count serves. */
quern_vector quern_load_part(__global const float *pointer, uint count) {
  if (count >= VECTOR_WIDTH) return QUERN_VLOAD(pointer);
  float lanes[16];
  QUERN_VSTORE((quern_vector)(0.0f), lanes);
  QUERN_EACH_PART(count, vstore8(vload8(0, pointer), 0, lanes), vstore4(vload4(0, pointer + at), 0, lanes + at),
                  vstore2(vload2(0, pointer + at), 0, lanes + at), lanes[at] = pointer[at])
  return QUERN_VLOAD(lanes);
}

/* The first `count` lanes to pointer on; any count serves. */
void quern_store_part(quern_vector value, __global float *pointer, uint count) {
  if (count >= VECTOR_WIDTH) {
    QUERN_VSTORE(value, pointer);
    return;
  }
  float lanes[16];
  QUERN_VSTORE(value, lanes);
  QUERN_EACH_PART(count, vstore8(vload8(0, lanes), 0, pointer), vstore4(vload4(0, lanes + at), 0, pointer + at),
                  vstore2(vload2(0, lanes + at), 0, pointer + at), pointer[at] = lanes[at])
}

/* The sum of a vector's lanes, pairwise. */
float quern_sum_lanes(quern_vector value) {
  float lanes[VECTOR_WIDTH];
  QUERN_VSTORE(value, lanes);
  QUERN_UNROLL for (uint step = VECTOR_WIDTH / 2; step > 0; step /= 2)
    QUERN_UNROLL for (uint i = 0; i < step; i++) lanes[i] += lanes[i + step];
  return lanes[0];
}

/* f(z), and f'(z) written in h = f(z). The table of formulas is include/quern/activation.h; comparisons are the way
 * round that lets NaN through. `kind` is the same for every work-item, so the branches cost little. */
#define QUERN_ACTIVATION_FUNCTIONS(type, activate, gradient)                                                 \
  type activate(int kind, float slope, type z) {                                                             \
    if (kind == QUERN_RELU) return z <= (type)(0.0f) ? (type)(0.0f) : z;                                     \
    if (kind == QUERN_LEAKY_RELU) return z <= (type)(0.0f) ? slope * z : z;                                  \
    if (kind == QUERN_SIGMOID) return (type)(1.0f) / ((type)(1.0f) + exp(-z));                               \
    if (kind == QUERN_TANH) return tanh(z);                                                                  \
    return z;                                                                                                \
  }                                                                                                          \
  type gradient(int kind, float slope, type h) {                                                             \
    if (kind == QUERN_RELU) return h <= (type)(0.0f) ? (type)(0.0f) : (type)(1.0f);                          \
    if (kind == QUERN_LEAKY_RELU) return h <= (type)(0.0f) ? (type)(slope) : (type)(1.0f);                   \
    if (kind == QUERN_SIGMOID) return h * ((type)(1.0f) - h);                                                \
    if (kind == QUERN_TANH) return (type)(1.0f) - h * h;                                                     \
    return (type)(1.0f);                                                                                     \
  }

QUERN_ACTIVATION_FUNCTIONS(float, quern_activate, quern_activate_gradient)
#if VECTOR_WIDTH == 1
#define quern_activate_vector quern_activate
#define quern_activate_gradient_vector quern_activate_gradient
#else
QUERN_ACTIVATION_FUNCTIONS(quern_vector, quern_activate_vector, quern_activate_gradient_vector)
#endif

/* Reports a label (QUERN_FAULT_LABEL) or a sample index (QUERN_FAULT_INDEX) out of range in `row`. The host starts both
 * cells at INT_MAX and reads back the first row. The minimum does not depend on the order of work-items. */
void quern_fault(__global int *faults, int which, uint row) {
  atomic_min(&faults[which], (int)row);
}

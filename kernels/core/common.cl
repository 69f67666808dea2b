/* The beginning of every program: what all families use. OpenCL C 1.2. Needs no other file.
 *
 * The families of a program follow this text. Functions of all families therefore have distinct
 * names, and a macro that two of them define is undefined at the end of each.
 *
 * The host (host/opencl/program/program_source.c) defines, from its own enumerations,
 * QUERN_ACTIVATION_IDENTITY, QUERN_ACTIVATION_RELU, … (the activations of
 * include/quern/activation.h) and QUERN_FAULT_LABEL, QUERN_FAULT_INDEX (host/device/fault.h).
 *
 * Kernels take every buffer as two parameters, a pointer and a ulong offset in elements. An
 * optional buffer may be a null pointer. Global sizes are rounded up to whole work-groups, so every
 * kernel checks its ids. */

/* Floats per vector: 1, 2, 4, 8 or 16. */
#ifndef VECTOR_WIDTH
#define VECTOR_WIDTH 4
#endif

/* Work-group size of ops with one work-item per element or sample. */
#ifndef GROUP
#define GROUP 64
#endif

#define QUERN_JOIN_TEXT(a, b) a##b
#define QUERN_JOIN(a, b)      QUERN_JOIN_TEXT(a, b)

/* a b + c. Rounds once if the device has an instruction for that (the host defines FUSED);
 * otherwise the compiler chooses. mad() is not enough: PoCL compiles it to two instructions. */
#ifdef FUSED
#define QUERN_MAD(a, b, c) fma((a), (b), (c))
#else
#define QUERN_MAD(a, b, c) mad((a), (b), (c))
#endif

/* `for` over a register tile. A tile stays in registers only if its loops are unrolled. */
#define QUERN_UNROLL_FOR _Pragma("unroll") for

/* A vector of VECTOR_WIDTH floats, and its load and store at any float address. */
#if VECTOR_WIDTH == 1
typedef float quern_vector;
#define QUERN_VLOAD(pointer)         (*(pointer))
#define QUERN_VSTORE(value, pointer) (*(pointer) = (value))
#else
typedef QUERN_JOIN(float, VECTOR_WIDTH) quern_vector;
#define QUERN_VLOAD(pointer)         QUERN_JOIN(vload, VECTOR_WIDTH)(0, (pointer))
#define QUERN_VSTORE(value, pointer) QUERN_JOIN(vstore, VECTOR_WIDTH)((value), 0, (pointer))
#endif

/* Stores a whole vector at any float address. Compilers split vstore16 into four stores even if the
 * device has one for such vectors. A type with the alignment of a float avoids this. */
#if VECTOR_WIDTH > 4
typedef quern_vector quern_vector_anywhere __attribute__((aligned(4)));
#define QUERN_STORE(value, pointer) (*(__global quern_vector_anywhere *)(pointer) = (value))
#else
#define QUERN_STORE(value, pointer) QUERN_VSTORE(value, pointer)
#endif

/* quern_load_part loads `count` floats from pointer and fills the remaining lanes with zeros.
 * quern_store_part stores the first `count` lanes at pointer. Any count is valid. */
#if VECTOR_WIDTH <= 4

/* The host defines ALIGNED_VECTORS if the device's compiler splits vload4 and vstore4 into four
 * accesses. An access by the vector's type is one, but only valid at aligned addresses. */
#ifdef ALIGNED_VECTORS
#define QUERN_IS_ALIGNED(pointer) ((size_t)(pointer) % sizeof(quern_vector) == 0)
#else
#define QUERN_IS_ALIGNED(pointer) false
#endif

/* Lane by lane, since GPUs keep an array that is indexed by a variable in private memory. */
quern_vector quern_load_part(__global const float *pointer, uint count) {
  if (count >= VECTOR_WIDTH)
    return QUERN_IS_ALIGNED(pointer) ? *(__global const quern_vector *)pointer
                                     : QUERN_VLOAD(pointer);
  quern_vector value = (quern_vector)(0.0f);
#if VECTOR_WIDTH > 1
  if (count > 0) value.s0 = pointer[0];
#endif
#if VECTOR_WIDTH > 2
  if (count > 1) value.s1 = pointer[1];
  if (count > 2) value.s2 = pointer[2];
#endif
  return value;
}

void quern_store_part(quern_vector value, __global float *pointer, uint count) {
  if (count >= VECTOR_WIDTH) {
    if (QUERN_IS_ALIGNED(pointer))
      *(__global quern_vector *)pointer = value;
    else
      QUERN_STORE(value, pointer);
    return;
  }
#if VECTOR_WIDTH > 1
  if (count > 0) pointer[0] = value.s0;
#endif
#if VECTOR_WIDTH > 2
  if (count > 1) pointer[1] = value.s1;
  if (count > 2) pointer[2] = value.s2;
#endif
}

#else

/* Runs the moves of eight, four, two and one lanes that add up to `count`, which is less than
 * VECTOR_WIDTH. `at` counts the lanes moved so far. The move of eight is only for vectors of 16. */
#if VECTOR_WIDTH > 8
#define QUERN_PART_OF_EIGHT(count, move8)                                                          \
  if (8 & (count)) {                                                                               \
    move8;                                                                                         \
    at = 8;                                                                                        \
  }
#else
#define QUERN_PART_OF_EIGHT(count, move8)
#endif
#define QUERN_EACH_PART(count, move8, move4, move2, move1)                                         \
  uint at = 0;                                                                                     \
  QUERN_PART_OF_EIGHT(count, move8)                                                                \
  if (4 & (count)) {                                                                               \
    move4;                                                                                         \
    at += 4;                                                                                       \
  }                                                                                                \
  if (2 & (count)) {                                                                               \
    move2;                                                                                         \
    at += 2;                                                                                       \
  }                                                                                                \
  if (1 & (count)) move1;

quern_vector quern_load_part(__global const float *pointer, uint count) {
  if (count >= VECTOR_WIDTH) return QUERN_VLOAD(pointer);
  float lanes[16];
  QUERN_VSTORE((quern_vector)(0.0f), lanes);
  QUERN_EACH_PART(count, vstore8(vload8(0, pointer), 0, lanes),
                  vstore4(vload4(0, pointer + at), 0, lanes + at),
                  vstore2(vload2(0, pointer + at), 0, lanes + at), lanes[at] = pointer[at])
  return QUERN_VLOAD(lanes);
}

void quern_store_part(quern_vector value, __global float *pointer, uint count) {
  if (count >= VECTOR_WIDTH) {
    QUERN_STORE(value, pointer);
    return;
  }
  float lanes[16];
  QUERN_VSTORE(value, lanes);
  QUERN_EACH_PART(count, vstore8(vload8(0, lanes), 0, pointer),
                  vstore4(vload4(0, lanes + at), 0, pointer + at),
                  vstore2(vload2(0, lanes + at), 0, pointer + at), pointer[at] = lanes[at])
}

#endif

/* Returns the sum of a vector's lanes, added pairwise. */
float quern_sum_lanes(quern_vector value) {
  float lanes[VECTOR_WIDTH];
  QUERN_VSTORE(value, lanes);
  QUERN_UNROLL_FOR (uint step = VECTOR_WIDTH / 2; step > 0; step /= 2)
    QUERN_UNROLL_FOR (uint i = 0; i < step; i++) lanes[i] += lanes[i + step];
  return lanes[0];
}

/* f(z), and f' computed from h = f(z), or from z itself for GELU and SiLU. The formulas are in
 * include/quern/activation.h. Comparisons are written to propagate NaN. `kind` is the same for
 * every work-item, so the branches cost little.
 *
 * Activations that call more than exp or tanh are separate functions, never inlined. The program
 * holds one copy of each, however many kernels end in an activation, and kernels with ReLU build
 * and run as fast as without them. */
#define SELU_ALPHA 1.67326324235437728f
#define SELU_SCALE 1.05070098735548049f
/* √½, 1/√(2π), 2√(2/π), and the constant of GELU's tanh form. */
#define ROOT_HALF            0.707106781186547524f
#define ROOT_TWO_PI_INVERSE  0.398942280401432678f
#define TWICE_ROOT_TWO_BY_PI 1.595769121605730711f
#define GELU_CUBE            0.044715f
/* Beyond ±FLAT, GELU and SiLU equal 0 or z, and their derivatives 0 or 1, to float precision.
 * Arguments are clamped to it, since 0 times infinity would be NaN. */
#define FLAT 128.0f

__attribute__((noinline)) quern_vector quern_activate_rare(int kind, float slope, quern_vector z) {
  const quern_vector one = (quern_vector)(1.0f), zero = (quern_vector)(0.0f);
  if (kind == QUERN_ACTIVATION_ELU) return z <= zero ? slope * expm1(z) : z;
  if (kind == QUERN_ACTIVATION_SELU) return SELU_SCALE * (z <= zero ? SELU_ALPHA * expm1(z) : z);
  if (kind == QUERN_ACTIVATION_SOFTPLUS) return (z <= zero ? zero : z) + log1p(exp(-fabs(z)));
  z = z < -FLAT ? (quern_vector)(-FLAT) : z;
  if (kind == QUERN_ACTIVATION_GELU) return 0.5f * z * (one + erf(ROOT_HALF * z));
  /* z S(u). SiLU has u = z. GELU's tanh form has (1 + tanh(u/2)) / 2 = S(u). The argument of exp is
   * at most 0, so it cannot overflow. */
  quern_vector u = z;
  if (kind == QUERN_ACTIVATION_GELU_TANH) u *= TWICE_ROOT_TWO_BY_PI * (one + GELU_CUBE * z * z);
  const quern_vector power = exp(-fabs(u));
  return z * ((u > zero ? one : power) / (one + power));
}

__attribute__((noinline)) quern_vector quern_activate_gradient_rare(int kind, quern_vector value) {
  const quern_vector one = (quern_vector)(1.0f);
  if (kind == QUERN_ACTIVATION_SOFTPLUS) return -expm1(-value);
  quern_vector z = value < -FLAT ? (quern_vector)(-FLAT) : value;
  z = z > FLAT ? (quern_vector)(FLAT) : z;
  if (kind == QUERN_ACTIVATION_GELU)
    return 0.5f * (one + erf(ROOT_HALF * z)) + ROOT_TWO_PI_INVERSE * z * exp(-0.5f * z * z);
  /* S(u) + z u' S'(u), with S' = S (1 - S) computed without a difference, which would lose
   * digits. */
  quern_vector u = z, slope = one;
  if (kind == QUERN_ACTIVATION_GELU_TANH) {
    u *= TWICE_ROOT_TWO_BY_PI * (one + GELU_CUBE * z * z);
    slope = TWICE_ROOT_TWO_BY_PI * (one + 3.0f * GELU_CUBE * z * z);
  }
  const quern_vector power = exp(-fabs(u)), below = one / (one + power);
  return (u > 0.0f ? below : power * below) + z * slope * power * below * below;
}

quern_vector quern_activate_vector(int kind, float slope, quern_vector z) {
  const quern_vector one = (quern_vector)(1.0f), zero = (quern_vector)(0.0f);
  if (kind == QUERN_ACTIVATION_IDENTITY) return z;
  if (kind == QUERN_ACTIVATION_RELU) return z <= zero ? zero : z;
  if (kind == QUERN_ACTIVATION_LEAKY_RELU) return z <= zero ? slope * z : z;
  if (kind == QUERN_ACTIVATION_SIGMOID) return one / (one + exp(-z));
  if (kind == QUERN_ACTIVATION_TANH) return tanh(z);
  if (kind == QUERN_ACTIVATION_RELU6) {
    z = z <= zero ? zero : z;
    return z >= 6.0f ? (quern_vector)(6.0f) : z;
  }
  if (kind == QUERN_ACTIVATION_HARDTANH) {
    z = z <= -one ? -one : z;
    return z >= one ? one : z;
  }
  return quern_activate_rare(kind, slope, z);
}

quern_vector quern_activate_gradient_vector(int kind, float slope, quern_vector value) {
  const quern_vector one = (quern_vector)(1.0f), zero = (quern_vector)(0.0f);
  if (kind == QUERN_ACTIVATION_IDENTITY) return one;
  if (kind == QUERN_ACTIVATION_RELU) return value <= zero ? zero : one;
  if (kind == QUERN_ACTIVATION_LEAKY_RELU) return value <= zero ? (quern_vector)(slope) : one;
  if (kind == QUERN_ACTIVATION_ELU) return value <= zero ? value + slope : one;
  if (kind == QUERN_ACTIVATION_SELU)
    return value <= zero ? value + SELU_SCALE * SELU_ALPHA : (quern_vector)(SELU_SCALE);
  if (kind == QUERN_ACTIVATION_SIGMOID) return value * (one - value);
  if (kind == QUERN_ACTIVATION_TANH) return one - value * value;
  if (kind == QUERN_ACTIVATION_RELU6) return value <= zero || value >= 6.0f ? zero : one;
  if (kind == QUERN_ACTIVATION_HARDTANH) return value <= -one || value >= one ? zero : one;
  return quern_activate_gradient_rare(kind, value);
}

/* Reports a label (QUERN_FAULT_LABEL) or sample index (QUERN_FAULT_INDEX) out of range in `row`.
 * The host initializes both cells to INT_MAX and reads back the first faulty row. The minimum does
 * not depend on the order of work-items. */
void quern_fault(__global int *faults, int which, uint row) {
  atomic_min(&faults[which], (int)row);
}

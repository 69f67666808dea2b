/* What quern itself needs to know about each activation. */
#ifndef QUERN_HOST_FUNCTIONS_ACTIVATION_H
#define QUERN_HOST_FUNCTIONS_ACTIVATION_H

#include <quern/activation.h>
#include <quern/initializer.h>

/* X(NAME, reads, slope, initializer, onnx, whole, steepest, forward, scale, flushed, backward):
 * one row for each activation of QUERN_ACTIVATIONS, in that order.
 *
 *   reads        what f' is computed from: H = f(z), or Z
 *   slope        SLOPE if f has the parameter `slope`, else NONE
 *   initializer  of the layer's weights by default
 *   onnx         the ONNX operator, with `slope` as its alpha; NULL if there is none
 *
 * The others bound the error of a right kernel, for verification:
 *
 *   whole        EXACT if f and f' of whole numbers are exact with slope 0.5, else ROUNDED
 *   steepest     the largest |f'|
 *   forward      rounding errors of f, in units in the last place …
 *   scale        … of |f(z)| (H), or of |z| (Z) if f computes a difference
 *   flushed      what flushing denormals in f may cost, in FLT_MIN
 *   backward     rounding errors of dH f', in units in the last place of |dH|
 *
 * OpenCL 1.2 allows exp and expm1 3 units, division 2.5, log1p 2, tanh 5, erf 16; other operations
 * have half a unit. So the least that the rows may have is, backward in units of |dH|:
 *
 *              forward                                    backward
 *   SIGMOID    exp, sum, division: 6                      2 products: 1
 *   ELU        expm1 · a: 4                               h + a: 1
 *   SELU       as ELU, two constants and a product: 6     as ELU, of up to 1.76: 3
 *   SOFTPLUS   exp inside log1p, log1p, sum: 6            expm1: 4
 *   SILU       exp, sum, division, product: 7;            S: 6, of at most 1; z S': exp, S twice,
 *              exp flushed, times z: 128 FLT_MIN          4 products: 17, of at most 0.3: 12
 *   GELU       z/2 (1 + erf(x)): 8 + 1/2, and x off by    Φ: 8.5 + 0.5; z φ: exp 3, its argument
 *              1, which counts less than 1/2: 10          off by z², 3 products: 6, of at most
 *                                                         0.25: 12
 *   GELU_TANH  as SILU, and u off by 3 u, of which exp    as SILU, and u's error:
 *              and S' leave less than 1: 10               u z u' S'(u) < 1 of 3: 15 */
/* clang-format off */
#define QUERN__ACTIVATIONS(X)                                                                      \
  X(IDENTITY,   H, NONE,  XAVIER, NULL,        EXACT,   1.0,   0, H,   2,  0)                      \
  X(RELU,       H, NONE,  HE,     "Relu",      EXACT,   1.0,   0, H,   2,  0)                      \
  X(LEAKY_RELU, H, SLOPE, HE,     "LeakyRelu", EXACT,   1.0,   1, H,   2,  1)                      \
  X(SIGMOID,    H, NONE,  XAVIER, "Sigmoid",   ROUNDED, 1.0,   6, H,   2,  3)                      \
  X(TANH,       H, NONE,  XAVIER, "Tanh",      ROUNDED, 1.0,   6, H,   2,  3)                      \
  X(ELU,        H, SLOPE, HE,     "Elu",       ROUNDED, 1.0,   6, H,   2,  3)                      \
  X(SELU,       H, NONE,  LECUN,  "Selu",      ROUNDED, 1.76,  6, H,   2,  3)                      \
  X(GELU,       Z, NONE,  HE,     NULL,        ROUNDED, 1.13, 10, Z,   2, 12)                      \
  X(GELU_TANH,  Z, NONE,  HE,     NULL,        ROUNDED, 1.13, 10, Z,   2, 15)                      \
  X(SILU,       Z, NONE,  HE,     NULL,        ROUNDED, 1.1,   7, H, 128, 12)                      \
  X(SOFTPLUS,   H, NONE,  HE,     "Softplus",  ROUNDED, 1.0,   6, H,   2,  4)                      \
  X(RELU6,      H, NONE,  HE,     NULL,        EXACT,   1.0,   0, H,   2,  0)                      \
  X(HARDTANH,   H, NONE,  XAVIER, NULL,        EXACT,   1.0,   0, H,   2,  0)
/* clang-format on */

typedef struct quern__activation_info {
  bool reads_z, has_slope;
  quern_initializer initializer;
  const char *onnx_operator;
  bool is_exact;
  double steepest, forward;
  bool scales_with_z;
  double flushed, backward;
} quern__activation_info;

/* The row of a valid kind. */
const quern__activation_info *quern__activation_info_of(quern_activation_kind kind);

/* True if the slope is valid, or if the activation has none. */
bool quern__activation_slope_is_good(quern_activation activation);

#endif

/* The activations. */
#include "../sweep.h"

#include "../../base/error.h"
#include <float.h>
#include <math.h>

static const struct {
  size_t rows, columns;
  bool large;
} shapes[] = {{1, 1, false},  {1, 3, false},   {2, 1, false},   {7, 9, false},   {8, 8, false},
              {1, 63, false}, {64, 1, false},  {5, 13, false},  {16, 16, false}, {1, 257, false},
              {33, 65, true}, {1, 4099, true}, {127, 1, false}, {3, 86, false},  {1000, 131, true}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* What OpenCL 1.2 allows, in places in the last digit: exp and expm1 3, division 2.5, log1p 2, tanh
 * 5, erf 16; half a one for each other operation. Where results are tiny, they or what they are
 * made of may be flushed to zero.
 *
 *              forward                                            backward, in proportion to |dH|
 *   SIGMOID    exp, sum, division: 6                      2 products: 1
 *   ELU        expm1 · a: 4                               h + a: 1
 *   SELU       as ELU, two constants and a product: 6     as ELU, of up to 1.76: 3
 *   SOFTPLUS   exp as log1p hands it on, log1p, sum: 6    expm1: 4
 *   SILU       exp, sum, division, product: 7;            S: 6, of at most 1; z S': exp, S twice,
 *              exp flushed, times z: 128 FLT_MIN          4 products: 17, of at most 0.3: 12
 *   GELU       z/2 (1 + erf(x)): 8 + 1/2, and x off by    Φ: 8.5 + 0.5; z φ: exp 3, its argument
 *              1, which counts less than 1/2: 10, of |z|  off by z², 3 products: 6, of at most
 *                                                         0.25: 12
 *   GELU_TANH  as SILU, and u off by 3 u, of which exp    as SILU, and u's error:
 *              and S' leave less than 1: 10, of |z|       u z u' S'(u) < 1 of 3: 15 */
static quern__bound forward_bound(quern_activation_kind kind) {
  quern__bound bound = {.terms = 6, .absolute = 2.0 * (double)FLT_MIN};
  if (kind == QUERN_ACTIVATION_SILU)
    bound = (quern__bound){.terms = 7, .absolute = 128.0 * (double)FLT_MIN};
  if (kind == QUERN_ACTIVATION_GELU || kind == QUERN_ACTIVATION_GELU_TANH) bound.terms = 10;
  return bound;
}

static quern__bound backward_bound(quern_activation_kind kind) {
  quern__bound bound = {.terms = 3, .absolute = 2.0 * (double)FLT_MIN};
  if (kind == QUERN_ACTIVATION_SOFTPLUS) bound.terms = 4;
  if (quern_activation_reads_z(kind)) bound.terms = kind == QUERN_ACTIVATION_GELU_TANH ? 15 : 12;
  return bound;
}

/* --- Forward
 * -------------------------------------------------------------------------------------------- */

static quern_status forward(quern_context *context, const quern_tensor *t, const void *activation) {
  return quern_activation_forward(context, *(const quern_activation *)activation, t[0], t[1]);
}

/* Of those whose error is in proportion to |z|. */
static quern_status forward_magnitude(quern_context *context, const quern_tensor *t,
                                      const void *activation) {
  (void)activation;
  return quern_activation_forward(context, quern_activation_of(QUERN_ACTIVATION_IDENTITY), t[0],
                                  t[1]);
}

static quern_status check_forward(quern__verify *v, size_t rows, size_t columns,
                                  quern_activation activation, float range, bool in_place) {
  quern__op op = {
      .call = forward, .arguments = &activation, .bound = forward_bound(activation.kind)};
  if (activation.kind == QUERN_ACTIVATION_GELU || activation.kind == QUERN_ACTIVATION_GELU_TANH)
    op.magnitude = forward_magnitude;
  quern__values_next(&v->values);
  quern__op_title(&op, "activation forward %zux%zu %s to %g%s", rows, columns,
                  quern_activation_name(activation.kind), (double)range,
                  in_place ? " in place" : "");
  quern__op_operand(&op, 0, "z", QUERN__IN, QUERN__FLOAT, rows, columns,
                    quern__values_floats(&v->values, rows * columns, -range, range));
  quern__op_operand(&op, 1, "h", QUERN__OUT, QUERN__FLOAT, rows, columns, NULL);
  op.operands[1].same_as = in_place ? 1 : 0;
  return quern__verify_check(v, &op);
}

/* Zeros, values that nothing may be lost of or that run over, infinities and a NaN. */
static quern_status check_special(quern__verify *v, quern_activation activation) {
  static const float z[] = {0.0f, 1e-30f, -1e-30f, 3e38f, -3e38f, INFINITY, -INFINITY, NAN};
  enum { COUNT = sizeof z / sizeof *z };
  quern__op op = {
      .call = forward, .arguments = &activation, .bound = forward_bound(activation.kind)};
  quern__values_next(&v->values);
  quern__op_title(&op, "activation forward of infinities and NaN, %s",
                  quern_activation_name(activation.kind));
  quern__op_operand(&op, 0, "z", QUERN__IN, QUERN__FLOAT, 1, COUNT,
                    quern__values_copy(z, COUNT, sizeof *z));
  quern__op_operand(&op, 1, "h", QUERN__OUT, QUERN__FLOAT, 1, COUNT, NULL);
  op.operands[1].nans = 1;
  return quern__verify_check(v, &op);
}

quern_status quern__sweep_activation_forward(quern__verify *v) {
  for (unsigned kind = 0; quern_activation_name((quern_activation_kind)kind) != NULL; kind++) {
    const quern_activation activation = quern_activation_of((quern_activation_kind)kind);
    for (size_t i = 0; i < SHAPES; i++) {
      if (shapes[i].large && v->small) continue;
      const bool in_place = (i + kind) % 2 != 0;
      QUERN__FORWARD(
          check_forward(v, shapes[i].rows, shapes[i].columns, activation, 3.0f, in_place));
      QUERN__FORWARD(
          check_forward(v, shapes[i].rows, shapes[i].columns, activation, 120.0f, !in_place));
    }
    QUERN__FORWARD(check_special(v, activation));
  }
  return QUERN_OK;
}

/* --- Backward
 * ------------------------------------------------------------------------------------------- */

static quern_status backward(quern_context *context, const quern_tensor *t,
                             const void *activation) {
  return quern_activation_backward(context, *(const quern_activation *)activation, t[0], t[1],
                                   t[2]);
}

/* The derivatives are of the size of 1, so what dZ is off by is in proportion to |dH|. */
static quern_status backward_magnitude(quern_context *context, const quern_tensor *t,
                                       const void *activation) {
  (void)activation;
  return quern_activation_backward(context, quern_activation_of(QUERN_ACTIVATION_IDENTITY), t[0],
                                   t[1], t[2]);
}

/* over: 0 a range of its own, 1 dh, 2 h */
static quern_status check_backward(quern__verify *v, size_t rows, size_t columns,
                                   quern_activation activation, size_t over) {
  static const char *const names[] = {"", " over dh", " over h"};
  quern__op op = {.call = backward,
                  .magnitude = backward_magnitude,
                  .arguments = &activation,
                  .bound = backward_bound(activation.kind)};
  quern__values_next(&v->values);
  quern__op_title(&op, "activation backward %zux%zu %s%s", rows, columns,
                  quern_activation_name(activation.kind), names[over]);
  quern__op_operand(&op, 0, "dh", QUERN__IN, QUERN__FLOAT, rows, columns,
                    quern__values_floats(&v->values, rows * columns, -3.0f, 3.0f));
  /* What f can have put out; or z, in the curve and far from it. */
  const bool positive =
      activation.kind == QUERN_ACTIVATION_SIGMOID || activation.kind == QUERN_ACTIVATION_SOFTPLUS;
  float low = positive ? 0.0f : -1.0f, high = 1.0f;
  if (quern_activation_reads_z(activation.kind)) {
    high = columns % 2 == 0 ? 300.0f : 6.0f;
    low = -high;
  }
  quern__op_operand(&op, 1, "h", QUERN__IN, QUERN__FLOAT, rows, columns,
                    quern__values_floats(&v->values, rows * columns, low, high));
  quern__op_operand(&op, 2, "dz", QUERN__OUT, QUERN__FLOAT, rows, columns, NULL);
  op.operands[2].same_as = over;
  return quern__verify_check(v, &op);
}

/* A NaN among the outputs, or above them, comes out as NaN, except where f' is 0 … 1 by a
 * comparison that NaN fails: there dZ = dH · 1. */
static quern_status check_nan(quern__verify *v, quern_activation activation) {
  static const float dh[] = {1.0f, NAN, 2.0f}, h[] = {0.5f, 0.5f, NAN};
  quern__op op = {
      .call = backward, .arguments = &activation, .bound = backward_bound(activation.kind)};
  quern__values_next(&v->values);
  quern__op_title(&op, "activation backward of NaN, %s", quern_activation_name(activation.kind));
  quern__op_operand(&op, 0, "dh", QUERN__IN, QUERN__FLOAT, 1, 3,
                    quern__values_copy(dh, 3, sizeof *dh));
  quern__op_operand(&op, 1, "h", QUERN__IN, QUERN__FLOAT, 1, 3,
                    quern__values_copy(h, 3, sizeof *h));
  quern__op_operand(&op, 2, "dz", QUERN__OUT, QUERN__FLOAT, 1, 3, NULL);
  const bool compares = activation.kind <= QUERN_ACTIVATION_LEAKY_RELU ||
                        activation.kind == QUERN_ACTIVATION_ELU ||
                        activation.kind == QUERN_ACTIVATION_SELU;
  op.operands[2].nans = compares ? 1 : 2;
  return quern__verify_check(v, &op);
}

/* Far out, the infinities included, derivatives that read z are 0 and 1. */
static quern_status check_far_out(quern__verify *v, quern_activation activation) {
  static const float dh[] = {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f};
  static const float z[] = {3e38f, -3e38f, INFINITY, -INFINITY, 200.0f, -200.0f};
  enum { COUNT = sizeof z / sizeof *z };
  quern__op op = {
      .call = backward, .arguments = &activation, .bound = backward_bound(activation.kind)};
  quern__values_next(&v->values);
  quern__op_title(&op, "activation backward far out, %s", quern_activation_name(activation.kind));
  quern__op_operand(&op, 0, "dh", QUERN__IN, QUERN__FLOAT, 1, COUNT,
                    quern__values_copy(dh, COUNT, sizeof *dh));
  quern__op_operand(&op, 1, "h", QUERN__IN, QUERN__FLOAT, 1, COUNT,
                    quern__values_copy(z, COUNT, sizeof *z));
  quern__op_operand(&op, 2, "dz", QUERN__OUT, QUERN__FLOAT, 1, COUNT, NULL);
  return quern__verify_check(v, &op);
}

quern_status quern__sweep_activation_backward(quern__verify *v) {
  for (unsigned kind = 0; quern_activation_name((quern_activation_kind)kind) != NULL; kind++) {
    const quern_activation activation = quern_activation_of((quern_activation_kind)kind);
    for (size_t i = 0; i < SHAPES; i++)
      if (!shapes[i].large || !v->small)
        QUERN__FORWARD(
            check_backward(v, shapes[i].rows, shapes[i].columns, activation, (i + kind) % 3));
    QUERN__FORWARD(check_nan(v, activation));
    if (quern_activation_reads_z(activation.kind)) QUERN__FORWARD(check_far_out(v, activation));
  }
  return QUERN_OK;
}

/* The activations. */
#include "activation.h"

#include "../../base/error.h"
#include "../../functions/activation.h"
#include "../../reference/reference.h"
#include "../sweep.h"
#include <float.h>
#include <math.h>

static const struct {
  size_t rows, columns;
  bool large;
} shapes[] = {{1, 1, false},  {1, 3, false},   {2, 1, false},   {7, 9, false},   {8, 8, false},
              {1, 63, false}, {64, 1, false},  {5, 13, false},  {16, 16, false}, {1, 257, false},
              {33, 65, true}, {1, 4099, true}, {127, 1, false}, {3, 86, false},  {1000, 131, true}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static quern__bound forward_bound(quern_activation_kind kind) {
  const quern__activation_info *info = quern__activation_info_of(kind);
  return (quern__bound){.terms = info->forward, .absolute = info->flushed * (double)FLT_MIN};
}

static quern__bound backward_bound(quern_activation_kind kind) {
  return (quern__bound){.terms = quern__activation_info_of(kind)->backward,
                        .absolute = 2.0 * (double)FLT_MIN};
}

float *quern__values_activated(quern__values *values, size_t count, quern_activation activation,
                               float range) {
  float *result = quern__values_floats(values, count, -range, range);
  for (size_t i = 0; result != NULL && i < count && !quern_activation_reads_z(activation.kind); i++)
    result[i] = (float)quern__reference_activate(activation, (double)result[i]);
  return result;
}

/* --- Forward
 * -------------------------------------------------------------------------------------------- */

static quern_status forward(quern_context *context, const quern_tensor *t, const void *activation) {
  return quern_activation_forward(context, *(const quern_activation *)activation, t[0], t[1]);
}

/* The magnitude of activations whose error is in proportion to |z|. */
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
  if (quern__activation_info_of(activation.kind)->scales_with_z) op.magnitude = forward_magnitude;
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

/* Zeros, values that underflow or overflow easily, infinities and a NaN. */
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

/* --- Backward --------------------------------------------------------------------------------- */

static quern_status backward(quern_context *context, const quern_tensor *t,
                             const void *activation) {
  return quern_activation_backward(context, *(const quern_activation *)activation, t[0], t[1],
                                   t[2]);
}

/* Derivatives are of order 1, so the error of dZ is in proportion to |dH|. */
static quern_status backward_magnitude(quern_context *context, const quern_tensor *t,
                                       const void *activation) {
  (void)activation;
  return quern_activation_backward(context, quern_activation_of(QUERN_ACTIVATION_IDENTITY), t[0],
                                   t[1], t[2]);
}

/* over: the range of the output: 0 its own, 1 that of dh, 2 that of h */
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
  /* z where f is curved, and far from there. */
  const bool reads_z = quern_activation_reads_z(activation.kind);
  const float near_zero = reads_z ? 6.0f : 3.0f, far = reads_z ? 300.0f : 12.0f;
  const float range = columns % 2 == 0 ? far : near_zero;
  quern__op_operand(&op, 1, "h", QUERN__IN, QUERN__FLOAT, rows, columns,
                    quern__values_activated(&v->values, rows * columns, activation, range));
  quern__op_operand(&op, 2, "dz", QUERN__OUT, QUERN__FLOAT, rows, columns, NULL);
  op.operands[2].same_as = over;
  return quern__verify_check(v, &op);
}

/* A NaN in dH gives NaN. So does one in h, unless f' compares it with 0. */
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
  op.operands[2].nans = isnan(quern__reference_derivative(activation, (double)NAN)) ? 2 : 1;
  return quern__verify_check(v, &op);
}

/* Far from 0, including at the infinities, derivatives that read z are 0 or 1. */
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

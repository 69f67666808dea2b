/* Dense forward and backward data, and what all matrix products share. Tiles of the kernels are
 * powers of two, so the shapes hold those, one more and one less, primes and ones in every place.
 */
#include "dense.h"

#include "../../base/error.h"
#include "../../functions/activation.h"
#include "../../reference/reference.h"
#include "activation.h"
#include <math.h>

const quern__dense_shape quern__dense_shapes[] = {
    {1, 1, 1, false},     {1, 1, 17, false},    {1, 17, 1, false},    {17, 1, 1, false},
    {2, 3, 5, false},     {3, 7, 2, false},     {7, 9, 15, false},    {8, 8, 8, false},
    {9, 16, 17, false},   {16, 16, 16, false},  {17, 15, 33, false},  {31, 32, 33, false},
    {5, 64, 10, false},   {33, 3, 65, false},   {1, 127, 65, false},  {65, 17, 9, false},
    {3, 5, 130, false},   {64, 64, 64, true},   {65, 63, 130, true},  {127, 257, 31, true},
    {130, 65, 257, true}, {257, 130, 17, true}, {32, 784, 128, true}, {2, 1000, 3, false},
    {1000, 2, 3, false},  {3, 2, 1000, false},  {128, 10, 256, true}, {129, 129, 129, true},
};
const size_t quern__dense_shape_count = sizeof quern__dense_shapes / sizeof *quern__dense_shapes;

float *quern__dense_values(quern__values *values, size_t count, bool whole) {
  return whole ? quern__values_whole(values, count, -4, 4)
               : quern__values_floats(values, count, -1.0f, 1.0f);
}

bool quern__dense_skips(const quern__verify *v, size_t index, unsigned variant) {
  const quern__dense_shape *s = &quern__dense_shapes[index];
  if (s->large && v->small) return true;
  const bool tiny = s->n * s->in * s->out <= 32;
  return !tiny && (index + variant) % (v->few ? 5 : 2) != 0;
}

/* A slope that keeps whole numbers exact. */
static quern_activation activation_of(unsigned kind) {
  quern_activation activation = quern_activation_of((quern_activation_kind)kind);
  activation.slope = 0.5f;
  return activation;
}

static const quern__activation_info *info_of(quern_activation activation) {
  return quern__activation_info_of(activation.kind);
}

static bool is_bounded(quern_activation activation) {
  return fabs(quern__reference_activate(activation, INFINITY)) <= 1 &&
         fabs(quern__reference_activate(activation, -INFINITY)) <= 1;
}

/* The kernels compute the simple ones in line and the others in one function of their own. */
static bool is_simple(unsigned kind) {
  const quern_activation activation = activation_of(kind);
  return info_of(activation)->is_exact || is_bounded(activation);
}

/* Each shape has all simple activations and one other, in turn: the sweeps of the activations check
 * those closely. */
static bool is_in_turn(size_t index, unsigned kind) {
  unsigned others = 0, before = 0;
  if (is_simple(kind)) return true;
  for (unsigned k = 0; quern_activation_name((quern_activation_kind)k) != NULL; k++) {
    if (is_simple(k)) continue;
    others++;
    before += k < kind;
  }
  return before == index % others;
}

/* --- Forward
 * -------------------------------------------------------------------------------------------- */

static quern_status forward(quern_context *context, const quern_tensor *t, const void *activation) {
  return quern_dense_forward(context, t[0], t[1], t[2], *(const quern_activation *)activation,
                             t[3]);
}

/* The error of Z times the steepest slope bounds that of Y. */
static quern_status forward_magnitude(quern_context *context, const quern_tensor *t,
                                      const void *opaque) {
  (void)opaque;
  return quern_dense_forward(context, t[0], t[1], t[2],
                             quern_activation_of(QUERN_ACTIVATION_IDENTITY), t[3]);
}

static quern_status check_forward(quern__verify *v, const quern__dense_shape *s,
                                  quern_activation activation, bool bias, bool whole) {
  quern__values *values = &v->values;
  quern__op op = {.call = forward, .magnitude = forward_magnitude, .arguments = &activation};
  quern__values_next(values);
  /* `absolute` allows for f's rounding if |h| is at most 1, `own` if it is larger. */
  const quern__activation_info *info = info_of(activation);
  const double own = is_simple(activation.kind) ? 0 : info->forward;
  op.bound = (quern__bound){.kind = whole ? QUERN__EXACT : QUERN__CLOSE,
                            .terms = info->steepest * ((double)s->in + 3) + own,
                            .absolute = info->is_exact ? 0 : 0x1p-21};
  quern__op_title(&op, "dense forward %zux%zux%zu %s%s%s", s->n, s->in, s->out,
                  quern_activation_name(activation.kind), bias ? " bias" : "",
                  whole ? " whole" : "");
  quern__op_operand(&op, 0, "x", QUERN__IN, QUERN__FLOAT, s->n, s->in,
                    quern__dense_values(values, s->n * s->in, whole));
  quern__op_operand(&op, 1, "w", QUERN__IN, QUERN__FLOAT, s->in, s->out,
                    quern__dense_values(values, s->in * s->out, whole));
  if (bias)
    quern__op_operand(&op, 2, "b", QUERN__IN, QUERN__FLOAT, 1, s->out,
                      quern__dense_values(values, s->out, whole));
  quern__op_operand(&op, 3, "y", QUERN__OUT, QUERN__FLOAT, s->n, s->out, NULL);
  return quern__verify_check(v, &op);
}

quern_status quern__sweep_dense_forward(quern__verify *v) {
  for (size_t i = 0; i < quern__dense_shape_count; i++) {
    unsigned variant = 0;
    for (unsigned kind = 0; quern_activation_name((quern_activation_kind)kind) != NULL; kind++)
      for (unsigned bias = 0; bias < 2; bias++)
        for (unsigned whole = 0; whole < 2; whole++, variant++) {
          const quern_activation activation = activation_of(kind);
          if ((whole && !info_of(activation)->is_exact) || !is_in_turn(i, kind)) continue;
          if (quern__dense_skips(v, i, variant + kind)) continue;
          QUERN__FORWARD(check_forward(v, &quern__dense_shapes[i], activation, bias, whole));
        }
  }
  return QUERN_OK;
}

/* --- Backward data
 * -------------------------------------------------------------------------------------- */

typedef struct data_arguments {
  quern_activation activation;
  bool accumulate;
} data_arguments;

static quern_status backward_data(quern_context *context, const quern_tensor *t,
                                  const void *opaque) {
  const data_arguments *a = opaque;
  return quern_dense_backward_data(context, t[0], t[1], a->activation, t[2], a->accumulate, t[3]);
}

/* The sum without f', times the largest |f'|, bounds the error. */
static quern_status backward_data_magnitude(quern_context *context, const quern_tensor *t,
                                            const void *opaque) {
  const data_arguments *a = opaque;
  return quern_dense_backward_data(context, t[0], t[1],
                                   quern_activation_of(QUERN_ACTIVATION_IDENTITY), quern_none(),
                                   a->accumulate, t[3]);
}

typedef enum data_output { WRITE_DATA, ACCUMULATE_DATA, OVER_H } data_output;

/* What f' reads; whole numbers if f' of them is whole or a half. */
static float *outputs_of(quern__values *values, size_t count, quern_activation activation,
                         bool whole) {
  if (whole) return quern__values_whole(values, count, -2, 2);
  return quern__values_activated(values, count, activation,
                                 quern_activation_reads_z(activation.kind) ? 6.0f : 3.0f);
}

static quern_status check_data(quern__verify *v, const quern__dense_shape *s,
                               quern_activation activation, data_output to, bool whole) {
  static const char *const names[] = {"", " accumulate", " over h"};
  const data_arguments a = {activation, to == ACCUMULATE_DATA};
  quern__values *values = &v->values;
  quern__op op = {.call = backward_data, .magnitude = backward_data_magnitude, .arguments = &a};
  quern__values_next(values);
  const quern__activation_info *info = info_of(activation);
  const double own = is_simple(activation.kind) ? 0 : info->backward;
  op.bound = (quern__bound){.kind = whole ? QUERN__EXACT : QUERN__CLOSE,
                            .terms = info->steepest * ((double)s->out + 4) + own};
  quern__op_title(&op, "dense backward data %zux%zux%zu %s%s%s", s->n, s->in, s->out,
                  quern_activation_name(activation.kind), names[to], whole ? " whole" : "");
  quern__op_operand(&op, 0, "dz", QUERN__IN, QUERN__FLOAT, s->n, s->out,
                    quern__dense_values(values, s->n * s->out, whole));
  quern__op_operand(&op, 1, "w", QUERN__IN, QUERN__FLOAT, s->in, s->out,
                    quern__dense_values(values, s->in * s->out, whole));
  if (activation.kind != QUERN_ACTIVATION_IDENTITY)
    quern__op_operand(&op, 2, "h", QUERN__IN, QUERN__FLOAT, s->n, s->in,
                      outputs_of(values, s->n * s->in, activation, whole));
  if (to == ACCUMULATE_DATA)
    quern__op_operand(&op, 3, "dx", QUERN__INOUT, QUERN__FLOAT, s->n, s->in,
                      quern__dense_values(values, s->n * s->in, whole));
  else
    quern__op_operand(&op, 3, "dx", QUERN__OUT, QUERN__FLOAT, s->n, s->in, NULL);
  if (to == OVER_H) op.operands[3].same_as = 1 + 2;
  return quern__verify_check(v, &op);
}

quern_status quern__sweep_dense_backward_data(quern__verify *v) {
  for (size_t i = 0; i < quern__dense_shape_count; i++) {
    unsigned variant = 0;
    for (unsigned kind = 0; quern_activation_name((quern_activation_kind)kind) != NULL; kind++)
      for (data_output to = WRITE_DATA; to <= OVER_H; to++)
        for (unsigned whole = 0; whole < 2; whole++, variant++) {
          const quern_activation activation = activation_of(kind);
          if ((whole && !info_of(activation)->is_exact) || !is_in_turn(i, kind)) continue;
          if (to == OVER_H && activation.kind == QUERN_ACTIVATION_IDENTITY) continue;
          if (quern__dense_skips(v, i, variant)) continue;
          QUERN__FORWARD(check_data(v, &quern__dense_shapes[i], activation, to, whole));
        }
  }
  return QUERN_OK;
}

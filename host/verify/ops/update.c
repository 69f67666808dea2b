/* The update of every optimizer: of a range, and fused into the backward product of the weights. */
#include "../sweep.h"

#include "../../base/error.h"
#include "../../functions/optimizer.h"

typedef struct stepping {
  const char *name;
  quern_optimizer optimizer;
  uint64_t step;
  bool fresh; /* m is zero, as before the first step */
} stepping;

/* Fields: kind, decay_bias, learning rate, decay, momentum, beta1, beta2, alpha, epsilon. */
static const stepping steppings[] = {
    {"sgd", {QUERN_OPTIMIZER_SGD, true, 0.3, 0.01, 0, 0, 0, 0, 0}, 1, false},
    {"sgd, biases left alone", {QUERN_OPTIMIZER_SGD, false, 0.3, 0.5, 0, 0, 0, 0, 0}, 4, false},
    {"momentum, first step", {QUERN_OPTIMIZER_MOMENTUM, true, 0.1, 0, 0.9, 0, 0, 0, 0}, 1, true},
    {"momentum", {QUERN_OPTIMIZER_MOMENTUM, true, 0.1, 0.02, 0.9, 0, 0, 0, 0}, 5, false},
    {"nesterov", {QUERN_OPTIMIZER_NESTEROV, false, 0.1, 0.02, 0.8, 0, 0, 0, 0}, 5, false},
    {"adam", {QUERN_OPTIMIZER_ADAM, true, 0.01, 0, 0, 0.9, 0.999, 0, 1e-8}, 7, false},
    {"adam with decay", {QUERN_OPTIMIZER_ADAM, false, 0.01, 0.1, 0, 0.9, 0.999, 0, 1e-8}, 2, false},
    {"adamw", {QUERN_OPTIMIZER_ADAMW, true, 0.01, 0.1, 0, 0.9, 0.99, 0, 1e-3}, 1000, false},
    {"adamw, biases left alone",
     {QUERN_OPTIMIZER_ADAMW, false, 0.1, 0.1, 0, 0.8, 0.999, 0, 1e-8},
     3,
     false},
    {"rmsprop", {QUERN_OPTIMIZER_RMSPROP, true, 0.01, 0.05, 0, 0, 0, 0.99, 1e-8}, 3, false},
    {"rmsprop with momentum",
     {QUERN_OPTIMIZER_RMSPROP, false, 0.01, 0.05, 0.9, 0, 0, 0.99, 1e-8},
     3,
     false},
};
enum { STEPPINGS = sizeof steppings / sizeof *steppings };

/* Roundings in an element: those of g, of v under a root, which halves them, of the quotient
 * (OpenCL allows 3 ulp for a root and 2.5 for a quotient), of m and p, and of the step's numbers.
 * The denominator in magnitude_of exceeds the op's by what g² adds to v, which is less than a third
 * of it. */
enum { TERMS = 24 };

/* The step on absolute values with the opposite sign, so that all terms add up: p + lr (…). */
static stepping magnitude_of(const stepping *s) {
  stepping magnitude = *s;
  magnitude.optimizer.learning_rate = -magnitude.optimizer.learning_rate;
  return magnitude;
}

/* Adds m and v, if the optimizer keeps them, as operands `first` and `first` + 1. For gradients up
 * to 2 `scale`, v is large enough that the quotient by its root is as well conditioned as g. */
static void add_state(quern__op *op, size_t first, const stepping *s, size_t rows, size_t columns,
                      float scale, quern__values *values) {
  const size_t count = rows * columns;
  if (quern_optimizer_keeps_momentum(&s->optimizer))
    quern__op_operand(op, first, "momentum", QUERN__INOUT, QUERN__FLOAT, rows, columns,
                      s->fresh ? quern__values_whole(values, count, 0, 0)
                               : quern__values_floats(values, count, -2.0f * scale, 2.0f * scale));
  if (quern_optimizer_keeps_square(&s->optimizer))
    quern__op_operand(
        op, first + 1, "square", QUERN__INOUT, QUERN__FLOAT, rows, columns,
        quern__values_floats(values, count, 0.5f * scale * scale, 2.0f * scale * scale));
}

/* --- Of a range ------------------------------------------------------------------------------- */

static quern_status update(quern_context *context, const quern_tensor *t, const void *opaque) {
  const stepping *s = opaque;
  return quern_optimizer_update(context, &s->optimizer, s->step, t[0], t[1],
                                (quern_optimizer_state){t[2], t[3]});
}

static quern_status update_magnitude(quern_context *context, const quern_tensor *t,
                                     const void *opaque) {
  const stepping s = magnitude_of(opaque);
  return update(context, t, &s);
}

static quern_status check_update(quern__verify *v, const stepping *s, size_t rows, size_t columns) {
  const size_t count = rows * columns;
  quern__op op = {
      .call = update, .magnitude = update_magnitude, .arguments = s, .bound = {.terms = TERMS}};
  quern__values_next(&v->values);
  quern__op_title(&op, "optimizer update %zux%zu %s", rows, columns, s->name);
  quern__op_operand(&op, 0, "gradients", QUERN__IN, QUERN__FLOAT, rows, columns,
                    quern__values_floats(&v->values, count, -2.0f, 2.0f));
  quern__op_operand(&op, 1, "parameters", QUERN__INOUT, QUERN__FLOAT, rows, columns,
                    quern__values_floats(&v->values, count, -2.0f, 2.0f));
  add_state(&op, 2, s, rows, columns, 1.0f, &v->values);
  return quern__verify_check(v, &op);
}

/* State that the optimizer does not keep may be passed, and must not change. */
static quern_status check_unread(quern__verify *v) {
  quern__op op = {.call = update, .arguments = &steppings[0], .bound = {.terms = TERMS}};
  quern__values_next(&v->values);
  quern__op_title(&op, "optimizer update 3x7 sgd with state");
  static const char *const names[] = {"gradients", "parameters", "momentum", "square"};
  for (size_t i = 0; i < 4; i++)
    quern__op_operand(
        &op, i, names[i], i == 1 ? QUERN__INOUT : QUERN__IN, QUERN__FLOAT, 3, 7,
        quern__values_floats(&v->values, 21, i == 1 ? 4.0f : 0.5f, i == 1 ? 5.0f : 2.0f));
  return quern__verify_check(v, &op);
}

quern_status quern__sweep_optimizer_update(quern__verify *v) {
  static const struct {
    size_t rows, columns;
    bool large;
  } shapes[] = {{1, 1, false},  {1, 3, false},   {7, 9, false},    {1, 63, false},   {64, 1, false},
                {1, 65, false}, {16, 17, false}, {127, 130, true}, {1, 100003, true}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    for (size_t s = 0; s < STEPPINGS; s++)
      if (!(shapes[i].large && v->small))
        QUERN__FORWARD(check_update(v, &steppings[s], shapes[i].rows, shapes[i].columns));
  return check_unread(v);
}

/* --- In the backward product of the weights --------------------------------------------------- */

static quern_status backward(quern_context *context, const quern_tensor *t, const void *opaque) {
  const stepping *s = opaque;
  return quern_dense_backward_update(context, t[0], t[1], &s->optimizer, s->step, t[2],
                                     (quern_optimizer_state){t[4], t[5]}, t[3],
                                     (quern_optimizer_state){t[6], t[7]});
}

static quern_status backward_magnitude(quern_context *context, const quern_tensor *t,
                                       const void *opaque) {
  const stepping s = magnitude_of(opaque);
  return backward(context, t, &s);
}

typedef enum wanted { BOTH, WEIGHTS, BIAS, PARTS } wanted;

static quern_status check_backward(quern__verify *v, size_t n, size_t in, size_t out,
                                   const stepping *s, wanted part) {
  static const char *const parts[] = {"", " weights", " bias"};
  if (!quern__has_dense_backward_update(v->device, &s->optimizer)) return QUERN_OK;
  quern__values *values = &v->values;
  quern__op op = {.call = backward,
                  .magnitude = backward_magnitude,
                  .arguments = s,
                  .bound = {.terms = (double)n + TERMS}};
  quern__values_next(values);
  quern__op_title(&op, "dense backward update %zux%zux%zu %s%s", n, in, out, s->name, parts[part]);
  quern__op_operand(&op, 0, "x", QUERN__IN, QUERN__FLOAT, n, in,
                    quern__values_floats(values, n * in, -1.0f, 1.0f));
  quern__op_operand(&op, 1, "dz", QUERN__IN, QUERN__FLOAT, n, out,
                    quern__values_floats(values, n * out, -1.0f, 1.0f));
  if (part != BIAS) {
    quern__op_operand(&op, 2, "w", QUERN__INOUT, QUERN__FLOAT, in, out,
                      quern__values_floats(values, in * out, -1.0f, 1.0f));
    add_state(&op, 4, s, in, out, (float)n, values);
  }
  if (part != WEIGHTS) {
    quern__op_operand(&op, 3, "b", QUERN__INOUT, QUERN__FLOAT, 1, out,
                      quern__values_floats(values, out, -1.0f, 1.0f));
    add_state(&op, 6, s, 1, out, (float)n, values);
  }
  return quern__verify_check(v, &op);
}

/* Shapes have edges of tiles in every place. Of the last four, one consists of whole tiles on any
 * device, for which each rule has code of its own; three have more samples than a panel of any
 * device, so that sums are carried over. */
quern_status quern__sweep_dense_backward_update(quern__verify *v) {
  static const struct {
    size_t n, in, out;
    bool large;
  } shapes[] = {{2, 3, 5, false},     {17, 1, 1, false},  {9, 16, 17, false}, {17, 15, 33, false},
                {5, 64, 10, false},   {33, 3, 65, false}, {64, 64, 64, true}, {65, 63, 130, true},
                {127, 257, 31, true}, {3, 19, 69, false}, {40, 33, 7, false}, {150, 3, 2, false},
                {300, 85, 37, true}};
  enum { SHAPES = sizeof shapes / sizeof *shapes };
  for (size_t s = 0; s < STEPPINGS; s++)
    for (wanted part = BOTH; part < PARTS; part++)
      QUERN__FORWARD(check_backward(v, 1, 1, 1, &steppings[s], part));
  for (size_t i = 0; i < SHAPES; i++)
    for (size_t s = 0; s < STEPPINGS; s++) {
      const bool all = i + 4 >= SHAPES;
      if ((shapes[i].large && v->small) || (!all && (i + s) % (v->few ? 6 : 3) != 0)) continue;
      const wanted part = all ? BOTH : (wanted)((i + s / 3) % PARTS);
      QUERN__FORWARD(
          check_backward(v, shapes[i].n, shapes[i].in, shapes[i].out, &steppings[s], part));
    }
  return QUERN_OK;
}

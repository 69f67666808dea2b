/* Optimizers over a range, and the cases that the dense update shares. */
#include "optimizer.h"

#include "../../base/error.h"

/* Fields: kind, decay_bias, learning rate, decay, momentum, beta1, beta2, alpha, epsilon. */
const quern__optimizer_case quern__optimizer_cases[] = {
    {"sgd", {QUERN_OPTIMIZER_SGD, true, 0.3, 0.01, 0, 0, 0, 0, 0}, 1, false},
    {"sgd, biases left alone", {QUERN_OPTIMIZER_SGD, false, 0.3, 0.5, 0, 0, 0, 0, 0}, 4, false},
    {"sgd, rate 0", {QUERN_OPTIMIZER_SGD, true, 0, 0, 0, 0, 0, 0, 0}, 1, false},
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
const size_t quern__optimizer_case_count =
    sizeof quern__optimizer_cases / sizeof *quern__optimizer_cases;

/* Roundings behind an element: those of g, of v in a root that halves them, of the quotient (OpenCL
 * allows 3 units to a root and 2.5 to a quotient), of m and of p, and the numbers of the step. The
 * quotient's denominator in the magnitude is larger than the op's by as much as g² adds to v, which
 * is less than a third of it. Plain SGD has neither root nor quotient. */
double quern__optimizer_terms(const quern__optimizer_case *c) {
  return c->optimizer.kind == QUERN_OPTIMIZER_SGD ? 2 : 24;
}

quern__optimizer_case quern__optimizer_magnitude(const quern__optimizer_case *c) {
  quern__optimizer_case magnitude = *c;
  magnitude.optimizer.learning_rate = -magnitude.optimizer.learning_rate;
  return magnitude;
}

/* v is so large, for gradients up to 2 `scale`, that the quotient by its root is no worse
 * conditioned than g. */
void quern__optimizer_operands(quern__op *op, size_t first, const quern__optimizer_case *c,
                               size_t rows, size_t columns, float scale, quern__values *values) {
  const size_t count = rows * columns;
  if (quern_optimizer_keeps_momentum(&c->optimizer))
    quern__op_operand(op, first, "momentum", QUERN__INOUT, QUERN__FLOAT, rows, columns,
                      c->fresh ? quern__values_whole(values, count, 0, 0)
                               : quern__values_floats(values, count, -2.0f * scale, 2.0f * scale));
  if (quern_optimizer_keeps_square(&c->optimizer))
    quern__op_operand(
        op, first + 1, "square", QUERN__INOUT, QUERN__FLOAT, rows, columns,
        quern__values_floats(values, count, 0.5f * scale * scale, 2.0f * scale * scale));
}

static quern_status update(quern_context *context, const quern_tensor *t, const void *opaque) {
  const quern__optimizer_case *c = opaque;
  return quern_optimizer_update(context, &c->optimizer, c->step, t[0], t[1],
                                (quern_optimizer_state){t[2], t[3]});
}

static quern_status update_magnitude(quern_context *context, const quern_tensor *t,
                                     const void *opaque) {
  const quern__optimizer_case c = quern__optimizer_magnitude(opaque);
  return update(context, t, &c);
}

static quern_status check_update(quern__verify *v, const quern__optimizer_case *c, size_t rows,
                                 size_t columns) {
  const size_t count = rows * columns;
  quern__op op = {.call = update,
                  .magnitude = update_magnitude,
                  .arguments = c,
                  .bound = {.terms = quern__optimizer_terms(c)}};
  quern__values_next(&v->values);
  quern__op_title(&op, "optimizer update %zux%zu %s", rows, columns, c->name);
  quern__op_operand(&op, 0, "gradients", QUERN__IN, QUERN__FLOAT, rows, columns,
                    quern__values_floats(&v->values, count, -2.0f, 2.0f));
  quern__op_operand(&op, 1, "parameters", QUERN__INOUT, QUERN__FLOAT, rows, columns,
                    quern__values_floats(&v->values, count, -2.0f, 2.0f));
  quern__optimizer_operands(&op, 2, c, rows, columns, 1.0f, &v->values);
  return quern__verify_check(v, &op);
}

/* State that the optimizer does not keep may be passed, and is neither read nor written. */
static quern_status check_unread(quern__verify *v) {
  const quern__optimizer_case *sgd = &quern__optimizer_cases[0];
  quern__op op = {.call = update, .arguments = sgd, .bound = {.terms = 24}};
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
  } shapes[] = {{1, 1, false},   {1, 2, false},    {1, 3, false},    {7, 9, false},
                {1, 63, false},  {64, 1, false},   {1, 65, false},   {16, 17, false},
                {1, 257, false}, {127, 130, true}, {1, 100003, true}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    for (size_t c = 0; c < quern__optimizer_case_count; c++)
      if (!(shapes[i].large && v->small))
        QUERN__FORWARD(
            check_update(v, &quern__optimizer_cases[c], shapes[i].rows, shapes[i].columns));
  return check_unread(v);
}

/* Dense backward weights, and the same with an optimizer step in place of the gradients. */
#include "dense.h"
#include "optimizer.h"

#include "../../base/error.h"
#include "../../functions/optimizer.h"
#include <math.h>

typedef enum wanted { BOTH, WEIGHTS, BIAS, PARTS } wanted;

static const char *const parts[] = {"", " weights", " bias"};

static void add_factors(quern__op *op, const quern__dense_shape *s, quern__values *values,
                        bool whole) {
  quern__op_operand(op, 0, "x", QUERN__IN, QUERN__FLOAT, s->n, s->in,
                    quern__dense_values(values, s->n * s->in, whole));
  quern__op_operand(op, 1, "dz", QUERN__IN, QUERN__FLOAT, s->n, s->out,
                    quern__dense_values(values, s->n * s->out, whole));
}

static quern__bound bound_of(const quern__dense_shape *s, double terms, bool whole) {
  return (quern__bound){.kind = whole ? QUERN__EXACT : QUERN__CLOSE, .terms = (double)s->n + terms};
}

/* --- Gradients -------------------------------------------------------------------------------- */

static quern_status backward_weights(quern_context *context, const quern_tensor *t,
                                     const void *accumulate) {
  return quern_dense_backward_weights(context, t[0], t[1], *(const bool *)accumulate, t[2], t[3]);
}

static void add_gradients(quern__op *op, size_t index, const char *name, size_t rows,
                          size_t columns, bool accumulate, quern__values *values, bool whole) {
  quern__op_operand(op, index, name, accumulate ? QUERN__INOUT : QUERN__OUT, QUERN__FLOAT, rows,
                    columns,
                    accumulate ? quern__dense_values(values, rows * columns, whole) : NULL);
}

static quern_status check_weights(quern__verify *v, const quern__dense_shape *s, bool accumulate,
                                  wanted part, bool whole) {
  quern__values *values = &v->values;
  quern__op op = {.call = backward_weights,
                  .magnitude = backward_weights,
                  .arguments = &accumulate,
                  .bound = bound_of(s, 5, whole)};
  quern__values_next(values);
  quern__op_title(&op, "dense backward weights %zux%zux%zu%s%s%s", s->n, s->in, s->out,
                  accumulate ? " accumulate" : "", parts[part], whole ? " whole" : "");
  add_factors(&op, s, values, whole);
  if (part != BIAS) add_gradients(&op, 2, "dw", s->in, s->out, accumulate, values, whole);
  if (part != WEIGHTS) add_gradients(&op, 3, "db", 1, s->out, accumulate, values, whole);
  return quern__verify_check(v, &op);
}

quern_status quern__sweep_dense_backward_weights(quern__verify *v) {
  for (size_t i = 0; i < quern__dense_shape_count; i++) {
    unsigned variant = 0;
    for (unsigned accumulate = 0; accumulate < 2; accumulate++)
      for (wanted part = BOTH; part < PARTS; part++)
        for (unsigned whole = 0; whole < 2; whole++, variant++)
          if (!quern__dense_skips(v, i, variant))
            QUERN__FORWARD(check_weights(v, &quern__dense_shapes[i], accumulate, part, whole));
  }
  return QUERN_OK;
}

/* --- An optimizer step ------------------------------------------------------------------------ */

static quern_status update(quern_context *context, const quern_tensor *t, const void *opaque) {
  const quern__optimizer_case *c = opaque;
  return quern_dense_backward_update(context, t[0], t[1], &c->optimizer, c->step, t[2],
                                     (quern_optimizer_state){t[4], t[5]}, t[3],
                                     (quern_optimizer_state){t[6], t[7]});
}

static quern_status update_magnitude(quern_context *context, const quern_tensor *t,
                                     const void *opaque) {
  const quern__optimizer_case c = quern__optimizer_magnitude(opaque);
  return update(context, t, &c);
}

static quern_status check_update(quern__verify *v, const quern__dense_shape *s,
                                 const quern__optimizer_case *c, wanted part, bool whole) {
  if (!quern__has_dense_backward_update(v->device, &c->optimizer)) return QUERN_OK;
  quern__values *values = &v->values;
  quern__op op = {.call = update,
                  .magnitude = update_magnitude,
                  .arguments = c,
                  .bound = bound_of(s, fmax(5, quern__optimizer_terms(c)), whole)};
  quern__values_next(values);
  quern__op_title(&op, "dense backward update %zux%zux%zu %s%s%s", s->n, s->in, s->out, c->name,
                  parts[part], whole ? " whole" : "");
  add_factors(&op, s, values, whole);
  if (part != BIAS) {
    quern__op_operand(&op, 2, "w", QUERN__INOUT, QUERN__FLOAT, s->in, s->out,
                      quern__dense_values(values, s->in * s->out, whole));
    quern__optimizer_operands(&op, 4, c, s->in, s->out, (float)s->n, values);
  }
  if (part != WEIGHTS) {
    quern__op_operand(&op, 3, "b", QUERN__INOUT, QUERN__FLOAT, 1, s->out,
                      quern__dense_values(values, s->out, whole));
    quern__optimizer_operands(&op, 6, c, 1, s->out, (float)s->n, values);
  }
  return quern__verify_check(v, &op);
}

/* Plain SGD, which has kernels of its own on GPUs and a path of its own on CPUs, on every shape. */
static quern_status sweep_sgd(quern__verify *v) {
  static const quern__optimizer_case cases[] = {
      {"sgd", {QUERN_OPTIMIZER_SGD, true, 0.3, 0.01, 0, 0, 0, 0, 0}, 1, false},
      {"sgd", {QUERN_OPTIMIZER_SGD, true, 0.5, 0.25, 0, 0, 0, 0, 0}, 1, false}};
  for (size_t i = 0; i < quern__dense_shape_count; i++) {
    unsigned variant = 0;
    for (wanted part = BOTH; part < PARTS; part++)
      for (unsigned whole = 0; whole < 2; whole++, variant++)
        if (!quern__dense_skips(v, i, variant))
          QUERN__FORWARD(check_update(v, &quern__dense_shapes[i], &cases[whole], part, whole));
  }
  return QUERN_OK;
}

/* Edges of tiles in every place; of the last four one has whole tiles of any device, which have a
 * path of their own for each rule, and three have more samples than a panel of any device holds, so
 * that sums are kept. */
quern_status quern__sweep_dense_backward_update(quern__verify *v) {
  static const quern__dense_shape one = {1, 1, 1, false};
  static const quern__dense_shape shapes[] = {
      {2, 3, 5, false},     {17, 1, 1, false},  {9, 16, 17, false}, {17, 15, 33, false},
      {5, 64, 10, false},   {33, 3, 65, false}, {64, 64, 64, true}, {65, 63, 130, true},
      {127, 257, 31, true}, {3, 19, 69, false}, {40, 33, 7, false}, {150, 3, 2, false},
      {300, 85, 37, true}};
  enum { SHAPES = sizeof shapes / sizeof *shapes };
  for (size_t c = 0; c < quern__optimizer_case_count; c++)
    for (wanted part = BOTH; part < PARTS; part++)
      QUERN__FORWARD(check_update(v, &one, &quern__optimizer_cases[c], part, false));
  for (size_t i = 0; i < SHAPES; i++)
    for (size_t c = 0; c < quern__optimizer_case_count; c++) {
      const bool all = i + 4 >= SHAPES;
      if ((shapes[i].large && v->small) || (!all && (i + c) % (v->few ? 6 : 3) != 0)) continue;
      const wanted part = all ? BOTH : (wanted)((i + c / 3) % PARTS);
      QUERN__FORWARD(check_update(v, &shapes[i], &quern__optimizer_cases[c], part, false));
    }
  return sweep_sgd(v);
}

/* Batch and layer normalization, forward and backward.
 *
 * Let A = inv_std (largest |x| + mean |x|), which is at least |x̂|, and K the number of values in a
 * sum. The error of the mean is K eps mean |x|, which changes x̂ by A K eps. The differences in the
 * variance have errors of eps (|x| + |mean|), so its relative error is K + 2 A in units of eps;
 * that of inv_std is K/2 + A, which changes x̂ by A (K/2 + A). Together this is less than K eps A
 * (2 + A) for y with a gamma of 1. The backward pass gets exact mean and inv_std: the error of x̂
 * is a few eps of inv_std (|x| + |mean|), and the rest are sums of K. */
#include "../sweep.h"

#include "../../base/error.h"
#include "../../base/quotient.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>

static const struct {
  size_t n, units;
  bool large;
} shapes[] = {{2, 1, false},   {2, 3, false},   {3, 16, false},  {3, 2, false},   {4, 6, false},
              {7, 13, false},  {16, 17, false}, {17, 33, false}, {65, 7, false},  {5, 257, false},
              {130, 3, false}, {33, 130, true}, {257, 64, true}, {128, 509, true}};
enum { SHAPES = sizeof shapes / sizeof *shapes, ROUNDINGS = 16 };

/* A case and its inputs on the host. Line i, a unit of a batch or a sample of a layer, has `count`
 * values, `step` apart, starting at i · `next`. */
typedef struct norm_case {
  quern__verify *v;
  size_t n, units;
  bool of_batch;
  float epsilon, momentum;
  /* owned by the op once it has them */
  float *x, *dy, *gamma, *beta, *mean, *inv_std, *running_mean, *running_variance;
} norm_case;

typedef struct lines {
  size_t lines, count, next, step;
} lines;

static lines lines_of(const norm_case *c) {
  return c->of_batch ? (lines){c->units, c->n, 1, c->units} : (lines){c->n, c->units, c->units, 1};
}

/* Properties of one line. */
typedef struct line {
  double mean, variance, inv_std, magnitude, largest; /* magnitude: the mean of |x| */
} line;

static line measure_line(const norm_case *c, size_t i) {
  const lines current = lines_of(c);
  const float *x = c->x + i * current.next;
  line item = {0};
  for (size_t k = 0; k < current.count; k++) {
    const double value = (double)x[k * current.step];
    item.mean += value / (double)current.count;
    item.magnitude += fabs(value) / (double)current.count;
    item.largest = fmax(item.largest, fabs(value));
  }
  for (size_t k = 0; k < current.count; k++)
    item.variance += ((double)x[k * current.step] - item.mean) *
                     ((double)x[k * current.step] - item.mean) / (double)current.count;
  item.inv_std = quern__quotient(1, sqrt(item.variance + (double)c->epsilon));
  return item;
}

static double spread(const line *self) {
  return self->inv_std * (self->largest + self->magnitude);
}

static float *allocate_floats(size_t count) {
  return malloc(count * sizeof(float));
}

/* --- Forward ---------------------------------------------------------------------------------- */

enum { X, GAMMA, BETA, Y, MEAN, INV_STD, RUNNING_MEAN, RUNNING_VARIANCE };

static quern_status batch_forward(quern_context *context, const quern_tensor *t,
                                  const void *arguments) {
  const norm_case *c = arguments;
  return quern_batch_norm_forward(context, t[X], t[GAMMA], t[BETA], c->epsilon, c->momentum,
                                  t[RUNNING_MEAN], t[RUNNING_VARIANCE], t[MEAN], t[INV_STD], t[Y]);
}

static quern_status batch_inference(quern_context *context, const quern_tensor *t,
                                    const void *arguments) {
  const norm_case *c = arguments;
  return quern_batch_norm_inference(context, t[X], t[GAMMA], t[BETA], c->epsilon, t[RUNNING_MEAN],
                                    t[RUNNING_VARIANCE], t[Y]);
}

static quern_status layer_forward(quern_context *context, const quern_tensor *t,
                                  const void *arguments) {
  const norm_case *c = arguments;
  return quern_layer_norm_forward(context, t[X], t[GAMMA], t[BETA], c->epsilon, t[MEAN], t[INV_STD],
                                  t[Y]);
}

/* Computes the bounds of the lines' mean and inv_std and, for a batch, of the running
 * statistics. */
static bool bound_statistics(const norm_case *c, quern__op *op) {
  const size_t count = lines_of(c).lines;
  float *mean = allocate_floats(count), *inv_std = allocate_floats(count),
        *running_mean_bound = allocate_floats(count),
        *running_variance_bound = allocate_floats(count);
  if (mean == NULL || inv_std == NULL || running_mean_bound == NULL ||
      running_variance_bound == NULL) {
    free(mean);
    free(inv_std);
    free(running_mean_bound);
    free(running_variance_bound);
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    const line current = measure_line(c, i);
    mean[i] = (float)current.magnitude;
    inv_std[i] = (float)(current.inv_std * (1 + spread(&current)));
    running_mean_bound[i] =
        (float)(current.magnitude + (c->of_batch ? fabs((double)c->running_mean[i]) : 0));
    running_variance_bound[i] =
        (float)(2 * (current.variance + (double)c->epsilon) * (1 + spread(&current)) +
                (c->of_batch ? fabs((double)c->running_variance[i]) : 0));
  }
  op->operands[MEAN].magnitude = mean;
  op->operands[INV_STD].magnitude = inv_std;
  op->operands[RUNNING_MEAN].magnitude = running_mean_bound;
  op->operands[RUNNING_VARIANCE].magnitude = running_variance_bound;
  return true;
}

static bool bound_y(const norm_case *c, quern__op *op) {
  const lines current = lines_of(c);
  float *y = allocate_floats(c->n * c->units);
  if (y == NULL) return false;
  for (size_t i = 0; i < current.lines; i++) {
    const line item = measure_line(c, i);
    for (size_t k = 0; k < current.count; k++) {
      const size_t element = i * current.next + k * current.step, unit = element % c->units;
      y[element] = (float)(fabs((double)c->gamma[unit]) * spread(&item) * (2 + spread(&item)) +
                           fabs((double)c->beta[unit]));
    }
  }
  op->operands[Y].magnitude = y;
  return true;
}

/* Creates inputs around `shift`, with a spread of at least 3. */
static bool make_inputs(norm_case *c, float shift) {
  quern__values *values = &c->v->values;
  quern__values_next(values);
  c->x = quern__values_floats(values, c->n * c->units, shift - 3.0f, shift + 3.0f);
  c->dy = quern__values_floats(values, c->n * c->units, -2.0f, 2.0f);
  c->gamma = quern__values_floats(values, c->units, -2.0f, 2.0f);
  c->beta = quern__values_floats(values, c->units, -1.0f, 1.0f);
  c->running_mean = quern__values_floats(values, c->units, -1.0f, 1.0f);
  c->running_variance = quern__values_floats(values, c->units, 0.0f, 2.0f);
  return c->x != NULL && c->dy != NULL && c->gamma != NULL && c->beta != NULL &&
         c->running_mean != NULL && c->running_variance != NULL;
}

/* Frees the inputs that no operand took. */
static void free_inputs(norm_case *c, const bool *taken) {
  float *const list[] = {c->x, c->dy, c->gamma, c->beta, c->running_mean, c->running_variance};
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (!taken[i]) free(list[i]);
}

static quern_status check_forward(norm_case *c, float shift, bool in_place, bool keeps) {
  const size_t statistics = lines_of(c).lines;
  quern__op op = {.call = c->of_batch ? batch_forward : layer_forward,
                  .arguments = c,
                  .bound = {.terms = (double)lines_of(c).count + ROUNDINGS}};
  const bool allocated = make_inputs(c, shift);
  quern__op_title(&op, "%s norm forward %zux%zu about %g%s%s", c->of_batch ? "batch" : "layer",
                  c->n, c->units, (double)shift, in_place ? " in place" : "",
                  keeps ? "" : ", nothing kept");
  if (!allocated || !bound_statistics(c, &op) || !bound_y(c, &op)) {
    free_inputs(c, (const bool[6]){false});
    for (size_t i = 0; i < QUERN__MAX_OPERANDS; i++) free(op.operands[i].magnitude);
    return quern__fail_memory("verify", c->n * c->units * sizeof(float));
  }
  float *magnitudes[QUERN__MAX_OPERANDS];
  for (size_t i = 0; i < QUERN__MAX_OPERANDS; i++) magnitudes[i] = op.operands[i].magnitude;
  const bool runs = c->of_batch && keeps, has = c->of_batch || keeps;
  quern__op_operand(&op, X, "x", QUERN__IN, QUERN__FLOAT, c->n, c->units, c->x);
  quern__op_operand(&op, GAMMA, "gamma", QUERN__IN, QUERN__FLOAT, 1, c->units, c->gamma);
  quern__op_operand(&op, BETA, "beta", QUERN__IN, QUERN__FLOAT, 1, c->units, c->beta);
  quern__op_operand(&op, Y, "y", QUERN__OUT, QUERN__FLOAT, c->n, c->units, NULL);
  if (has) quern__op_operand(&op, MEAN, "mean", QUERN__OUT, QUERN__FLOAT, 1, statistics, NULL);
  if (has)
    quern__op_operand(&op, INV_STD, "inv_std", QUERN__OUT, QUERN__FLOAT, 1, statistics, NULL);
  if (runs)
    quern__op_operand(&op, RUNNING_MEAN, "running_mean", QUERN__INOUT, QUERN__FLOAT, 1, c->units,
                      c->running_mean);
  if (runs)
    quern__op_operand(&op, RUNNING_VARIANCE, "running_variance", QUERN__INOUT, QUERN__FLOAT, 1,
                      c->units, c->running_variance);
  for (size_t i = 0; i < QUERN__MAX_OPERANDS; i++) op.operands[i].magnitude = magnitudes[i];
  op.operands[Y].same_as = in_place ? X + 1 : 0;
  free_inputs(c, (const bool[6]){true, false, true, true, runs, runs});
  return quern__verify_check(c->v, &op);
}

/* A product and a sum, and one rounding each of the square root, the division and the
 * difference. */
static quern_status check_inference(norm_case *c, bool in_place) {
  quern__op op = {.call = batch_inference, .arguments = c, .bound = {.terms = ROUNDINGS}};
  const bool allocated = make_inputs(c, 0.5f);
  float *y = allocate_floats(c->n * c->units);
  if (!allocated || y == NULL) {
    free(y);
    free_inputs(c, (const bool[6]){false});
    return quern__fail_memory("verify", c->n * c->units * sizeof(float));
  }
  for (size_t i = 0; i < c->n * c->units; i++) {
    const size_t j = i % c->units;
    const double inv_std =
        quern__quotient(1, sqrt((double)c->running_variance[j] + (double)c->epsilon));
    y[i] = (float)(fabs((double)c->gamma[j]) * inv_std *
                       (fabs((double)c->x[i]) + fabs((double)c->running_mean[j])) +
                   fabs((double)c->beta[j]));
  }
  quern__op_title(&op, "batch norm inference %zux%zu%s", c->n, c->units,
                  in_place ? " in place" : "");
  quern__op_operand(&op, X, "x", QUERN__IN, QUERN__FLOAT, c->n, c->units, c->x);
  quern__op_operand(&op, GAMMA, "gamma", QUERN__IN, QUERN__FLOAT, 1, c->units, c->gamma);
  quern__op_operand(&op, BETA, "beta", QUERN__IN, QUERN__FLOAT, 1, c->units, c->beta);
  quern__op_operand(&op, Y, "y", QUERN__OUT, QUERN__FLOAT, c->n, c->units, NULL);
  quern__op_operand(&op, RUNNING_MEAN, "mean", QUERN__IN, QUERN__FLOAT, 1, c->units,
                    c->running_mean);
  quern__op_operand(&op, RUNNING_VARIANCE, "variance", QUERN__IN, QUERN__FLOAT, 1, c->units,
                    c->running_variance);
  op.operands[Y].magnitude = y;
  op.operands[Y].same_as = in_place ? X + 1 : 0;
  free_inputs(c, (const bool[6]){true, false, true, true, true, true});
  return quern__verify_check(c->v, &op);
}

/* --- Backward --------------------------------------------------------------------------------- */

enum { B_DY, B_X, B_GAMMA, B_MEAN, B_INV_STD, B_DX, B_DGAMMA, B_DBETA };

static quern_status batch_backward(quern_context *context, const quern_tensor *t,
                                   const void *arguments) {
  (void)arguments;
  return quern_batch_norm_backward(context, t[B_DY], t[B_X], t[B_GAMMA], t[B_MEAN], t[B_INV_STD],
                                   t[B_DX], t[B_DGAMMA], t[B_DBETA]);
}

static quern_status layer_backward(quern_context *context, const quern_tensor *t,
                                   const void *arguments) {
  (void)arguments;
  return quern_layer_norm_backward(context, t[B_DY], t[B_X], t[B_GAMMA], t[B_MEAN], t[B_INV_STD],
                                   t[B_DX], t[B_DGAMMA], t[B_DBETA]);
}

/* Computes the bounds of the gradients: sums of absolute values, with inv_std (|x| + |mean|) for
 * x̂. */
static bool bound_backward(const norm_case *c, quern__op *op) {
  const lines current = lines_of(c);
  float *dx = allocate_floats(c->n * c->units), *dgamma = calloc(c->units, sizeof(float)),
        *dbeta = calloc(c->units, sizeof(float));
  op->operands[B_DX].magnitude = dx;
  op->operands[B_DGAMMA].magnitude = dgamma;
  op->operands[B_DBETA].magnitude = dbeta;
  if (dx == NULL || dgamma == NULL || dbeta == NULL) return false;
  for (size_t i = 0; i < current.lines; i++) {
    const double inv_std = (double)c->inv_std[i], mean = fabs((double)c->mean[i]);
    double plain = 0, along = 0;
    for (size_t k = 0; k < current.count; k++) {
      const size_t element = i * current.next + k * current.step, unit = element % c->units;
      const double gradient = fabs((double)c->dy[element]),
                   normal = inv_std * (fabs((double)c->x[element]) + mean);
      const double scaled = gradient * fabs((double)c->gamma[unit]);
      plain += scaled;
      along += scaled * normal;
      dgamma[unit] += (float)(gradient * normal);
      dbeta[unit] += (float)gradient;
    }
    for (size_t k = 0; k < current.count; k++) {
      const size_t element = i * current.next + k * current.step, unit = element % c->units;
      const double normal = inv_std * (fabs((double)c->x[element]) + mean);
      dx[element] = (float)(inv_std * (fabs((double)c->dy[element]) * fabs((double)c->gamma[unit]) +
                                       (plain + normal * along) / (double)current.count));
    }
  }
  return true;
}

static quern_status check_backward(norm_case *c, bool in_place, bool frozen) {
  const size_t statistics = lines_of(c).lines;
  const double longest = (double)(c->n > c->units ? c->n : c->units);
  quern__op op = {.call = c->of_batch ? batch_backward : layer_backward,
                  .bound = {.terms = longest + ROUNDINGS}};
  bool allocated = make_inputs(c, 0.5f);
  c->mean = allocate_floats(statistics);
  c->inv_std = allocate_floats(statistics);
  allocated = allocated && c->mean != NULL && c->inv_std != NULL;
  for (size_t i = 0; i < statistics && allocated; i++) {
    const line current = measure_line(c, i);
    c->mean[i] = (float)current.mean;
    c->inv_std[i] = (float)current.inv_std;
  }
  if (!allocated || !bound_backward(c, &op)) {
    free(c->mean);
    free(c->inv_std);
    free_inputs(c, (const bool[6]){false});
    for (size_t i = 0; i < QUERN__MAX_OPERANDS; i++) free(op.operands[i].magnitude);
    return quern__fail_memory("verify", c->n * c->units * sizeof(float));
  }
  float *magnitudes[QUERN__MAX_OPERANDS];
  for (size_t i = 0; i < QUERN__MAX_OPERANDS; i++) magnitudes[i] = op.operands[i].magnitude;
  quern__op_title(&op, "%s norm backward %zux%zu%s%s", c->of_batch ? "batch" : "layer", c->n,
                  c->units, in_place ? " in place" : "", frozen ? ", data alone" : "");
  quern__op_operand(&op, B_DY, "dy", QUERN__IN, QUERN__FLOAT, c->n, c->units, c->dy);
  quern__op_operand(&op, B_X, "x", QUERN__IN, QUERN__FLOAT, c->n, c->units, c->x);
  quern__op_operand(&op, B_GAMMA, "gamma", QUERN__IN, QUERN__FLOAT, 1, c->units, c->gamma);
  quern__op_operand(&op, B_MEAN, "mean", QUERN__IN, QUERN__FLOAT, 1, statistics, c->mean);
  quern__op_operand(&op, B_INV_STD, "inv_std", QUERN__IN, QUERN__FLOAT, 1, statistics, c->inv_std);
  quern__op_operand(&op, B_DX, "dx", QUERN__OUT, QUERN__FLOAT, c->n, c->units, NULL);
  if (!frozen)
    quern__op_operand(&op, B_DGAMMA, "dgamma", QUERN__OUT, QUERN__FLOAT, 1, c->units, NULL);
  if (!frozen)
    quern__op_operand(&op, B_DBETA, "dbeta", QUERN__OUT, QUERN__FLOAT, 1, c->units, NULL);
  for (size_t i = 0; i < QUERN__MAX_OPERANDS; i++) op.operands[i].magnitude = magnitudes[i];
  op.operands[B_DX].same_as = in_place ? B_DY + 1 : 0;
  free_inputs(c, (const bool[6]){true, true, true, false, false, false});
  return quern__verify_check(c->v, &op);
}

/* --- Sweeps ----------------------------------------------------------------------------------- */

static norm_case case_of(quern__verify *v, size_t i, bool of_batch) {
  return (norm_case){.v = v,
                     .n = shapes[i].n,
                     .units = shapes[i].units,
                     .of_batch = of_batch,
                     .epsilon = i % 2 == 0 ? 1e-5f : 0.25f,
                     .momentum = i % 3 == 0 ? 0.1f : 0.75f};
}

/* Far from zero the differences lose digits, for which the bound allows. */
static quern_status sweep_forward(quern__verify *v, bool of_batch) {
  for (size_t i = 0; i < SHAPES; i++) {
    if (shapes[i].large && v->small) continue;
    norm_case c = case_of(v, i, of_batch);
    QUERN__FORWARD(check_forward(&c, 0.5f, i % 2 == 0, true));
    c = case_of(v, i, of_batch);
    QUERN__FORWARD(check_forward(&c, 40.0f, i % 2 != 0, i % 3 == 0));
  }
  return QUERN_OK;
}

static quern_status sweep_backward(quern__verify *v, bool of_batch) {
  for (size_t i = 0; i < SHAPES; i++) {
    if (shapes[i].large && v->small) continue;
    norm_case c = case_of(v, i, of_batch);
    QUERN__FORWARD(check_backward(&c, i % 2 == 0, false));
    c = case_of(v, i, of_batch);
    if (!of_batch) QUERN__FORWARD(check_backward(&c, i % 2 != 0, true));
  }
  return QUERN_OK;
}

quern_status quern__sweep_batch_norm_forward(quern__verify *v) {
  return sweep_forward(v, true);
}

quern_status quern__sweep_layer_norm_forward(quern__verify *v) {
  return sweep_forward(v, false);
}

quern_status quern__sweep_batch_norm_backward(quern__verify *v) {
  return sweep_backward(v, true);
}

quern_status quern__sweep_layer_norm_backward(quern__verify *v) {
  return sweep_backward(v, false);
}

quern_status quern__sweep_batch_norm_inference(quern__verify *v) {
  for (size_t i = 0; i < SHAPES; i++) {
    if (shapes[i].large && v->small) continue;
    norm_case c = case_of(v, i, true);
    QUERN__FORWARD(check_inference(&c, i % 2 == 0));
  }
  return QUERN_OK;
}

/* The ops with which ranks divide batch normalization: moments, and the two halves of the backward
 * pass. */
#include "../sweep.h"

#include "../../base/error.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>

static const struct {
  size_t n, units;
  bool large;
} shapes[] = {{1, 1, false},   {1, 17, false}, {2, 3, false},   {3, 16, false},  {7, 13, false},
              {16, 17, false}, {65, 7, false}, {33, 130, true}, {257, 64, true}, {128, 509, true}};
enum { SHAPES = sizeof shapes / sizeof *shapes, ROUNDINGS = 16 };

/* The inputs of a case, owned until an operand takes them. */
enum { X, DY, GAMMA, MEAN, INV_STD, DGAMMA, DBETA, INPUTS };
typedef struct parts_case {
  quern__verify *v;
  size_t n, units, samples;
  float *inputs[INPUTS];
} parts_case;

static void free_case(parts_case *c) {
  for (size_t i = 0; i < INPUTS; i++) free(c->inputs[i]);
}

/* Returns one input, which from now on belongs to an operand. */
static float *release_input(parts_case *c, size_t which) {
  float *inputs = c->inputs[which];
  c->inputs[which] = NULL;
  return inputs;
}

static bool make_case(parts_case *c, quern__verify *v, size_t i, float shift) {
  quern__values *values = &v->values;
  const size_t count = shapes[i].n * shapes[i].units, units = shapes[i].units;
  *c =
      (parts_case){.v = v, .n = shapes[i].n, .units = units, .samples = shapes[i].n + (i % 3) * 41};
  quern__values_next(values);
  c->inputs[X] = quern__values_floats(values, count, shift - 3.0f, shift + 3.0f);
  c->inputs[DY] = quern__values_floats(values, count, -2.0f, 2.0f);
  c->inputs[GAMMA] = quern__values_floats(values, units, -2.0f, 2.0f);
  c->inputs[MEAN] = quern__values_floats(values, units, shift - 1.0f, shift + 1.0f);
  c->inputs[INV_STD] = quern__values_floats(values, units, 0.1f, 2.0f);
  c->inputs[DGAMMA] = quern__values_floats(values, units, -20.0f, 20.0f);
  c->inputs[DBETA] = quern__values_floats(values, units, -20.0f, 20.0f);
  bool allocated = true;
  for (size_t k = 0; k < INPUTS; k++) allocated = allocated && c->inputs[k] != NULL;
  return allocated;
}

static quern_status fail_case(parts_case *c, float *first, float *second) {
  const size_t bytes = c->n * c->units * sizeof(float);
  free(first);
  free(second);
  free_case(c);
  return quern__fail_memory("verify", bytes);
}

/* The sum of absolute values in x̂. */
static double normalized_magnitude(const parts_case *c, size_t element) {
  const size_t j = element % c->units;
  return (double)c->inputs[INV_STD][j] *
         (fabs((double)c->inputs[X][element]) + fabs((double)c->inputs[MEAN][j]));
}

/* --- Moments ---------------------------------------------------------------------------------- */

enum { M_X, M_MEAN, M_SQUARES };

static quern_status moments(quern_context *context, const quern_tensor *t, const void *arguments) {
  (void)arguments;
  return quern_batch_norm_moments(context, t[M_X], t[M_MEAN], t[M_SQUARES]);
}

/* With M the mean of |x|, the error of the mean is n eps M. A difference has an error of eps (|x| +
 * M) of its own, which counts twice in its square. The mean's error e adds only n e², since
 * deviations from a mean sum to zero. */
static void bound_moments(const parts_case *c, size_t j, float *mean, float *squares) {
  const double n = (double)c->n;
  double mean_of_x = 0, magnitude = 0, sum = 0;
  for (size_t r = 0; r < c->n; r++) {
    const double x = (double)c->inputs[X][r * c->units + j];
    mean_of_x += x / n;
    magnitude += fabs(x) / n;
  }
  for (size_t r = 0; r < c->n; r++) {
    const double x = (double)c->inputs[X][r * c->units + j], deviation = fabs(x - mean_of_x);
    sum += deviation * deviation + deviation * (fabs(x) + magnitude);
  }
  *mean = (float)magnitude;
  *squares = (float)(sum + n * n * (double)FLT_EPSILON * magnitude * magnitude);
}

static quern_status check_moments(quern__verify *v, size_t i, float shift) {
  parts_case c;
  const bool allocated = make_case(&c, v, i, shift);
  float *mean = malloc(c.units * sizeof *mean), *squares = malloc(c.units * sizeof *squares);
  if (!allocated || mean == NULL || squares == NULL) return fail_case(&c, mean, squares);
  for (size_t j = 0; j < c.units; j++) bound_moments(&c, j, &mean[j], &squares[j]);
  quern__op op = {.call = moments, .bound = {.terms = (double)c.n + ROUNDINGS}};
  quern__op_title(&op, "batch norm moments %zux%zu about %g", c.n, c.units, (double)shift);
  quern__op_operand(&op, M_X, "x", QUERN__IN, QUERN__FLOAT, c.n, c.units, release_input(&c, X));
  quern__op_operand(&op, M_MEAN, "mean", QUERN__OUT, QUERN__FLOAT, 1, c.units, NULL);
  quern__op_operand(&op, M_SQUARES, "squares", QUERN__OUT, QUERN__FLOAT, 1, c.units, NULL);
  op.operands[M_MEAN].magnitude = mean;
  op.operands[M_SQUARES].magnitude = squares;
  free_case(&c);
  return quern__verify_check(v, &op);
}

/* --- Backward: the gradients of gamma and beta ------------------------------------------------ */

enum { P_DY, P_X, P_MEAN, P_INV_STD, P_DGAMMA, P_DBETA };

static quern_status backward_parameters(quern_context *context, const quern_tensor *t,
                                        const void *arguments) {
  (void)arguments;
  return quern_batch_norm_backward_parameters(context, t[P_DY], t[P_X], t[P_MEAN], t[P_INV_STD],
                                              t[P_DGAMMA], t[P_DBETA]);
}

static quern_status check_parameters(quern__verify *v, size_t i) {
  parts_case c;
  const bool allocated = make_case(&c, v, i, 0.5f);
  float *dgamma = calloc(c.units, sizeof *dgamma), *dbeta = calloc(c.units, sizeof *dbeta);
  if (!allocated || dgamma == NULL || dbeta == NULL) return fail_case(&c, dgamma, dbeta);
  for (size_t element = 0; element < c.n * c.units; element++) {
    const double gradient = fabs((double)c.inputs[DY][element]);
    dgamma[element % c.units] += (float)(gradient * normalized_magnitude(&c, element));
    dbeta[element % c.units] += (float)gradient;
  }
  quern__op op = {.call = backward_parameters, .bound = {.terms = (double)c.n + ROUNDINGS}};
  quern__op_title(&op, "batch norm backward parameters %zux%zu", c.n, c.units);
  quern__op_operand(&op, P_DY, "dy", QUERN__IN, QUERN__FLOAT, c.n, c.units, release_input(&c, DY));
  quern__op_operand(&op, P_X, "x", QUERN__IN, QUERN__FLOAT, c.n, c.units, release_input(&c, X));
  quern__op_operand(&op, P_MEAN, "mean", QUERN__IN, QUERN__FLOAT, 1, c.units,
                    release_input(&c, MEAN));
  quern__op_operand(&op, P_INV_STD, "inv_std", QUERN__IN, QUERN__FLOAT, 1, c.units,
                    release_input(&c, INV_STD));
  quern__op_operand(&op, P_DGAMMA, "dgamma", QUERN__OUT, QUERN__FLOAT, 1, c.units, NULL);
  quern__op_operand(&op, P_DBETA, "dbeta", QUERN__OUT, QUERN__FLOAT, 1, c.units, NULL);
  op.operands[P_DGAMMA].magnitude = dgamma;
  op.operands[P_DBETA].magnitude = dbeta;
  free_case(&c);
  return quern__verify_check(v, &op);
}

/* --- Backward: the gradient of x -------------------------------------------------------------- */

enum { D_DY, D_X, D_GAMMA, D_MEAN, D_INV_STD, D_DGAMMA, D_DBETA, D_DX };

static quern_status backward_data(quern_context *context, const quern_tensor *t,
                                  const void *arguments) {
  return quern_batch_norm_backward_data(context, *(const size_t *)arguments, t[D_DY], t[D_X],
                                        t[D_GAMMA], t[D_MEAN], t[D_INV_STD], t[D_DGAMMA],
                                        t[D_DBETA], t[D_DX]);
}

static quern_status check_data(quern__verify *v, size_t i, bool in_place) {
  parts_case c;
  const bool allocated = make_case(&c, v, i, 0.5f);
  float *dx = malloc(c.n * c.units * sizeof *dx);
  if (!allocated || dx == NULL) return fail_case(&c, dx, NULL);
  for (size_t element = 0; element < c.n * c.units; element++) {
    const size_t j = element % c.units;
    const double sums = fabs((double)c.inputs[DBETA][j]) +
                        normalized_magnitude(&c, element) * fabs((double)c.inputs[DGAMMA][j]);
    dx[element] = (float)(fabs((double)c.inputs[GAMMA][j]) * (double)c.inputs[INV_STD][j] *
                          (fabs((double)c.inputs[DY][element]) + sums / (double)c.samples));
  }
  const size_t samples = c.samples;
  quern__op op = {.call = backward_data, .arguments = &samples, .bound = {.terms = ROUNDINGS}};
  quern__op_title(&op, "batch norm backward data %zux%zu of %zu%s", c.n, c.units, samples,
                  in_place ? " in place" : "");
  quern__op_operand(&op, D_DY, "dy", QUERN__IN, QUERN__FLOAT, c.n, c.units, release_input(&c, DY));
  quern__op_operand(&op, D_X, "x", QUERN__IN, QUERN__FLOAT, c.n, c.units, release_input(&c, X));
  quern__op_operand(&op, D_GAMMA, "gamma", QUERN__IN, QUERN__FLOAT, 1, c.units,
                    release_input(&c, GAMMA));
  quern__op_operand(&op, D_MEAN, "mean", QUERN__IN, QUERN__FLOAT, 1, c.units,
                    release_input(&c, MEAN));
  quern__op_operand(&op, D_INV_STD, "inv_std", QUERN__IN, QUERN__FLOAT, 1, c.units,
                    release_input(&c, INV_STD));
  quern__op_operand(&op, D_DGAMMA, "dgamma", QUERN__IN, QUERN__FLOAT, 1, c.units,
                    release_input(&c, DGAMMA));
  quern__op_operand(&op, D_DBETA, "dbeta", QUERN__IN, QUERN__FLOAT, 1, c.units,
                    release_input(&c, DBETA));
  quern__op_operand(&op, D_DX, "dx", QUERN__OUT, QUERN__FLOAT, c.n, c.units, NULL);
  op.operands[D_DX].magnitude = dx;
  op.operands[D_DX].same_as = in_place ? D_DY + 1 : 0;
  free_case(&c);
  return quern__verify_check(v, &op);
}

/* --- Sweeps ----------------------------------------------------------------------------------- */

quern_status quern__sweep_batch_norm_moments(quern__verify *v) {
  for (size_t i = 0; i < SHAPES; i++) {
    if (shapes[i].large && v->small) continue;
    QUERN__FORWARD(check_moments(v, i, 0.5f));
    QUERN__FORWARD(check_moments(v, i, 40.0f));
  }
  return QUERN_OK;
}

quern_status quern__sweep_batch_norm_backward_parameters(quern__verify *v) {
  for (size_t i = 0; i < SHAPES; i++)
    if (!shapes[i].large || !v->small) QUERN__FORWARD(check_parameters(v, i));
  return QUERN_OK;
}

quern_status quern__sweep_batch_norm_backward_data(quern__verify *v) {
  for (size_t i = 0; i < SHAPES; i++)
    if (!shapes[i].large || !v->small) QUERN__FORWARD(check_data(v, i, i % 2 == 0));
  return QUERN_OK;
}

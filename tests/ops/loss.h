/* The losses as one family, and how far each may be off. Included by test_loss.c alone; the bounds fill a
 * file. */
#ifndef QUERN_TESTS_OPS_LOSS_H
#define QUERN_TESTS_OPS_LOSS_H

#include "op_check.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum loss_kind { CATEGORICAL, ELEMENTWISE, BINARY, SQUARED, LOSS_KINDS } loss_kind;
typedef enum loss_outputs {
  LOSS_AND_GRADIENT,
  LOSS_ONLY,
  GRADIENT_ONLY,
  GRADIENT_OVER_Z,
  LOSS_OUTPUTS
} loss_outputs;

typedef quern_status (*loss_function)(quern_context *, quern_tensor, quern_tensor, float, quern_tensor,
                                      quern_tensor);

/* z, y and labels are owned; labels are the target of CATEGORICAL, y that of the others. */
typedef struct loss_case {
  loss_kind kind;
  size_t n, k;
  float scale;
  loss_outputs outputs;
  float *z, *y;
  int32_t *labels;
  size_t nans;           /* losses that are NaN */
  const char *complaint; /* see test_op */
} loss_case;

static inline loss_function loss_call(loss_kind kind) {
  static const loss_function functions[] = {quern_softmax_cross_entropy, quern_elementwise_cross_entropy,
                                            quern_binary_cross_entropy, quern_mean_squared_error};
  return functions[kind];
}

static inline const char *loss_name(loss_kind kind) {
  static const char *const names[] = {"categorical", "elementwise", "binary", "squared"};
  return names[kind];
}

/* --- Magnitudes: what was added up, taken absolutely ---------------------------------------------------- */

/* What softmax of a row needs: the largest logit, where it is, the second largest, and the sums without
 * either. */
typedef struct loss_row {
  size_t largest;
  double max, second, sum, rest;
} loss_row;

static inline loss_row loss_row_of(const float *z, size_t k) {
  loss_row row = {0, z[0], -INFINITY, 0, 0};
  for (size_t a = 1; a < k; a++)
    if (z[a] > z[row.largest]) row.largest = a;
  row.max = z[row.largest];
  for (size_t a = 0; a < k; a++)
    if (a != row.largest) row.second = fmax(row.second, z[a]);
  for (size_t a = 0; a < k; a++) {
    row.sum += exp(z[a] - row.max);
    if (a != row.largest) row.rest += exp(z[a] - row.second);
  }
  return row;
}

/* log Σ exp, and the logits beside it, each rounded by its own size. An infinite loss needs no bound. */
static inline double loss_log_magnitude(const loss_row *row, double z) {
  return fmin(fabs(row->max - z), FLT_MAX) + log(row->sum) + 1;
}

/* The label's gradient, O - 1, is minus the sum of the other outputs, and as exact as they are. */
static inline void loss_magnitude_categorical(const loss_case *c, size_t r, double *loss, float *dz) {
  const float *z = c->z + r * c->k;
  const loss_row row = loss_row_of(z, c->k);
  const size_t label = (size_t)c->labels[r];
  *loss = label < c->k ? loss_log_magnitude(&row, z[label]) : 0;
  double others = 0;
  for (size_t a = 0; a < c->k; a++) {
    const double o = exp(z[a] - row.max) / row.sum;
    if (a != label) others += o;
    dz[a] = c->scale * (float)o;
  }
  if (label < c->k) dz[label] = c->scale * (float)others;
}

/* dE/dz_c = D_c - O_c Σ_{b≠*,c} R_b - D_* q_c with D = O - Y, R = D/(1 - O), * the largest output and q_c =
 * O_c/(1 - O_*): the form in which nothing large cancels. For * itself D_* - O_* Σ R_b. */
static inline void loss_magnitude_elementwise(const loss_case *c, size_t r, double *loss, float *dz) {
  const float *z = c->z + r * c->k, *y = c->y + r * c->k;
  const loss_row row = loss_row_of(z, c->k);
  double ratios = 0;
  *loss = 0;
  for (size_t a = 0; a < c->k; a++) {
    const double o = exp(z[a] - row.max) / row.sum;
    if (y[a] != 0) *loss += (double)y[a] * loss_log_magnitude(&row, z[a]);
    if (y[a] == 1) continue;
    if (a == row.largest)
      *loss += (1 - (double)y[a]) * (loss_log_magnitude(&row, row.second) + log(row.rest));
    else
      *loss += (1 - (double)y[a]) * -log1p(-o);
  }
  for (size_t a = 0; a < c->k; a++) {
    const double o = exp(z[a] - row.max) / row.sum;
    if (a != row.largest) ratios += (o + (double)y[a]) / (1 - o);
  }
  const double others = exp(row.second - row.max) * row.rest / row.sum;
  const double difference = 1 - (double)y[row.largest] + others;
  for (size_t a = 0; a < c->k; a++) {
    const double o = exp(z[a] - row.max) / row.sum;
    double sum = o + (double)y[a] + o * ratios + difference * exp(z[a] - row.second) / row.rest;
    if (a == row.largest) sum = difference + o * ratios;
    dz[a] = c->scale * (float)sum;
  }
}

static inline void loss_magnitude_binary(const loss_case *c, size_t r, double *loss, float *dz) {
  *loss = 0;
  for (size_t a = 0; a < c->k; a++) {
    const double z = c->z[r * c->k + a], y = c->y[r * c->k + a];
    *loss += (fmax(z, 0) + fabs(z) * y + 1) / (double)c->k;
    dz[a] = c->scale / (float)c->k * (float)(1 / (1 + exp(-z)) + y);
  }
}

static inline void loss_magnitude_squared(const loss_case *c, size_t r, double *loss, float *dz) {
  *loss = 0;
  for (size_t a = 0; a < c->k; a++) {
    const double sum = fabs((double)c->z[r * c->k + a]) + fabs((double)c->y[r * c->k + a]);
    *loss += sum * sum / (double)c->k;
    dz[a] = 2 * c->scale / (float)c->k * (float)sum;
  }
}

/* --- The check ------------------------------------------------------------------------------------------ */

static inline quern_status loss_run(quern_context *context, const quern_tensor *t, const void *arguments) {
  const loss_case *c = arguments;
  return loss_call(c->kind)(context, t[0], t[1], c->scale, t[2], t[3]);
}

static inline void loss_check(test_rig *rig, loss_case *c) {
  static void (*const magnitudes[])(const loss_case *, size_t, double *, float *) = {
      loss_magnitude_categorical, loss_magnitude_elementwise, loss_magnitude_binary, loss_magnitude_squared};
  static const char *const outputs[] = {"", " loss only", " gradient only", " gradient over z"};
  float range = 0;
  for (size_t i = 0; i < c->n * c->k; i++) range = fmaxf(range, fabsf(c->z[i]));
  test_op op = {.call = loss_run, .arguments = c, .complaint = c->complaint};
  /* k terms in a sum; z - m is rounded by its size, as far as exp still tells it from zero. */
  op.bound =
      (test_bound){.terms = (double)c->k + 2 * fmin(2.0 * (double)range, 104) + 8, .absolute = 2.0 * FLT_MIN};
  snprintf(op.title, sizeof op.title, "%s loss %zux%zu to %g%s", loss_name(c->kind), c->n, c->k,
           (double)range, outputs[c->outputs]);
  float *losses = test_alloc(c->n, sizeof(float)), *dz = test_alloc(c->n * c->k, sizeof(float));
  for (size_t r = 0; r < c->n; r++) {
    double loss;
    magnitudes[c->kind](c, r, &loss, dz + r * c->k);
    losses[r] = (float)loss;
  }
  test_op_operand(&op, 0, "z", TEST_IN, TEST_FLOAT, c->n, c->k, c->z);
  if (c->kind == CATEGORICAL)
    test_op_operand(&op, 1, "labels", TEST_IN, TEST_INT, 1, c->n, c->labels);
  else
    test_op_operand(&op, 1, "y", TEST_IN, TEST_FLOAT, c->n, c->k, c->y);
  if (c->outputs != GRADIENT_ONLY) test_op_operand(&op, 2, "losses", TEST_OUT, TEST_FLOAT, 1, c->n, NULL);
  if (c->outputs != LOSS_ONLY) test_op_operand(&op, 3, "dz", TEST_OUT, TEST_FLOAT, c->n, c->k, NULL);
  op.operands[2].magnitude = losses;
  op.operands[2].nans = c->nans;
  op.operands[3].magnitude = dz;
  if (c->outputs == GRADIENT_OVER_Z) op.operands[3].same_as = 1;
  test_op_check(rig, &op);
  free(c->kind == CATEGORICAL ? (void *)c->y : (void *)c->labels);
}

#endif

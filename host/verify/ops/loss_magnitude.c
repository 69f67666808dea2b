/* Sums of absolute values in the losses and their gradients; rounding errors are in proportion to
 * them. */
#include "loss.h"

#include <float.h>
#include <math.h>

/* Properties of a row of logits: index of the largest, the largest, the second largest, Σ exp(z -
 * max), and Σ exp(z - second) without the largest. */
typedef struct logits {
  size_t largest;
  double max, second, sum, rest;
} logits;

static logits logits_of(const float *z, size_t k) {
  logits row = {0, z[0], -INFINITY, 0, 0};
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

/* log Σ exp and the logits it is combined with, each rounded in proportion to its size. An infinite
 * loss needs no bound. */
static double log_magnitude(const logits *row, double z) {
  return fmin(fabs(row->max - z), FLT_MAX) + log(row->sum) + 1;
}

/* The label's gradient, O - 1, is minus the sum of the other outputs, and as exact as they are. */
static void magnitude_categorical(const quern__loss_case *c, size_t r, double *loss, float *dz) {
  const float *z = c->z + r * c->k;
  const logits row = logits_of(z, c->k);
  const size_t label = (size_t)c->labels[r];
  *loss = label < c->k ? log_magnitude(&row, z[label]) : 0;
  double others = 0;
  for (size_t a = 0; a < c->k; a++) {
    const double o = exp(z[a] - row.max) / row.sum;
    if (a != label) others += o;
    dz[a] = c->scale * (float)o;
  }
  if (label < c->k) dz[label] = c->scale * (float)others;
}

/* dE/dz_c = D_c - O_c Σ_{b≠*,c} R_b - D_* q_c with D = O - Y, R = D/(1 - O), * the largest output
 * and q_c = O_c/(1 - O_*). For * itself D_* - O_* Σ R_b. No large terms cancel in this form. */
static void magnitude_elementwise(const quern__loss_case *c, size_t r, double *loss, float *dz) {
  const float *z = c->z + r * c->k, *y = c->y + r * c->k;
  const logits row = logits_of(z, c->k);
  double ratios = 0;
  *loss = 0;
  for (size_t a = 0; a < c->k; a++) {
    const double o = exp(z[a] - row.max) / row.sum;
    if (y[a] != 0) *loss += (double)y[a] * log_magnitude(&row, z[a]);
    if (y[a] == 1) continue;
    if (a == row.largest)
      *loss += (1 - (double)y[a]) * (log_magnitude(&row, row.second) + log(row.rest));
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

static void magnitude_binary(const quern__loss_case *c, size_t r, double *loss, float *dz) {
  *loss = 0;
  for (size_t a = 0; a < c->k; a++) {
    const double z = c->z[r * c->k + a], y = c->y[r * c->k + a];
    *loss += (fmax(z, 0) + fabs(z) * y + 1) / (double)c->k;
    dz[a] = c->scale / (float)c->k * (float)(1 / (1 + exp(-z)) + y);
  }
}

static void magnitude_squared(const quern__loss_case *c, size_t r, double *loss, float *dz) {
  *loss = 0;
  for (size_t a = 0; a < c->k; a++) {
    const double sum = fabs((double)c->z[r * c->k + a]) + fabs((double)c->y[r * c->k + a]);
    *loss += sum * sum / (double)c->k;
    dz[a] = 2 * c->scale / (float)c->k * (float)sum;
  }
}

static double weight_of(const quern__loss_case *c, size_t a) {
  return c->weights == NULL ? 1 : (double)c->weights[a];
}

/* Adds the two parts of the target separately. */
static void magnitude_weighted(const quern__loss_case *c, size_t r, double *loss, float *dz) {
  const float *z = c->z + r * c->k;
  const logits row = logits_of(z, c->k);
  const size_t label = (size_t)c->labels[r];
  const double factor = c->weights == NULL ? 1 : (double)c->n / (double)c->total;
  const double share = (double)c->smoothing / (double)c->k;
  double all = 0, others = 0, sum = 0;
  for (size_t a = 0; a < c->k; a++) {
    all += weight_of(c, a);
    if (a != label) others += exp(z[a] - row.max) / row.sum;
    sum += share * weight_of(c, a) * log_magnitude(&row, z[a]);
  }
  const double hard = label < c->k ? (1 - (double)c->smoothing) * weight_of(c, label) : 0;
  *loss = label < c->k ? fmin(factor * (hard * log_magnitude(&row, z[label]) + sum), FLT_MAX) : 0;
  for (size_t a = 0; a < c->k; a++) {
    const double o = exp(z[a] - row.max) / row.sum;
    const double gradient = hard * (a == label ? others : o) + share * (o * all + weight_of(c, a));
    dz[a] = c->scale * (float)(factor * gradient);
  }
}

static void magnitude_absolute(const quern__loss_case *c, size_t r, double *loss, float *dz) {
  *loss = 0;
  for (size_t a = 0; a < c->k; a++) {
    *loss += (fabs((double)c->z[r * c->k + a]) + fabs((double)c->y[r * c->k + a])) / (double)c->k;
    dz[a] = c->scale / (float)c->k;
  }
}

#define DELTA 0.75f

static quern_status huber(quern_context *context, quern_tensor z, quern_tensor y, float scale,
                          quern_tensor losses, quern_tensor dz) {
  return quern_huber_loss(context, DELTA, z, y, scale, losses, dz);
}

static void magnitude_huber(const quern__loss_case *c, size_t r, double *loss, float *dz) {
  magnitude_absolute(c, r, loss, dz);
  *loss *= 2 * (double)DELTA;
  for (size_t a = 0; a < c->k; a++)
    dz[a] *= fabsf(c->z[r * c->k + a]) + fabsf(c->y[r * c->k + a]) + DELTA;
}

const quern__loss_kind quern__loss_categorical = {.name = "softmax cross-entropy",
                                                  .call = quern_softmax_cross_entropy,
                                                  .magnitude = magnitude_categorical,
                                                  .labeled = true,
                                                  .any_logits = true,
                                                  .least_outputs = 1};
const quern__loss_kind quern__loss_elementwise = {.name = "elementwise cross-entropy",
                                                  .call = quern_elementwise_cross_entropy,
                                                  .magnitude = magnitude_elementwise,
                                                  .any_logits = true,
                                                  .least_outputs = 2};
const quern__loss_kind quern__loss_binary = {.name = "binary cross-entropy",
                                             .call = quern_binary_cross_entropy,
                                             .magnitude = magnitude_binary,
                                             .any_logits = true,
                                             .least_outputs = 1};
const quern__loss_kind quern__loss_squared = {.name = "mean squared error",
                                              .call = quern_mean_squared_error,
                                              .magnitude = magnitude_squared,
                                              .least_outputs = 1};
const quern__loss_kind quern__loss_absolute = {.name = "mean absolute error",
                                               .call = quern_mean_absolute_error,
                                               .magnitude = magnitude_absolute,
                                               .least_outputs = 1};
const quern__loss_kind quern__loss_huber = {
    .name = "Huber loss", .call = huber, .magnitude = magnitude_huber, .least_outputs = 1};
const quern__loss_kind quern__loss_weighted = {.name = "weighted cross-entropy",
                                               .magnitude = magnitude_weighted,
                                               .labeled = true,
                                               .weighted = true,
                                               .any_logits = true,
                                               .least_outputs = 1};

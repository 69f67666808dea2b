/* The losses, each with its gradient. All sums of a row are complete before its first gradient is
 * written, and a gradient is written after its own logit was last read, so dz may be z. */
#include "reference.h"

#include <math.h>

/* One sample: its logits and the places of its results; NULL if not wanted. */
typedef struct sample {
  const float *z;
  float *loss, *dz;
} sample;

static sample sample_at(const quern_loss_op *op, size_t r) {
  float *losses = quern__reference_floats(op->losses);
  float *dz = quern__reference_floats(op->dz);
  return (sample){
      .z = quern__reference_floats(op->z) + r * op->k,
      .loss = losses == NULL ? NULL : losses + r,
      .dz = dz == NULL ? NULL : dz + r * op->k,
  };
}

/* True if sample r has a label from 0 to k - 1. Otherwise reports it, and sets its loss to NaN and
 * its gradient to 0. */
static bool has_label(quern__reference *reference, const char *name, const quern_loss_op *op,
                      size_t r, const sample *s, size_t *label) {
  const int32_t value = quern__reference_ints(op->target)[r];
  *label = (size_t)value;
  if (value >= 0 && *label < op->k) return true;
  quern__reference_report(reference, QUERN__FAULT_LABEL, name, r, op->k);
  if (s->loss != NULL) *s->loss = NAN;
  for (size_t a = 0; s->dz != NULL && a < op->k; a++) s->dz[a] = 0;
  return false;
}

quern_status quern__reference_softmax_cross_entropy(void *state, const quern_loss_op *op) {
  for (size_t r = 0; r < op->n; r++) {
    const sample s = sample_at(op, r);
    size_t label;
    if (!has_label(state, "softmax cross-entropy", op, r, &s, &label)) continue;
    const quern__softmax_row row = quern__reference_softmax_row(s.z, op->k);
    if (s.loss != NULL) *s.loss = (float)(log1p(row.rest) + (row.max - s.z[label]));
    /* O - 1 would lose all digits for a label that is almost certain */
    for (size_t a = 0; s.dz != NULL && a < op->k; a++)
      s.dz[a] = (float)(op->scale * (a == label && a == row.largest
                                         ? -row.rest / row.sum
                                         : exp(s.z[a] - row.max) / row.sum - (a == label)));
  }
  return QUERN_OK;
}

/* T = (1 - e) w_label [a = label] + e/k w_a. Its two parts are kept apart, since O - [a = label]
 * must not be formed by subtraction. */
quern_status quern__reference_weighted_cross_entropy(void *state,
                                                     const quern_weighted_loss_op *weighted_op) {
  const quern_loss_op *op = &weighted_op->loss;
  const float *weights = quern__reference_floats(weighted_op->class_weights);
  const float *total = quern__reference_floats(weighted_op->total);
  const double share = (double)weighted_op->smoothing / (double)op->k;
  const double factor = total == NULL ? 1 : *total == 0 ? 0 : (double)op->n / *total; /* c */
  double all = 0;                                                                     /* Σ_a w_a */
  for (size_t a = 0; a < op->k; a++) all += weights == NULL ? 1 : weights[a];
  for (size_t r = 0; r < op->n; r++) {
    const sample s = sample_at(op, r);
    size_t label;
    if (!has_label(state, "weighted cross-entropy", op, r, &s, &label)) continue;
    const quern__softmax_row row = quern__reference_softmax_row(s.z, op->k);
    const double hard = (1.0 - weighted_op->smoothing) * (weights == NULL ? 1 : weights[label]);
    double loss = 0, others = 0; /* Σ_{a≠label} O_a */
    for (size_t a = 0; a < op->k; a++) {
      const double target = (a == label ? hard : 0) + share * (weights == NULL ? 1 : weights[a]);
      if (target != 0) loss += target * (log1p(row.rest) + (row.max - s.z[a]));
      if (a != label) others += exp(s.z[a] - row.max) / row.sum;
    }
    if (s.loss != NULL) *s.loss = (float)(factor * loss);
    for (size_t a = 0; s.dz != NULL && a < op->k; a++) {
      const double o = exp(s.z[a] - row.max) / row.sum;
      const double soft = share * (o * all - (weights == NULL ? 1 : weights[a]));
      s.dz[a] = (float)(op->scale * factor * (hard * (a == label ? -others : o) + soft));
    }
  }
  return QUERN_OK;
}

quern_status quern__reference_label_weights(void *state, const quern_label_weights_op *op) {
  (void)state;
  const int32_t *labels = quern__reference_ints(op->labels);
  const float *class_weights = quern__reference_floats(op->class_weights);
  float *weights = quern__reference_floats(op->weights);
  for (size_t r = 0; r < op->n; r++)
    weights[r] = labels[r] >= 0 && (size_t)labels[r] < op->k ? class_weights[labels[r]] : 0;
  return QUERN_OK;
}

/* Element-wise cross-entropy over softmax outputs:
 *
 *   E = -Σ_a [ Y_a log O_a + (1 - Y_a) log(1 - O_a) ]
 *
 * With G_a = dE/dO_a = (O_a - Y_a) / (O_a (1 - O_a)) and the Jacobian dO_b/dz_a = O_b ([a = b] -
 * O_a),
 *
 *   dE/dz_a = O_a (G_a - Σ_b G_b O_b) = D_a - O_a Σ_{b≠a} R_b
 *   D_b = O_b - Y_b,   R_b = G_b O_b = D_b / (1 - O_b)
 *
 * Only the largest output, O_* at logit m, can be close to 1. The others are at most 1/2, so their
 * 1 - O_b is exact enough. For the largest, with m2 the largest of the other logits,
 *
 *   U = Σ_{a≠*} exp(z_a - m),   S = 1 + U,   T = Σ_{a≠*} exp(z_a - m2),   U = exp(m2 - m) T
 *   P = 1 - O_* = U / S,   D_* = (1 - Y_*) - P,   log(1 - O_*) = (m2 - m) + log T - log S
 *
 * P may underflow to 0, so R_* = D_* / P is never formed. Instead O_c / P is computed as q_c =
 * exp(z_c - m2) / T:
 *
 *   dE/dz_c = D_c - O_c (ΣR - R_c) - D_* q_c   for c ≠ *
 *   dE/dz_* = D_* - O_* ΣR                     with ΣR = Σ_{b≠*} R_b */
typedef struct elementwise_row {
  quern__softmax_row all; /* *, m, U, S */
  double second;          /* m2 */
  double rest;            /* T */
} elementwise_row;

static elementwise_row elementwise_row_of(const float *z, size_t k) {
  elementwise_row row = {quern__reference_softmax_row(z, k), -INFINITY, 0};
  for (size_t a = 0; a < k; a++)
    if (a != row.all.largest && z[a] > row.second) row.second = z[a];
  for (size_t a = 0; a < k; a++)
    if (a != row.all.largest) row.rest += exp(z[a] - row.second);
  return row;
}

static double elementwise_output(const elementwise_row *row, float z) {
  return exp(z - row->all.max) / row->all.sum;
}

/* weight · value; 0 for weight 0 even if value is infinite, since 0 log 0 = 0 here. */
static double weighted(double weight, double value) {
  return weight == 0 ? 0 : weight * value;
}

static double elementwise_loss(const elementwise_row *row, const float *z, const float *y,
                               size_t k) {
  const double log_sum = log1p(row->all.rest);
  double loss = 0;
  for (size_t a = 0; a < k; a++) {
    const double log_output = (z[a] - row->all.max) - log_sum;
    const double log_others = a == row->all.largest
                                  ? (row->second - row->all.max) + log(row->rest) - log_sum
                                  : log1p(-elementwise_output(row, z[a]));
    loss -= weighted(y[a], log_output) + weighted(1.0 - y[a], log_others);
  }
  return loss;
}

static void elementwise_gradient(const elementwise_row *row, const float *z, const float *y,
                                 size_t k, double scale, float *dz) {
  const size_t largest = row->all.largest;
  const double others = row->all.rest / row->all.sum;    /* P */
  const double difference = (1.0 - y[largest]) - others; /* D_* */
  double ratios = 0;                                     /* ΣR */
  for (size_t b = 0; b < k; b++) {
    if (b == largest) continue;
    const double o = elementwise_output(row, z[b]);
    ratios += (o - y[b]) / (1 - o);
  }
  for (size_t c = 0; c < k; c++) {
    const double o = elementwise_output(row, z[c]);
    if (c == largest) {
      dz[c] = (float)(scale * (difference - o * ratios));
    } else {
      const double ratio = (o - y[c]) / (1 - o);
      const double share = exp(z[c] - row->second) / row->rest; /* q_c */
      dz[c] = (float)(scale * ((o - y[c]) - o * (ratios - ratio) - difference * share));
    }
  }
}

quern_status quern__reference_elementwise_cross_entropy(void *state, const quern_loss_op *op) {
  (void)state;
  for (size_t r = 0; r < op->n; r++) {
    const sample s = sample_at(op, r);
    const float *y = quern__reference_floats(op->target) + r * op->k;
    const elementwise_row row = elementwise_row_of(s.z, op->k);
    if (s.loss != NULL) *s.loss = (float)elementwise_loss(&row, s.z, y, op->k);
    if (s.dz != NULL) elementwise_gradient(&row, s.z, y, op->k, op->scale, s.dz);
  }
  return QUERN_OK;
}

/* sigmoid(z) - y, without subtracting from 1 at either end of the sigmoid. */
static double sigmoid_minus(double z, double y) {
  return z > 0 ? (1 - y) - 1 / (1 + exp(z)) : 1 / (1 + exp(-z)) - y;
}

quern_status quern__reference_binary_cross_entropy(void *state, const quern_loss_op *op) {
  (void)state;
  const double k = (double)op->k;
  for (size_t r = 0; r < op->n; r++) {
    const sample s = sample_at(op, r);
    const float *y = quern__reference_floats(op->target) + r * op->k;
    double sum = 0;
    for (size_t a = 0; a < op->k; a++) {
      const double z = s.z[a];
      sum += (z > 0 ? z : 0) - z * y[a] + log1p(exp(-fabs(z)));
      if (s.dz != NULL) s.dz[a] = (float)(op->scale / k * sigmoid_minus(z, y[a]));
    }
    if (s.loss != NULL) *s.loss = (float)(sum / k);
  }
  return QUERN_OK;
}

quern_status quern__reference_mean_squared_error(void *state, const quern_loss_op *op) {
  (void)state;
  const double k = (double)op->k;
  for (size_t r = 0; r < op->n; r++) {
    const sample s = sample_at(op, r);
    const float *y = quern__reference_floats(op->target) + r * op->k;
    double sum = 0;
    for (size_t a = 0; a < op->k; a++) {
      const double difference = (double)s.z[a] - y[a];
      sum += difference * difference;
      if (s.dz != NULL) s.dz[a] = (float)(2 * op->scale / k * difference);
    }
    if (s.loss != NULL) *s.loss = (float)(sum / k);
  }
  return QUERN_OK;
}

quern_status quern__reference_mean_absolute_error(void *state, const quern_loss_op *op) {
  (void)state;
  const double k = (double)op->k;
  for (size_t r = 0; r < op->n; r++) {
    const sample s = sample_at(op, r);
    const float *y = quern__reference_floats(op->target) + r * op->k;
    double sum = 0;
    for (size_t a = 0; a < op->k; a++) {
      const double difference = (double)s.z[a] - y[a];
      const double sign = difference > 0 ? 1 : difference < 0 ? -1 : difference; /* NaN for NaN */
      sum += fabs(difference);
      if (s.dz != NULL) s.dz[a] = (float)(op->scale / k * sign);
    }
    if (s.loss != NULL) *s.loss = (float)(sum / k);
  }
  return QUERN_OK;
}

quern_status quern__reference_huber_loss(void *state, const quern_huber_op *huber) {
  (void)state;
  const quern_loss_op *op = &huber->loss;
  const double k = (double)op->k, delta = huber->delta;
  for (size_t r = 0; r < op->n; r++) {
    const sample s = sample_at(op, r);
    const float *y = quern__reference_floats(op->target) + r * op->k;
    double sum = 0;
    for (size_t a = 0; a < op->k; a++) {
      const double difference = (double)s.z[a] - y[a];
      const double held = difference > delta ? delta : difference < -delta ? -delta : difference;
      sum += held * (difference - held / 2);
      if (s.dz != NULL) s.dz[a] = (float)(op->scale / k * held);
    }
    if (s.loss != NULL) *s.loss = (float)(sum / k);
  }
  return QUERN_OK;
}

/* Batch and layer normalisation. */
#include "reference.h"

#include <math.h>

/* Mean and biased variance of `count` values, `stride` apart. */
typedef struct moments {
  double mean, variance;
} moments;

static moments moments_of(const float *values, size_t count, size_t stride) {
  moments of = {0, 0};
  for (size_t i = 0; i < count; i++) of.mean += values[i * stride];
  of.mean /= (double)count;
  for (size_t i = 0; i < count; i++) {
    const double difference = values[i * stride] - of.mean;
    of.variance += difference * difference;
  }
  of.variance /= (double)count;
  return of;
}

/* Moves a running value a part of the way to `now`. */
static void follow(float *running, double momentum, double now) {
  *running = (float)((1 - momentum) * *running + momentum * now);
}

quern_status quern__reference_batch_norm_forward(void *state, const quern_batch_norm_forward_op *op) {
  (void)state;
  const size_t n = op->n, units = op->units;
  const float *x = quern__reference_floats(op->x), *gamma = quern__reference_floats(op->gamma),
              *beta = quern__reference_floats(op->beta);
  float *running_mean = quern__reference_floats(op->running_mean),
        *running_variance = quern__reference_floats(op->running_variance),
        *mean = quern__reference_floats(op->mean), *inverse = quern__reference_floats(op->inverse),
        *y = quern__reference_floats(op->y);
  for (size_t j = 0; j < units; j++) {
    const moments of = moments_of(x + j, n, units);
    const double scale = 1 / sqrt(of.variance + (double)op->epsilon);
    for (size_t r = 0; r < n; r++)
      y[r * units + j] = (float)(gamma[j] * (x[r * units + j] - of.mean) * scale + beta[j]);
    mean[j] = (float)of.mean;
    inverse[j] = (float)scale;
    if (running_mean == NULL) continue;
    follow(&running_mean[j], (double)op->momentum, of.mean);
    follow(&running_variance[j], (double)op->momentum, of.variance * (double)n / (double)(n - 1));
  }
  return QUERN_OK;
}

quern_status quern__reference_batch_norm_inference(void *state, const quern_batch_norm_inference_op *op) {
  (void)state;
  const float *x = quern__reference_floats(op->x), *gamma = quern__reference_floats(op->gamma),
              *beta = quern__reference_floats(op->beta), *mean = quern__reference_floats(op->mean),
              *variance = quern__reference_floats(op->variance);
  float *y = quern__reference_floats(op->y);
  for (size_t r = 0; r < op->n; r++)
    for (size_t j = 0; j < op->units; j++) {
      const size_t i = r * op->units + j;
      const double scale = 1 / sqrt((double)variance[j] + (double)op->epsilon);
      y[i] = (float)(gamma[j] * ((double)x[i] - mean[j]) * scale + beta[j]);
    }
  return QUERN_OK;
}

quern_status quern__reference_batch_norm_backward(void *state, const quern_norm_backward_op *op) {
  (void)state;
  const size_t n = op->n, units = op->units;
  const float *dy = quern__reference_floats(op->dy), *x = quern__reference_floats(op->x),
              *gamma = quern__reference_floats(op->gamma), *mean = quern__reference_floats(op->mean),
              *inverse = quern__reference_floats(op->inverse);
  float *dx = quern__reference_floats(op->dx), *dgamma = quern__reference_floats(op->dgamma),
        *dbeta = quern__reference_floats(op->dbeta);
  for (size_t j = 0; j < units; j++) {
    double shift = 0, scale = 0;
    for (size_t i = j; i < n * units; i += units) {
      shift += dy[i];
      scale += dy[i] * ((double)x[i] - mean[j]) * inverse[j];
    }
    for (size_t i = j; i < n * units; i += units) {
      const double normal = ((double)x[i] - mean[j]) * inverse[j];
      dx[i] = (float)((double)gamma[j] * inverse[j] * (dy[i] - (shift + normal * scale) / (double)n));
    }
    dgamma[j] = (float)scale;
    dbeta[j] = (float)shift;
  }
  return QUERN_OK;
}

quern_status quern__reference_layer_norm_forward(void *state, const quern_layer_norm_forward_op *op) {
  (void)state;
  const size_t units = op->units;
  const float *x = quern__reference_floats(op->x), *gamma = quern__reference_floats(op->gamma),
              *beta = quern__reference_floats(op->beta);
  float *mean = quern__reference_floats(op->mean), *inverse = quern__reference_floats(op->inverse),
        *y = quern__reference_floats(op->y);
  for (size_t r = 0; r < op->n; r++) {
    const moments of = moments_of(x + r * units, units, 1);
    const double scale = 1 / sqrt(of.variance + (double)op->epsilon);
    for (size_t j = 0; j < units; j++)
      y[r * units + j] = (float)(gamma[j] * (x[r * units + j] - of.mean) * scale + beta[j]);
    if (mean == NULL) continue;
    mean[r] = (float)of.mean;
    inverse[r] = (float)scale;
  }
  return QUERN_OK;
}

/* One sum for each column before dx, which may be dy, is written. */
static void layer_norm_parameters(const quern_norm_backward_op *op) {
  const float *dy = quern__reference_floats(op->dy), *x = quern__reference_floats(op->x),
              *mean = quern__reference_floats(op->mean), *inverse = quern__reference_floats(op->inverse);
  float *dgamma = quern__reference_floats(op->dgamma), *dbeta = quern__reference_floats(op->dbeta);
  for (size_t j = 0; j < op->units; j++) {
    double shift = 0, scale = 0;
    for (size_t r = 0; r < op->n; r++) {
      const size_t i = r * op->units + j;
      shift += dy[i];
      scale += dy[i] * ((double)x[i] - mean[r]) * inverse[r];
    }
    dgamma[j] = (float)scale;
    dbeta[j] = (float)shift;
  }
}

quern_status quern__reference_layer_norm_backward(void *state, const quern_norm_backward_op *op) {
  (void)state;
  const size_t units = op->units;
  const float *dy = quern__reference_floats(op->dy), *x = quern__reference_floats(op->x),
              *gamma = quern__reference_floats(op->gamma), *mean = quern__reference_floats(op->mean),
              *inverse = quern__reference_floats(op->inverse);
  float *dx = quern__reference_floats(op->dx);
  if (op->dgamma.memory != NULL) layer_norm_parameters(op);
  for (size_t r = 0; r < op->n; r++) {
    double shift = 0, scale = 0;
    for (size_t j = 0; j < units; j++) {
      const size_t i = r * units + j;
      const double gradient = (double)dy[i] * gamma[j];
      shift += gradient;
      scale += gradient * ((double)x[i] - mean[r]) * inverse[r];
    }
    for (size_t j = 0; j < units; j++) {
      const size_t i = r * units + j;
      const double normal = ((double)x[i] - mean[r]) * inverse[r];
      dx[i] = (float)(inverse[r] * ((double)dy[i] * gamma[j] - (shift + normal * scale) / (double)units));
    }
  }
  return QUERN_OK;
}

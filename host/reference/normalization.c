/* Batch and layer normalization. */
#include "../base/quotient.h"
#include "reference.h"

#include <math.h>

/* Mean and biased variance of `count` values, `stride` apart. */
typedef struct moments {
  double mean, variance;
} moments;

static moments moments_of(const float *values, size_t count, size_t stride) {
  moments current = {0, 0};
  for (size_t i = 0; i < count; i++) current.mean += values[i * stride];
  current.mean /= (double)count;
  for (size_t i = 0; i < count; i++) {
    const double difference = values[i * stride] - current.mean;
    current.variance += difference * difference;
  }
  current.variance /= (double)count;
  return current;
}

static void follow(float *running, double momentum, double now) {
  *running = (float)((1 - momentum) * *running + momentum * now);
}

quern_status quern__reference_batch_norm_forward(void *state,
                                                 const quern_batch_norm_forward_op *op) {
  (void)state;
  const size_t n = op->n, units = op->units;
  const float *x = quern__reference_floats(op->x), *gamma = quern__reference_floats(op->gamma),
              *beta = quern__reference_floats(op->beta);
  float *running_mean = quern__reference_floats(op->running_mean),
        *running_variance = quern__reference_floats(op->running_variance),
        *mean = quern__reference_floats(op->mean), *inv_std = quern__reference_floats(op->inv_std),
        *y = quern__reference_floats(op->y);
  for (size_t j = 0; j < units; j++) {
    const moments current = moments_of(x + j, n, units);
    const double scale = quern__quotient(1, sqrt(current.variance + (double)op->epsilon));
    for (size_t r = 0; r < n; r++)
      y[r * units + j] = (float)(gamma[j] * (x[r * units + j] - current.mean) * scale + beta[j]);
    mean[j] = (float)current.mean;
    inv_std[j] = (float)scale;
    if (running_mean == NULL) continue;
    follow(&running_mean[j], (double)op->momentum, current.mean);
    follow(&running_variance[j], (double)op->momentum,
           current.variance * (double)n / (double)(n - 1));
  }
  return QUERN_OK;
}

quern_status quern__reference_batch_norm_inference(void *state,
                                                   const quern_batch_norm_inference_op *op) {
  (void)state;
  const float *x = quern__reference_floats(op->x), *gamma = quern__reference_floats(op->gamma),
              *beta = quern__reference_floats(op->beta), *mean = quern__reference_floats(op->mean),
              *variance = quern__reference_floats(op->variance);
  float *y = quern__reference_floats(op->y);
  for (size_t r = 0; r < op->n; r++)
    for (size_t j = 0; j < op->units; j++) {
      const size_t i = r * op->units + j;
      const double scale = quern__quotient(1, sqrt((double)variance[j] + (double)op->epsilon));
      y[i] = (float)(gamma[j] * ((double)x[i] - mean[j]) * scale + beta[j]);
    }
  return QUERN_OK;
}

quern_status quern__reference_batch_norm_moments(void *state,
                                                 const quern_batch_norm_moments_op *op) {
  (void)state;
  const float *x = quern__reference_floats(op->x);
  float *mean = quern__reference_floats(op->mean), *squares = quern__reference_floats(op->squares);
  for (size_t j = 0; j < op->units; j++) {
    const moments current = moments_of(x + j, op->n, op->units);
    mean[j] = (float)current.mean;
    squares[j] = (float)(current.variance * (double)op->n);
  }
  return QUERN_OK;
}

/* Σ dy and Σ dy x̂ of a column. */
typedef struct gradients {
  double shift, scale;
} gradients;

static gradients gradients_of(const float *dy, const float *x, size_t count, size_t stride,
                              float mean, float inv_std) {
  gradients current = {0, 0};
  for (size_t i = 0; i < count; i++, dy += stride, x += stride) {
    current.shift += *dy;
    current.scale += *dy * ((double)*x - mean) * inv_std;
  }
  return current;
}

static void back_column(float *dx, const float *dy, const float *x, size_t count, size_t stride,
                        float gamma, float mean, float inv_std, const gradients *self,
                        double samples) {
  for (size_t i = 0; i < count; i++, dx += stride, dy += stride, x += stride) {
    const double normal = ((double)*x - mean) * inv_std;
    *dx = (float)((double)gamma * inv_std * (*dy - (self->shift + normal * self->scale) / samples));
  }
}

quern_status quern__reference_batch_norm_backward(void *state, const quern_norm_backward_op *op) {
  (void)state;
  const size_t n = op->n, units = op->units;
  const float *dy = quern__reference_floats(op->dy), *x = quern__reference_floats(op->x),
              *gamma = quern__reference_floats(op->gamma),
              *mean = quern__reference_floats(op->mean),
              *inv_std = quern__reference_floats(op->inv_std);
  float *dx = quern__reference_floats(op->dx), *dgamma = quern__reference_floats(op->dgamma),
        *dbeta = quern__reference_floats(op->dbeta);
  for (size_t j = 0; j < units; j++) {
    const gradients current = gradients_of(dy + j, x + j, n, units, mean[j], inv_std[j]);
    back_column(dx + j, dy + j, x + j, n, units, gamma[j], mean[j], inv_std[j], &current,
                (double)n);
    dgamma[j] = (float)current.scale;
    dbeta[j] = (float)current.shift;
  }
  return QUERN_OK;
}

quern_status quern__reference_batch_norm_backward_parameters(void *state,
                                                             const quern_norm_backward_op *op) {
  (void)state;
  const float *dy = quern__reference_floats(op->dy), *x = quern__reference_floats(op->x),
              *mean = quern__reference_floats(op->mean),
              *inv_std = quern__reference_floats(op->inv_std);
  float *dgamma = quern__reference_floats(op->dgamma), *dbeta = quern__reference_floats(op->dbeta);
  for (size_t j = 0; j < op->units; j++) {
    const gradients current = gradients_of(dy + j, x + j, op->n, op->units, mean[j], inv_std[j]);
    dgamma[j] = (float)current.scale;
    dbeta[j] = (float)current.shift;
  }
  return QUERN_OK;
}

quern_status
quern__reference_batch_norm_backward_data(void *state,
                                          const quern_batch_norm_backward_data_op *op) {
  (void)state;
  const float *dy = quern__reference_floats(op->dy), *x = quern__reference_floats(op->x),
              *gamma = quern__reference_floats(op->gamma),
              *mean = quern__reference_floats(op->mean),
              *inv_std = quern__reference_floats(op->inv_std),
              *dgamma = quern__reference_floats(op->dgamma),
              *dbeta = quern__reference_floats(op->dbeta);
  float *dx = quern__reference_floats(op->dx);
  for (size_t j = 0; j < op->units; j++) {
    const gradients current = {dbeta[j], dgamma[j]};
    back_column(dx + j, dy + j, x + j, op->n, op->units, gamma[j], mean[j], inv_std[j], &current,
                (double)op->samples);
  }
  return QUERN_OK;
}

quern_status quern__reference_layer_norm_forward(void *state,
                                                 const quern_layer_norm_forward_op *op) {
  (void)state;
  const size_t units = op->units;
  const float *x = quern__reference_floats(op->x), *gamma = quern__reference_floats(op->gamma),
              *beta = quern__reference_floats(op->beta);
  float *mean = quern__reference_floats(op->mean), *inv_std = quern__reference_floats(op->inv_std),
        *y = quern__reference_floats(op->y);
  for (size_t r = 0; r < op->n; r++) {
    const moments current = moments_of(x + r * units, units, 1);
    const double scale = quern__quotient(1, sqrt(current.variance + (double)op->epsilon));
    for (size_t j = 0; j < units; j++)
      y[r * units + j] = (float)(gamma[j] * (x[r * units + j] - current.mean) * scale + beta[j]);
    if (mean == NULL) continue;
    mean[r] = (float)current.mean;
    inv_std[r] = (float)scale;
  }
  return QUERN_OK;
}

/* Sums over columns first, since dx, which may be dy, overwrites its input. */
static void layer_norm_parameters(const quern_norm_backward_op *op) {
  const float *dy = quern__reference_floats(op->dy), *x = quern__reference_floats(op->x),
              *mean = quern__reference_floats(op->mean),
              *inv_std = quern__reference_floats(op->inv_std);
  float *dgamma = quern__reference_floats(op->dgamma), *dbeta = quern__reference_floats(op->dbeta);
  for (size_t j = 0; j < op->units; j++) {
    double shift = 0, scale = 0;
    for (size_t r = 0; r < op->n; r++) {
      const size_t i = r * op->units + j;
      shift += dy[i];
      scale += dy[i] * ((double)x[i] - mean[r]) * inv_std[r];
    }
    dgamma[j] = (float)scale;
    dbeta[j] = (float)shift;
  }
}

quern_status quern__reference_layer_norm_backward(void *state, const quern_norm_backward_op *op) {
  (void)state;
  const size_t units = op->units;
  const float *dy = quern__reference_floats(op->dy), *x = quern__reference_floats(op->x),
              *gamma = quern__reference_floats(op->gamma),
              *mean = quern__reference_floats(op->mean),
              *inv_std = quern__reference_floats(op->inv_std);
  float *dx = quern__reference_floats(op->dx);
  if (op->dgamma.memory != NULL) layer_norm_parameters(op);
  for (size_t r = 0; r < op->n; r++) {
    double shift = 0, scale = 0;
    for (size_t j = 0; j < units; j++) {
      const size_t i = r * units + j;
      const double gradient = (double)dy[i] * gamma[j];
      shift += gradient;
      scale += gradient * ((double)x[i] - mean[r]) * inv_std[r];
    }
    for (size_t j = 0; j < units; j++) {
      const size_t i = r * units + j;
      const double normal = ((double)x[i] - mean[r]) * inv_std[r];
      dx[i] = (float)(inv_std[r] *
                      ((double)dy[i] * gamma[j] - (shift + normal * scale) / (double)units));
    }
  }
  return QUERN_OK;
}

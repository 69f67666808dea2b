/* Optimizers. */
#include "reference.h"

#include <math.h>

float quern__reference_sgd(quern_sgd sgd, double gradient, float parameter) {
  const double p = parameter;
  return (float)(p - sgd.learning_rate * (gradient + sgd.weight_decay * p));
}

quern_status quern__reference_sgd_update(void *state, const quern_sgd_update_op *op) {
  (void)state;
  const float *gradients = quern__reference_floats(op->gradients);
  float *parameters = quern__reference_floats(op->parameters);
  for (size_t i = 0; i < op->count; i++)
    parameters[i] = quern__reference_sgd(op->sgd, gradients[i], parameters[i]);
  return QUERN_OK;
}

/* The comparison is the way round that lets NaN through. */
quern_status quern__reference_clip_norm(void *state, const quern_clip_norm_op *op) {
  (void)state;
  float *x = quern__reference_floats(op->x);
  double scale = op->max_norm / (sqrt(*quern__reference_floats(op->squares)) + 1e-6);
  if (scale > 1.0) scale = 1.0;
  for (size_t i = 0; i < op->count; i++) x[i] = (float)(scale * x[i]);
  return QUERN_OK;
}

/* Optimizers. */
#include "reference.h"

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

/* Activations and their derivatives. */
#include "reference.h"

#include <math.h>

double quern__reference_activate(quern_activation activation, double z) {
  switch (activation.kind) {
  case QUERN_IDENTITY:
    return z;
  case QUERN_RELU:
    return z <= 0 ? 0 : z;
  case QUERN_LEAKY_RELU:
    return z <= 0 ? activation.slope * z : z;
  case QUERN_SIGMOID:
    return 1 / (1 + exp(-z));
  case QUERN_TANH:
    return tanh(z);
  }
  return NAN; /* no such activation: the layer above lets none through */
}

double quern__reference_derivative(quern_activation activation, double h) {
  switch (activation.kind) {
  case QUERN_IDENTITY:
    return 1;
  case QUERN_RELU:
    return h <= 0 ? 0 : 1;
  case QUERN_LEAKY_RELU:
    return h <= 0 ? activation.slope : 1;
  case QUERN_SIGMOID:
    return h * (1 - h);
  case QUERN_TANH:
    return 1 - h * h;
  }
  return NAN;
}

quern_status quern__reference_activation_forward(void *state, const quern_activation_forward_op *op) {
  (void)state;
  const float *z = quern__reference_floats(op->z);
  float *h = quern__reference_floats(op->h);
  for (size_t i = 0; i < op->count; i++) h[i] = (float)quern__reference_activate(op->activation, z[i]);
  return QUERN_OK;
}

quern_status quern__reference_activation_backward(void *state, const quern_activation_backward_op *op) {
  (void)state;
  const float *dh = quern__reference_floats(op->dh);
  const float *h = quern__reference_floats(op->h);
  float *dz = quern__reference_floats(op->dz);
  for (size_t i = 0; i < op->count; i++)
    dz[i] = (float)(dh[i] * quern__reference_derivative(op->activation, h[i]));
  return QUERN_OK;
}

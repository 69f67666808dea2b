/* Activations and their derivatives. */
#include "reference.h"

#include <math.h>

/* The constants of Klambauer et al., "Self-Normalizing Neural Networks", 2017. */
#define SELU_ALPHA 1.6732632423543772
#define SELU_SCALE 1.0507009873554805
/* Constants of GELU's tanh form: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016. */
#define GELU_CUBE        0.044715
#define ROOT_TWO_OVER_PI 0.79788456080286536

/* Φ(z), the cumulative distribution function of the standard normal distribution, and its
 * density. */
static double normal(double z) {
  return erfc(-z * M_SQRT1_2) / 2;
}

static double normal_density(double z) {
  return ROOT_TWO_OVER_PI / 2 * exp(-z * z / 2);
}

static double sigmoid(double z) {
  return 1 / (1 + exp(-z));
}

/* The argument of tanh in GELU's tanh form. */
static double gelu_inner(double z) {
  return ROOT_TWO_OVER_PI * z * (1 + GELU_CUBE * z * z);
}

/* Limits z: the derivatives of GELU and SiLU approach 0 and 1 at the infinities, where the formulas
 * would give 0 · ∞. */
static double within_flat(double z) {
  const double flat = 1e4;
  return z < -flat ? -flat : z > flat ? flat : z;
}

double quern__reference_activate(quern_activation activation, double z) {
  switch (activation.kind) {
  case QUERN_ACTIVATION_IDENTITY:
    return z;
  case QUERN_ACTIVATION_RELU:
    return z <= 0 ? 0 : z;
  case QUERN_ACTIVATION_LEAKY_RELU:
    return z <= 0 ? activation.slope * z : z;
  case QUERN_ACTIVATION_SIGMOID:
    return sigmoid(z);
  case QUERN_ACTIVATION_TANH:
    return tanh(z);
  case QUERN_ACTIVATION_ELU:
    return z <= 0 ? activation.slope * expm1(z) : z;
  case QUERN_ACTIVATION_SELU:
    return SELU_SCALE * (z <= 0 ? SELU_ALPHA * expm1(z) : z);
  case QUERN_ACTIVATION_GELU:
    return isinf(z) && z < 0 ? -0.0 : z * normal(z);
  case QUERN_ACTIVATION_GELU_TANH:
    return isinf(z) && z < 0 ? -0.0 : z * (1 + tanh(gelu_inner(z))) / 2;
  case QUERN_ACTIVATION_SILU:
    return isinf(z) && z < 0 ? -0.0 : z * sigmoid(z);
  case QUERN_ACTIVATION_SOFTPLUS:
    return (z <= 0 ? 0 : z) + log1p(exp(-fabs(z)));
  case QUERN_ACTIVATION_RELU6:
    return z <= 0 ? 0 : z >= 6 ? 6 : z;
  case QUERN_ACTIVATION_HARDTANH:
    return z <= -1 ? -1 : z >= 1 ? 1 : z;
  }
  return NAN; /* unreachable: host/ops checks the kind */
}

double quern__reference_derivative(quern_activation activation, double value) {
  /* either, see quern_activation_reads_z */
  const double h = value, z = within_flat(value);
  double s, t;
  switch (activation.kind) {
  case QUERN_ACTIVATION_IDENTITY:
    return 1;
  case QUERN_ACTIVATION_RELU:
    return h <= 0 ? 0 : 1;
  case QUERN_ACTIVATION_LEAKY_RELU:
    return h <= 0 ? activation.slope : 1;
  case QUERN_ACTIVATION_SIGMOID:
    return h * (1 - h);
  case QUERN_ACTIVATION_TANH:
    return 1 - h * h;
  case QUERN_ACTIVATION_ELU:
    return h <= 0 ? h + activation.slope : 1;
  case QUERN_ACTIVATION_SELU:
    return h <= 0 ? h + SELU_SCALE * SELU_ALPHA : SELU_SCALE;
  case QUERN_ACTIVATION_GELU:
    return normal(z) + z * normal_density(z);
  case QUERN_ACTIVATION_GELU_TANH:
    t = tanh(gelu_inner(z));
    return (1 + t) / 2 + z * (1 - t * t) / 2 * ROOT_TWO_OVER_PI * (1 + 3 * GELU_CUBE * z * z);
  case QUERN_ACTIVATION_SILU:
    s = sigmoid(z);
    return s * (1 + z * (1 - s));
  case QUERN_ACTIVATION_SOFTPLUS:
    return -expm1(-h);
  case QUERN_ACTIVATION_RELU6:
    return h <= 0 || h >= 6 ? 0 : 1;
  case QUERN_ACTIVATION_HARDTANH:
    return h <= -1 || h >= 1 ? 0 : 1;
  }
  return NAN;
}

quern_status quern__reference_activation_forward(void *state,
                                                 const quern_activation_forward_op *op) {
  (void)state;
  const float *z = quern__reference_floats(op->z);
  float *h = quern__reference_floats(op->h);
  for (size_t i = 0; i < op->count; i++)
    h[i] = (float)quern__reference_activate(op->activation, z[i]);
  return QUERN_OK;
}

quern_status quern__reference_activation_backward(void *state,
                                                  const quern_activation_backward_op *op) {
  (void)state;
  const float *dh = quern__reference_floats(op->dh);
  const float *h = quern__reference_floats(op->h);
  float *dz = quern__reference_floats(op->dz);
  for (size_t i = 0; i < op->count; i++)
    dz[i] = (float)(dh[i] * quern__reference_derivative(op->activation, h[i]));
  return QUERN_OK;
}

/* Optimizers. */
#include "../base/quotient.h"
#include "reference.h"

#include <math.h>

/* As quern_optimizer_step says. m and v are NULL where the rule does not read them. */
float quern__reference_optimizer_step(const quern_optimizer_step *u, double gradient,
                                      float parameter, float *m, float *v) {
  const double p = parameter;
  double g = gradient + u->decay * p, d = 1.0;
  if (u->rule >= QUERN_OPTIMIZER_RULE_ADAM) {
    const double square = u->square_decay * (double)*v + u->square_gain * g * g;
    *v = (float)square;
    d = sqrt(square) * u->correction + u->epsilon;
  }
  if (u->rule == QUERN_OPTIMIZER_RULE_ADAM) {
    const double momentum = u->momentum * (double)*m + u->gain * g;
    *m = (float)momentum;
    return (float)(u->keep * p - u->rate * quern__quotient(momentum, d));
  }
  if (u->rule == QUERN_OPTIMIZER_RULE_RMSPROP || u->rule == QUERN_OPTIMIZER_RULE_RMSPROP_MOMENTUM)
    g = quern__quotient(g, d);
  if (u->rule == QUERN_OPTIMIZER_RULE_SGD || u->rule == QUERN_OPTIMIZER_RULE_RMSPROP)
    return (float)(p - u->rate * g);
  const double momentum = u->momentum * (double)*m + g;
  *m = (float)momentum;
  if (u->rule == QUERN_OPTIMIZER_RULE_NESTEROV)
    return (float)(p - u->rate * (g + u->momentum * momentum));
  return (float)(p - u->rate * momentum);
}

/* The element at i, or NULL of none. */
static float *element(float *values, size_t i) {
  return values == NULL ? NULL : values + i;
}

quern_status quern__reference_optimizer_update(void *state, const quern_optimizer_update_op *op) {
  (void)state;
  const float *gradients = quern__reference_floats(op->gradients);
  float *parameters = quern__reference_floats(op->parameters);
  float *m = quern__reference_floats(op->momentum), *v = quern__reference_floats(op->square);
  for (size_t i = 0; i < op->count; i++)
    parameters[i] = quern__reference_optimizer_step(&op->update, gradients[i], parameters[i],
                                                    element(m, i), element(v, i));
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

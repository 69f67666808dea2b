/* Activations that are operators. */
#include "../functions/activation.h"
#include "chain.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

quern_status quern__chain_activate(quern__chain *chain, const quern__chain_node *current,
                                   quern_activation activation) {
  if (!quern__chain_is_input(chain, current, 0))
    return quern__chain_fail(chain, current, "does not read the result of the node before");
  if (chain->pending.count > 0) QUERN__FORWARD(quern__chain_diagonal(chain, current));
  if (chain->count == 0 || chain->activated || chain->softmax)
    return quern__chain_fail(
        chain, current,
        "does not follow a MatMul, a Gemm or an Add, expected one activation per layer");
  if (chain->turned) return quern__chain_fail(chain, current, "reads a transposed value");
  chain->layers[chain->count - 1].layer.activation = activation;
  chain->activated = true;
  return QUERN_OK;
}

quern_status quern__chain_activation(quern__chain *chain, const quern__chain_node *current) {
  quern_activation_kind kind;
  if (!quern__onnx_activation_find(current->node->op_type, &kind))
    return quern__chain_fail(chain, current, "is no activation");
  quern_activation activation = quern_activation_of(kind);
  if (quern__activation_info_of(kind)->has_slope) {
    QUERN__FORWARD(
        quern__chain_float(chain, current, "alpha", activation.slope, &activation.slope));
    if (activation.slope < 0.0f)
      return quern__chain_fail(chain, current, "alpha is negative, expected 0 or more");
  }
  if (kind == QUERN_ACTIVATION_SELU) {
    /* ONNX's defaults are the paper's constants; writers may round them differently. */
    static const float usual_alpha = 1.67326324f, usual_gamma = 1.05070102f;
    float alpha, gamma;
    QUERN__FORWARD(quern__chain_float(chain, current, "alpha", usual_alpha, &alpha));
    QUERN__FORWARD(quern__chain_float(chain, current, "gamma", usual_gamma, &gamma));
    if (!(fabsf(alpha - usual_alpha) < 1e-6f && fabsf(gamma - usual_gamma) < 1e-6f))
      return quern__chain_fail(chain, current,
                               "has other constants, expected alpha 1.67326 and gamma 1.0507");
  }
  return quern__chain_activate(chain, current, activation);
}

/* Since opset 20. */
quern_status quern__chain_gelu(quern__chain *chain, const quern__chain_node *current) {
  char approximate[8];
  QUERN__FORWARD(
      quern__chain_text(chain, current, "approximate", "none", approximate, sizeof approximate));
  const bool by_tanh = strcmp(approximate, "tanh") == 0;
  if (!by_tanh && strcmp(approximate, "none") != 0)
    return quern__chain_fail(chain, current,
                             "has another approximation, expected \"none\" or \"tanh\"");
  return quern__chain_activate(
      chain, current,
      quern_activation_of(by_tanh ? QUERN_ACTIVATION_GELU_TANH : QUERN_ACTIVATION_GELU));
}

/* PRelu with the same slope for all units is LeakyRelu. */
quern_status quern__chain_prelu(quern__chain *chain, const quern__chain_node *current) {
  double *slopes;
  size_t count;
  quern_activation activation = quern_activation_of(QUERN_ACTIVATION_LEAKY_RELU);
  bool same = true;
  quern_status status = quern__chain_vector(chain, current, 1, "slope", &slopes, &count);
  if (status == QUERN_OK) {
    activation.slope = (float)slopes[0];
    for (size_t i = 0; i < count; i++) same = same && slopes[i] == slopes[0];
    if (!same || !isfinite(slopes[0]) || slopes[0] < 0)
      status = quern__chain_fail(chain, current, "expected one slope of at least 0 for all units");
  }
  free(slopes);
  return status == QUERN_OK ? quern__chain_activate(chain, current, activation) : status;
}

/* --- Clip ------------------------------------------------------------------------------------- */

/* Applies a x + b, an activation, and c h + d. */
static quern_status activate_between(quern__chain *chain, const quern__chain_node *current,
                                     double a, double b, quern_activation_kind kind, double c,
                                     double d) {
  if (!quern__chain_is_input(chain, current, 0))
    return quern__chain_fail(chain, current, "does not read the result of the node before");
  if (a != 1 || b != 0) QUERN__FORWARD(quern__chain_apply_number(chain, current, a, b));
  QUERN__FORWARD(quern__chain_activate(chain, current, quern_activation_of(kind)));
  return c != 1 || d != 0 ? quern__chain_apply_number(chain, current, c, d) : QUERN_OK;
}

/* Limits to low … high, of which one or both may be infinite. A limit on one side is a ReLU of the
 * distance to it, one on both a hardtanh of another range. */
static quern_status limit(quern__chain *chain, const quern__chain_node *current, double low,
                          double high) {
  const bool below = low > -(double)FLT_MAX, above = high < (double)FLT_MAX;
  if (!(low < high)) return quern__chain_fail(chain, current, "its least is not below its most");
  if (!below && !above) return quern__chain_nothing(chain, current);
  if (!above) return activate_between(chain, current, 1, -low, QUERN_ACTIVATION_RELU, 1, low);
  if (!below) return activate_between(chain, current, -1, high, QUERN_ACTIVATION_RELU, -1, high);
  if (low == 0 && high == 6)
    return activate_between(chain, current, 1, 0, QUERN_ACTIVATION_RELU6, 1, 0);
  const double half = (high - low) / 2, middle = (high + low) / 2;
  return activate_between(chain, current, 1 / half, -middle / half, QUERN_ACTIVATION_HARDTANH, half,
                          middle);
}

/* Reads a limit from an input, or before opset 11 from an attribute. */
static quern_status read_limit(const quern__chain *chain, const quern__chain_node *current,
                               size_t index, const char *name, double *value) {
  float number = (float)*value;
  if (chain->file->opset < 11)
    QUERN__FORWARD(quern__chain_float(chain, current, name, number, &number));
  else if (quern__chain_has_input(current, index))
    QUERN__FORWARD(quern__chain_number(chain, current, index, name, &number));
  *value = (double)number;
  return QUERN_OK;
}

/* A Relu before, as some exporters write relu6, is a limit of 0 too. */
static void merge_relu(quern__chain *chain, double *low) {
  if (chain->count == 0 || chain->pending.count > 0 || !chain->activated) return;
  quern_activation *activation = &chain->layers[chain->count - 1].layer.activation;
  if (activation->kind != QUERN_ACTIVATION_RELU || *low > 0) return;
  *activation = quern_activation_of(QUERN_ACTIVATION_IDENTITY);
  chain->activated = false;
  *low = 0;
}

quern_status quern__chain_clip(quern__chain *chain, const quern__chain_node *current) {
  double low = -(double)FLT_MAX, high = (double)FLT_MAX;
  const char *name = current->node->op_type;
  if (strcmp(name, "Clip") != 0) { /* Max and Min with a number */
    float number;
    if (current->node->n_input != 2)
      return quern__chain_fail(chain, current, "expected two inputs");
    QUERN__FORWARD(quern__chain_number(chain, current, 1, "its second input", &number));
    *(strcmp(name, "Max") == 0 ? &low : &high) = (double)number;
  } else {
    QUERN__FORWARD(read_limit(chain, current, 1, "min", &low));
    QUERN__FORWARD(read_limit(chain, current, 2, "max", &high));
  }
  if (quern__chain_is_input(chain, current, 0)) merge_relu(chain, &low);
  return limit(chain, current, low, high);
}

/* max(0, min(1, alpha x + beta)). */
quern_status quern__chain_hard_sigmoid(quern__chain *chain, const quern__chain_node *current) {
  float alpha, beta;
  QUERN__FORWARD(quern__chain_float(chain, current, "alpha", 0.2f, &alpha));
  QUERN__FORWARD(quern__chain_float(chain, current, "beta", 0.5f, &beta));
  return activate_between(chain, current, 2 * (double)alpha, 2 * (double)beta - 1,
                          QUERN_ACTIVATION_HARDTANH, 0.5, 0.5);
}

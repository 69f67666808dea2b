/* Converts a graph's nodes to layers. */
#include "chain.h"

#include "../functions/activation.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static quern_status set_activation(quern__chain *chain, const quern__chain_node *current,
                                   quern_activation activation) {
  if (!quern__chain_is_input(chain, current, 0))
    return quern__chain_fail(chain, current, "does not read the result of the node before");
  if (chain->count == 0 || chain->activated || chain->softmax)
    return quern__chain_fail(
        chain, current,
        "does not follow a MatMul, a Gemm or an Add, expected one activation per layer");
  chain->layers[chain->count - 1].layer.activation = activation;
  chain->activated = true;
  return QUERN_OK;
}

static quern_status add_activation(quern__chain *chain, const quern__chain_node *current) {
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
  return set_activation(chain, current, activation);
}

/* Since opset 20. */
static quern_status add_gelu(quern__chain *chain, const quern__chain_node *current) {
  char approximate[8];
  QUERN__FORWARD(
      quern__chain_text(chain, current, "approximate", "none", approximate, sizeof approximate));
  const bool by_tanh = strcmp(approximate, "tanh") == 0;
  if (!by_tanh && strcmp(approximate, "none") != 0)
    return quern__chain_fail(chain, current,
                             "has another approximation, expected \"none\" or \"tanh\"");
  return set_activation(
      chain, current,
      quern_activation_of(by_tanh ? QUERN_ACTIVATION_GELU_TANH : QUERN_ACTIVATION_GELU));
}

static quern_status add_softmax(quern__chain *chain, const quern__chain_node *current) {
  int64_t axis;
  QUERN__FORWARD(quern__chain_int(chain, current, "axis", -1, &axis));
  if (axis != -1 && axis != 1)
    return quern__chain_fail(chain, current, "has another axis, expected the last");
  if (!quern__chain_is_input(chain, current, 0))
    return quern__chain_fail(chain, current, "does not read the result of the node before");
  if (chain->count == 0 || chain->activated || chain->softmax)
    return quern__chain_fail(
        chain, current,
        "does not follow a MatMul, a Gemm or an Add, expected a layer without an activation");
  chain->softmax = true;
  return QUERN_OK;
}

static quern_status add_flatten(quern__chain *chain, const quern__chain_node *current) {
  int64_t axis;
  QUERN__FORWARD(quern__chain_int(chain, current, "axis", 1, &axis));
  if (axis != 1)
    return quern__chain_fail(chain, current,
                             "keeps other dimensions than the first, expected axis 1");
  if (!quern__chain_is_input(chain, current, 0))
    return quern__chain_fail(chain, current, "does not read the result of the node before");
  chain->flat = true;
  return QUERN_OK;
}

static quern_status add_nothing(quern__chain *chain, const quern__chain_node *current) {
  if (quern__chain_is_input(chain, current, 0)) return QUERN_OK;
  return quern__chain_fail(chain, current, "does not read the result of the node before");
}

/* Dropout has no effect unless its third input, training_mode, is set. */
static quern_status add_dropout(quern__chain *chain, const quern__chain_node *current) {
  if (current->node->n_input > 2 && *current->node->input[2] != '\0')
    return quern__chain_fail(chain, current, "may be in training mode, expected inference");
  return add_nothing(chain, current);
}

static const struct {
  const char *name;
  quern_status (*add)(quern__chain *chain, const quern__chain_node *node);
} operators[] = {{"Gemm", quern__chain_gemm},
                 {"MatMul", quern__chain_matmul},
                 {"Add", quern__chain_bias},
                 {"Softmax", add_softmax},
                 {"Flatten", add_flatten},
                 {"Identity", add_nothing},
                 {"Dropout", add_dropout},
                 {"Gelu", add_gelu},
                 {"BatchNormalization", quern__chain_batch_normalization},
                 {"LayerNormalization", quern__chain_layer_normalization}};
enum { OPERATORS = sizeof operators / sizeof *operators };

void quern__chain_label(const quern__onnx_node *node, size_t index, quern__chain_node *current) {
  const char *name = node->name != NULL ? node->name : "",
             *kind = node->op_type != NULL ? node->op_type : "?";
  current->node = node;
  if (*name != '\0')
    snprintf(current->label, sizeof current->label, "node %zu (%.60s \"%.80s\")", index, kind,
             name);
  else
    snprintf(current->label, sizeof current->label, "node %zu (%.60s)", index, kind);
}

static quern_status check_outputs(const quern__chain *chain, const quern__chain_node *current) {
  const quern__onnx_node *node = current->node;
  if (node->n_output == 0 || *node->output[0] == '\0')
    return quern__fail(QUERN_ERROR_FORMAT, "%s: %s has no output", chain->file->path,
                       current->label);
  return QUERN_OK;
}

quern_status quern__chain_add(quern__chain *chain, size_t index, const quern__onnx_node *node) {
  quern__chain_node current;
  quern__chain_label(node, index, &current);
  if (node->op_type == NULL)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: %s has no operator", chain->file->path,
                       current.label);
  if (node->domain != NULL && *node->domain != '\0' && strcmp(node->domain, "ai.onnx") != 0)
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "%s: %s is an operator of \"%.80s\", expected one of ONNX itself",
                       chain->file->path, current.label, node->domain);
  QUERN__FORWARD(check_outputs(chain, &current));
  if (strcmp(node->op_type, "Constant") == 0) {
    if (quern__onnx_find(chain->file, node->output[0]) != NULL) return QUERN_OK;
    return quern__chain_fail(chain, &current, "has no tensor, expected the attribute value");
  }
  if (quern__formula_reads(chain, node)) return quern__formula_add(chain, &current, index);
  size_t known = 0;
  quern_activation_kind kind;
  while (known < OPERATORS && strcmp(operators[known].name, node->op_type) != 0) known++;
  if (known == OPERATORS && !quern__onnx_activation_find(node->op_type, &kind))
    return quern__chain_fail(chain, &current,
                             "is not a supported operator: expected Gemm, MatMul, Add, Relu, "
                             "LeakyRelu, Sigmoid, Tanh, Elu, "
                             "Selu, Softplus, Gelu, the parts of GELU and SiLU, Softmax, Flatten, "
                             "Identity, Dropout, BatchNormalization, LayerNormalization");
  /* Anything else ends an activation's formula. */
  for (size_t i = 0; i < node->n_input; i++)
    QUERN__FORWARD(quern__formula_settle(chain, node->input[i]));
  QUERN__FORWARD(known < OPERATORS ? operators[known].add(chain, &current)
                                   : add_activation(chain, &current));
  chain->value = node->output[0];
  chain->formulas.count = 0;
  return QUERN_OK;
}

void quern__chain_free(quern__chain *chain) {
  for (size_t i = 0; i < chain->count; i++) {
    free(chain->layers[i].weights);
    free(chain->layers[i].bias);
    for (size_t p = 0; p < QUERN__CHAIN_NORMALIZATION; p++) free(chain->layers[i].normalization[p]);
  }
  free(chain->layers);
  *chain = (quern__chain){0};
}

/* Converts a graph's nodes to layers. */
#include "chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  quern_status (*add)(quern__chain *chain, const quern__chain_node *node);
} operators[] = {{"Gemm", quern__chain_gemm},
                 {"MatMul", quern__chain_matmul},
                 {"Add", quern__chain_arithmetic},
                 {"Sub", quern__chain_arithmetic},
                 {"Mul", quern__chain_arithmetic},
                 {"Div", quern__chain_arithmetic},
                 {"Scaler", quern__chain_scaler},
                 {"BatchNormalization", quern__chain_batch_normalization},
                 {"LayerNormalization", quern__chain_layer_normalization},
                 {"Gelu", quern__chain_gelu},
                 {"Clip", quern__chain_clip},
                 {"Min", quern__chain_clip},
                 {"Max", quern__chain_clip},
                 {"HardSigmoid", quern__chain_hard_sigmoid},
                 {"PRelu", quern__chain_prelu},
                 {"Softmax", quern__chain_softmax},
                 {"LogSoftmax", quern__chain_softmax},
                 {"Flatten", quern__chain_flatten},
                 {"Reshape", quern__chain_reshape},
                 {"Squeeze", quern__chain_squeeze},
                 {"Transpose", quern__chain_transpose},
                 {"Identity", quern__chain_nothing},
                 {"Cast", quern__chain_nothing},
                 {"Dropout", quern__chain_dropout}};
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

static quern_status check_operator(const quern__chain *chain, const quern__chain_node *current) {
  static const char *const ml[] = {"Scaler", "ZipMap", "ArrayFeatureExtractor"};
  const quern__onnx_node *node = current->node;
  if (node->op_type == NULL)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: %s has no operator", chain->file->path,
                       current->label);
  bool known = quern__onnx_is_standard(node->domain);
  for (size_t i = 0; i < sizeof ml / sizeof *ml && !known; i++)
    known = strcmp(node->domain, "ai.onnx.ml") == 0 && strcmp(node->op_type, ml[i]) == 0;
  if (!known)
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "%s: %s is an operator of \"%.80s\", expected one of ONNX itself",
                       chain->file->path, current->label, node->domain);
  return check_outputs(chain, current);
}

static quern_status add_operator(quern__chain *chain, const quern__chain_node *current) {
  const quern__onnx_node *node = current->node;
  size_t known = 0;
  quern_activation_kind kind;
  while (known < OPERATORS && strcmp(operators[known].name, node->op_type) != 0) known++;
  if (known == OPERATORS && !quern__onnx_activation_find(node->op_type, &kind))
    return quern__chain_fail(chain, current,
                             "is not a supported operator; docs/onnx.md lists those that quern "
                             "reads");
  /* Anything else ends an activation's formula. */
  for (size_t i = 0; i < node->n_input; i++)
    QUERN__FORWARD(quern__formula_settle(chain, node->input[i]));
  QUERN__FORWARD(known < OPERATORS ? operators[known].add(chain, current)
                                   : quern__chain_activation(chain, current));
  const bool renames = strcmp(node->op_type, "Identity") == 0 || strcmp(node->op_type, "Cast") == 0;
  chain->earlier = renames ? chain->value : NULL;
  chain->value = node->output[0];
  chain->formulas.count = 0;
  return QUERN_OK;
}

quern_status quern__chain_add(quern__chain *chain, size_t index, const quern__onnx_node *node) {
  quern__chain_node current;
  bool read;
  quern__chain_label(node, index, &current);
  QUERN__FORWARD(check_operator(chain, &current));
  if (quern__onnx_find(chain->file, node->output[0]) != NULL) return QUERN_OK;
  if (strcmp(node->op_type, "Constant") == 0)
    return quern__chain_fail(chain, &current, "has no tensor, expected the attribute value");
  QUERN__FORWARD(quern__chain_label_node(chain, &current, &read));
  if (!read && quern__formula_reads(chain, node)) return quern__formula_add(chain, &current, index);
  if (read || quern__chain_computes_shape(chain, node)) return QUERN_OK;
  return add_operator(chain, &current);
}

void quern__chain_free(quern__chain *chain) {
  for (size_t i = 0; i < chain->count; i++) {
    free(chain->layers[i].weights);
    free(chain->layers[i].bias);
    for (size_t p = 0; p < QUERN__CHAIN_NORMALIZATION; p++) free(chain->layers[i].normalization[p]);
  }
  free(chain->layers);
  free(chain->pending.scale);
  free(chain->pending.shift);
  quern__chain_free_classes(chain);
  quern__text_free(&chain->note);
  *chain = (quern__chain){0};
}

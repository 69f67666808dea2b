/* Activations and the ONNX operators that compute them. */
#include "onnx.h"
#include <string.h>

static const struct {
  quern_activation_kind kind;
  const char *operator_name;
} operators[] = {{QUERN_ACTIVATION_RELU, "Relu"},        {QUERN_ACTIVATION_LEAKY_RELU, "LeakyRelu"},
                 {QUERN_ACTIVATION_SIGMOID, "Sigmoid"},  {QUERN_ACTIVATION_TANH, "Tanh"},
                 {QUERN_ACTIVATION_ELU, "Elu"},          {QUERN_ACTIVATION_SELU, "Selu"},
                 {QUERN_ACTIVATION_SOFTPLUS, "Softplus"}};
enum { OPERATORS = sizeof operators / sizeof *operators };

const char *quern__onnx_activation_operator(quern_activation_kind kind) {
  for (size_t i = 0; i < OPERATORS; i++)
    if (operators[i].kind == kind) return operators[i].operator_name;
  return NULL;
}

bool quern__onnx_activation_find(const char *operator_name, quern_activation_kind *kind) {
  for (size_t i = 0; i < OPERATORS; i++) {
    if (strcmp(operators[i].operator_name, operator_name) != 0) continue;
    *kind = operators[i].kind;
    return true;
  }
  return false;
}

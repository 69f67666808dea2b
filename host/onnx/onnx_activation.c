/* Activations that are single ONNX operators. */
#include "onnx.h"

#include "../functions/activation.h"
#include <string.h>

const char *quern__onnx_activation_operator(quern_activation_kind kind) {
  return quern__activation_info_of(kind)->onnx_operator;
}

bool quern__onnx_activation_find(const char *operator_name, quern_activation_kind *kind) {
  for (unsigned k = 0; quern_activation_name((quern_activation_kind)k) != NULL; k++) {
    const char *name = quern__onnx_activation_operator((quern_activation_kind)k);
    if (name == NULL || strcmp(name, operator_name) != 0) continue;
    *kind = (quern_activation_kind)k;
    return true;
  }
  return false;
}

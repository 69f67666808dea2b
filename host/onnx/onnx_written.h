/* Writes activations as nodes: one operator, or several if opset 13 has none. */
#ifndef QUERN_HOST_ONNX_ONNX_WRITTEN_H
#define QUERN_HOST_ONNX_ONNX_WRITTEN_H

#include "onnx.h"

/* large enough for "18446744073709551615.activation.9" */
typedef struct quern__onnx_name {
  char text[40];
} quern__onnx_name;

enum { QUERN__ONNX_WRITTEN_INPUTS = 3 };

typedef struct quern__onnx_written_node {
  quern__onnx_node node;
  quern__onnx_name name, output;
  char *inputs[QUERN__ONNX_WRITTEN_INPUTS], *outputs[1];
} quern__onnx_written_node;

enum { QUERN__ONNX_WRITTEN_MOST = 9 };

/* The nodes of one layer's activation. They point into this struct, so it must not move. */
typedef struct quern__onnx_written {
  quern__onnx_written_node nodes[QUERN__ONNX_WRITTEN_MOST];
  size_t count;
  quern__onnx_attribute alpha, *attributes[1];
} quern__onnx_written;

/* Constants of the formulas. All layers share their tensors. */
#define QUERN__ONNX_NUMBERS(X)                                                                     \
  X(ONE, "one", 1.0)                                                                               \
  X(HALF, "half", 0.5)                                                                             \
  X(ROOT_HALF, "root_half", 0.70710678118654752)                                                   \
  X(ROOT_TWO_BY_PI, "root_two_by_pi", 0.79788456080286536)                                         \
  X(GELU_CUBE, "gelu_cube", 0.044715)                                                              \
  X(ZERO, "zero", 0.0)                                                                             \
  X(SIX, "six", 6.0)                                                                               \
  X(MINUS_ONE, "minus_one", -1.0)

typedef enum quern__onnx_number {
#define QUERN__ONNX_NUMBER_VALUE(name, text, value) QUERN__ONNX_##name,
  QUERN__ONNX_NUMBERS(QUERN__ONNX_NUMBER_VALUE)
#undef QUERN__ONNX_NUMBER_VALUE
      QUERN__ONNX_NUMBER_COUNT
} quern__onnx_number;

extern const struct quern__onnx_number_row {
  const char *name;
  double value;
} quern__onnx_number_rows[QUERN__ONNX_NUMBER_COUNT];

/* Makes the nodes of layer `index`'s activation, which must not be the identity. *value is the name
 * of z, then of the result. Sets used[i] for each number that the nodes read. False if ONNX cannot
 * express the activation. */
QUERN__CHECKED bool quern__onnx_write_activation(quern__onnx_written *written, size_t index,
                                                 quern_activation activation, char **value,
                                                 bool used[QUERN__ONNX_NUMBER_COUNT]);

/* Sets a node's fields. The node keeps `inputs` and `outputs`. */
void quern__onnx_set_node(quern__onnx_node *node, const char *operator_name, char *name,
                          char **inputs, size_t input_count, char **outputs);

/* Casts away const: the messages' fields are char *, but are only read. */
static inline char *quern__onnx_text(const char *text) {
  return (char *)(uintptr_t)text;
}

#endif

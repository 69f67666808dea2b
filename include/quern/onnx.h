/* Networks as ONNX files, for ONNX Runtime and others, where quern was built with protobuf-c; else
 * every call is QUERN_ERROR_UNSUPPORTED. */
#ifndef QUERN_ONNX_H
#define QUERN_ONNX_H

#include <quern/network.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the network to `path`: opset 13, an input "input" [batch][inputs] and an output "output"
 * [batch][outputs] of float32, batch being any number. The output is what quern_predict gives:
 * probabilities, by a Softmax or a Sigmoid at the end as the loss has it, or where
 * quern_loss_is_regression the last layer as it is. Where the network's schema has means and
 * deviations, they go into the first layer and, those of targets, into the last, each weight
 * rounded once: the file takes values that are not standardized, with texts as ones and zeros and
 * nothing missing, and gives outputs in the units of the data. What ONNX has no word for, the loss,
 * is in the metadata ("quern.loss"); which parameters are frozen, and dropout, are not kept. A
 * layer's normalization is a BatchNormalization, or a LayerNormalization, with which the file is of
 * opset 17. GELU in both forms and SiLU, which opset 13 has no operators for, are written out, as
 * torch.onnx.export does. The file appears whole or not at all, as at quern_model_save. */
QUERN_API quern_status quern_onnx_save(const quern_network *network, const char *path);

/* Whether quern_onnx_save has a form for the network: fails as it would, and writes nothing. `path`
 * is for the message alone. */
QUERN_API quern_status quern_onnx_check(const quern_network *network, const char *path);

/* What a file cannot tell. Start from quern_onnx_options_default(). */
typedef struct quern_onnx_options {
  size_t size; /* sizeof(quern_onnx_options) */
  /* The loss of a network whose graph ends without a Softmax or a Sigmoid. QUERN_LOSS_SQUARED, the
   * default, makes quern_predict give the same outputs as the file; QUERN_LOSS_CATEGORICAL and
   * QUERN_LOSS_ELEMENTWISE take them for logits and put a softmax behind, QUERN_LOSS_BINARY a
   * sigmoid. */
  quern_loss plain_loss;
} quern_onnx_options;

static inline quern_onnx_options quern_onnx_options_default(void) {
  quern_onnx_options options;
  options.size = sizeof options;
  options.plain_loss = QUERN_LOSS_SQUARED;
  return options;
}

/* Reads a network whose graph is a chain: Gemm, or MatMul with or without an Add, each followed by
 * at most one BatchNormalization or LayerNormalization (over the last axis), and then by at most
 * one of Relu, LeakyRelu,
 * Sigmoid, Tanh, Elu, Selu, Softplus and Gelu, or by nodes (Mul, Div, Add, Pow, Erf, Tanh, Sigmoid)
 * that write out GELU in one of its forms or SiLU, in whatever order they multiply; a Softmax at
 * the end, over the last axis, makes the loss QUERN_LOSS_CATEGORICAL, a Sigmoid there
 * QUERN_LOSS_BINARY, unless the file says the loss ("quern.loss"). Flatten may come first; Identity
 * and Dropout do nothing. Weights are float32 or float64, initializers or Constant nodes in the
 * file itself. Anything else is refused with the node's name and what was expected. Nothing of the
 * file is trusted. options may be NULL. The caller owns *network. */
QUERN_API quern_status quern_onnx_load(const char *path, const quern_onnx_options *options,
                                       quern_network **network);

#ifdef __cplusplus
}
#endif
#endif

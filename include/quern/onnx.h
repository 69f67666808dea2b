/* Networks as ONNX files, for ONNX Runtime and other programs. Without protobuf-c at build time,
 * every call returns QUERN_ERROR_UNSUPPORTED. */
#ifndef QUERN_ONNX_H
#define QUERN_ONNX_H

#include <quern/network.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the network to `path`: opset 13 (17 with layer normalization), an input "input"
 * [batch][inputs] and an output "output" [batch][outputs], float32, for any batch.
 *
 * The output equals that of quern_predict: probabilities, by a final Softmax or Sigmoid according
 * to the loss, or the last layer's outputs if quern_loss_is_regression. Means and deviations of the
 * network's schema are folded into the first layer, those of targets into the last, each weight
 * rounded once. The file thus takes values that are not standardized, with texts as ones and zeros
 * and no missing values, and its outputs are in the units of the data. The loss, which ONNX cannot
 * express, is in the metadata ("quern.loss"). Dropout and which parameters are frozen are not
 * saved. A layer's normalization becomes a BatchNormalization or LayerNormalization. GELU in both
 * forms and SiLU, for which opset 13 has no operators, are decomposed as by torch.onnx.export.
 *
 * The file is written atomically, as by quern_model_save. */
QUERN_API quern_status quern_onnx_save(const quern_network *network, const char *path);

/* Checks whether quern_onnx_save can represent the network: fails as it would, and writes nothing.
 * `path` is only used in the message. */
QUERN_API quern_status quern_onnx_check(const quern_network *network, const char *path);

/* What a file does not contain. Start from quern_onnx_options_default(). */
typedef struct quern_onnx_options {
  size_t size; /* sizeof(quern_onnx_options) */
  /* The loss if the graph ends without a Softmax or a Sigmoid. With QUERN_LOSS_SQUARED, the
   * default, quern_predict gives the same outputs as the file. QUERN_LOSS_CATEGORICAL and
   * QUERN_LOSS_ELEMENTWISE treat the outputs as logits and append a softmax, QUERN_LOSS_BINARY a
   * sigmoid. */
  quern_loss plain_loss;
  bool loss_is_chosen; /* the user chose it: quern_network_note does not report it as assumed */
} quern_onnx_options;

static inline quern_onnx_options quern_onnx_options_default(void) {
  quern_onnx_options options;
  options.size = sizeof options;
  options.plain_loss = QUERN_LOSS_SQUARED;
  options.loss_is_chosen = false;
  return options;
}

/* Reads a network whose graph is a chain of layers, each in this order:
 *
 *   Gemm, or MatMul with or without an Add
 *   at most one BatchNormalization or LayerNormalization (over the last axis)
 *   at most one activation, an operator or written out: Relu, LeakyRelu, Sigmoid, Tanh, Elu, Selu,
 *     Softplus, Gelu, Clip, SiLU …
 *
 * docs/onnx.md lists the operators. Factors and summands (Sub, Div, Scaler, and BatchNormalization
 * in another place) become part of the layers. A final Softmax over the last axis means
 * QUERN_LOSS_CATEGORICAL, a final Sigmoid QUERN_LOSS_BINARY, unless the file specifies the loss
 * ("quern.loss"). ArgMax and ZipMap may follow; their names of classes become the network's schema.
 * Nodes that keep all values are ignored, such as Flatten, Identity, Cast and Dropout. Numbers of
 * other types are converted to float32.
 *
 * Weights are initializers or Constant nodes, in the file or in files in its folder. Both are
 * untrusted: a path out of the folder, or through a link, is an error. quern_network_note reports
 * what was assumed. options may be NULL. The caller owns *network. Anything else is an error with
 * the node's name and what was expected. */
QUERN_API quern_status quern_onnx_load(const char *path, const quern_onnx_options *options,
                                       quern_network **network);

#ifdef __cplusplus
}
#endif
#endif

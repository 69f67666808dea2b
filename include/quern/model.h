/* Model files: safetensors, with weights in the layout of PyTorch's Linear. */
#ifndef QUERN_MODEL_H
#define QUERN_MODEL_H

#include <quern/network.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the network to `path` as safetensors.
 *
 * Tensors are float32: "<i>.weight" [out][in] and "<i>.bias" [out]. <i> is the layer's index in a
 * torch.nn.Sequential with the same layers and their activations as modules, so
 * model.load_state_dict(safetensors.torch.load_file(path)) works. A normalization is the module
 * after its layer, with its own "weight" and "bias"; batch normalization adds "running_mean",
 * "running_var" and "num_batches_tracked". Dropout is a module too.
 *
 * Metadata: "format": "pt", "quern.version", "quern.activations", "quern.loss", "quern.frozen", and
 * if used "quern.normalization" and "quern.dropout". If the network has a non-empty schema,
 * "quern.schema" holds it as JSON: names of columns, classes and targets, categories, and the
 * numbers that prepare data. The weights expect prepared data, so another program must prepare them
 * the same way.
 *
 * The file is written under a temporary name in the same folder, synced and renamed: a reader sees
 * the whole old file or the whole new one. */
QUERN_API quern_status quern_model_save(const quern_network *network, const char *path);

/* What a file without quern's metadata does not contain; metadata take precedence. Start from
 * quern_model_options_default(): ReLU in hidden layers, categorical loss. */
typedef struct quern_model_options {
  size_t size; /* sizeof(quern_model_options) */
  quern_activation activation;
  quern_loss loss;
  float huber_delta; /* for QUERN_LOSS_HUBER */
  /* The user chose them: quern_network_note does not report them as assumed. */
  bool activation_is_chosen, loss_is_chosen;
} quern_model_options;

static inline quern_model_options quern_model_options_default(void) {
  quern_model_options options;
  options.size = sizeof options;
  options.activation.kind = QUERN_ACTIVATION_RELU;
  options.activation.slope = 0.01f;
  options.loss = QUERN_LOSS_CATEGORICAL;
  options.huber_delta = QUERN_HUBER_DELTA;
  options.activation_is_chosen = options.loss_is_chosen = false;
  return options;
}

/* Reads a file that quern_model_save or safetensors.torch.save_file(model.state_dict(), path)
 * wrote. Tensors are float32, or float16, bfloat16 or float64, which are converted.
 *
 * Every two-dimensional "<name>.weight" is a layer, and "<name>.bias" its bias. Layers whose names
 * differ in numbers are in the order of these ("2" before "10"), others in the order that their
 * shapes give. A missing bias is zero and frozen, except before a normalization, where it is
 * trained.
 *
 * A one-dimensional "<name>.weight" is the normalization of the layer directly before it if the
 * name is that of the next module in a Sequential, or contains "norm", "bn" or "ln", or if it has a
 * bias or running statistics. With running statistics it is batch normalization. Its epsilon is
 * PyTorch's unless the metadata contain one.
 *
 * Tensors of a loss ("criterion.weight", "loss_fct.pos_weight") are left out. Any other tensor is
 * an error that names it. quern_network_note reports what was left out or assumed. options may be
 * NULL. The caller owns *network. */
QUERN_API quern_status quern_model_load(const char *path, const quern_model_options *options,
                                        quern_network **network);

#ifdef __cplusplus
}
#endif
#endif

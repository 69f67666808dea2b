/* Model files: safetensors, with weights as PyTorch's Linear stores them. */
#ifndef QUERN_MODEL_H
#define QUERN_MODEL_H

#include <quern/network.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the network to `path` as safetensors: float32 tensors "<i>.weight" [out][in] and
 * "<i>.bias" [out], where <i> is the layer's place in the torch.nn.Sequential that has the same
 * layers with their activations as modules, so that
 * model.load_state_dict(safetensors.torch.load_file(path)) works; a normalization is the module
 * behind, with its own "weight" and "bias", and of a batch "running_mean", "running_var" and
 * "num_batches_tracked"; Dropout is one too. The metadata ("format": "pt", "quern.version",
 * "quern.activations", "quern.loss", "quern.frozen", and where there are such "quern.normalization"
 * and "quern.dropout") holds the rest; among it, where the network has
 * a schema that says anything, "quern.schema": names of columns, classes and targets, categories,
 * and the numbers that data are prepared with, as JSON. What such a file is for is the prepared
 * data: another program has to prepare them the same way. The file is written under a temporary
 * name in the same folder, synced and renamed: a reader sees the old file or the new one, whole. */
QUERN_API quern_status quern_model_save(const quern_network *network, const char *path);

/* What a file without quern's metadata cannot tell. Start from quern_model_options_default(): ReLU
 * in hidden layers, categorical loss. Where the file has the metadata, that wins. */
typedef struct quern_model_options {
  size_t size; /* sizeof(quern_model_options) */
  quern_activation activation;
  quern_loss loss;
  float huber_delta; /* of QUERN_LOSS_HUBER */
} quern_model_options;

static inline quern_model_options quern_model_options_default(void) {
  quern_model_options options;
  options.size = sizeof options;
  options.activation.kind = QUERN_ACTIVATION_RELU;
  options.activation.slope = 0.01f;
  options.loss = QUERN_LOSS_CATEGORICAL;
  options.huber_delta = QUERN_HUBER_DELTA;
  return options;
}

/* Reads what quern_model_save or safetensors.torch.save_file(model.state_dict(), path) wrote: every
 * "<name>.weight" of two dimensions is a layer, in the natural order of the names ("2" before
 * "10"), "<name>.bias" its bias (a missing one is zero and frozen, but before a normalization,
 * where it learns). One of one dimension is the normalization of the layer right before it, of a
 * batch where it has running statistics, and PyTorch's epsilon where the metadata name none.
 * Anything else in the file is refused by name. options may be NULL. The caller owns *network. */
QUERN_API quern_status quern_model_load(const char *path, const quern_model_options *options,
                                        quern_network **network);

#ifdef __cplusplus
}
#endif
#endif

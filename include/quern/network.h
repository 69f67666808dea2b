/* A network: dense layers, their loss, and their parameters in host memory. It is independent of
 * devices. */
#ifndef QUERN_NETWORK_H
#define QUERN_NETWORK_H

#include <quern/activation.h>
#include <quern/initializer.h>
#include <quern/loss.h>
#include <quern/normalization.h>
#include <quern/schema.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct quern_network quern_network;

/* One dense layer, H = f(N(X W + b)) with normalization N. In training, the next layer reads H ∘ M
 * with M a dropout mask. torch.nn.Sequential usually has the same order: Linear, BatchNorm1d or
 * LayerNorm, an activation, Dropout. */
typedef struct quern_layer {
  size_t units; /* outputs of the layer, at least 1 */
  quern_activation activation;
  bool freeze_weights; /* training does not change W */
  /* Training does not change b, nor a normalization's gamma and beta; running statistics still
   * update. */
  bool freeze_bias;
  /* probability that an output is dropped, see quern_dropout; 0, as in the last layer: no
   * dropout */
  float dropout;
  quern_normalization normalization; /* of X W + b: see normalization.h */
} quern_layer;

/* Returns a plain layer with all parameters trained. Its other fields can be changed afterward. */
static inline quern_layer quern_dense(size_t units, quern_activation_kind activation) {
  quern_layer layer;
  layer.units = units;
  layer.activation = quern_activation_of(activation);
  layer.freeze_weights = false;
  layer.freeze_bias = false;
  layer.dropout = 0.0f;
  layer.normalization = quern_normalization_of(QUERN_NORMALIZATION_NONE);
  return layer;
}

/* Creates a network of `layer_count` layers over `inputs` values per sample. The loss reads the
 * last layer's activation. It must be QUERN_ACTIVATION_IDENTITY for losses with their own softmax
 * or sigmoid: all for which quern_loss_is_regression is false. Until quern_network_initialize or a
 * load, gammas and running variances are 1, all other parameters zero. The caller owns *network. */
QUERN_API quern_status quern_network_create(size_t inputs, const quern_layer *layers,
                                            size_t layer_count, quern_loss loss,
                                            quern_network **network);

/* Frees a network. Plans and trainers made from it keep what they need. NULL is accepted. */
QUERN_API void quern_network_free(quern_network *network);

/* Initializes weights from Philox (stream l of `seed` for layer l, see quern_random_uniform),
 * biases, betas and running means to zero, and gammas and running variances to 1. Discards the
 * schema. */
QUERN_API quern_status quern_network_initialize(quern_network *network,
                                                quern_initializer initializer, uint64_t seed);

/* Return the numbers of values per sample that the network takes and gives, and of its layers. */
QUERN_API size_t quern_network_inputs(const quern_network *network);
QUERN_API size_t quern_network_outputs(const quern_network *network);
QUERN_API size_t quern_network_layer_count(const quern_network *network);

/* Returns the loss. */
QUERN_API quern_loss quern_network_loss(const quern_network *network);

/* Set and return the threshold between squared and absolute Huber loss, QUERN_HUBER_DELTA at
 * creation; finite and above 0. Part of the model, like the loss; other losses ignore it. */
QUERN_API quern_status quern_network_set_huber_delta(quern_network *network, float delta);
QUERN_API float quern_network_huber_delta(const quern_network *network);

/* Returns the layer at index as given at creation. index must be less than the count. */
QUERN_API quern_layer quern_network_layer(const quern_network *network, size_t index);

/* Returns the schema of the training data, or NULL if it would hold no more than the numbers of
 * values and classes. quern_train sets it, model files store it, and data to evaluate or predict
 * are read by it (quern_dataset_options.schema). Owned by the network. */
QUERN_API const quern_schema *quern_network_schema(const quern_network *network);

/* Copies the schema; NULL discards the current one. Its columns must equal the network's inputs,
 * and its labels or numbers the outputs; its classes must not exceed the outputs. QUERN_ERROR_SHAPE
 * otherwise. */
QUERN_API quern_status quern_network_set_schema(quern_network *network, const quern_schema *schema);

/* Returns what was left out or assumed when the network was read from a file, such as activations
 * that the file does not name: one line for the user to read, or "". Owned by the network. */
QUERN_API const char *quern_network_note(const quern_network *network);

/* Returns the number of parameters: Σ (in · out + out), and 2 · out more per layer with a
 * normalization. */
QUERN_API size_t quern_network_parameter_count(const quern_network *network);

/* Copy the weights [in][out] and the bias [out] of a layer from (set) or to (get) host memory.
 * Either may be NULL. QUERN_ERROR_ARGUMENT: no such layer. */
QUERN_API quern_status quern_network_set_layer(quern_network *network, size_t index,
                                               const float *weights, const float *bias);
QUERN_API quern_status quern_network_get_layer(const quern_network *network, size_t index,
                                               float *weights, float *bias);

/* Copy a layer's normalization parameters, each [out]: gamma and beta, and for batch normalization
 * the running mean and variance. Any may be NULL. Those that the layer does not have must be NULL
 * (QUERN_ERROR_ARGUMENT). */
QUERN_API quern_status quern_network_set_normalization(quern_network *network, size_t index,
                                                       const float *gamma, const float *beta,
                                                       const float *mean, const float *variance);
QUERN_API quern_status quern_network_get_normalization(const quern_network *network, size_t index,
                                                       float *gamma, float *beta, float *mean,
                                                       float *variance);

/* Returns the number of steps in the running statistics, torch.nn.BatchNorm1d's
 * num_batches_tracked, for a network that was trained or read from a file. Informational only. */
QUERN_API uint64_t quern_network_batches(const quern_network *network);

#ifdef __cplusplus
}
#endif
#endif

/* A network: dense layers, the loss they are trained with, and their parameters in host memory. It
 * knows shapes, not devices. */
#ifndef QUERN_NETWORK_H
#define QUERN_NETWORK_H

#include <quern/normalization.h>
#include <quern/ops.h>
#include <quern/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct quern_network quern_network;

/* One dense layer, H = f(N(X W + b)), N its normalization; in training the layer above reads H ∘ M,
 * M a mask of dropout. That is the order in which torch.nn.Sequential usually has Linear,
 * BatchNorm1d or LayerNorm, an activation, and Dropout. */
typedef struct quern_layer {
  size_t units; /* outputs of the layer, at least 1 */
  quern_activation activation;
  bool freeze_weights; /* training leaves W as it is */
  /* Training leaves b as it is, and gamma and beta of a normalization; running statistics go on. */
  bool freeze_bias;
  /* the probability that an output is dropped, see quern_dropout. 0: none, as in the last layer */
  float dropout;
  quern_normalization normalization; /* of X W + b: see normalization.h */
} quern_layer;

/* A plain layer whose parameters all learn: what it does not say can be set in it. */
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

/* A network of `layer_count` layers over `inputs` values a sample. The last layer's activation is
 * what the loss reads, so it is QUERN_ACTIVATION_IDENTITY for losses that bring their own softmax
 * or sigmoid (all that are not quern_loss_is_regression insist on it). Parameters are zero until
 * quern_network_initialize or a load, but for gammas and running variances, which are 1. The caller
 * owns *network. */
QUERN_API quern_status quern_network_create(size_t inputs, const quern_layer *layers,
                                            size_t layer_count, quern_loss loss,
                                            quern_network **network);
QUERN_API void quern_network_free(quern_network *network);

/* Sets weights from Philox (layer l is stream l of `seed`, see quern_random_uniform), biases, betas
 * and running means to zero, gammas and running variances to 1, and forgets the schema. */
QUERN_API quern_status quern_network_initialize(quern_network *network,
                                                quern_initializer initializer, uint64_t seed);

QUERN_API size_t quern_network_inputs(const quern_network *network);
QUERN_API size_t quern_network_outputs(const quern_network *network);
QUERN_API size_t quern_network_layer_count(const quern_network *network);
QUERN_API quern_loss quern_network_loss(const quern_network *network);
/* Where Huber's loss turns from squared to absolute, QUERN_HUBER_DELTA at creation; finite and
 * above 0. Part of the model, as the loss is; it means nothing to the other losses. */
QUERN_API quern_status quern_network_set_huber_delta(quern_network *network, float delta);
QUERN_API float quern_network_huber_delta(const quern_network *network);
/* The layer at index, as given at creation; index must be less than the count. */
QUERN_API quern_layer quern_network_layer(const quern_network *network, size_t index);

/* What the data are that it was trained on: quern_train sets it, a model file keeps it, and data to
 * be measured or predicted are read by it (quern_dataset_options.schema). NULL where there is
 * nothing to say of them but how many values and classes they have. Owned by the network. */
QUERN_API const quern_schema *quern_network_schema(const quern_network *network);

/* Copies the schema, or, with NULL, forgets what it had. It must have the network's inputs as
 * columns, and its outputs as labels or numbers, or no more classes. */
QUERN_API quern_status quern_network_set_schema(quern_network *network, const quern_schema *schema);

/* How many numbers learn: Σ (in · out + out), and 2 · out more for each layer with a
 * normalization. */
QUERN_API size_t quern_network_parameter_count(const quern_network *network);

/* Copies the weights [in][out] and the bias [out] of a layer from (set) or to (get) host memory.
 * Either may be NULL. */
QUERN_API quern_status quern_network_set_layer(quern_network *network, size_t index,
                                               const float *weights, const float *bias);
QUERN_API quern_status quern_network_get_layer(const quern_network *network, size_t index,
                                               float *weights, float *bias);

/* The same for the numbers of a layer's normalization, each [out]: gamma and beta, and of batch
 * normalization the running mean and variance. Any may be NULL, and those that the layer does not
 * have must be (QUERN_ERROR_ARGUMENT). */
QUERN_API quern_status quern_network_set_normalization(quern_network *network, size_t index,
                                                       const float *gamma, const float *beta,
                                                       const float *mean, const float *variance);
QUERN_API quern_status quern_network_get_normalization(const quern_network *network, size_t index,
                                                       float *gamma, float *beta, float *mean,
                                                       float *variance);

/* Steps that have gone into the running statistics: num_batches_tracked of torch.nn.BatchNorm1d,
 * which decides nothing here. A network that was trained, or read from a file, knows it. */
QUERN_API uint64_t quern_network_batches(const quern_network *network);

#ifdef __cplusplus
}
#endif
#endif

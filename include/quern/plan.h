/* A plan: a network made ready for one context and batch size. Every buffer is allocated when it is
 * made; a step only queues work. Between the trainer, which is simpler, and the op level, which is
 * freer. */
#ifndef QUERN_PLAN_H
#define QUERN_PLAN_H

#include <quern/network.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct quern_plan quern_plan;

typedef enum quern_plan_mode {
  QUERN_PLAN_INFERENCE, /* forward only */
  QUERN_PLAN_TRAINING,  /* forward, backward and update, gradients used up on the way */
  /* as TRAINING, with all gradients kept in one flat buffer, readable after each step; without an
   * optimizer there is no update */
  QUERN_PLAN_GRADIENTS
} quern_plan_mode;

/* Allocates for up to `batch` samples at a time and uploads the network's parameters. The network
 * may change or be freed afterward; the context is kept alive. The caller owns *plan. */
QUERN_API quern_status quern_plan_create(quern_context *context, const quern_network *network,
                                         size_t batch, quern_plan_mode mode, quern_plan **plan);
QUERN_API void quern_plan_free(quern_plan *plan);

/* Bytes that quern_plan_create takes from the device for these arguments. They are written to then,
 * so that a device that has less says so then; no step takes more. A backend that runs whole steps
 * (steps_create in backend.h) may take, then too, what those need beside: a few kilobytes, or,
 * where a large lowest layer is divided among the units of a CPU, for each unit but one a batch of
 * inputs and the layers above once more. */
QUERN_API quern_status quern_plan_bytes(const quern_network *network, size_t batch,
                                        quern_plan_mode mode, size_t *bytes);

/* Queues the forward pass over x [n][inputs], 1 <= n <= batch. *output is the last layer's output
 * [n][outputs], before the softmax or sigmoid that belongs to the loss; it lies in the plan and
 * lasts until the next pass. */
QUERN_API quern_status quern_plan_forward(quern_plan *plan, quern_tensor x, quern_tensor *output);

/* The same with the loss's own softmax or sigmoid applied: probabilities, unless
 * quern_loss_is_regression. */
QUERN_API quern_status quern_plan_predict(quern_plan *plan, quern_tensor x, quern_tensor *output);

/* Queues the forward pass and the loss of each sample: labels int32_t [1][n], losses [1][n],
 * correct int32_t [1][1] grows by the number of samples whose largest output is their label. */
QUERN_API quern_status quern_plan_evaluate(quern_plan *plan, quern_tensor x, quern_tensor labels,
                                           quern_tensor losses, quern_tensor correct);

/* The same against targets [n][outputs] instead of labels: the numbers of a regression, or labels
 * that are each 0 or 1. For losses that read them as they are: not QUERN_LOSS_CATEGORICAL, not
 * QUERN_LOSS_ELEMENTWISE. */
QUERN_API quern_status quern_plan_evaluate_targets(quern_plan *plan, quern_tensor x,
                                                   quern_tensor targets, quern_tensor losses);

/* From the next step on, steps update by this optimizer, which is copied. What it keeps for each
 * parameter lies in flat ranges laid out like the parameters, allocated here. The first optimizer
 * of its kind starts anew: these ranges are zero, and its steps count from 1. The same kind again
 * goes on with other numbers, and allocates nothing, so that a schedule can set them before each
 * step (quern_schedule_at). Not for INFERENCE plans.
 *
 * QUERN_ERROR_ARGUMENT: see quern_optimizer_check. QUERN_ERROR_UNSUPPORTED: the backend has plain
 * SGD alone, or the device (a GPU) has the others for plans that keep GRADIENTS alone. */
QUERN_API quern_status quern_plan_set_optimizer(quern_plan *plan, const quern_optimizer *optimizer);

/* Bytes that quern_plan_set_optimizer takes from the device. */
QUERN_API quern_status quern_plan_optimizer_bytes(const quern_network *network,
                                                  const quern_optimizer *optimizer, size_t *bytes);

/* Queues one training step: forward, loss (losses [1][n] gets each sample's, none if not wanted),
 * backward, and the optimizer's update of every parameter that is not frozen. The gradient is that
 * of the mean over these n samples. A TRAINING plan needs an optimizer. Not for INFERENCE plans. */
QUERN_API quern_status quern_plan_step(quern_plan *plan, quern_tensor x, quern_tensor labels,
                                       quern_tensor losses);

/* The same against targets [n][outputs], for the losses of quern_plan_evaluate_targets. */
QUERN_API quern_status quern_plan_step_targets(quern_plan *plan, quern_tensor x,
                                               quern_tensor targets, quern_tensor losses);

/* From the next step on: scales the gradients of all parameters that learn, as one vector, so that
 * its norm is at most max_norm (see quern_clip_norm), before the update. 0 ends that. For plans
 * that keep GRADIENTS alone, which then hold them as scaled. Allocates a little the first time. */
QUERN_API quern_status quern_plan_set_clip_norm(quern_plan *plan, float max_norm);

/* From the next step on, under QUERN_LOSS_CATEGORICAL: class weights [outputs] and label smoothing,
 * as quern_weighted_cross_entropy has them, 1/n being the scale. They are of training alone:
 * quern_plan_evaluate measures the plain loss, so that runs with different ones can be compared.
 * NULL, and 0, end that. Each weight is 0 or 1e-15 to 1e15, so that no sum of them leaves a float's
 * range, and not all are 0. They are copied to the device. The first call allocates a little. */
QUERN_API quern_status quern_plan_set_class_weights(quern_plan *plan, const float *weights);
QUERN_API quern_status quern_plan_set_label_smoothing(quern_plan *plan, float smoothing);

/* From the next step on: the seed of the masks of dropout, 0 at first. A step's masks are those of
 * this seed, of the index of each layer and of how many steps the plan has taken before (see
 * quern_dropout), so that the same steps drop the same. Passes that are no step drop nothing. */
QUERN_API quern_status quern_plan_set_dropout_seed(quern_plan *plan, uint64_t seed);

/* Waits, and copies the plan's parameters into a network of the same shape, or from one. */
QUERN_API quern_status quern_plan_download(quern_plan *plan, quern_network *network);
QUERN_API quern_status quern_plan_upload(quern_plan *plan, const quern_network *network);

/* Weights [in][out] and bias [1][out] of a layer, or their gradients (GRADIENTS plans only), where
 * they lie on the device. The buffers belong to the plan. */
QUERN_API quern_status quern_plan_layer(const quern_plan *plan, size_t index, quern_tensor *weights,
                                        quern_tensor *bias);
QUERN_API quern_status quern_plan_layer_gradients(const quern_plan *plan, size_t index,
                                                  quern_tensor *weights, quern_tensor *bias);

/* The same of a layer's normalization: gamma and beta, each [1][out]. QUERN_ERROR_ARGUMENT: the
 * layer has none. */
QUERN_API quern_status quern_plan_normalization(const quern_plan *plan, size_t index,
                                                quern_tensor *gamma, quern_tensor *beta);
QUERN_API quern_status quern_plan_normalization_gradients(const quern_plan *plan, size_t index,
                                                          quern_tensor *gamma, quern_tensor *beta);

#ifdef __cplusplus
}
#endif
#endif

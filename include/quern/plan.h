/* A plan: a network prepared for one context and batch size. All buffers are allocated at creation;
 * a step only queues work. Plans are more flexible than the trainer and simpler than the op
 * level. */
#ifndef QUERN_PLAN_H
#define QUERN_PLAN_H

#include <quern/network.h>
#include <quern/optimizer.h>
#include <quern/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct quern_plan quern_plan;

typedef enum quern_plan_mode {
  QUERN_PLAN_INFERENCE, /* forward only */
  QUERN_PLAN_TRAINING,  /* forward, backward and update; gradients are consumed at once */
  /* like TRAINING, with all gradients kept in one flat buffer, readable after each step; without an
   * optimizer there is no update */
  QUERN_PLAN_GRADIENTS
} quern_plan_mode;

/* Creates a plan for up to `batch` samples at a time and uploads the network's parameters. The
 * network may change or be freed afterward; the context is kept alive. The caller owns *plan. */
QUERN_API quern_status quern_plan_create(quern_context *context, const quern_network *network,
                                         size_t batch, quern_plan_mode mode, quern_plan **plan);

/* Frees a plan. Work queued by it completes. NULL is accepted. */
QUERN_API void quern_plan_free(quern_plan *plan);

/* Computes the bytes of device memory that quern_plan_create allocates for these arguments. They
 * are written to at creation, so a device with less memory fails there; no step allocates more. A
 * backend that runs whole steps (steps_create in backend.h) may allocate more at creation: a few
 * kilobytes; with layer normalization, the outputs of such layers twice more; and, if a large
 * lowest layer is divided among the units of a CPU, a batch of inputs and another copy of the
 * layers above for each unit but one. Setting an optimizer, class weights or label smoothing may do
 * so again. */
QUERN_API quern_status quern_plan_bytes(const quern_network *network, size_t batch,
                                        quern_plan_mode mode, size_t *bytes);

/* Queues the forward pass over x [n][inputs], 1 <= n <= batch. *output is the last layer's output
 * [n][outputs], before the loss's own softmax or sigmoid. It belongs to the plan and is valid until
 * the next pass. */
QUERN_API quern_status quern_plan_forward(quern_plan *plan, quern_tensor x, quern_tensor *output);

/* The same with the loss's softmax or sigmoid applied: probabilities, unless
 * quern_loss_is_regression. */
QUERN_API quern_status quern_plan_predict(quern_plan *plan, quern_tensor x, quern_tensor *output);

/* Queues the forward pass and the loss of each sample. labels int32_t [1][n], losses [1][n].
 * correct int32_t [1][1] grows by the number of samples whose largest output is their label. */
QUERN_API quern_status quern_plan_evaluate(quern_plan *plan, quern_tensor x, quern_tensor labels,
                                           quern_tensor losses, quern_tensor correct);

/* The same against targets [n][outputs] instead of labels: the numbers of a regression, or labels
 * that are each 0 or 1. For losses that read targets as they are: not QUERN_LOSS_CATEGORICAL or
 * QUERN_LOSS_ELEMENTWISE. */
QUERN_API quern_status quern_plan_evaluate_targets(quern_plan *plan, quern_tensor x,
                                                   quern_tensor targets, quern_tensor losses);

/* Sets the optimizer, which is copied, from the next step on. Its state per parameter is in flat
 * ranges laid out like the parameters, allocated here. The first optimizer of its kind starts
 * fresh: the ranges are zero and its steps count from 1. The same kind again keeps the state,
 * changes only the settings and allocates nothing, so a schedule can call this before each step
 * (quern_schedule_at). Not for INFERENCE plans.
 *
 * QUERN_ERROR_ARGUMENT: see quern_optimizer_check. QUERN_ERROR_UNSUPPORTED: the backend only has
 * plain SGD, or the device (a GPU) has other optimizers only for GRADIENTS plans. */
QUERN_API quern_status quern_plan_set_optimizer(quern_plan *plan, const quern_optimizer *optimizer);

/* Computes the bytes of device memory that quern_plan_set_optimizer allocates. */
QUERN_API quern_status quern_plan_optimizer_bytes(const quern_network *network,
                                                  const quern_optimizer *optimizer, size_t *bytes);

/* Queues one training step: forward, loss, backward, and the optimizer's update of every parameter
 * that is not frozen. losses [1][n] gets each sample's loss, and may be none. The gradient is that
 * of the mean over these n samples. A TRAINING plan needs an optimizer. Not for INFERENCE plans. */
QUERN_API quern_status quern_plan_step(quern_plan *plan, quern_tensor x, quern_tensor labels,
                                       quern_tensor losses);

/* The same against targets [n][outputs], for the losses of quern_plan_evaluate_targets. */
QUERN_API quern_status quern_plan_step_targets(quern_plan *plan, quern_tensor x,
                                               quern_tensor targets, quern_tensor losses);

/* From the next step on, clips the gradients before the update: scales those of all trainable
 * parameters, as one vector, to a norm of at most max_norm (see quern_clip_norm). 0 disables
 * clipping. Only for GRADIENTS plans, whose gradients are then the clipped ones. The first call
 * allocates a little. */
QUERN_API quern_status quern_plan_set_clip_norm(quern_plan *plan, float max_norm);

/* From the next step on, under QUERN_LOSS_CATEGORICAL, sets class weights [outputs] and label
 * smoothing, as in quern_weighted_cross_entropy with scale 1/n. They affect only training:
 * quern_plan_evaluate measures the plain loss, so that runs with different ones can be compared.
 * NULL and 0 disable them. Each weight is 0 or 1e-15 to 1e15, so that no sum exceeds a float's
 * range, and not all are 0. Weights are copied to the device. The first call allocates a little. */
QUERN_API quern_status quern_plan_set_class_weights(quern_plan *plan, const float *weights);
QUERN_API quern_status quern_plan_set_label_smoothing(quern_plan *plan, float smoothing);

/* From the next step on, sets the seed of dropout's masks, initially 0. A step's masks depend on
 * this seed, each layer's index and the number of steps the plan has taken before (see
 * quern_dropout), so the same steps drop the same units. Passes outside training steps drop
 * nothing. */
QUERN_API quern_status quern_plan_set_dropout_seed(quern_plan *plan, uint64_t seed);

/* Copy the plan's parameters to (download) or from (upload) a network of the same shape. Wait for
 * queued work. QUERN_ERROR_SHAPE: the network has another shape. */
QUERN_API quern_status quern_plan_download(quern_plan *plan, quern_network *network);
QUERN_API quern_status quern_plan_upload(quern_plan *plan, const quern_network *network);

/* Returns the weights [in][out] and bias [1][out] of a layer, or their gradients (GRADIENTS plans
 * only), in device memory. The buffers belong to the plan. QUERN_ERROR_ARGUMENT: no such layer, or
 * another kind of plan. */
QUERN_API quern_status quern_plan_layer(const quern_plan *plan, size_t index, quern_tensor *weights,
                                        quern_tensor *bias);
QUERN_API quern_status quern_plan_layer_gradients(const quern_plan *plan, size_t index,
                                                  quern_tensor *weights, quern_tensor *bias);

/* The same for a layer's normalization: gamma and beta, each [1][out]. QUERN_ERROR_ARGUMENT: the
 * layer has no normalization. */
QUERN_API quern_status quern_plan_normalization(const quern_plan *plan, size_t index,
                                                quern_tensor *gamma, quern_tensor *beta);
QUERN_API quern_status quern_plan_normalization_gradients(const quern_plan *plan, size_t index,
                                                          quern_tensor *gamma, quern_tensor *beta);

#ifdef __cplusplus
}
#endif
#endif

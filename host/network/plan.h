/* The internals of a plan. */
#ifndef QUERN_HOST_NETWORK_PLAN_H
#define QUERN_HOST_NETWORK_PLAN_H

#include "network.h"
#include <quern/collective.h>
#include <quern/ops.h>
#include <quern/plan.h>

typedef struct quern_optimizer_step
    quern_optimizer_step; /* backend.h: an optimizer's numbers for one step */

/* Positions of a layer's values: elements of `outputs`; for mean and inv_std, of `statistics`. */
typedef struct quern__layer_place {
  size_t output; /* H */
  /* in training, the input of the layer above: H, or H after dropout */
  size_t layer_input;
  size_t product;       /* X W + b, only with a normalization */
  size_t mean, inv_std; /* of the product: one per unit (batch) or per sample (layer) */
} quern__layer_place;

/* Gradients are stored in buckets of adjacent whole layers, which ranks transfer one by one. A plan
 * on its own has a single bucket. See host/parallel/buckets.c. */
typedef struct quern__bucket {
  size_t first, end;    /* layers first … end - 1 */
  size_t begin, count;  /* their part of the flat range: first element, length */
  quern_buffer *memory; /* [count], held; NULL until created */
} quern__bucket;

typedef struct quern__buckets {
  quern__bucket *list; /* from the lowest layers up; owned */
  size_t count;
} quern__buckets;

/* What the backend's state for whole steps depends on, beside the plan's shape. */
typedef struct quern__steps_demand {
  bool has_optimizer; /* else there are no steps yet */
  size_t kept;        /* number of the optimizer's state arrays */
  int32_t rule;       /* of its updates */
  bool changes_loss;
} quern__steps_demand;

struct quern_plan {
  quern_context *context; /* held */
  quern__shape shape;     /* owned */
  quern_plan_mode mode;
  size_t batch;

  quern_buffer *parameters; /* the flat range */
  quern__buckets gradients; /* GRADIENTS only; otherwise none */
  /* H of every layer, [batch][units], one after another. Except for INFERENCE, followed by H after
   * dropout for layers with dropout, and X W + b for layers with a normalization. */
  quern_buffer *outputs;
  quern__layer_place *places; /* [layer_count], owned */
  /* Except for INFERENCE: mean and inv_std of each normalization, then room for one pair of dgamma
   * and dbeta. NULL if no layer has a normalization. */
  quern_buffer *statistics;
  size_t statistics_scratch; /* offset of that room, [2][widest] */
  /* dZ of every layer, laid out like H; holds Z before, if f' reads Z. Not for INFERENCE. */
  quern_buffer *dz;
  void *whole_steps; /* the backend's state for whole steps; NULL if steps run op by op */
  quern__steps_demand whole_steps_demand; /* what it was created for */
  uint64_t expected_steps;                /* how many steps will be run; 0: unknown */
  quern_buffer *targets;                  /* one-hot [batch][outputs]; not for CATEGORICAL */
  quern_buffer *classes;                  /* int32_t [batch] */
  bool has_optimizer;
  quern_optimizer optimizer;
  /* the optimizer's state: flat ranges, each NULL until first needed */
  quern_buffer *momentum, *square;
  uint64_t optimizer_steps; /* steps of this optimizer */
  /* steps of the plan with any optimizer; selects the masks of dropout */
  uint64_t steps_taken;
  uint64_t batches_offset; /* added to those: the steps in the running statistics, modulo 2^64 */
  uint64_t dropout_seed;
  size_t first_row;    /* position in the batch of the current step's first sample */
  size_t step_samples; /* samples of that batch, on all ranks */
  /* for batch normalization across ranks; otherwise NULL */
  const quern_collective *collective;
  /* [4][widest], owned: host memory for its sums; NULL without a collective */
  float *sums;
  float clip_norm;       /* 0: no clipping */
  quern_buffer *squares; /* partial sums for clipping; NULL until clipping is first set */
  float label_smoothing; /* applies to training only */
  bool has_class_weights;
  /* the class weights, and those of a batch's labels; NULL until first set */
  quern_buffer *class_weights;
};

/* W and b of a layer in `flat`, a buffer with the layout of the flat range. */
quern_tensor quern__plan_weights(const quern_plan *plan, quern_buffer *flat, size_t layer);
quern_tensor quern__plan_bias(const quern_plan *plan, quern_buffer *flat, size_t layer);

/* H of a layer for n samples. */
quern_tensor quern__plan_output(const quern_plan *plan, size_t layer, size_t n);

/* The input of the layer above in training: H, or H after dropout. */
quern_tensor quern__plan_layer_input(const quern_plan *plan, size_t layer, size_t n);

/* X W + b of a layer with a normalization, kept by a training step. */
quern_tensor quern__plan_product(const quern_plan *plan, size_t layer, size_t n);

/* The dropout mask of a layer in the next step. */
quern_dropout_mask quern__plan_mask(const quern_plan *plan, size_t layer);

/* Any part of a layer in `flat`. */
quern_tensor quern__plan_part(const quern_plan *plan, quern_buffer *flat, size_t layer,
                              quern__part part);

/* The bucket of a layer's gradients, and a part of them. GRADIENTS plans only. */
const quern__bucket *quern__plan_bucket(const quern_plan *plan, size_t layer);
quern_tensor quern__plan_gradient(const quern_plan *plan, size_t layer, quern__part part);

/* Creates one bucket for the whole flat range; or, from the top layer down, buckets of the fewest
 * layers with at least `least` numbers, without the running statistics. */
quern_status quern__buckets_whole(const quern__shape *shape, quern__buckets *buckets);
quern_status quern__buckets_divide(const quern__shape *shape, size_t least,
                                   quern__buckets *buckets);
void quern__buckets_free(quern__buckets *buckets);

/* Checks, before any of it is allocated, that the memory is available. */
quern_status quern__plan_check_memory(const quern_context *context, const quern_network *network,
                                      size_t batch, quern_plan_mode mode);

/* Allocates the buffers of a plan whose shape, mode, batch and context are set, but for buckets
 * that it has. All of them are zero. */
quern_status quern__plan_allocate(quern_plan *plan);

/* Like quern_plan_create with QUERN_PLAN_GRADIENTS, in buckets whose memory exists and is zero. On
 * success the plan owns them. */
quern_status quern__plan_create_with_buckets(quern_context *context, const quern_network *network,
                                             size_t batch, quern__buckets *buckets,
                                             quern_plan **plan);

/* The purpose of a forward pass. A rehearsal is a training pass that leaves the running statistics
 * as they are. */
typedef enum quern__pass {
  QUERN__PASS_INFERENCE,
  QUERN__PASS_TRAINING,
  QUERN__PASS_REHEARSAL
} quern__pass;

/* Queues the forward pass of one layer. A training pass applies dropout and keeps what backward
 * reads. *to is the input of the layer above. */
quern_status quern__plan_forward_layer(quern_plan *plan, size_t layer, quern_tensor from,
                                       quern__pass pass, quern_tensor *to);

/* From now on, batch normalization covers the samples of all ranks. Every rank must call this. See
 * host/parallel/batch_norm.c. */
quern_status quern__plan_set_collective(quern_plan *plan, const quern_collective *collective);

/* Queues a layer's normalization from `product` to `to`, which may be the same tensor; and its
 * backward pass, which replaces the gradient of the output in dZ by that of the product, and stores
 * the gradients of gamma and beta or updates them. See normalization.c. */
quern_status quern__plan_normalize(quern_plan *plan, size_t layer, quern__pass pass,
                                   quern_tensor product, quern_tensor to);
quern_status quern__plan_normalize_back(quern_plan *plan, size_t layer, size_t n);

/* Join the all-reduces of batch normalization in a step in which this rank has no samples: forward,
 * then backward. */
quern_status quern__plan_normalize_no_samples(quern_plan *plan, quern__pass pass);
quern_status quern__plan_normalize_no_samples_back(quern_plan *plan);

/* Mean and inverse standard deviation of a layer: one per unit, or one per sample. */
typedef struct quern__norm_statistics {
  quern_tensor mean, inv_std;
} quern__norm_statistics;

/* Batch normalization of a layer across ranks, forward and backward, for the n samples of this
 * rank; n may be 0. */
quern_status quern__plan_normalize_across_ranks(quern_plan *plan, size_t layer, quern__pass pass,
                                                const quern__norm_statistics *self, size_t n,
                                                quern_tensor product, quern_tensor to);
quern_status quern__plan_normalize_back_across_ranks(quern_plan *plan, size_t layer,
                                                     const quern__norm_statistics *self, size_t n);

/* What n samples are to yield: labels int32_t [1][n] or targets [n][outputs]; the other is none. */
typedef struct quern__targets {
  quern_tensor labels, targets;
} quern__targets;

/* Queues the loss of the last layer's output, and its gradient. Either result may be none. */
quern_status quern__plan_loss(quern_plan *plan, const quern__targets *expected, float scale,
                              quern_tensor losses, quern_tensor dz);

/* The batch that a step's samples belong to, if other ranks process the rest of it. */
typedef struct quern__whole_batch {
  size_t samples; /* samples of the batch */
  size_t first;   /* position of the step's first sample in it; selects the masks of dropout */
  /* sum of the class weights of the batch's labels, if the plan has class weights */
  double weight;
} quern__whole_batch;

/* Waits, and computes the sum of the class weights of these labels. The plan must have class
 * weights. */
quern_status quern__plan_label_weight(quern_plan *plan, quern_tensor labels, double *weight);

/* Called when all gradients of a bucket are queued. */
typedef struct quern__bucket_watch {
  quern_status (*queued)(void *user, size_t bucket);
  void *user;
} quern__bucket_watch;

/* The two halves of a step, for GRADIENTS plans. The first queues the gradients of the batch's mean
 * loss, as far as these samples contribute. whole NULL: the samples are the whole batch. watch
 * NULL: no callback. The second half clips and updates. */
quern_status quern__plan_gradients(quern_plan *plan, quern_tensor x, const quern__targets *expected,
                                   const quern__whole_batch *whole, quern_tensor losses,
                                   const quern__bucket_watch *watch);
quern_status quern__plan_apply(quern_plan *plan);

/* The second half in parts: clipping, which needs all buckets; the update of each bucket, in any
 * order; and the count of the step. */
quern_status quern__plan_clip(quern_plan *plan);
quern_status quern__plan_update_bucket(quern_plan *plan, const quern__bucket *bucket);
void quern__plan_end_step(quern_plan *plan);

/* The same as quern_plan_step and quern_plan_step_targets. */
quern_status quern__plan_step(quern_plan *plan, quern_tensor x, const quern__targets *expected,
                              quern_tensor losses);

/* True if the loss reads targets in floats: all losses but CATEGORICAL and ELEMENTWISE. */
bool quern__loss_takes_targets(quern_loss loss);

/* dZ of a layer for n samples. */
quern_tensor quern__plan_dz(const quern_plan *plan, size_t layer, size_t n);

/* The input of the derivative of a layer's activation after quern__plan_forward_to_train: H, or Z,
 * which is in the place of dZ until dZ replaces it. */
quern_tensor quern__plan_derivative_input(const quern_plan *plan, size_t layer, size_t n);

/* Queues the forward pass of a training step, which keeps what backward reads. */
quern_status quern__plan_forward_to_train(quern_plan *plan, quern_tensor x);

/* Like quern__plan_loss, with the plan's class weights and label smoothing. `whole` as in
 * quern__plan_gradients. */
quern_status quern__plan_training_loss(quern_plan *plan, const quern__targets *expected,
                                       float scale, const quern__whole_batch *whole,
                                       quern_tensor losses, quern_tensor dz);

/* True if class weights or label smoothing are set. */
bool quern__plan_changes_loss(const quern_plan *plan);

/* The class weights; none if the plan has none. */
quern_tensor quern__plan_class_weights(const quern_plan *plan);

/* Fails if the targets are not what the loss reads. */
quern_status quern__plan_check_expected(const quern_plan *plan, const quern__targets *expected);

/* Computes the bytes of `class_weights`. */
quern_status quern__class_weights_bytes(const quern__shape *shape, size_t batch, size_t *bytes);

/* Computes the bytes of `squares`: partial sums of every trainable range, then their sum. */
quern_status quern__clip_bytes(const quern__shape *shape, const quern__buckets *buckets,
                               size_t *bytes);

/* Number of ranges, each as long as the parameters, that the optimizer keeps. */
size_t quern__optimizer_ranges(const quern_optimizer *optimizer);

/* The optimizer's state for a tensor of the parameters. */
quern_optimizer_state quern__plan_state(const quern_plan *plan, quern_tensor tensor);

/* The samples of whole steps: a data set with an order, and memory to gather one batch of it. */
typedef struct quern__samples {
  quern_element element;
  quern_tensor source, order; /* order: one index per sample to use */
  quern__targets expected;    /* of all samples of the source */
  float scale, offset;
  quern_tensor x;
  quern__targets batch; /* memory for the labels or targets of a batch */
} quern__samples;

/* Creates the backend's state for whole steps with this optimizer and the plan's training loss,
 * unless it exists; waits if it replaces another. And frees it. */
quern_status quern__plan_prepare_steps(quern_plan *plan, const quern_optimizer *optimizer);
void quern__plan_free_steps(quern_plan *plan);

/* Says how many steps will be run. Call it before the optimizer is set: for many, the backend may
 * prepare more. */
void quern__plan_expect_steps(quern_plan *plan, uint64_t steps);

/* True if quern__plan_steps may be called: the backend runs whole steps of this plan. */
bool quern__plan_has_steps(const quern_plan *plan);

/* Queues one step per batch of the order; the last batch may be smaller. `updates` has the
 * optimizer's numbers for each step; update_rows holds the same on the device, one
 * quern_optimizer_step per row, or is none. losses [samples] may be none. */
quern_status quern__plan_steps(quern_plan *plan, const quern__samples *samples,
                               const quern_optimizer_step *updates, quern_tensor update_rows,
                               quern_tensor losses);

#endif

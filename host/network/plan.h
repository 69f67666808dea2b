/* The inside of a plan. */
#ifndef QUERN_HOST_NETWORK_PLAN_H
#define QUERN_HOST_NETWORK_PLAN_H

#include "network.h"
#include <quern/collective.h>
#include <quern/ops.h>
#include <quern/plan.h>

typedef struct quern_update quern_update; /* backend.h: what an optimizer does in a step */

/* Where a layer's numbers lie: elements of `outputs`, and, of mean and inv_std, of `statistics`. */
typedef struct quern__layer_place {
  size_t output; /* H */
  /* what the layer above reads in training: H, or what dropout leaves of it */
  size_t layer_input;
  size_t product;       /* X W + b, where it has a normalization */
  size_t mean, inv_std; /* of that: one for each unit, or for each sample */
} quern__layer_place;

/* Gradients lie in buckets: whole layers that are next to each other, which go to other ranks
 * together; by itself a plan has one, of all. buckets.c. */
typedef struct quern__bucket {
  size_t first, end;    /* layers first … end - 1 */
  size_t begin, count;  /* where their part of the flat range begins, and how long it is */
  quern_buffer *memory; /* [count], held; NULL until it is made */
} quern__bucket;

typedef struct quern__buckets {
  quern__bucket *list; /* from the lowest layers up; owned */
  size_t count;
} quern__buckets;

struct quern_plan {
  quern_context *context; /* held */
  quern__shape shape;     /* owned */
  quern_plan_mode mode;
  size_t batch;

  quern_buffer *parameters; /* the flat range */
  quern__buckets gradients; /* GRADIENTS only; else there are none */
  /* H of every layer, [batch][units], one after the other; behind them, but for INFERENCE, what is
   * left of H where a layer has dropout, and X W + b where it has a normalization. */
  quern_buffer *outputs;
  quern__layer_place *places; /* [layer_count], owned */
  /* Of the normalizations, but for INFERENCE: mean and inv_std of each, and room for the gradients
   * of a gamma and a beta that are used up on the way. NULL where there is none. */
  quern_buffer *statistics;
  size_t scale_gradients; /* where that room is */
  /* dZ of every layer, laid out like outputs; before dZ, Z where f' reads it; not INFERENCE */
  quern_buffer *dz;
  void *steps;           /* the backend's, for whole steps; NULL where they go op by op */
  size_t steps_kept;     /* what they were made for: see steps_create */
  quern_buffer *targets; /* one-hot [batch][outputs]; not CATEGORICAL */
  quern_buffer *classes; /* int32_t [batch] */
  bool has_optimizer;
  quern_optimizer optimizer; /* where it has one */
  /* what it keeps: flat ranges, each NULL until it is first kept */
  quern_buffer *momentum, *square;
  uint64_t updates; /* steps that it has taken */
  /* steps that the plan has taken, with whatever optimizer: masks of dropout go by it */
  uint64_t trained;
  uint64_t batches_before; /* and those behind its running statistics before, modulo 2^64 */
  uint64_t dropout_seed;
  size_t first_row;    /* of the step under way: which sample of the batch it begins with, */
  size_t step_samples; /* and how many the batch has */
  /* where batch normalization is with other ranks' samples; else NULL */
  const quern_collective *collective;
  /* [4][widest], owned: what it adds up on the way; NULL without a collective */
  float *sums;
  float clip_norm;       /* 0: gradients are not clipped */
  quern_buffer *squares; /* what clipping adds up; NULL until it is first asked for */
  float label_smoothing; /* of training */
  bool weighs_classes;   /* whether training does */
  /* and what the labels of a batch make of them; NULL until they are first asked for */
  quern_buffer *class_weights;
};

/* W and b of a layer in a flat range that lies in `flat`. */
quern_tensor quern__plan_weights(const quern_plan *plan, quern_buffer *flat, size_t layer);
quern_tensor quern__plan_bias(const quern_plan *plan, quern_buffer *flat, size_t layer);

/* H of a layer for n samples. */
quern_tensor quern__plan_output(const quern_plan *plan, size_t layer, size_t n);

/* What the layer above reads of it in training: H with dropout, or plain H. */
quern_tensor quern__plan_layer_input(const quern_plan *plan, size_t layer, size_t n);

/* X W + b of a layer with a normalization, as a step keeps it. */
quern_tensor quern__plan_product(const quern_plan *plan, size_t layer, size_t n);

/* The mask of a layer in the next step. */
quern_dropout_mask quern__plan_mask(const quern_plan *plan, size_t layer);

/* Gamma or another part of a layer, in a flat range that lies in `flat`. */
quern_tensor quern__plan_part(const quern_plan *plan, quern_buffer *flat, size_t layer,
                              quern__part part);

/* The bucket that a layer's gradients are in, and a part of them there; there must be gradients. */
const quern__bucket *quern__plan_bucket(const quern_plan *plan, size_t layer);
quern_tensor quern__plan_gradient(const quern_plan *plan, size_t layer, quern__part part);

/* One bucket of the whole flat range; or, from the top down, as few layers each as have `least`
 * numbers, without the running statistics. */
quern_status quern__buckets_whole(const quern__shape *shape, quern__buckets *buckets);
quern_status quern__buckets_divide(const quern__shape *shape, size_t least,
                                   quern__buckets *buckets);
void quern__buckets_free(quern__buckets *buckets);

/* Refuses what the device has not, or has no longer, before any of it is taken. */
quern_status quern__plan_check_memory(const quern_context *context, const quern_network *network,
                                      size_t batch, quern_plan_mode mode);

/* quern_plan_create with buckets that have their memory, zeros, which on success are the plan's. */
quern_status quern__plan_create_in(quern_context *context, const quern_network *network,
                                   size_t batch, quern__buckets *buckets, quern_plan **plan);

/* What a way forward is for. A rehearsal is a step's, but for running statistics, which it leaves
 * as they are. */
typedef enum quern__pass {
  QUERN__PASS_INFERENCE,
  QUERN__PASS_TRAINING,
  QUERN__PASS_REHEARSAL
} quern__pass;

/* Queues one layer's way forward; for a step with dropout, and what backward reads is kept. *to is
 * what the layer above reads. */
quern_status quern__plan_forward_layer(quern_plan *plan, size_t layer, quern_tensor from,
                                       quern__pass pass, quern_tensor *to);

/* Takes batch normalization with the samples of other ranks from now on, which every rank calls.
 * batch_norm.c. */
quern_status quern__plan_join(quern_plan *plan, const quern_collective *collective);

/* A layer's normalization, where it has one, from `product` to `to`, which may be the same; and
 * back, where dZ of the layer is that of what came out: in its place, and with the gradients or the
 * update of gamma and beta. normalization.c. */
quern_status quern__plan_normalize(quern_plan *plan, size_t layer, quern__pass pass,
                                   quern_tensor product, quern_tensor to);
quern_status quern__plan_normalize_back(quern_plan *plan, size_t layer, size_t n);

/* What a rank that has no sample in a batch does beside others' steps: its part of what they
 * settle, forwards and back. */
quern_status quern__plan_normalize_nothing(quern_plan *plan, quern__pass pass);
quern_status quern__plan_normalize_nothing_back(quern_plan *plan);

/* Mean and inv_std of a layer, of its units or of n samples. */
typedef struct quern__norm_statistics {
  quern_tensor mean, inv_std;
} quern__norm_statistics;

/* Both ways of a layer together with other ranks, of n samples here, which may be none. */
quern_status quern__plan_normalize_across_ranks(quern_plan *plan, size_t layer, quern__pass pass,
                                                const quern__norm_statistics *self, size_t n,
                                                quern_tensor product, quern_tensor to);
quern_status quern__plan_normalize_back_across_ranks(quern_plan *plan, size_t layer,
                                                     const quern__norm_statistics *self, size_t n);

/* What is right for n samples: labels int32_t [1][n], or targets [n][outputs]; the other is none.
 */
typedef struct quern__targets {
  quern_tensor labels, targets;
} quern__targets;

/* Queues the loss of the last layer's output against what is right, and its gradient: either may be
 * none. */
quern_status quern__plan_loss(quern_plan *plan, const quern__targets *expected, float scale,
                              quern_tensor losses, quern_tensor dz);

/* What a step's samples are part of, where others take steps with the rest of the batch. */
typedef struct quern__whole_batch {
  size_t samples; /* of the batch */
  size_t first;   /* which of them the step's samples begin with: masks of dropout go by it */
  double weight;  /* of the labels of the batch, added up: where the plan weighs classes */
} quern__whole_batch;

/* Waits, and gives what the weights of these labels add up to; the plan must weigh classes. */
quern_status quern__plan_label_weight(quern_plan *plan, quern_tensor labels, double *weight);

/* Told when all of a bucket's gradients are queued. */
typedef struct quern__bucket_watch {
  quern_status (*queued)(void *user, size_t bucket);
  void *user;
} quern__bucket_watch;

/* A step in its two halves, of a plan with gradients. The first queues those of the batch's mean
 * loss, as far as they come from these samples; whole NULL: they are the batch; watch NULL: no one
 * is told. The second clips and updates. */
quern_status quern__plan_gradients(quern_plan *plan, quern_tensor x, const quern__targets *expected,
                                   const quern__whole_batch *whole, quern_tensor losses,
                                   const quern__bucket_watch *watch);
quern_status quern__plan_apply(quern_plan *plan);

/* The second half in parts: clipping, which needs all buckets; the update of each, in any order;
 * and that the step is over. */
quern_status quern__plan_clip(quern_plan *plan);
quern_status quern__plan_update_bucket(quern_plan *plan, const quern__bucket *bucket);
void quern__plan_end_step(quern_plan *plan);

/* quern_plan_step for either. */
quern_status quern__plan_step(quern_plan *plan, quern_tensor x, const quern__targets *expected,
                              quern_tensor losses);

/* Whether the loss takes targets of floats: not where it is of one class of many. */
bool quern__loss_takes_targets(quern_loss loss);

/* dZ of a layer for n samples. */
quern_tensor quern__plan_dz(const quern_plan *plan, size_t layer, size_t n);

/* What the derivative of a layer's activation reads after quern__plan_forward_to_train: H, or Z,
 * which lies in the place of the dZ that comes of it. */
quern_tensor quern__plan_derivative_input(const quern_plan *plan, size_t layer, size_t n);

/* The forward pass of a step: as quern_plan_forward, and keeps what backward reads. */
quern_status quern__plan_forward_to_train(quern_plan *plan, quern_tensor x);

/* The same with class weights and label smoothing, where the plan has them; `whole` as at
 * quern__plan_gradients. */
quern_status quern__plan_training_loss(quern_plan *plan, const quern__targets *expected,
                                       float scale, const quern__whole_batch *whole,
                                       quern_tensor losses, quern_tensor dz);

/* Whether it has. */
bool quern__plan_changes_labels(const quern_plan *plan);

/* Bytes of `class_weights`. */
quern_status quern__class_weights_bytes(const quern__shape *shape, size_t batch, size_t *bytes);

/* Bytes of `squares`: the sums of the parts of every range that learns, and behind them their sum.
 */
quern_status quern__clip_bytes(const quern__shape *shape, const quern__buckets *buckets,
                               size_t *bytes);

/* What the optimizer keeps of the part of the parameters that `of` is. */
quern_optimizer_state quern__plan_state(const quern_plan *plan, quern_tensor tensor);

/* Samples for whole steps: a data set with an order, and the room to gather a batch of it. */
typedef struct quern__samples {
  quern_element element;
  quern_tensor source, labels, order; /* order: as many indices as samples are taken */
  float scale, offset;
  quern_tensor x, batch_labels;
} quern__samples;

/* Asks the backend for whole steps, once the plan has its optimizer; and lets go of them. */
quern_status quern__plan_create_steps(quern_plan *plan, size_t kept);
void quern__plan_free_steps(quern_plan *plan);

/* Whether quern__plan_steps can be called: the backend takes whole steps of this plan. */
bool quern__plan_has_steps(const quern_plan *plan);

/* Queues one step for each batch of the order, the last as small as what is left, with the updates
 * that are given for each: the optimizer's numbers, and the same on the device (a quern_update a
 * row) or none; losses [samples] or none. */
quern_status quern__plan_steps(quern_plan *plan, const quern__samples *samples,
                               const quern_update *updates, quern_tensor update_rows,
                               quern_tensor losses);

#endif

/* Advanced: the arguments of each op as a backend gets them, one struct per op of ops_list.h, and
 * those of whole training steps. Shapes and formulas are those of ops.h; backend.h has the
 * contract.
 *
 * Structs are filled in and checked by the public op, and are valid during the call only. Sizes are
 * in elements. */
#ifndef QUERN_BACKEND_OPS_H
#define QUERN_BACKEND_OPS_H

#include <quern/activation.h>
#include <quern/loss.h>
#include <quern/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A backend's memory object (from buffer_create) and the first element in it. memory NULL: none. */
typedef struct quern_span {
  void *memory;
  size_t offset; /* in elements of the op's type */
} quern_span;

typedef struct quern_dense_forward_op {
  size_t n, in, out;
  quern_span x, w, b; /* b may be none */
  quern_activation activation;
  quern_span y;
} quern_dense_forward_op;

typedef struct quern_dense_backward_data_op {
  size_t n, in, out;
  quern_span dz, w, h; /* h none for QUERN_ACTIVATION_IDENTITY; dx may be h */
  quern_activation activation;
  bool accumulate;
  quern_span dx;
} quern_dense_backward_data_op;

/* Writes the gradients, or adds them if accumulate. */
typedef struct quern_dense_backward_weights_op {
  size_t n, in, out;
  quern_span x, dz;
  bool accumulate;
  quern_span dw, db; /* either may be none, not both */
} quern_dense_backward_weights_op;

/* The values of an optimizer step, computed in double once for all parameters and rounded to
 * floats. For a gradient g of a parameter p, with m and v the optimizer's state:
 *
 *   g ← g + decay p
 *   v ← square_decay v + square_gain g²,   d = √v correction + epsilon
 *       for ADAM, RMSPROP and RMSPROP_MOMENTUM
 *
 *   SGD                p ← p - rate g
 *   MOMENTUM           m ← momentum m + g           p ← p - rate m
 *   NESTEROV           m ← momentum m + g           p ← p - rate (g + momentum m)
 *   ADAM               m ← momentum m + gain g      p ← keep p - rate m / d
 *   RMSPROP                                         p ← p - rate g / d
 *   RMSPROP_MOMENTUM   m ← momentum m + g / d       p ← p - rate m
 *
 * A backend returns QUERN_ERROR_UNSUPPORTED for a rule it does not know.
 * kernels/optimizer/optimizer_rules.cl has the same layout. */
typedef enum quern_optimizer_rule {
  QUERN_OPTIMIZER_RULE_SGD,
  QUERN_OPTIMIZER_RULE_MOMENTUM,
  QUERN_OPTIMIZER_RULE_NESTEROV,
  QUERN_OPTIMIZER_RULE_ADAM,
  QUERN_OPTIMIZER_RULE_RMSPROP,
  QUERN_OPTIMIZER_RULE_RMSPROP_MOMENTUM
} quern_optimizer_rule;

typedef struct quern_optimizer_step {
  int32_t rule; /* quern_optimizer_rule */
  /* 0: biases use decay 0 and keep 1. Read only by ops that update weights and biases together. */
  int32_t decays_bias;
  float rate, decay, keep;
  float momentum, gain;
  float square_decay, square_gain, correction, epsilon;
} quern_optimizer_step;

/* momentum and square are none if the rule does not read them. */
typedef struct quern_optimizer_update_op {
  size_t count;
  quern_optimizer_step update; /* for all `count` elements: decays_bias is ignored */
  quern_span gradients, parameters, momentum, square;
} quern_optimizer_update_op;

typedef struct quern_dense_backward_update_op {
  size_t n, in, out;
  quern_span x, dz;
  quern_optimizer_step update;
  quern_span w, w_momentum, w_square;
  quern_span b, b_momentum, b_square; /* w or b may be none, not both */
} quern_dense_backward_update_op;

typedef struct quern_activation_forward_op {
  size_t count;
  quern_activation activation;
  quern_span z, h; /* h may be z */
} quern_activation_forward_op;

typedef struct quern_activation_backward_op {
  size_t count;
  quern_activation activation;
  quern_span dh, h, dz; /* dz may be dh or h */
} quern_activation_backward_op;

typedef struct quern_dropout_op {
  size_t n, units;
  uint32_t key[2];    /* identifies the mask of this step and layer */
  uint32_t first_row; /* first_row + n <= 2^32 */
  uint32_t threshold; /* a word below it drops */
  float scale;        /* of kept values */
  quern_span x, y;    /* y may be x */
} quern_dropout_op;

typedef struct quern_batch_norm_forward_op {
  size_t n, units;
  float epsilon, momentum;
  quern_span x, gamma, beta;
  quern_span running_mean, running_variance; /* both none, or neither */
  quern_span mean, inv_std, y;               /* y may be x */
} quern_batch_norm_forward_op;

typedef struct quern_batch_norm_moments_op {
  size_t n, units;
  quern_span x, mean, squares;
} quern_batch_norm_moments_op;

typedef struct quern_batch_norm_inference_op {
  size_t n, units;
  float epsilon;
  quern_span x, gamma, beta, mean, variance, y; /* y may be x */
} quern_batch_norm_inference_op;

typedef struct quern_layer_norm_forward_op {
  size_t n, units;
  float epsilon;
  quern_span x, gamma, beta;
  quern_span mean, inv_std; /* both none, or neither */
  quern_span y;             /* may be x */
} quern_layer_norm_forward_op;

/* For batch and layer normalization: mean and inv_std are per column or per row. */
typedef struct quern_norm_backward_op {
  size_t n, units;
  /* dx may be dy; gamma and dx are none in batch_norm_backward_parameters */
  quern_span dy, x, gamma, mean, inv_std, dx;
  quern_span dgamma, dbeta; /* both may be none for layer normalization */
} quern_norm_backward_op;

typedef struct quern_batch_norm_backward_data_op {
  size_t n, units;
  float samples; /* of the batch, n or more */
  quern_span dy, x, gamma, mean, inv_std, dgamma, dbeta;
  quern_span dx; /* may be dy */
} quern_batch_norm_backward_data_op;

typedef struct quern_softmax_op {
  size_t n, k;
  quern_span z, o; /* o may be z */
} quern_softmax_op;

typedef struct quern_loss_op {
  size_t n, k;
  quern_span z;
  quern_span target; /* labels int32 [n] for softmax_cross_entropy, else float [n][k] */
  float scale;
  quern_span losses, dz; /* either may be none, not both; dz may be z */
} quern_loss_op;

typedef struct quern_huber_op {
  quern_loss_op loss;
  float delta;
} quern_huber_op;

typedef struct quern_weighted_loss_op {
  quern_loss_op loss;              /* target: labels */
  quern_span class_weights, total; /* either both or none */
  float smoothing;
} quern_weighted_loss_op;

typedef struct quern_label_weights_op {
  size_t n, k;
  quern_span labels, class_weights, weights;
} quern_label_weights_op;

typedef struct quern_gather_rows_op {
  size_t source_rows, n, columns;
  quern_element element;
  quern_span source, indices;
  float scale, offset;
  quern_span x;
} quern_gather_rows_op;

typedef struct quern_gather_labels_op {
  size_t source_rows, n;
  quern_span source, indices, out;
} quern_gather_labels_op;

typedef struct quern_one_hot_op {
  size_t n, k;
  quern_span labels, y;
} quern_one_hot_op;

typedef struct quern_argmax_op {
  size_t n, k;
  quern_span z, classes;
} quern_argmax_op;

typedef struct quern_count_correct_op {
  size_t n;
  bool accumulate;
  quern_span classes, labels, count;
} quern_count_correct_op;

typedef struct quern_sum_op {
  size_t count;
  quern_span x, sum;
} quern_sum_op;

typedef struct quern_sum_squares_op {
  size_t count, parts;
  quern_span x, squares;
} quern_sum_squares_op;

typedef struct quern_clip_norm_op {
  size_t count;
  float max_norm;
  quern_span squares, x;
} quern_clip_norm_op;

typedef struct quern_fill_op {
  size_t count;
  float value;
  quern_span x;
} quern_fill_op;

typedef struct quern_random_uniform_op {
  size_t count;
  uint64_t seed;
  uint32_t stream;
  float low, scale; /* scale = (high - low) 2^-24 */
  quern_span x;
} quern_random_uniform_op;

/* A layer of a network trained in whole steps. `weights` and `bias` are element offsets into the
 * flat parameters. `output` is one into the outputs, which hold the input of the layer above, H
 * after dropout, of a batch, [batch][out] per layer; dZ has the same layout. The place of a layer's
 * dZ may hold anything before dZ. gamma and beta are learned if learns_bias. */
typedef struct quern_steps_layer {
  size_t in, out;
  quern_activation activation;
  size_t weights, bias, output;
  bool learns_weights, learns_bias;
  uint32_t threshold; /* of dropout, with the scale of kept values: see quern_dropout_op; 0: none */
  float scale;
  bool normalizes; /* layer normalization of X W + b, with gamma and beta like `bias` */
  float epsilon;
  size_t gamma, beta;
} quern_steps_layer;

/* What is the same in all steps of a network. */
typedef struct quern_steps_network {
  const quern_steps_layer *layers; /* valid during the call only */
  size_t layer_count;
  size_t batch; /* samples of a batch, at most */
  size_t kept;  /* optimizer state ranges, each as long as the parameters: 0 to 2 */
  quern_loss loss;
  float delta;       /* of the Huber loss */
  bool changes_loss; /* label smoothing or class weights: see quern_steps_op */
  int32_t rule; /* quern_optimizer_rule of the updates; those of steps in which a schedule sets the
                 * momentum to 0 have RMSPROP instead of RMSPROP_MOMENTUM */
  uint64_t steps; /* how many will be run, if known; else 0 */
} quern_steps_network;

/* Training steps. The n samples are split into consecutive batches, the last possibly smaller.
 * Sample i of a step is row indices[i] of the source and of the labels or targets, gathered into x
 * and batch_labels or batch_targets. Without indices it is row i, the source is floats, and n is
 * one batch.
 *
 * The losses and gradients are those of the ops, with scale 1 / samples of the batch and, for class
 * weights, the sum of those of the batch's labels. With labels, losses other than CATEGORICAL read
 * their one-hot rows (quern_one_hot), stored in batch_targets. The dropout mask of layer l in the
 * s-th step is that of quern_dropout with first_row 0, this seed, and step + s. */
typedef struct quern_steps_op {
  size_t n, source_rows;
  quern_element element;
  float scale, offset;                 /* of gathered samples: see quern_gather_rows */
  const quern_optimizer_step *updates; /* one per step; valid during the call only */
  quern_span update_rows;              /* the same on the device; may be none */
  quern_span source, indices;          /* indices may be none */
  quern_span labels, targets;          /* one is none; targets are floats [source_rows][outputs] */
  quern_span x, batch_labels;          /* none without indices; batch_labels none with targets */
  quern_span batch_targets;            /* [batch][outputs]; none for CATEGORICAL */
  float smoothing;                     /* of labels, for CATEGORICAL */
  quern_span class_weights;            /* [outputs], for CATEGORICAL; may be none */
  uint64_t seed, step;                 /* of dropout */
  quern_span parameters, outputs, dz;
  quern_span momentum, square; /* laid out like the parameters; none if no update reads it */
  quern_span losses;           /* one float per sample; may be none */
} quern_steps_op;

#ifdef __cplusplus
}
#endif
#endif

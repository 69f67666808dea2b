/* The inside of the reference backend: every op in plain scalar C, stored in float32, computed in double,
 * executed at once. It is what the devices are held to, so it is written to be read, not to be fast. */
#ifndef QUERN_HOST_REFERENCE_REFERENCE_H
#define QUERN_HOST_REFERENCE_REFERENCE_H

#include "../backend.h"
#include "../fault.h"

/* The bad row of one kind that the next waiting call reports. */
typedef struct quern__reference_fault {
  int32_t row; /* QUERN__FAULT_NONE: nothing to report */
  const char *op;
  size_t limit;
} quern__reference_fault;

/* The backend's part of a context (quern_context.state). */
typedef struct quern__reference {
  uint64_t memory; /* of the machine, in bytes; 0 where unknown */
  quern__reference_fault faults[QUERN__FAULT_COUNT];
} quern__reference;

/* Keeps a bad row for the next waiting call; the lowest row of a kind wins, as on devices. op is static. */
void quern__reference_report(quern__reference *reference, quern__fault fault, const char *op, size_t row,
                             size_t limit);

/* The elements that a span means; NULL for none. */
static inline float *quern__reference_floats(quern_span span) {
  return span.memory == NULL ? NULL : (float *)span.memory + span.offset;
}

static inline int32_t *quern__reference_ints(quern_span span) {
  return span.memory == NULL ? NULL : (int32_t *)span.memory + span.offset;
}

static inline const uint32_t *quern__reference_indices(quern_span span) {
  return span.memory == NULL ? NULL : (const uint32_t *)span.memory + span.offset;
}

/* f(z), and f'(z) from h = f(z), or from z where quern_activation_reads_z: the table in quern/activation.h. */
double quern__reference_activate(quern_activation activation, double z);
double quern__reference_derivative(quern_activation activation, double value);

/* p - lr (g + decay p), rounded once. */
float quern__reference_sgd(quern_sgd sgd, double gradient, float parameter);

/* The parameter after its step; *m and *v, each NULL where the rule does not read it, are what the optimizer keeps. */
float quern__reference_update(const quern_update *update, double gradient, float parameter, float *m,
                              float *v);

/* What softmax needs to know of a row of k logits. A NaN among them makes every output NaN. */
typedef struct quern__softmax_row {
  size_t largest; /* where the largest logit is, the first of several */
  double max;     /* that logit */
  double rest;    /* Σ exp(z_a - max) over the others: log1p keeps its digits where it is small */
  double sum;     /* 1 + rest */
} quern__softmax_row;

quern__softmax_row quern__reference_softmax_row(const float *z, size_t k);

/* The ops of the table: dense.c, activation.c, … */
quern_status quern__reference_dense_forward(void *state, const quern_dense_forward_op *op);
quern_status quern__reference_dense_backward_data(void *state, const quern_dense_backward_data_op *op);
quern_status quern__reference_dense_backward_weights(void *state, const quern_dense_backward_weights_op *op);
quern_status quern__reference_dense_backward_update(void *state, const quern_dense_backward_update_op *op);
quern_status quern__reference_sgd_update(void *state, const quern_sgd_update_op *op);
quern_status quern__reference_activation_forward(void *state, const quern_activation_forward_op *op);
quern_status quern__reference_activation_backward(void *state, const quern_activation_backward_op *op);
quern_status quern__reference_dropout(void *state, const quern_dropout_op *op);
quern_status quern__reference_batch_norm_forward(void *state, const quern_batch_norm_forward_op *op);
quern_status quern__reference_batch_norm_inference(void *state, const quern_batch_norm_inference_op *op);
quern_status quern__reference_batch_norm_backward(void *state, const quern_norm_backward_op *op);
quern_status quern__reference_batch_norm_moments(void *state, const quern_batch_norm_moments_op *op);
quern_status quern__reference_batch_norm_backward_parameters(void *state, const quern_norm_backward_op *op);
quern_status quern__reference_batch_norm_backward_data(void *state,
                                                       const quern_batch_norm_backward_data_op *op);
quern_status quern__reference_layer_norm_forward(void *state, const quern_layer_norm_forward_op *op);
quern_status quern__reference_layer_norm_backward(void *state, const quern_norm_backward_op *op);
quern_status quern__reference_softmax(void *state, const quern_softmax_op *op);
quern_status quern__reference_softmax_cross_entropy(void *state, const quern_loss_op *op);
quern_status quern__reference_elementwise_cross_entropy(void *state, const quern_loss_op *op);
quern_status quern__reference_binary_cross_entropy(void *state, const quern_loss_op *op);
quern_status quern__reference_mean_squared_error(void *state, const quern_loss_op *op);
quern_status quern__reference_mean_absolute_error(void *state, const quern_loss_op *op);
quern_status quern__reference_huber_loss(void *state, const quern_huber_op *op);
quern_status quern__reference_weighted_cross_entropy(void *state, const quern_weighted_loss_op *op);
quern_status quern__reference_label_weights(void *state, const quern_label_weights_op *op);
quern_status quern__reference_gather_rows(void *state, const quern_gather_rows_op *op);
quern_status quern__reference_gather_labels(void *state, const quern_gather_labels_op *op);
quern_status quern__reference_one_hot(void *state, const quern_one_hot_op *op);
quern_status quern__reference_argmax(void *state, const quern_argmax_op *op);
quern_status quern__reference_count_correct(void *state, const quern_count_correct_op *op);
quern_status quern__reference_sum(void *state, const quern_sum_op *op);
quern_status quern__reference_sum_squares(void *state, const quern_sum_squares_op *op);
quern_status quern__reference_clip_norm(void *state, const quern_clip_norm_op *op);
quern_status quern__reference_optimizer_update(void *state, const quern_optimizer_update_op *op);
quern_status quern__reference_fill(void *state, const quern_fill_op *op);
quern_status quern__reference_random_uniform(void *state, const quern_random_uniform_op *op);

#endif

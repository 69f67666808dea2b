/* The sweeps: every op over its shapes and kinds, held to the reference. One row of the table in sweep.c an op. */
#ifndef QUERN_HOST_VERIFY_SWEEP_H
#define QUERN_HOST_VERIFY_SWEEP_H

#include "op.h"

/* Runs all cases of an op; what is wrong goes to the outcome, as with quern__verify_check. */
typedef quern_status (*quern__sweep_call)(quern__verify *verify);

typedef struct quern__sweep {
  const char *name;
  quern__sweep_kind what;
  quern__sweep_call run;
} quern__sweep;

extern const quern__sweep quern__sweeps[];
extern const size_t quern__sweep_count;

/* NULL where there is no such op. */
const quern__sweep *quern__sweep_find(const char *name);

/* By family, as in host/ops/: dense.c … */
quern_status quern__sweep_dense_forward(quern__verify *verify);
quern_status quern__sweep_dense_backward_data(quern__verify *verify);
quern_status quern__sweep_dense_backward_weights(quern__verify *verify);
quern_status quern__sweep_activation_forward(quern__verify *verify);
quern_status quern__sweep_activation_backward(quern__verify *verify);
quern_status quern__sweep_dropout(quern__verify *verify);
quern_status quern__sweep_batch_norm_forward(quern__verify *verify);
quern_status quern__sweep_batch_norm_inference(quern__verify *verify);
quern_status quern__sweep_batch_norm_backward(quern__verify *verify);
quern_status quern__sweep_batch_norm_moments(quern__verify *verify);
quern_status quern__sweep_batch_norm_backward_parameters(quern__verify *verify);
quern_status quern__sweep_batch_norm_backward_data(quern__verify *verify);
quern_status quern__sweep_layer_norm_forward(quern__verify *verify);
quern_status quern__sweep_layer_norm_backward(quern__verify *verify);
quern_status quern__sweep_softmax(quern__verify *verify);
quern_status quern__sweep_softmax_cross_entropy(quern__verify *verify);
quern_status quern__sweep_elementwise_cross_entropy(quern__verify *verify);
quern_status quern__sweep_binary_cross_entropy(quern__verify *verify);
quern_status quern__sweep_mean_squared_error(quern__verify *verify);
quern_status quern__sweep_mean_absolute_error(quern__verify *verify);
quern_status quern__sweep_huber_loss(quern__verify *verify);
quern_status quern__sweep_weighted_cross_entropy(quern__verify *verify);
quern_status quern__sweep_label_weights(quern__verify *verify);
quern_status quern__sweep_dense_backward_update(quern__verify *verify);
quern_status quern__sweep_optimizer_update(quern__verify *verify);
quern_status quern__sweep_sgd_update(quern__verify *verify);
quern_status quern__sweep_sum_squares(quern__verify *verify);
quern_status quern__sweep_clip_norm(quern__verify *verify);
quern_status quern__sweep_gather_rows(quern__verify *verify);
quern_status quern__sweep_gather_labels(quern__verify *verify);
quern_status quern__sweep_one_hot(quern__verify *verify);
quern_status quern__sweep_argmax(quern__verify *verify);
quern_status quern__sweep_count_correct(quern__verify *verify);
quern_status quern__sweep_sum(quern__verify *verify);
quern_status quern__sweep_fill(quern__verify *verify);
quern_status quern__sweep_random_uniform(quern__verify *verify);
quern_status quern__sweep_gradients(quern__verify *verify);
quern_status quern__sweep_training(quern__verify *verify);

#endif

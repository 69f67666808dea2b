/* The table of sweeps. An op that is not in it is not verified, and tests/verify says so. */
#include "sweep.h"

#include <string.h>

const quern__sweep quern__sweeps[] = {
    {"dense forward", QUERN__SWEEP_PRODUCT, quern__sweep_dense_forward},
    {"dense backward data", QUERN__SWEEP_PRODUCT, quern__sweep_dense_backward_data},
    {"dense backward weights", QUERN__SWEEP_PRODUCT, quern__sweep_dense_backward_weights},
    {"activation forward", QUERN__SWEEP_OTHER, quern__sweep_activation_forward},
    {"activation backward", QUERN__SWEEP_OTHER, quern__sweep_activation_backward},
    {"dropout", QUERN__SWEEP_OTHER, quern__sweep_dropout},
    {"batch norm forward", QUERN__SWEEP_OTHER, quern__sweep_batch_norm_forward},
    {"batch norm inference", QUERN__SWEEP_OTHER, quern__sweep_batch_norm_inference},
    {"batch norm backward", QUERN__SWEEP_OTHER, quern__sweep_batch_norm_backward},
    {"batch norm moments", QUERN__SWEEP_OTHER, quern__sweep_batch_norm_moments},
    {"batch norm backward parameters", QUERN__SWEEP_OTHER, quern__sweep_batch_norm_backward_parameters},
    {"batch norm backward data", QUERN__SWEEP_OTHER, quern__sweep_batch_norm_backward_data},
    {"layer norm forward", QUERN__SWEEP_OTHER, quern__sweep_layer_norm_forward},
    {"layer norm backward", QUERN__SWEEP_OTHER, quern__sweep_layer_norm_backward},
    {"softmax", QUERN__SWEEP_OTHER, quern__sweep_softmax},
    {"softmax cross-entropy", QUERN__SWEEP_OTHER, quern__sweep_softmax_cross_entropy},
    {"elementwise cross-entropy", QUERN__SWEEP_OTHER, quern__sweep_elementwise_cross_entropy},
    {"binary cross-entropy", QUERN__SWEEP_OTHER, quern__sweep_binary_cross_entropy},
    {"mean squared error", QUERN__SWEEP_OTHER, quern__sweep_mean_squared_error},
    {"mean absolute error", QUERN__SWEEP_OTHER, quern__sweep_mean_absolute_error},
    {"Huber loss", QUERN__SWEEP_OTHER, quern__sweep_huber_loss},
    {"weighted cross-entropy", QUERN__SWEEP_OTHER, quern__sweep_weighted_cross_entropy},
    {"label weights", QUERN__SWEEP_OTHER, quern__sweep_label_weights},
    {"dense backward update", QUERN__SWEEP_PRODUCT, quern__sweep_dense_backward_update},
    {"SGD update", QUERN__SWEEP_OTHER, quern__sweep_sgd_update},
    {"optimizer update", QUERN__SWEEP_OTHER, quern__sweep_optimizer_update},
    {"sum of squares", QUERN__SWEEP_OTHER, quern__sweep_sum_squares},
    {"clip norm", QUERN__SWEEP_OTHER, quern__sweep_clip_norm},
    {"gather rows", QUERN__SWEEP_OTHER, quern__sweep_gather_rows},
    {"gather labels", QUERN__SWEEP_OTHER, quern__sweep_gather_labels},
    {"one-hot", QUERN__SWEEP_OTHER, quern__sweep_one_hot},
    {"argmax", QUERN__SWEEP_OTHER, quern__sweep_argmax},
    {"count correct", QUERN__SWEEP_OTHER, quern__sweep_count_correct},
    {"sum", QUERN__SWEEP_OTHER, quern__sweep_sum},
    {"fill", QUERN__SWEEP_OTHER, quern__sweep_fill},
    {"random uniform", QUERN__SWEEP_OTHER, quern__sweep_random_uniform},
    /* Whole networks: against finite differences, and a training against the reference's. */
    {"gradients", QUERN__SWEEP_NETWORK, quern__sweep_gradients},
    {"training", QUERN__SWEEP_NETWORK, quern__sweep_training},
};
const size_t quern__sweep_count = sizeof quern__sweeps / sizeof *quern__sweeps;

const quern__sweep *quern__sweep_find(const char *name) {
  for (size_t i = 0; i < quern__sweep_count; i++)
    if (strcmp(quern__sweeps[i].name, name) == 0) return &quern__sweeps[i];
  return NULL;
}

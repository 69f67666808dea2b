/* The OpenCL backend's table. */
#include "state.h"

bool quern__opencl_found(void) {
  char why[320];
  return quern__cl_load(why, sizeof why);
}

const quern_backend quern__opencl_backend = {
    .size = sizeof(quern_backend),
    .name = "opencl",
    .enumerate = quern__cl_enumerate,
    .open = quern__cl_open,
    .close = quern__cl_close,
    .build_log = quern__cl_build_log,
    .buffer_create = quern__cl_buffer_create,
    .buffer_free = quern__cl_buffer_free,
    .buffer_write = quern__cl_buffer_write,
    .buffer_read = quern__cl_buffer_read,
    .buffer_copy = quern__cl_buffer_copy,
    .buffer_fill = quern__cl_buffer_fill,
    .finish = quern__cl_finish,
    .dense_forward = quern__cl_dense_forward,
    .dense_backward_data = quern__cl_dense_backward_data,
    .dense_backward_weights = quern__cl_dense_backward_weights,
    .sgd_update = quern__cl_sgd_update,
    .activation_forward = quern__cl_activation_forward,
    .activation_backward = quern__cl_activation_backward,
    .softmax = quern__cl_softmax,
    .softmax_cross_entropy = quern__cl_softmax_cross_entropy,
    .elementwise_cross_entropy = quern__cl_elementwise_cross_entropy,
    .binary_cross_entropy = quern__cl_binary_cross_entropy,
    .mean_squared_error = quern__cl_mean_squared_error,
    .gather_rows = quern__cl_gather_rows,
    .gather_labels = quern__cl_gather_labels,
    .one_hot = quern__cl_one_hot,
    .argmax = quern__cl_argmax,
    .count_correct = quern__cl_count_correct,
    .sum = quern__cl_sum,
    .fill = quern__cl_fill,
    .random_uniform = quern__cl_random_uniform,
    .steps_create = quern__cl_steps_create,
    .steps_free = quern__cl_steps_free,
    .steps_run = quern__cl_steps_run,
    .sum_squares = quern__cl_sum_squares,
    .clip_norm = quern__cl_clip_norm,
    .mean_absolute_error = quern__cl_mean_absolute_error,
    .huber_loss = quern__cl_huber_loss,
    .weighted_cross_entropy = quern__cl_weighted_cross_entropy,
    .label_weights = quern__cl_label_weights,
    .optimizer_update = quern__cl_optimizer_update,
    .updates_in_one_pass = quern__cl_updates_in_one_pass,
    .dense_backward_update = quern__cl_dense_backward_update,
};

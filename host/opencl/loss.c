/* Launchers of the losses. */
#include "opencl.h"

static void push_inputs(quern__arguments *arguments, const quern_loss_op *op) {
  quern__push_uint(arguments, op->n);
  quern__push_uint(arguments, op->k);
  quern__push_span(arguments, op->z);
  quern__push_span(arguments, op->target);
}

static void push_results(quern__arguments *arguments, const quern_loss_op *op) {
  quern__push_span(arguments, op->losses);
  quern__push_span(arguments, op->dz);
}

quern_status quern__cl_softmax_cross_entropy(void *state, const quern_loss_op *op) {
  quern__arguments arguments = {0};
  push_inputs(&arguments, op);
  quern__push_float(&arguments, op->scale);
  push_results(&arguments, op);
  quern__push_faults(&arguments, state);
  return quern__cl_launch(state, QUERN__KERNEL_softmax_cross_entropy, quern__range_items(state, op->n),
                          &arguments);
}

quern_status quern__cl_elementwise_cross_entropy(void *state, const quern_loss_op *op) {
  quern__arguments arguments = {0};
  push_inputs(&arguments, op);
  quern__push_float(&arguments, op->scale);
  push_results(&arguments, op);
  return quern__cl_launch(state, QUERN__KERNEL_elementwise_cross_entropy, quern__range_items(state, op->n),
                          &arguments);
}

/* A loss that is a mean over the k outputs: its kernel takes 1/k, and what the gradient's difference is
 * multiplied by. */
static quern_status launch_mean(quern__cl *cl, quern__kernel kernel, const quern_loss_op *op, double factor) {
  quern__arguments arguments = {0};
  push_inputs(&arguments, op);
  quern__push_float(&arguments, (float)(1.0 / (double)op->k));
  quern__push_float(&arguments, (float)factor);
  push_results(&arguments, op);
  return quern__cl_launch(cl, kernel, quern__range_items(cl, op->n), &arguments);
}

quern_status quern__cl_binary_cross_entropy(void *state, const quern_loss_op *op) {
  return launch_mean(state, QUERN__KERNEL_binary_cross_entropy, op, op->scale / (double)op->k);
}

quern_status quern__cl_mean_squared_error(void *state, const quern_loss_op *op) {
  return launch_mean(state, QUERN__KERNEL_mean_squared_error, op, 2.0 * op->scale / (double)op->k);
}

quern_status quern__cl_mean_absolute_error(void *state, const quern_loss_op *op) {
  return launch_mean(state, QUERN__KERNEL_mean_absolute_error, op, op->scale / (double)op->k);
}

quern_status quern__cl_huber_loss(void *state, const quern_huber_op *op) {
  const quern_loss_op *loss = &op->loss;
  quern__arguments arguments = {0};
  push_inputs(&arguments, loss);
  quern__push_float(&arguments, op->delta);
  quern__push_float(&arguments, (float)(1.0 / (double)loss->k));
  quern__push_float(&arguments, (float)(loss->scale / (double)loss->k));
  push_results(&arguments, loss);
  return quern__cl_launch(state, QUERN__KERNEL_huber_loss, quern__range_items(state, loss->n), &arguments);
}

quern_status quern__cl_weighted_cross_entropy(void *state, const quern_weighted_loss_op *op) {
  const quern_loss_op *loss = &op->loss;
  quern__arguments arguments = {0};
  push_inputs(&arguments, loss);
  quern__push_span(&arguments, op->class_weights);
  quern__push_span(&arguments, op->total);
  quern__push_float(&arguments, op->smoothing);
  quern__push_float(&arguments, loss->scale);
  push_results(&arguments, loss);
  quern__push_faults(&arguments, state);
  return quern__cl_launch(state, QUERN__KERNEL_weighted_cross_entropy, quern__range_items(state, loss->n),
                          &arguments);
}

quern_status quern__cl_label_weights(void *state, const quern_label_weights_op *op) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->n);
  quern__push_uint(&arguments, op->k);
  quern__push_span(&arguments, op->labels);
  quern__push_span(&arguments, op->class_weights);
  quern__push_span(&arguments, op->weights);
  return quern__cl_launch(state, QUERN__KERNEL_label_weights, quern__range_items(state, op->n), &arguments);
}

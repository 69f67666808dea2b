/* Launchers of the losses. */
#include "../opencl.h"

#include <quern/loss.h>

/* The numbers of kernels/loss/loss_row.cl. */
_Static_assert(QUERN_LOSS_CATEGORICAL == 0 && QUERN_LOSS_ELEMENTWISE == 1 &&
                   QUERN_LOSS_BINARY == 2 && QUERN_LOSS_SQUARED == 3 && QUERN_LOSS_ABSOLUTE == 4 &&
                   QUERN_LOSS_HUBER == 5,
               "LOSS_CATEGORICAL … of loss_row.cl are the numbers of quern_loss");

#define INPUTS(op) UINT((op)->n), UINT((op)->k), SPAN((op)->z), SPAN((op)->target)

#define RESULTS(op) SPAN((op)->losses), SPAN((op)->dz)

quern_status quern__cl_softmax_cross_entropy(void *state, const quern_loss_op *op) {
  return quern__cl_launch(state, QUERN__KERNEL_softmax_cross_entropy,
                          quern__range_items(state, op->n),
                          ARGS(INPUTS(op), FLOAT(op->scale), RESULTS(op), FAULTS(state)));
}

quern_status quern__cl_elementwise_cross_entropy(void *state, const quern_loss_op *op) {
  return quern__cl_launch(state, QUERN__KERNEL_elementwise_cross_entropy,
                          quern__range_items(state, op->n),
                          ARGS(INPUTS(op), FLOAT(op->scale), RESULTS(op)));
}

/* A loss that is a mean over the k outputs: its kernel takes 1/k and the factor of the gradient. */
static quern_status launch_mean(quern__cl *cl, quern__kernel kernel, const quern_loss_op *op,
                                double factor) {
  return quern__cl_launch(
      cl, kernel, quern__range_items(cl, op->n),
      ARGS(INPUTS(op), FLOAT((float)(1.0 / (double)op->k)), FLOAT((float)factor), RESULTS(op)));
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
  return quern__cl_launch(state, QUERN__KERNEL_huber_loss, quern__range_items(state, loss->n),
                          ARGS(INPUTS(loss), FLOAT(op->delta),
                               FLOAT((float)(1.0 / (double)loss->k)),
                               FLOAT((float)(loss->scale / (double)loss->k)), RESULTS(loss)));
}

quern_status quern__cl_weighted_cross_entropy(void *state, const quern_weighted_loss_op *op) {
  const quern_loss_op *loss = &op->loss;
  return quern__cl_launch(
      state, QUERN__KERNEL_weighted_cross_entropy, quern__range_items(state, loss->n),
      ARGS(INPUTS(loss), SPAN(op->class_weights), SPAN(op->total), FLOAT(op->smoothing),
           FLOAT(loss->scale), RESULTS(loss), FAULTS(state)));
}

quern_status quern__cl_label_weights(void *state, const quern_label_weights_op *op) {
  return quern__cl_launch(
      state, QUERN__KERNEL_label_weights, quern__range_items(state, op->n),
      ARGS(UINT(op->n), UINT(op->k), SPAN(op->labels), SPAN(op->class_weights), SPAN(op->weights)));
}

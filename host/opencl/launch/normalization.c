/* Launchers of batch and layer normalization: work-groups over strips of columns, or over rows. See
 * kernels/layer/normalization.cl. */
#include "../../base/error.h"
#include "../../base/size.h"
#include "../opencl.h"

static quern__range range_strips(const quern__cl *cl, size_t columns) {
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  const size_t width = (size_t)quern__cl_columns_per_group(tuning) * tuning->vector_width;
  return quern__range_items(cl, quern__divide_up(columns, width) * tuning->group);
}

static quern__range range_rows(const quern__cl *cl, size_t rows) {
  return quern__range_items(cl, rows * quern__cl_items_per_row(quern__cl_tuning_of(cl)));
}

quern_status quern__cl_batch_norm_forward(void *state, const quern_batch_norm_forward_op *op) {
  return quern__cl_launch(state, QUERN__KERNEL_batch_norm_forward, range_strips(state, op->units),
                          ARGS(UINT(op->n), UINT(op->units), FLOAT(op->epsilon),
                               FLOAT(op->momentum), SPAN(op->x), SPAN(op->gamma), SPAN(op->beta),
                               SPAN(op->running_mean), SPAN(op->running_variance), SPAN(op->mean),
                               SPAN(op->inv_std), SPAN(op->y)));
}

quern_status quern__cl_batch_norm_moments(void *state, const quern_batch_norm_moments_op *op) {
  return quern__cl_launch(
      state, QUERN__KERNEL_batch_norm_moments, range_strips(state, op->units),
      ARGS(UINT(op->n), UINT(op->units), SPAN(op->x), SPAN(op->mean), SPAN(op->squares)));
}

quern_status quern__cl_batch_norm_inference(void *state, const quern_batch_norm_inference_op *op) {
  return quern__cl_launch(
      state, QUERN__KERNEL_batch_norm_inference, quern__range_strips(state, op->n, op->units),
      ARGS(UINT(op->n), UINT(op->units), FLOAT(op->epsilon), SPAN(op->x), SPAN(op->gamma),
           SPAN(op->beta), SPAN(op->mean), SPAN(op->variance), SPAN(op->y)));
}

quern_status quern__cl_batch_norm_backward(void *state, const quern_norm_backward_op *op) {
  return quern__cl_launch(state, QUERN__KERNEL_batch_norm_backward, range_strips(state, op->units),
                          ARGS(UINT(op->n), UINT(op->units), SPAN(op->dy), SPAN(op->x),
                               SPAN(op->gamma), SPAN(op->mean), SPAN(op->inv_std), SPAN(op->dx),
                               SPAN(op->dgamma), SPAN(op->dbeta)));
}

quern_status quern__cl_batch_norm_backward_data(void *state,
                                                const quern_batch_norm_backward_data_op *op) {
  return quern__cl_launch(state, QUERN__KERNEL_batch_norm_backward_data,
                          quern__range_strips(state, op->n, op->units),
                          ARGS(UINT(op->n), UINT(op->units), FLOAT(op->samples), SPAN(op->dy),
                               SPAN(op->x), SPAN(op->gamma), SPAN(op->mean), SPAN(op->inv_std),
                               SPAN(op->dgamma), SPAN(op->dbeta), SPAN(op->dx)));
}

quern_status quern__cl_layer_norm_forward(void *state, const quern_layer_norm_forward_op *op) {
  return quern__cl_launch(state, QUERN__KERNEL_layer_norm_forward, range_rows(state, op->n),
                          ARGS(UINT(op->n), UINT(op->units), FLOAT(op->epsilon), SPAN(op->x),
                               SPAN(op->gamma), SPAN(op->beta), SPAN(op->mean), SPAN(op->inv_std),
                               SPAN(op->y)));
}

/* For both normalizations, which differ in what has a mean. */
static quern_status backward_parameters(void *state, quern__kernel kernel,
                                        const quern_norm_backward_op *op) {
  return quern__cl_launch(state, kernel, range_strips(state, op->units),
                          ARGS(UINT(op->n), UINT(op->units), SPAN(op->dy), SPAN(op->x),
                               SPAN(op->mean), SPAN(op->inv_std), SPAN(op->dgamma),
                               SPAN(op->dbeta)));
}

quern_status quern__cl_batch_norm_backward_parameters(void *state,
                                                      const quern_norm_backward_op *op) {
  return backward_parameters(state, QUERN__KERNEL_batch_norm_backward_parameters, op);
}

/* The parameters first: dx may be dy. */
quern_status quern__cl_layer_norm_backward(void *state, const quern_norm_backward_op *op) {
  if (op->dgamma.memory != NULL)
    QUERN__FORWARD(backward_parameters(state, QUERN__KERNEL_layer_norm_backward_parameters, op));
  return quern__cl_launch(state, QUERN__KERNEL_layer_norm_backward_data, range_rows(state, op->n),
                          ARGS(UINT(op->n), UINT(op->units), SPAN(op->dy), SPAN(op->x),
                               SPAN(op->gamma), SPAN(op->mean), SPAN(op->inv_std), SPAN(op->dx)));
}

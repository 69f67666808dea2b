/* Launchers of batch and layer normalisation: work-groups over strips of columns, or over rows. See kernels/normalization.cl. */
#include "../error.h"
#include "../size.h"
#include "opencl.h"

static quern__range range_strips(const quern__cl *cl, size_t columns) {
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  const size_t wanted = QUERN__CL_LINE / tuning->vector_width,
               across = wanted < tuning->group ? wanted : tuning->group;
  return quern__range_items(cl, quern__divide_up(columns, across * tuning->vector_width) * tuning->group);
}

static quern__range range_rows(const quern__cl *cl, size_t rows) {
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  return quern__range_items(cl, tuning->shares_rows ? rows * tuning->group : rows);
}

quern_status quern__cl_batch_norm_forward(void *state, const quern_batch_norm_forward_op *op) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->n);
  quern__push_uint(&arguments, op->units);
  quern__push_float(&arguments, op->epsilon);
  quern__push_float(&arguments, op->momentum);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->gamma);
  quern__push_span(&arguments, op->beta);
  quern__push_span(&arguments, op->running_mean);
  quern__push_span(&arguments, op->running_variance);
  quern__push_span(&arguments, op->mean);
  quern__push_span(&arguments, op->inverse);
  quern__push_span(&arguments, op->y);
  return quern__cl_launch(state, QUERN__KERNEL_batch_norm_forward, range_strips(state, op->units),
                          &arguments);
}

quern_status quern__cl_batch_norm_moments(void *state, const quern_batch_norm_moments_op *op) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->n);
  quern__push_uint(&arguments, op->units);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->mean);
  quern__push_span(&arguments, op->squares);
  return quern__cl_launch(state, QUERN__KERNEL_batch_norm_moments, range_strips(state, op->units),
                          &arguments);
}

quern_status quern__cl_batch_norm_inference(void *state, const quern_batch_norm_inference_op *op) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->n);
  quern__push_uint(&arguments, op->units);
  quern__push_float(&arguments, op->epsilon);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->gamma);
  quern__push_span(&arguments, op->beta);
  quern__push_span(&arguments, op->mean);
  quern__push_span(&arguments, op->variance);
  quern__push_span(&arguments, op->y);
  return quern__cl_launch(state, QUERN__KERNEL_batch_norm_inference,
                          quern__range_strips(state, op->n, op->units), &arguments);
}

quern_status quern__cl_batch_norm_backward(void *state, const quern_norm_backward_op *op) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->n);
  quern__push_uint(&arguments, op->units);
  quern__push_span(&arguments, op->dy);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->gamma);
  quern__push_span(&arguments, op->mean);
  quern__push_span(&arguments, op->inverse);
  quern__push_span(&arguments, op->dx);
  quern__push_span(&arguments, op->dgamma);
  quern__push_span(&arguments, op->dbeta);
  return quern__cl_launch(state, QUERN__KERNEL_batch_norm_backward, range_strips(state, op->units),
                          &arguments);
}

quern_status quern__cl_batch_norm_backward_data(void *state, const quern_batch_norm_backward_data_op *op) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->n);
  quern__push_uint(&arguments, op->units);
  quern__push_float(&arguments, op->samples);
  quern__push_span(&arguments, op->dy);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->gamma);
  quern__push_span(&arguments, op->mean);
  quern__push_span(&arguments, op->inverse);
  quern__push_span(&arguments, op->dgamma);
  quern__push_span(&arguments, op->dbeta);
  quern__push_span(&arguments, op->dx);
  return quern__cl_launch(state, QUERN__KERNEL_batch_norm_backward_data,
                          quern__range_strips(state, op->n, op->units), &arguments);
}

quern_status quern__cl_layer_norm_forward(void *state, const quern_layer_norm_forward_op *op) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->n);
  quern__push_uint(&arguments, op->units);
  quern__push_float(&arguments, op->epsilon);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->gamma);
  quern__push_span(&arguments, op->beta);
  quern__push_span(&arguments, op->mean);
  quern__push_span(&arguments, op->inverse);
  quern__push_span(&arguments, op->y);
  return quern__cl_launch(state, QUERN__KERNEL_layer_norm_forward, range_rows(state, op->n), &arguments);
}

/* Of both normalisations, which differ in what has a mean. */
static quern_status backward_parameters(void *state, quern__kernel kernel, const quern_norm_backward_op *op) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->n);
  quern__push_uint(&arguments, op->units);
  quern__push_span(&arguments, op->dy);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->mean);
  quern__push_span(&arguments, op->inverse);
  quern__push_span(&arguments, op->dgamma);
  quern__push_span(&arguments, op->dbeta);
  return quern__cl_launch(state, kernel, range_strips(state, op->units), &arguments);
}

quern_status quern__cl_batch_norm_backward_parameters(void *state, const quern_norm_backward_op *op) {
  return backward_parameters(state, QUERN__KERNEL_batch_norm_backward_parameters, op);
}

/* The parameters first: dx may be dy. */
quern_status quern__cl_layer_norm_backward(void *state, const quern_norm_backward_op *op) {
  if (op->dgamma.memory != NULL)
    QUERN__FORWARD(backward_parameters(state, QUERN__KERNEL_layer_norm_backward_parameters, op));
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->n);
  quern__push_uint(&arguments, op->units);
  quern__push_span(&arguments, op->dy);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->gamma);
  quern__push_span(&arguments, op->mean);
  quern__push_span(&arguments, op->inverse);
  quern__push_span(&arguments, op->dx);
  return quern__cl_launch(state, QUERN__KERNEL_layer_norm_backward_data, range_rows(state, op->n),
                          &arguments);
}

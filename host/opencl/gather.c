/* Launchers that gather samples and labels by index. */
#include "opencl.h"

quern_status quern__cl_gather_rows(void *state, const quern_gather_rows_op *op) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->source_rows);
  quern__push_uint(&arguments, op->n);
  quern__push_uint(&arguments, op->columns);
  quern__push_span(&arguments, op->source);
  quern__push_span(&arguments, op->indices);
  quern__push_float(&arguments, op->scale);
  quern__push_float(&arguments, op->offset);
  quern__push_span(&arguments, op->x);
  quern__push_faults(&arguments, state);
  const quern__kernel kernel =
      op->element == QUERN_UINT8 ? QUERN__KERNEL_gather_rows_byte : QUERN__KERNEL_gather_rows_float;
  return quern__cl_launch(state, kernel, quern__range_strips(state, op->n, op->columns), &arguments);
}

quern_status quern__cl_gather_labels(void *state, const quern_gather_labels_op *op) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->source_rows);
  quern__push_uint(&arguments, op->n);
  quern__push_span(&arguments, op->source);
  quern__push_span(&arguments, op->indices);
  quern__push_span(&arguments, op->out);
  quern__push_faults(&arguments, state);
  return quern__cl_launch(state, QUERN__KERNEL_gather_labels, quern__range_items(state, op->n), &arguments);
}

quern_status quern__cl_one_hot(void *state, const quern_one_hot_op *op) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->n);
  quern__push_uint(&arguments, op->k);
  quern__push_span(&arguments, op->labels);
  quern__push_span(&arguments, op->y);
  quern__push_faults(&arguments, state);
  return quern__cl_launch(state, QUERN__KERNEL_one_hot, quern__range_strips(state, op->n, op->k), &arguments);
}

/* Launchers that gather samples and labels by index. */
#include "../opencl.h"

quern_status quern__cl_gather_rows(void *state, const quern_gather_rows_op *op) {
  const quern__kernel kernel = op->element == QUERN_ELEMENT_UINT8 ? QUERN__KERNEL_gather_rows_byte
                                                                  : QUERN__KERNEL_gather_rows_float;
  return quern__cl_launch(state, kernel, quern__range_strips(state, op->n, op->columns),
                          ARGS(UINT(op->source_rows), UINT(op->n), UINT(op->columns),
                               SPAN(op->source), SPAN(op->indices), FLOAT(op->scale),
                               FLOAT(op->offset), SPAN(op->x), FAULTS(state)));
}

quern_status quern__cl_gather_labels(void *state, const quern_gather_labels_op *op) {
  return quern__cl_launch(state, QUERN__KERNEL_gather_labels, quern__range_items(state, op->n),
                          ARGS(UINT(op->source_rows), UINT(op->n), SPAN(op->source),
                               SPAN(op->indices), SPAN(op->out), FAULTS(state)));
}

quern_status quern__cl_one_hot(void *state, const quern_one_hot_op *op) {
  return quern__cl_launch(
      state, QUERN__KERNEL_one_hot, quern__range_strips(state, op->n, op->k),
      ARGS(UINT(op->n), UINT(op->k), SPAN(op->labels), SPAN(op->y), FAULTS(state)));
}

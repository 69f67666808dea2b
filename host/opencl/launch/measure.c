/* Launchers of the measures. */
#include "../../base/size.h"
#include "../opencl.h"

quern_status quern__cl_argmax(void *state, const quern_argmax_op *op) {
  return quern__cl_launch(state, QUERN__KERNEL_argmax, quern__range_items(state, op->n),
                          ARGS(UINT(op->n), UINT(op->k), SPAN(op->z), SPAN(op->classes)));
}

/* One item is rounded up to a work-group, which does the whole reduction. */
quern_status quern__cl_count_correct(void *state, const quern_count_correct_op *op) {
  return quern__cl_launch(
      state, QUERN__KERNEL_count_correct, quern__range_items(state, 1),
      ARGS(UINT(op->n), SPAN(op->classes), SPAN(op->labels), INT(op->accumulate), SPAN(op->count)));
}

quern_status quern__cl_sum(void *state, const quern_sum_op *op) {
  return quern__cl_launch(state, QUERN__KERNEL_sum, quern__range_items(state, 1),
                          ARGS(ULONG(op->count), SPAN(op->x), SPAN(op->sum)));
}

/* One work-group per part. */
quern_status quern__cl_sum_squares(void *state, const quern_sum_squares_op *op) {
  return quern__cl_launch(state, QUERN__KERNEL_sum_squares,
                          quern__range_items(state, op->parts * quern__cl_tuning_of(state)->group),
                          ARGS(ULONG(op->count), ULONG(quern__divide_up(op->count, op->parts)),
                               SPAN(op->x), SPAN(op->squares)));
}

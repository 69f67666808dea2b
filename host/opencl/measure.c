/* Launchers of the measures. */
#include "../size.h"
#include "opencl.h"

quern_status quern__cl_argmax(void *state, const quern_argmax_op *op) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->n);
  quern__push_uint(&arguments, op->k);
  quern__push_span(&arguments, op->z);
  quern__push_span(&arguments, op->classes);
  return quern__cl_launch(state, QUERN__KERNEL_argmax, quern__range_items(state, op->n), &arguments);
}

/* One item is rounded up to one work-group, which does the whole reduction. */
quern_status quern__cl_count_correct(void *state, const quern_count_correct_op *op) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->n);
  quern__push_span(&arguments, op->classes);
  quern__push_span(&arguments, op->labels);
  quern__push_int(&arguments, op->accumulate);
  quern__push_span(&arguments, op->count);
  return quern__cl_launch(state, QUERN__KERNEL_count_correct, quern__range_items(state, 1), &arguments);
}

quern_status quern__cl_sum(void *state, const quern_sum_op *op) {
  quern__arguments arguments = {0};
  quern__push_ulong(&arguments, op->count);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->sum);
  return quern__cl_launch(state, QUERN__KERNEL_sum, quern__range_items(state, 1), &arguments);
}

/* A work-group a part. */
quern_status quern__cl_sum_squares(void *state, const quern_sum_squares_op *op) {
  quern__arguments arguments = {0};
  quern__push_ulong(&arguments, op->count);
  quern__push_ulong(&arguments, quern__divide_up(op->count, op->parts));
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->squares);
  return quern__cl_launch(state, QUERN__KERNEL_sum_squares,
                          quern__range_items(state, op->parts * quern__cl_tuning_of(state)->group),
                          &arguments);
}

/* Launchers of initial values. */
#include "opencl.h"

quern_status quern__cl_fill(void *state, const quern_fill_op *op) {
  quern__arguments arguments = {0};
  quern__push_ulong(&arguments, op->count);
  quern__push_float(&arguments, op->value);
  quern__push_span(&arguments, op->x);
  return quern__cl_launch(state, QUERN__KERNEL_fill, quern__range_vectors(state, op->count), &arguments);
}

/* A work-item draws the four words of one block of the generator. */
quern_status quern__cl_random_uniform(void *state, const quern_random_uniform_op *op) {
  quern__arguments arguments = {0};
  quern__push_ulong(&arguments, op->count);
  quern__push_ulong(&arguments, op->seed);
  quern__push_uint(&arguments, op->stream);
  quern__push_float(&arguments, op->low);
  quern__push_float(&arguments, op->scale);
  quern__push_span(&arguments, op->x);
  return quern__cl_launch(state, QUERN__KERNEL_random_uniform, quern__range_items(state, (op->count + 3) / 4),
                          &arguments);
}

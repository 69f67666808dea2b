/* Launchers of initial values. */
#include "../opencl.h"

quern_status quern__cl_fill(void *state, const quern_fill_op *op) {
  return quern__cl_launch(state, QUERN__KERNEL_fill, quern__range_vectors(state, op->count),
                          ARGS(ULONG(op->count), FLOAT(op->value), SPAN(op->x)));
}

/* A work-item draws the four words of one block of the generator. */
quern_status quern__cl_random_uniform(void *state, const quern_random_uniform_op *op) {
  return quern__cl_launch(state, QUERN__KERNEL_random_uniform,
                          quern__range_items(state, (op->count + 3) / 4),
                          ARGS(ULONG(op->count), ULONG(op->seed), UINT(op->stream), FLOAT(op->low),
                               FLOAT(op->scale), SPAN(op->x)));
}

/* Launcher of the softmax. */
#include "../opencl.h"

quern_status quern__cl_softmax(void *state, const quern_softmax_op *op) {
  return quern__cl_launch(state, QUERN__KERNEL_softmax, quern__range_items(state, op->n),
                          ARGS(UINT(op->n), UINT(op->k), SPAN(op->z), SPAN(op->o)));
}

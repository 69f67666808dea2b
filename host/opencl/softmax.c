/* Launcher of the softmax. */
#include "opencl.h"

quern_status quern__cl_softmax(void *state, const quern_softmax_op *op) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->n);
  quern__push_uint(&arguments, op->k);
  quern__push_span(&arguments, op->z);
  quern__push_span(&arguments, op->o);
  return quern__cl_launch(state, QUERN__KERNEL_softmax, quern__range_items(state, op->n), &arguments);
}

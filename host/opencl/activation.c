/* Launchers of the activations. */
#include "opencl.h"

quern_status quern__cl_activation_forward(void *state, const quern_activation_forward_op *op) {
  quern__arguments arguments = {0};
  quern__push_ulong(&arguments, op->count);
  quern__push_span(&arguments, op->z);
  quern__push_int(&arguments, (int)op->activation.kind);
  quern__push_float(&arguments, op->activation.slope);
  quern__push_span(&arguments, op->h);
  return quern__cl_launch(state, QUERN__KERNEL_activation_forward, quern__range_vectors(state, op->count),
                          &arguments);
}

quern_status quern__cl_activation_backward(void *state, const quern_activation_backward_op *op) {
  quern__arguments arguments = {0};
  quern__push_ulong(&arguments, op->count);
  quern__push_span(&arguments, op->dh);
  quern__push_span(&arguments, op->h);
  quern__push_int(&arguments, (int)op->activation.kind);
  quern__push_float(&arguments, op->activation.slope);
  quern__push_span(&arguments, op->dz);
  return quern__cl_launch(state, QUERN__KERNEL_activation_backward, quern__range_vectors(state, op->count),
                          &arguments);
}

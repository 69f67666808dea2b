/* Launchers of the activations. */
#include "../opencl.h"

quern_status quern__cl_activation_forward(void *state, const quern_activation_forward_op *op) {
  return quern__cl_launch(state, QUERN__KERNEL_activation_forward,
                          quern__range_vectors(state, op->count),
                          ARGS(ULONG(op->count), SPAN(op->z), INT((int)op->activation.kind),
                               FLOAT(op->activation.slope), SPAN(op->h)));
}

quern_status quern__cl_activation_backward(void *state, const quern_activation_backward_op *op) {
  return quern__cl_launch(
      state, QUERN__KERNEL_activation_backward, quern__range_vectors(state, op->count),
      ARGS(ULONG(op->count), SPAN(op->dh), SPAN(op->h), INT((int)op->activation.kind),
           FLOAT(op->activation.slope), SPAN(op->dz)));
}

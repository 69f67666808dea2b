/* Launchers of the optimizers. */
#include "../opencl.h"

quern_status quern__cl_optimizer_update(void *state, const quern_optimizer_update_op *op) {
  return quern__cl_launch(state, QUERN__KERNEL_optimizer_update,
                          quern__range_vectors(state, op->count),
                          ARGS(ULONG(op->count), SPAN(op->gradients), UPDATE(&op->update),
                               SPAN(op->parameters), SPAN(op->momentum), SPAN(op->square)));
}

quern_status quern__cl_clip_norm(void *state, const quern_clip_norm_op *op) {
  return quern__cl_launch(
      state, QUERN__KERNEL_clip_norm, quern__range_vectors(state, op->count),
      ARGS(ULONG(op->count), FLOAT(op->max_norm), SPAN(op->squares), SPAN(op->x)));
}

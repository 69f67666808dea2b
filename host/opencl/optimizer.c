/* Launchers of the optimizers. */
#include "opencl.h"

quern_status quern__cl_sgd_update(void *state, const quern_sgd_update_op *op) {
  quern__arguments arguments = {0};
  quern__push_ulong(&arguments, op->count);
  quern__push_span(&arguments, op->gradients);
  quern__push_float(&arguments, op->sgd.learning_rate);
  quern__push_float(&arguments, op->sgd.weight_decay);
  quern__push_span(&arguments, op->parameters);
  return quern__cl_launch(state, QUERN__KERNEL_sgd_update, quern__range_vectors(state, op->count),
                          &arguments);
}

quern_status quern__cl_optimizer_update(void *state, const quern_optimizer_update_op *op) {
  quern__arguments arguments = {0};
  quern__push_ulong(&arguments, op->count);
  quern__push_span(&arguments, op->gradients);
  quern__push_update(&arguments, &op->update);
  quern__push_span(&arguments, op->parameters);
  quern__push_span(&arguments, op->momentum);
  quern__push_span(&arguments, op->square);
  return quern__cl_launch(state, QUERN__KERNEL_optimizer_update, quern__range_vectors(state, op->count),
                          &arguments);
}

quern_status quern__cl_clip_norm(void *state, const quern_clip_norm_op *op) {
  quern__arguments arguments = {0};
  quern__push_ulong(&arguments, op->count);
  quern__push_float(&arguments, op->max_norm);
  quern__push_span(&arguments, op->squares);
  quern__push_span(&arguments, op->x);
  return quern__cl_launch(state, QUERN__KERNEL_clip_norm, quern__range_vectors(state, op->count), &arguments);
}

/* Activations and softmax: checks. */
#include "../base/error.h"
#include "check.h"

enum { F = sizeof(float) };

quern_status quern_activation_forward(quern_context *context, quern_activation activation,
                                      quern_tensor z, quern_tensor h) {
  quern__check check = quern__check_begin("activation forward", context);
  const quern_activation_forward_op op = {.count = z.rows * z.columns,
                                          .activation = activation,
                                          .z = quern__check_tensor(&check, "z", z, F),
                                          .h = quern__check_tensor(&check, "h", h, F)};
  quern__check_activation(&check, activation);
  quern__check_shape(&check, "h", h, z.rows, z.columns, "the shape of z");
  quern__check_apart_or_same(&check, "h", h, "z", z);
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->activation_forward(context->state, &op));
}

quern_status quern_activation_backward(quern_context *context, quern_activation activation,
                                       quern_tensor dh, quern_tensor h, quern_tensor dz) {
  quern__check check = quern__check_begin("activation backward", context);
  const quern_activation_backward_op op = {.count = dh.rows * dh.columns,
                                           .activation = activation,
                                           .dh = quern__check_tensor(&check, "dh", dh, F),
                                           .h = quern__check_tensor(&check, "h", h, F),
                                           .dz = quern__check_tensor(&check, "dz", dz, F)};
  quern__check_activation(&check, activation);
  quern__check_shape(&check, "h", h, dh.rows, dh.columns, "the shape of dh");
  quern__check_shape(&check, "dz", dz, dh.rows, dh.columns, "the shape of dh");
  quern__check_apart_or_same(&check, "dz", dz, "dh", dh);
  quern__check_apart_or_same(&check, "dz", dz, "h", h);
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->activation_backward(context->state, &op));
}

quern_status quern_softmax(quern_context *context, quern_tensor z, quern_tensor o) {
  quern__check check = quern__check_begin("softmax", context);
  const quern_softmax_op op = {.n = z.rows,
                               .k = z.columns,
                               .z = quern__check_tensor(&check, "z", z, F),
                               .o = quern__check_tensor(&check, "o", o, F)};
  quern__check_shape(&check, "o", o, z.rows, z.columns, "the shape of z");
  quern__check_apart_or_same(&check, "o", o, "z", z);
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->softmax(context->state, &op));
}

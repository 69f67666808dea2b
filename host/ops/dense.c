/* Dense layers: forward, backward, and backward with the update. */
#include "../base/error.h"
#include "optimizer.h"

enum { F = sizeof(float) };

quern_status quern_dense_forward(quern_context *context, quern_tensor x, quern_tensor w,
                                 quern_tensor b, quern_activation activation, quern_tensor y) {
  quern__check check = quern__check_begin("dense forward", context);
  const quern_dense_forward_op op = {.n = x.rows,
                                     .in = x.columns,
                                     .out = w.columns,
                                     .x = quern__check_tensor(&check, "x", x, F),
                                     .w = quern__check_tensor(&check, "w", w, F),
                                     .b = quern__check_optional(&check, "b", b, F),
                                     .activation = activation,
                                     .y = quern__check_tensor(&check, "y", y, F)};
  quern__check_activation(&check, activation);
  quern__check_shape(&check, "w", w, op.in, op.out, "rows are the columns of x");
  quern__check_shape(&check, "b", b, 1, op.out, "one for each column of w");
  quern__check_shape(&check, "y", y, op.n, op.out, "the rows of x and the columns of w");
  quern__check_apart(&check, "y", y, "x", x, F, F);
  quern__check_apart(&check, "y", y, "w", w, F, F);
  quern__check_apart(&check, "y", y, "b", b, F, F);
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->dense_forward(context->state, &op));
}

quern_status quern_dense_backward_data(quern_context *context, quern_tensor dz, quern_tensor w,
                                       quern_activation activation, quern_tensor h, bool accumulate,
                                       quern_tensor dx) {
  quern__check check = quern__check_begin("dense backward data", context);
  const quern_dense_backward_data_op op = {.n = dz.rows,
                                           .in = w.rows,
                                           .out = dz.columns,
                                           .dz = quern__check_tensor(&check, "dz", dz, F),
                                           .w = quern__check_tensor(&check, "w", w, F),
                                           .h = quern__check_optional(&check, "h", h, F),
                                           .activation = activation,
                                           .accumulate = accumulate,
                                           .dx = quern__check_tensor(&check, "dx", dx, F)};
  quern__check_activation(&check, activation);
  QUERN__CHECK(&check, h.buffer != NULL || activation.kind == QUERN_ACTIVATION_IDENTITY,
               QUERN_ERROR_ARGUMENT,
               "dense backward data: h has no buffer, expected the output of the %s underneath",
               quern_activation_name(activation.kind));
  quern__check_shape(&check, "w", w, op.in, op.out, "columns are the columns of dz");
  quern__check_shape(&check, "h", h, op.n, op.in, "the rows of dz and the rows of w");
  quern__check_shape(&check, "dx", dx, op.n, op.in, "the rows of dz and the rows of w");
  quern__check_apart(&check, "dx", dx, "dz", dz, F, F);
  quern__check_apart(&check, "dx", dx, "w", w, F, F);
  if (accumulate)
    quern__check_apart(&check, "dx", dx, "h", h, F, F);
  else
    quern__check_apart_or_same(&check, "dx", dx, "h", h);
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->dense_backward_data(context->state, &op));
}

/* The forms of backward weights differ in what dw and db are: gradients to write or parameters to
 * update. */
static void check_weights(quern__check *check, quern_tensor x, quern_tensor dz, const char *w_name,
                          quern_tensor w, const char *b_name, quern_tensor b) {
  QUERN__CHECK(check, w.buffer != NULL || b.buffer != NULL, QUERN_ERROR_ARGUMENT,
               "%s: %s and %s both have no buffer, expected one of them", check->op, w_name,
               b_name);
  quern__check_shape(check, "dz", dz, x.rows, dz.columns, "as many rows as x");
  quern__check_shape(check, w_name, w, x.columns, dz.columns,
                     "the columns of x and the columns of dz");
  quern__check_shape(check, b_name, b, 1, dz.columns, "one for each column of dz");
  quern__check_apart(check, w_name, w, "x", x, F, F);
  quern__check_apart(check, w_name, w, "dz", dz, F, F);
  quern__check_apart(check, b_name, b, "x", x, F, F);
  quern__check_apart(check, b_name, b, "dz", dz, F, F);
  quern__check_apart(check, b_name, b, w_name, w, F, F);
}

quern_status quern_dense_backward_weights(quern_context *context, quern_tensor x, quern_tensor dz,
                                          bool accumulate, quern_tensor dw, quern_tensor db) {
  quern__check check = quern__check_begin("dense backward weights", context);
  const quern_dense_backward_weights_op op = {.n = x.rows,
                                              .in = x.columns,
                                              .out = dz.columns,
                                              .x = quern__check_tensor(&check, "x", x, F),
                                              .dz = quern__check_tensor(&check, "dz", dz, F),
                                              .accumulate = accumulate,
                                              .dw = quern__check_optional(&check, "dw", dw, F),
                                              .db = quern__check_optional(&check, "db", db, F)};
  check_weights(&check, x, dz, "dw", dw, "db", db);
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->dense_backward_weights(context->state, &op));
}

bool quern__has_dense_backward_update(const quern_context *context,
                                      const quern_optimizer *optimizer) {
  const quern_backend *backend = context->backend;
  return backend->dense_backward_update != NULL &&
         (optimizer->kind == QUERN_OPTIMIZER_SGD || backend->updates_in_one_pass == NULL ||
          backend->updates_in_one_pass(context->state));
}

/* An optimizer's state is written, so it must overlap neither what is read nor the other
 * parameters. */
static void check_state_apart(quern__check *check, quern_optimizer_state state, quern_tensor x,
                              quern_tensor dz, const char *other_name, quern_tensor other) {
  const quern_tensor kept[] = {state.momentum, state.square};
  const char *const names[] = {"momentum", "square"};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    quern__check_apart(check, names[i], kept[i], "x", x, F, F);
    quern__check_apart(check, names[i], kept[i], "dz", dz, F, F);
    quern__check_apart(check, names[i], kept[i], other_name, other, F, F);
  }
}

quern_status quern_dense_backward_update(quern_context *context, quern_tensor x, quern_tensor dz,
                                         const quern_optimizer *optimizer, uint64_t step,
                                         quern_tensor w, quern_optimizer_state w_state,
                                         quern_tensor b, quern_optimizer_state b_state) {
  quern__check check = quern__check_begin("dense backward update", context);
  quern__check_step(&check, optimizer, step);
  quern_dense_backward_update_op op = {.n = x.rows,
                                       .in = x.columns,
                                       .out = dz.columns,
                                       .x = quern__check_tensor(&check, "x", x, F),
                                       .dz = quern__check_tensor(&check, "dz", dz, F),
                                       .w = quern__check_optional(&check, "w", w, F),
                                       .b = quern__check_optional(&check, "b", b, F)};
  check_weights(&check, x, dz, "w", w, "b", b);
  check_state_apart(&check, w_state, x, dz, "b", b);
  check_state_apart(&check, b_state, x, dz, "w", w);
  check_state_apart(&check, w_state, x, dz, "the momentum of b", b_state.momentum);
  check_state_apart(&check, w_state, x, dz, "the square of b", b_state.square);
  const quern__kept w_kept = quern__check_state(&check, optimizer, "w", w, w_state);
  const quern__kept b_kept = quern__check_state(&check, optimizer, "b", b, b_state);
  if (check.status != QUERN_OK) return check.status;
  if (context->backend->dense_backward_update == NULL) return quern__fail_no_op(&check);
  op.update = quern__optimizer_step(optimizer, step);
  op.w_momentum = w_kept.momentum;
  op.w_square = w_kept.square;
  op.b_momentum = b_kept.momentum;
  op.b_square = b_kept.square;
  return QUERN__CALL(context, context->backend->dense_backward_update(context->state, &op));
}

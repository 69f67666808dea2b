/* Optimizers over a range, and clipping by a norm. */
#include "optimizer.h"
#include "../base/error.h"

#include <math.h>

enum { F = sizeof(float) };

void quern__check_step(quern__check *check, const quern_optimizer *optimizer, uint64_t step) {
  QUERN__CHECK(check, optimizer != NULL && quern_optimizer_name(optimizer->kind) != NULL,
               QUERN_ERROR_ARGUMENT, "%s: the optimizer is %s", check->op,
               optimizer == NULL ? "NULL" : "unknown");
  QUERN__CHECK(check, step > 0, QUERN_ERROR_ARGUMENT, "%s: step 0, expected 1 or more", check->op);
}

/* m or v of `parameters`: required if the optimizer keeps it, and else refused. */
static quern_span check_kept(quern__check *check, const char *name, const char *text, bool keeps,
                             quern_tensor kept, quern_tensor parameters) {
  const quern_span span = quern__check_optional(check, name, kept, F);
  QUERN__CHECK(check, !keeps || kept.buffer != NULL, QUERN_ERROR_ARGUMENT,
               "%s: the %s of %s has no buffer, and this optimizer keeps one", check->op, name,
               text);
  quern__check_shape(check, name, kept, parameters.rows, parameters.columns,
                     "the shape of the parameters");
  quern__check_apart(check, name, kept, text, parameters, F, F);
  return keeps ? span : (quern_span){NULL, 0};
}

quern__kept quern__check_state(quern__check *check, const quern_optimizer *optimizer,
                               const char *name, quern_tensor parameters,
                               quern_optimizer_state state) {
  quern__kept kept = {{NULL, 0}, {NULL, 0}};
  if (check->status != QUERN_OK || parameters.buffer == NULL) return kept;
  kept.momentum = check_kept(check, "momentum", name, quern_optimizer_keeps_momentum(optimizer),
                             state.momentum, parameters);
  kept.square = check_kept(check, "square", name, quern_optimizer_keeps_square(optimizer),
                           state.square, parameters);
  quern__check_apart(check, "momentum", state.momentum, "square", state.square, F, F);
  return kept;
}

quern_status quern_optimizer_update(quern_context *context, const quern_optimizer *optimizer,
                                    uint64_t step, quern_tensor gradients, quern_tensor parameters,
                                    quern_optimizer_state state) {
  quern__check check = quern__check_begin("optimizer update", context);
  quern__check_step(&check, optimizer, step);
  quern_optimizer_update_op op = {
      .count = gradients.rows * gradients.columns,
      .gradients = quern__check_tensor(&check, "gradients", gradients, F),
      .parameters = quern__check_tensor(&check, "parameters", parameters, F)};
  quern__check_shape(&check, "parameters", parameters, gradients.rows, gradients.columns,
                     "the shape of gradients");
  quern__check_apart(&check, "parameters", parameters, "gradients", gradients, F, F);
  quern__check_apart(&check, "momentum", state.momentum, "gradients", gradients, F, F);
  quern__check_apart(&check, "square", state.square, "gradients", gradients, F, F);
  const quern__kept kept = quern__check_state(&check, optimizer, "parameters", parameters, state);
  if (check.status != QUERN_OK) return check.status;
  op.update = quern__optimizer_step(optimizer, step);
  op.momentum = kept.momentum;
  op.square = kept.square;
  return QUERN__CALL(context, context->backend->optimizer_update(context->state, &op));
}

quern_status quern_clip_norm(quern_context *context, float max_norm, quern_tensor squares,
                             quern_tensor x) {
  quern__check check = quern__check_begin("clip norm", context);
  const quern_clip_norm_op op = {.count = x.rows * x.columns,
                                 .max_norm = max_norm,
                                 .squares = quern__check_tensor(&check, "squares", squares, F),
                                 .x = quern__check_tensor(&check, "x", x, F)};
  quern__check_shape(&check, "squares", squares, 1, 1, "a single number");
  quern__check_apart(&check, "x", x, "squares", squares, F, F);
  QUERN__CHECK(&check, isfinite(max_norm) && max_norm > 0.0f, QUERN_ERROR_ARGUMENT,
               "%s: a norm of %g, expected a finite number above 0", check.op, (double)max_norm);
  if (check.status != QUERN_OK) return check.status;
  if (context->backend->clip_norm == NULL) return quern__fail_no_op(&check);
  return QUERN__CALL(context, context->backend->clip_norm(context->state, &op));
}

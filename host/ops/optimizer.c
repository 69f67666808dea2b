/* Parameter updates over a range. */
#include "../error.h"
#include "check.h"

#include <math.h>

enum { F = sizeof(float) };

quern_status quern_sgd_update(quern_context *context, quern_sgd sgd, quern_tensor gradients,
                              quern_tensor parameters) {
  quern__check check = quern__check_begin("SGD update", context);
  const quern_sgd_update_op op = {.count = gradients.rows * gradients.columns,
                                  .sgd = sgd,
                                  .gradients = quern__check_tensor(&check, "gradients", gradients, F),
                                  .parameters = quern__check_tensor(&check, "parameters", parameters, F)};
  quern__check_shape(&check, "parameters", parameters, gradients.rows, gradients.columns,
                     "the shape of gradients");
  quern__check_apart(&check, "parameters", parameters, "gradients", gradients, F, F);
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->sgd_update(context->state, &op));
}

quern_status quern_clip_norm(quern_context *context, float max_norm, quern_tensor squares, quern_tensor x) {
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

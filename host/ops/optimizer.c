/* Parameter updates over a range. */
#include "../error.h"
#include "check.h"

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

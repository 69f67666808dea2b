/* Losses: all take logits and a target, and give each sample's loss, the gradient, or both. */
#include "../error.h"
#include "check.h"

enum { F = sizeof(float) };

/* What the losses share. The target's shape is checked by the caller. */
static quern_loss_op check_loss(quern__check *check, quern_tensor z, const char *target_name,
                                quern_tensor target, float scale, quern_tensor losses, quern_tensor dz) {
  const quern_loss_op op = {.n = z.rows,
                            .k = z.columns,
                            .z = quern__check_tensor(check, "z", z, F),
                            .target = quern__check_tensor(check, target_name, target, F),
                            .scale = scale,
                            .losses = quern__check_optional(check, "losses", losses, F),
                            .dz = quern__check_optional(check, "dz", dz, F)};
  QUERN__CHECK(check, losses.buffer != NULL || dz.buffer != NULL, QUERN_ERROR_ARGUMENT,
               "%s: losses and dz both have no buffer, expected one of them", check->op);
  quern__check_shape(check, "losses", losses, 1, z.rows, "one for each row of z");
  quern__check_shape(check, "dz", dz, z.rows, z.columns, "the shape of z");
  quern__check_apart(check, "losses", losses, "z", z, F, F);
  quern__check_apart(check, "losses", losses, target_name, target, F, F);
  quern__check_apart(check, "dz", dz, target_name, target, F, F);
  quern__check_apart(check, "dz", dz, "losses", losses, F, F);
  quern__check_apart_or_same(check, "dz", dz, "z", z);
  return op;
}

quern_status quern_softmax_cross_entropy(quern_context *context, quern_tensor z, quern_tensor labels,
                                         float scale, quern_tensor losses, quern_tensor dz) {
  quern__check check = quern__check_begin("softmax cross-entropy", context);
  const quern_loss_op op = check_loss(&check, z, "labels", labels, scale, losses, dz);
  quern__check_shape(&check, "labels", labels, 1, z.rows, "one for each row of z");
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->softmax_cross_entropy(context->state, &op));
}

/* A loss whose target y has the shape of z. */
static quern_status with_targets(quern__check check, size_t least_outputs,
                                 quern_status (*run)(void *state, const quern_loss_op *op), quern_tensor z,
                                 quern_tensor y, float scale, quern_tensor losses, quern_tensor dz) {
  const quern_loss_op op = check_loss(&check, z, "y", y, scale, losses, dz);
  quern__check_shape(&check, "y", y, z.rows, z.columns, "the shape of z");
  QUERN__CHECK(&check, z.columns >= least_outputs, QUERN_ERROR_SHAPE,
               "%s: z has %zu columns, expected at least %zu", check.op, z.columns, least_outputs);
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(check.context, run(check.context->state, &op));
}

#define RUN(context, op) ((context) != NULL ? (context)->backend->op : NULL)

quern_status quern_elementwise_cross_entropy(quern_context *context, quern_tensor z, quern_tensor y,
                                             float scale, quern_tensor losses, quern_tensor dz) {
  return with_targets(quern__check_begin("elementwise cross-entropy", context), 2,
                      RUN(context, elementwise_cross_entropy), z, y, scale, losses, dz);
}

quern_status quern_binary_cross_entropy(quern_context *context, quern_tensor z, quern_tensor y, float scale,
                                        quern_tensor losses, quern_tensor dz) {
  return with_targets(quern__check_begin("binary cross-entropy", context), 1,
                      RUN(context, binary_cross_entropy), z, y, scale, losses, dz);
}

quern_status quern_mean_squared_error(quern_context *context, quern_tensor z, quern_tensor y, float scale,
                                      quern_tensor losses, quern_tensor dz) {
  return with_targets(quern__check_begin("mean squared error", context), 1, RUN(context, mean_squared_error),
                      z, y, scale, losses, dz);
}

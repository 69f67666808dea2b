/* Losses: checks. All read logits and a target, and write each sample's loss, the gradient, or
 * both. */
#include "../base/error.h"
#include "check.h"
#include <math.h>

enum { F = sizeof(float) };

/* Checks what all losses share. The caller checks the target's shape. */
static quern_loss_op check_loss(quern__check *check, quern_tensor z, const char *target_name,
                                quern_tensor target, float scale, quern_tensor losses,
                                quern_tensor dz) {
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

quern_status quern_softmax_cross_entropy(quern_context *context, quern_tensor z,
                                         quern_tensor labels, float scale, quern_tensor losses,
                                         quern_tensor dz) {
  quern__check check = quern__check_begin("softmax cross-entropy", context);
  const quern_loss_op op = check_loss(&check, z, "labels", labels, scale, losses, dz);
  quern__check_shape(&check, "labels", labels, 1, z.rows, "one for each row of z");
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->softmax_cross_entropy(context->state, &op));
}

static quern_loss_op check_targets(quern__check *check, size_t least_outputs, quern_tensor z,
                                   quern_tensor y, float scale, quern_tensor losses,
                                   quern_tensor dz) {
  const quern_loss_op op = check_loss(check, z, "y", y, scale, losses, dz);
  quern__check_shape(check, "y", y, z.rows, z.columns, "the shape of z");
  QUERN__CHECK(check, z.columns >= least_outputs, QUERN_ERROR_SHAPE,
               "%s: z has %zu columns, expected at least %zu", check->op, z.columns, least_outputs);
  return op;
}

static quern_status with_targets(quern__check check, size_t least_outputs,
                                 quern_status (*run)(void *state, const quern_loss_op *op),
                                 quern_tensor z, quern_tensor y, float scale, quern_tensor losses,
                                 quern_tensor dz) {
  const quern_loss_op op = check_targets(&check, least_outputs, z, y, scale, losses, dz);
  if (check.status != QUERN_OK) return check.status;
  if (run == NULL) return quern__fail_no_op(&check);
  return QUERN__CALL(check.context, run(check.context->state, &op));
}

#define RUN(context, op) ((context) != NULL ? (context)->backend->op : NULL)

quern_status quern_elementwise_cross_entropy(quern_context *context, quern_tensor z, quern_tensor y,
                                             float scale, quern_tensor losses, quern_tensor dz) {
  return with_targets(quern__check_begin("elementwise cross-entropy", context), 2,
                      RUN(context, elementwise_cross_entropy), z, y, scale, losses, dz);
}

quern_status quern_binary_cross_entropy(quern_context *context, quern_tensor z, quern_tensor y,
                                        float scale, quern_tensor losses, quern_tensor dz) {
  return with_targets(quern__check_begin("binary cross-entropy", context), 1,
                      RUN(context, binary_cross_entropy), z, y, scale, losses, dz);
}

quern_status quern_mean_squared_error(quern_context *context, quern_tensor z, quern_tensor y,
                                      float scale, quern_tensor losses, quern_tensor dz) {
  return with_targets(quern__check_begin("mean squared error", context), 1,
                      RUN(context, mean_squared_error), z, y, scale, losses, dz);
}

quern_status quern_mean_absolute_error(quern_context *context, quern_tensor z, quern_tensor y,
                                       float scale, quern_tensor losses, quern_tensor dz) {
  return with_targets(quern__check_begin("mean absolute error", context), 1,
                      RUN(context, mean_absolute_error), z, y, scale, losses, dz);
}

quern_status quern_huber_loss(quern_context *context, float delta, quern_tensor z, quern_tensor y,
                              float scale, quern_tensor losses, quern_tensor dz) {
  quern__check check = quern__check_begin("Huber loss", context);
  const quern_huber_op op = {.loss = check_targets(&check, 1, z, y, scale, losses, dz),
                             .delta = delta};
  QUERN__CHECK(&check, isfinite(delta) && delta > 0.0f, QUERN_ERROR_ARGUMENT,
               "%s: a delta of %g, expected a finite number above 0", check.op, (double)delta);
  if (check.status != QUERN_OK) return check.status;
  if (context->backend->huber_loss == NULL) return quern__fail_no_op(&check);
  return QUERN__CALL(context, context->backend->huber_loss(context->state, &op));
}

quern_status quern_weighted_cross_entropy(quern_context *context, quern_tensor z,
                                          quern_tensor labels, quern_tensor class_weights,
                                          quern_tensor total, float smoothing, float scale,
                                          quern_tensor losses, quern_tensor dz) {
  quern__check check = quern__check_begin("weighted cross-entropy", context);
  const quern_weighted_loss_op op = {
      .loss = check_loss(&check, z, "labels", labels, scale, losses, dz),
      .class_weights = quern__check_optional(&check, "class_weights", class_weights, F),
      .total = quern__check_optional(&check, "total", total, F),
      .smoothing = smoothing};
  const struct {
    const char *name;
    quern_tensor tensor;
  } inputs[] = {{"class_weights", class_weights}, {"total", total}};
  quern__check_shape(&check, "labels", labels, 1, z.rows, "one for each row of z");
  quern__check_shape(&check, "class_weights", class_weights, 1, z.columns,
                     "one for each column of z");
  quern__check_shape(&check, "total", total, 1, 1, "one sum");
  QUERN__CHECK(&check, (class_weights.buffer == NULL) == (total.buffer == NULL),
               QUERN_ERROR_ARGUMENT,
               "%s: %s has no buffer, expected both class_weights and total or none", check.op,
               class_weights.buffer == NULL ? "class_weights" : "total");
  QUERN__CHECK(&check, smoothing >= 0.0f && smoothing <= 1.0f, QUERN_ERROR_ARGUMENT,
               "%s: a smoothing of %g, expected 0 to 1", check.op, (double)smoothing);
  for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
    quern__check_apart(&check, "losses", losses, inputs[i].name, inputs[i].tensor, F, F);
    quern__check_apart(&check, "dz", dz, inputs[i].name, inputs[i].tensor, F, F);
  }
  if (check.status != QUERN_OK) return check.status;
  if (context->backend->weighted_cross_entropy == NULL) return quern__fail_no_op(&check);
  return QUERN__CALL(context, context->backend->weighted_cross_entropy(context->state, &op));
}

quern_status quern_label_weights(quern_context *context, quern_tensor labels,
                                 quern_tensor class_weights, quern_tensor weights) {
  quern__check check = quern__check_begin("label weights", context);
  const quern_label_weights_op op = {
      .n = labels.columns,
      .k = class_weights.columns,
      .labels = quern__check_tensor(&check, "labels", labels, sizeof(int32_t)),
      .class_weights = quern__check_tensor(&check, "class_weights", class_weights, F),
      .weights = quern__check_tensor(&check, "weights", weights, F)};
  quern__check_shape(&check, "labels", labels, 1, op.n, "one row");
  quern__check_shape(&check, "class_weights", class_weights, 1, op.k, "one row");
  quern__check_shape(&check, "weights", weights, 1, op.n, "one for each label");
  quern__check_apart(&check, "weights", weights, "labels", labels, F, sizeof(int32_t));
  quern__check_apart(&check, "weights", weights, "class_weights", class_weights, F, F);
  if (check.status != QUERN_OK) return check.status;
  if (context->backend->label_weights == NULL) return quern__fail_no_op(&check);
  return QUERN__CALL(context, context->backend->label_weights(context->state, &op));
}

/* A plan's forward pass: outputs, predictions, losses. */
#include "../base/error.h"
#include "plan.h"

/* Computes H of a layer. A training pass keeps Z if the derivative reads it, and the product if a
 * normalization does. */
static quern_status compute_output(quern_plan *plan, size_t l, quern_tensor from, quern__pass pass,
                                   quern_tensor h) {
  const quern_tensor w = quern__plan_weights(plan, plan->parameters, l),
                     b = quern__plan_bias(plan, plan->parameters, l);
  const quern_layer *layer = &plan->shape.layers[l].layer;
  const quern_activation activation = layer->activation;
  const bool trains = pass != QUERN__PASS_INFERENCE,
             normalizes = layer->normalization.kind != QUERN_NORMALIZATION_NONE,
             keeps_z = trains && quern_activation_reads_z(activation.kind);
  if (!normalizes && !keeps_z) return quern_dense_forward(plan->context, from, w, b, activation, h);
  const quern_tensor z = keeps_z ? quern__plan_derivative_input(plan, l, from.rows) : h;
  const quern_tensor product = trains && normalizes ? quern__plan_product(plan, l, from.rows) : z;
  QUERN__FORWARD(quern_dense_forward(plan->context, from, w, b,
                                     quern_activation_of(QUERN_ACTIVATION_IDENTITY), product));
  if (normalizes) QUERN__FORWARD(quern__plan_normalize(plan, l, pass, product, z));
  if (activation.kind == QUERN_ACTIVATION_IDENTITY) return QUERN_OK;
  return quern_activation_forward(plan->context, activation, z, h);
}

quern_status quern__plan_forward_layer(quern_plan *plan, size_t l, quern_tensor from,
                                       quern__pass pass, quern_tensor *to) {
  const quern_tensor h = quern__plan_output(plan, l, from.rows);
  *to = h;
  QUERN__FORWARD(compute_output(plan, l, from, pass, h));
  if (pass == QUERN__PASS_INFERENCE || plan->shape.layers[l].layer.dropout == 0.0f) return QUERN_OK;
  *to = quern__plan_layer_input(plan, l, from.rows);
  return quern_dropout(plan->context, quern__plan_mask(plan, l), h, *to);
}

static quern_status forward_pass(quern_plan *plan, quern_tensor x, quern__pass pass,
                                 quern_tensor *output) {
  if (plan == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "plan forward: the plan is NULL");
  if (x.columns != plan->shape.inputs || x.rows > plan->batch)
    return quern__fail(QUERN_ERROR_SHAPE,
                       "plan forward: x is %zux%zu, expected at most %zu samples of %zu inputs",
                       x.rows, x.columns, plan->batch, plan->shape.inputs);
  quern_tensor from = x;
  for (size_t l = 0; l < plan->shape.layer_count; l++)
    QUERN__FORWARD(quern__plan_forward_layer(plan, l, from, pass, &from));
  if (output != NULL) *output = from;
  return QUERN_OK;
}

quern_status quern_plan_forward(quern_plan *plan, quern_tensor x, quern_tensor *output) {
  return forward_pass(plan, x, QUERN__PASS_INFERENCE, output);
}

quern_status quern__plan_forward_to_train(quern_plan *plan, quern_tensor x) {
  return forward_pass(plan, x, QUERN__PASS_TRAINING, NULL);
}

quern_status quern_plan_predict(quern_plan *plan, quern_tensor x, quern_tensor *output) {
  quern_tensor z;
  QUERN__FORWARD(quern_plan_forward(plan, x, &z));
  if (output != NULL) *output = z;
  switch (plan->shape.loss) {
  case QUERN_LOSS_CATEGORICAL:
  case QUERN_LOSS_ELEMENTWISE:
    return quern_softmax(plan->context, z, z);
  case QUERN_LOSS_BINARY:
    return quern_activation_forward(plan->context, quern_activation_of(QUERN_ACTIVATION_SIGMOID), z,
                                    z);
  case QUERN_LOSS_SQUARED:
  case QUERN_LOSS_ABSOLUTE:
  case QUERN_LOSS_HUBER:
    break;
  }
  return QUERN_OK;
}

bool quern__loss_takes_targets(quern_loss loss) {
  return loss != QUERN_LOSS_CATEGORICAL && loss != QUERN_LOSS_ELEMENTWISE;
}

quern_status quern__plan_check_expected(const quern_plan *plan, const quern__targets *targets) {
  if (targets->targets.buffer == NULL || quern__loss_takes_targets(plan->shape.loss))
    return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT,
                     "plan loss: targets given, but the %s loss expects labels",
                     quern_loss_name(plan->shape.loss));
}

quern_status quern__plan_loss(quern_plan *plan, const quern__targets *targets, float scale,
                              quern_tensor losses, quern_tensor dz) {
  const bool has_targets = targets->targets.buffer != NULL;
  const size_t n = has_targets ? targets->targets.rows : targets->labels.columns;
  quern_tensor z = quern__plan_output(plan, plan->shape.layer_count - 1, n);
  QUERN__FORWARD(quern__plan_check_expected(plan, targets));
  if (plan->shape.loss == QUERN_LOSS_CATEGORICAL)
    return quern_softmax_cross_entropy(plan->context, z, targets->labels, scale, losses, dz);
  quern_tensor y =
      has_targets ? targets->targets : quern_matrix(plan->targets, 0, z.rows, z.columns);
  if (!has_targets) QUERN__FORWARD(quern_one_hot(plan->context, targets->labels, y));
  switch (plan->shape.loss) {
  case QUERN_LOSS_ELEMENTWISE:
    return quern_elementwise_cross_entropy(plan->context, z, y, scale, losses, dz);
  case QUERN_LOSS_BINARY:
    return quern_binary_cross_entropy(plan->context, z, y, scale, losses, dz);
  case QUERN_LOSS_ABSOLUTE:
    return quern_mean_absolute_error(plan->context, z, y, scale, losses, dz);
  case QUERN_LOSS_HUBER:
    return quern_huber_loss(plan->context, plan->shape.huber_delta, z, y, scale, losses, dz);
  default:
    return quern_mean_squared_error(plan->context, z, y, scale, losses, dz);
  }
}

quern_status quern_plan_evaluate(quern_plan *plan, quern_tensor x, quern_tensor labels,
                                 quern_tensor losses, quern_tensor correct) {
  quern_tensor z;
  QUERN__FORWARD(quern_plan_forward(plan, x, &z));
  if (labels.columns != x.rows)
    return quern__fail(QUERN_ERROR_SHAPE,
                       "plan evaluate: %zu labels for %zu samples, expected one per sample",
                       labels.columns, x.rows);
  const quern__targets targets = {.labels = labels};
  QUERN__FORWARD(quern__plan_loss(plan, &targets, 1.0f / (float)x.rows, losses, quern_none()));
  quern_tensor classes = quern_vector(plan->classes, 0, x.rows);
  QUERN__FORWARD(quern_argmax(plan->context, z, classes));
  return quern_count_correct(plan->context, classes, labels, true, correct);
}

quern_status quern_plan_evaluate_targets(quern_plan *plan, quern_tensor x, quern_tensor targets,
                                         quern_tensor losses) {
  QUERN__FORWARD(quern_plan_forward(plan, x, NULL));
  if (targets.rows != x.rows)
    return quern__fail(
        QUERN_ERROR_SHAPE,
        "plan evaluate: %zu rows of targets for %zu samples, expected one per sample", targets.rows,
        x.rows);
  const quern__targets expected = {.targets = targets};
  return quern__plan_loss(plan, &expected, 1.0f / (float)x.rows, losses, quern_none());
}

/* A plan's way forward: outputs, predictions, losses. */
#include "../error.h"
#include "plan.h"

quern_status quern_plan_forward(quern_plan *plan, quern_tensor x, quern_tensor *output) {
  if (plan == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "plan forward: the plan is NULL");
  if (x.columns != plan->shape.inputs || x.rows > plan->batch)
    return quern__fail(QUERN_ERROR_SHAPE,
                       "plan forward: x is %zux%zu, expected at most %zu samples of %zu inputs", x.rows,
                       x.columns, plan->batch, plan->shape.inputs);
  quern_tensor from = x;
  for (size_t l = 0; l < plan->shape.layer_count; l++) {
    quern_tensor to = quern__plan_output(plan, l, x.rows);
    QUERN__FORWARD(quern_dense_forward(plan->context, from, quern__plan_weights(plan, plan->parameters, l),
                                       quern__plan_bias(plan, plan->parameters, l),
                                       plan->shape.layers[l].layer.activation, to));
    from = to;
  }
  if (output != NULL) *output = from;
  return QUERN_OK;
}

quern_status quern_plan_predict(quern_plan *plan, quern_tensor x, quern_tensor *output) {
  quern_tensor z;
  QUERN__FORWARD(quern_plan_forward(plan, x, &z));
  if (output != NULL) *output = z;
  switch (plan->shape.loss) {
  case QUERN_CATEGORICAL:
  case QUERN_ELEMENTWISE:
    return quern_softmax(plan->context, z, z);
  case QUERN_BINARY:
    return quern_activation_forward(plan->context, quern_activation_of(QUERN_SIGMOID), z, z);
  case QUERN_SQUARED:
    break;
  }
  return QUERN_OK;
}

quern_status quern__plan_loss(quern_plan *plan, quern_tensor labels, float scale, quern_tensor losses,
                              quern_tensor dz) {
  quern_tensor z = quern__plan_output(plan, plan->shape.layer_count - 1, labels.columns);
  if (plan->shape.loss == QUERN_CATEGORICAL)
    return quern_softmax_cross_entropy(plan->context, z, labels, scale, losses, dz);
  quern_tensor y = quern_matrix(plan->targets, 0, z.rows, z.columns);
  QUERN__FORWARD(quern_one_hot(plan->context, labels, y));
  switch (plan->shape.loss) {
  case QUERN_ELEMENTWISE:
    return quern_elementwise_cross_entropy(plan->context, z, y, scale, losses, dz);
  case QUERN_BINARY:
    return quern_binary_cross_entropy(plan->context, z, y, scale, losses, dz);
  default:
    return quern_mean_squared_error(plan->context, z, y, scale, losses, dz);
  }
}

quern_status quern_plan_evaluate(quern_plan *plan, quern_tensor x, quern_tensor labels, quern_tensor losses,
                                 quern_tensor correct) {
  quern_tensor z;
  QUERN__FORWARD(quern_plan_forward(plan, x, &z));
  if (labels.columns != x.rows)
    return quern__fail(QUERN_ERROR_SHAPE, "plan evaluate: %zu labels for %zu samples", labels.columns,
                       x.rows);
  QUERN__FORWARD(quern__plan_loss(plan, labels, 1.0f / (float)x.rows, losses, quern_none()));
  quern_tensor classes = quern_vector(plan->classes, 0, x.rows);
  QUERN__FORWARD(quern_argmax(plan->context, z, classes));
  return quern_count_correct(plan->context, classes, labels, true, correct);
}

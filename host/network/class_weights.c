/* A plan's class weights and label smoothing, which change the training loss but not evaluation. */
#include "../base/error.h"
#include "../base/size.h"
#include "../device/context.h"
#include "plan.h"
#include <math.h>

/* One buffer holds the weights of the k classes, the sum of those of a batch's labels, and each of
 * these. */
static quern_tensor weights_of_classes(const quern_plan *plan) {
  return quern_vector(plan->class_weights, 0, quern__shape_outputs(&plan->shape));
}

static quern_tensor total_of(const quern_plan *plan) {
  return quern_vector(plan->class_weights, quern__shape_outputs(&plan->shape), 1);
}

quern_status quern__class_weights_bytes(const quern__shape *shape, size_t batch, size_t *bytes) {
  size_t cells;
  if (quern__add(quern__shape_outputs(shape), batch, &cells) && quern__add(cells, 1, &cells) &&
      quern__multiply(cells, sizeof(float), bytes))
    return QUERN_OK;
  return quern__fail(QUERN_ERROR_OVERFLOW, "plan class weights: a batch of %zu samples overflows",
                     batch);
}

static quern_status check_categorical(const char *what, const quern_plan *plan) {
  if (plan == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "plan %s: the plan is NULL", what);
  if (plan->mode == QUERN_PLAN_INFERENCE)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "plan %s: the plan is for inference, expected one for training", what);
  if (plan->shape.loss != QUERN_LOSS_CATEGORICAL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "plan %s: the loss is %s, expected categorical", what,
                       quern_loss_name(plan->shape.loss));
  return QUERN_OK;
}

/* Within these bounds no sum over a batch's labels or over the classes, and no quotient of two
 * sums, exceeds a float's range: there are fewer than 2^32 of either. Only the ratios of weights
 * matter, so no others are needed. */
static const float least_weight = 1e-15f, most_weight = 1e15f;

static quern_status check_weights(const float *weights, size_t count) {
  bool any = false;
  for (size_t c = 0; c < count; c++) {
    if (weights[c] != 0.0f && !(weights[c] >= least_weight && weights[c] <= most_weight))
      return quern__fail(
          QUERN_ERROR_ARGUMENT,
          "plan class weights: the weight of class %zu is %g, expected 0, or %g to %g", c,
          (double)weights[c], (double)least_weight, (double)most_weight);
    any = any || weights[c] > 0.0f;
  }
  return any ? QUERN_OK
             : quern__fail(QUERN_ERROR_ARGUMENT,
                           "plan class weights: all are 0, expected at least one above 0");
}

/* Whole steps depend on whether the loss is changed. */
static quern_status prepare_steps(quern_plan *plan) {
  return plan->has_optimizer ? quern__plan_prepare_steps(plan, &plan->optimizer) : QUERN_OK;
}

quern_status quern_plan_set_class_weights(quern_plan *plan, const float *weights) {
  QUERN__FORWARD(check_categorical("class weights", plan));
  if (weights == NULL) {
    plan->has_class_weights = false;
    return prepare_steps(plan);
  }
  const size_t classes = quern__shape_outputs(&plan->shape);
  QUERN__FORWARD(check_weights(weights, classes));
  if (plan->class_weights == NULL) {
    size_t bytes;
    QUERN__FORWARD(quern__class_weights_bytes(&plan->shape, plan->batch, &bytes));
    QUERN__FORWARD(quern__buffer_create_touched(plan->context, bytes, &plan->class_weights));
  }
  QUERN__FORWARD(
      quern_buffer_write(plan->class_weights, 0, classes * sizeof *weights, weights, QUERN_WAIT));
  plan->has_class_weights = true;
  return prepare_steps(plan);
}

quern_status quern_plan_set_label_smoothing(quern_plan *plan, float smoothing) {
  QUERN__FORWARD(check_categorical("label smoothing", plan));
  if (!(smoothing >= 0.0f && smoothing <= 1.0f))
    return quern__fail(QUERN_ERROR_ARGUMENT, "plan label smoothing: %g, expected 0 to 1",
                       (double)smoothing);
  plan->label_smoothing = smoothing;
  return prepare_steps(plan);
}

bool quern__plan_changes_loss(const quern_plan *plan) {
  return plan->has_class_weights || plan->label_smoothing > 0.0f;
}

quern_tensor quern__plan_class_weights(const quern_plan *plan) {
  return plan->has_class_weights ? weights_of_classes(plan) : quern_none();
}

static quern_status sum_label_weights(quern_plan *plan, quern_tensor labels) {
  const quern_tensor total = total_of(plan);
  const quern_tensor tensor = quern_vector(plan->class_weights, total.offset + 1, labels.columns);
  QUERN__FORWARD(quern_label_weights(plan->context, labels, weights_of_classes(plan), tensor));
  return quern_sum(plan->context, tensor, total);
}

quern_status quern__plan_label_weight(quern_plan *plan, quern_tensor labels, double *weight) {
  const quern_tensor total = total_of(plan);
  float sum;
  QUERN__FORWARD(sum_label_weights(plan, labels));
  QUERN__FORWARD(
      quern_buffer_read(total.buffer, total.offset * sizeof sum, sizeof sum, &sum, QUERN_WAIT));
  *weight = (double)sum;
  return QUERN_OK;
}

/* The op divides by total / n for its n samples. This sets that quotient to the whole batch's. */
static quern_status set_total(quern_plan *plan, size_t n, const quern__whole_batch *whole) {
  const quern_tensor total = total_of(plan);
  const float sum = (float)(whole->weight * (double)n / (double)whole->samples);
  return quern_fill(plan->context, sum, total);
}

quern_status quern__plan_training_loss(quern_plan *plan, const quern__targets *targets, float scale,
                                       const quern__whole_batch *whole, quern_tensor losses,
                                       quern_tensor dz) {
  if (!quern__plan_changes_loss(plan)) return quern__plan_loss(plan, targets, scale, losses, dz);
  const quern_tensor labels = targets->labels;
  const quern_tensor z = quern__plan_output(plan, plan->shape.layer_count - 1, labels.columns);
  quern_tensor classes = quern_none(), total = quern_none();
  if (plan->has_class_weights) {
    classes = weights_of_classes(plan);
    total = total_of(plan);
    QUERN__FORWARD(whole != NULL ? set_total(plan, labels.columns, whole)
                                 : sum_label_weights(plan, labels));
  }
  return quern_weighted_cross_entropy(plan->context, z, labels, classes, total,
                                      plan->label_smoothing, scale, losses, dz);
}

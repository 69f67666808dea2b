/* A plan's training step: forward, loss, backward, update. */
#include "../functions/optimizer.h"

#include "../base/error.h"
#include "plan.h"

/* The lowest trainable layer, at which backward can stop; layer_count if none is. */
static size_t lowest_learning(const quern_plan *plan) {
  size_t l = 0;
  while (l < plan->shape.layer_count && plan->shape.layers[l].layer.freeze_weights &&
         plan->shape.layers[l].layer.freeze_bias)
    l++;
  return l;
}

/* Updates the layer's parameters in the same pass, or keeps their gradients. */
static quern_status backward_parameters(quern_plan *plan, size_t l, quern_tensor below,
                                        quern_tensor dz) {
  const quern_layer *layer = &plan->shape.layers[l].layer;
  if (plan->mode == QUERN_PLAN_GRADIENTS)
    return quern_dense_backward_weights(plan->context, below, dz, false,
                                        quern__plan_gradient(plan, l, QUERN__WEIGHTS),
                                        quern__plan_gradient(plan, l, QUERN__BIAS));
  if (layer->freeze_weights && layer->freeze_bias) return QUERN_OK;
  quern_tensor w =
      layer->freeze_weights ? quern_none() : quern__plan_weights(plan, plan->parameters, l);
  quern_tensor b = layer->freeze_bias ? quern_none() : quern__plan_bias(plan, plan->parameters, l);
  return quern_dense_backward_update(plan->context, below, dz, &plan->optimizer,
                                     plan->optimizer_steps + 1, w, quern__plan_state(plan, w), b,
                                     quern__plan_state(plan, b));
}

/* Computes dZ of the layer below, or of its normalization's output: (dZ Wᵀ) ∘ f'(h) ∘ M. The order
 * of the factors does not matter. */
static quern_status backward_data(quern_plan *plan, size_t l, quern_tensor dz) {
  const quern_layer *below = &plan->shape.layers[l - 1].layer;
  const quern_tensor dx = quern__plan_dz(plan, l - 1, dz.rows);
  QUERN__FORWARD(quern_dense_backward_data(
      plan->context, dz, quern__plan_weights(plan, plan->parameters, l), below->activation,
      quern__plan_derivative_input(plan, l - 1, dz.rows), false, dx));
  return below->dropout > 0.0f ? quern_dropout(plan->context, quern__plan_mask(plan, l - 1), dx, dx)
                               : QUERN_OK;
}

/* Backward runs from the top down, so the lowest layer of a bucket is its last. */
static quern_status report_bucket(const quern_plan *plan, const quern__bucket_watch *watch,
                                  size_t l) {
  if (watch == NULL) return QUERN_OK;
  const quern__bucket *bucket = quern__plan_bucket(plan, l);
  return bucket->first == l ? watch->queued(watch->user, (size_t)(bucket - plan->gradients.list))
                            : QUERN_OK;
}

static quern_status backward(quern_plan *plan, quern_tensor x, const quern__bucket_watch *watch) {
  size_t stop = plan->mode == QUERN_PLAN_GRADIENTS ? 0 : lowest_learning(plan);
  for (size_t l = plan->shape.layer_count; l-- > stop;) {
    quern_tensor dz = quern__plan_dz(plan, l, x.rows);
    if (plan->shape.layers[l].layer.normalization.kind != QUERN_NORMALIZATION_NONE)
      QUERN__FORWARD(quern__plan_normalize_back(plan, l, x.rows));
    quern_tensor below = l == 0 ? x : quern__plan_layer_input(plan, l - 1, x.rows);
    if (l > stop)
      QUERN__FORWARD(backward_data(plan, l, dz)); /* before the update of W, which it reads */
    QUERN__FORWARD(backward_parameters(plan, l, below, dz));
    QUERN__FORWARD(report_bucket(plan, watch, l));
  }
  return QUERN_OK;
}

/* Queues the loss, and dZ of the last layer. If f' reads Z, which is stored in the place of dZ, the
 * gradient of H overwrites H, which is not read again. */
static quern_status backward_loss(quern_plan *plan, const quern__targets *targets, size_t n,
                                  const quern__whole_batch *whole, quern_tensor losses) {
  const size_t last = plan->shape.layer_count - 1;
  const quern_activation activation = plan->shape.layers[last].layer.activation;
  const quern_tensor dz = quern__plan_dz(plan, last, n);
  const quern_tensor dh =
      quern_activation_reads_z(activation.kind) ? quern__plan_output(plan, last, n) : dz;
  const float scale = 1.0f / (float)(whole != NULL ? whole->samples : n);
  QUERN__FORWARD(quern__plan_training_loss(plan, targets, scale, whole, losses, dh));
  if (activation.kind == QUERN_ACTIVATION_IDENTITY) return QUERN_OK;
  return quern_activation_backward(plan->context, activation, dh,
                                   quern__plan_derivative_input(plan, last, n), dz);
}

quern_status quern__plan_gradients(quern_plan *plan, quern_tensor x, const quern__targets *targets,
                                   const quern__whole_batch *whole, quern_tensor losses,
                                   const quern__bucket_watch *watch) {
  plan->first_row = whole != NULL ? whole->first : 0;
  plan->step_samples = whole != NULL ? whole->samples : x.rows;
  QUERN__FORWARD(quern__plan_forward_to_train(plan, x));
  QUERN__FORWARD(backward_loss(plan, targets, x.rows, whole, losses));
  return backward(plan, x, watch);
}

void quern__plan_end_step(quern_plan *plan) {
  plan->optimizer_steps++;
  plan->steps_taken++;
}

quern_status quern__plan_apply(quern_plan *plan) {
  QUERN__FORWARD(quern__plan_clip(plan));
  for (size_t i = 0; i < plan->gradients.count; i++)
    QUERN__FORWARD(quern__plan_update_bucket(plan, &plan->gradients.list[i]));
  quern__plan_end_step(plan);
  return QUERN_OK;
}

quern_status quern__plan_step(quern_plan *plan, quern_tensor x, const quern__targets *targets,
                              quern_tensor losses) {
  const bool has_targets = targets->targets.buffer != NULL;
  const size_t n = has_targets ? targets->targets.rows : targets->labels.columns;
  if (plan == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "plan step: the plan is NULL");
  if (plan->mode == QUERN_PLAN_INFERENCE)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "plan step: the plan is for inference, expected one for training");
  if (plan->mode == QUERN_PLAN_TRAINING && !plan->has_optimizer)
    return quern__fail(
        QUERN_ERROR_ARGUMENT,
        "plan step: the plan has no optimizer: set one with quern_plan_set_optimizer");
  if (n != x.rows)
    return quern__fail(QUERN_ERROR_SHAPE,
                       "plan step: %zu %s for %zu samples, expected one per sample", n,
                       has_targets ? "rows of targets" : "labels", x.rows);
  if (quern__plan_has_steps(plan)) {
    const quern_optimizer_step update =
        quern__optimizer_step(&plan->optimizer, plan->optimizer_steps + 1);
    return quern__plan_steps(
        plan,
        &(quern__samples){.element = QUERN_ELEMENT_FLOAT32, .source = x, .expected = *targets},
        &update, quern_none(), losses);
  }
  QUERN__FORWARD(quern__plan_gradients(plan, x, targets, NULL, losses, NULL));
  return quern__plan_apply(plan);
}

quern_status quern_plan_step(quern_plan *plan, quern_tensor x, quern_tensor labels,
                             quern_tensor losses) {
  return quern__plan_step(plan, x, &(quern__targets){.labels = labels}, losses);
}

quern_status quern_plan_step_targets(quern_plan *plan, quern_tensor x, quern_tensor targets,
                                     quern_tensor losses) {
  return quern__plan_step(plan, x, &(quern__targets){.targets = targets}, losses);
}

/* Whole training steps in one call of the backend. */
#include "../functions/optimizer.h"

#include "../base/error.h"
#include "../base/size.h"
#include "../ops/check.h"
#include "plan.h"

#include <stdlib.h>

enum { F = sizeof(float), I = sizeof(int32_t) };

/* Whole steps support one loss on identity outputs, derivatives that read H, in-place updates, and
 * neither normalization nor dropout. */
static bool is_supported(const quern_plan *plan) {
  for (size_t l = 0; l < plan->shape.layer_count; l++) {
    const quern_layer *layer = &plan->shape.layers[l].layer;
    if (quern_activation_reads_z(layer->activation.kind) || layer->dropout > 0.0f ||
        layer->normalization.kind != QUERN_NORMALIZATION_NONE)
      return false;
  }
  return plan->mode == QUERN_PLAN_TRAINING && plan->shape.loss == QUERN_LOSS_CATEGORICAL &&
         quern__shape_last(&plan->shape)->layer.activation.kind == QUERN_ACTIVATION_IDENTITY;
}

quern_status quern__plan_create_steps(quern_plan *plan, size_t kept) {
  quern_context *context = plan->context;
  const quern_backend *backend = context->backend;
  if (backend->steps_create == NULL || !is_supported(plan)) return QUERN_OK;
  plan->whole_steps_ranges = kept;
  const size_t count = plan->shape.layer_count;
  quern_steps_layer *layers = calloc(count, sizeof *layers);
  if (layers == NULL) return quern__fail_memory("plan", count * sizeof *layers);
  for (size_t l = 0; l < count; l++) {
    const quern__placed_layer *placed = &plan->shape.layers[l];
    layers[l] = (quern_steps_layer){.in = placed->inputs,
                                    .out = placed->layer.units,
                                    .activation = placed->layer.activation,
                                    .weights = placed->weights,
                                    .bias = placed->bias,
                                    .output = plan->places[l].output,
                                    .learns_weights = !placed->layer.freeze_weights,
                                    .learns_bias = !placed->layer.freeze_bias};
  }
  const quern_status status =
      QUERN__CALL(context, backend->steps_create(context->state, layers, count, plan->batch, kept,
                                                 &plan->whole_steps));
  free(layers);
  return status;
}

void quern__plan_free_steps(quern_plan *plan) {
  if (plan->whole_steps != NULL)
    plan->context->backend->steps_free(plan->context->state, plan->whole_steps);
  plan->whole_steps = NULL;
}

bool quern__plan_has_steps(const quern_plan *plan) {
  return plan->whole_steps != NULL && !quern__plan_changes_loss(plan);
}

quern_status quern__plan_steps(quern_plan *plan, const quern__samples *samples,
                               const quern_optimizer_step *updates, quern_tensor update_rows,
                               quern_tensor losses) {
  const quern_tensor order = samples->order, source = samples->source;
  const size_t n = order.buffer != NULL ? order.columns : source.rows;
  const size_t units = quern__plan_output(plan, plan->shape.layer_count - 1, plan->batch).offset +
                       plan->batch * quern__shape_outputs(&plan->shape);
  const quern_tensor parameters = quern_vector(plan->parameters, 0, plan->shape.flat_count);
  const quern_tensor outputs = quern_vector(plan->outputs, 0, units),
                     dz = quern_vector(plan->dz, 0, units);
  const quern_optimizer_state kept = quern__plan_state(plan, parameters);
  const size_t element_bytes = samples->element == QUERN_ELEMENT_UINT8 ? 1 : F;
  quern__check check = quern__check_begin("plan step", plan->context);
  const quern_steps_op op = {
      .n = n,
      .source_rows = source.rows,
      .element = samples->element,
      .scale = samples->scale,
      .offset = samples->offset,
      .updates = updates,
      .update_rows = quern__check_optional(&check, "updates", update_rows, sizeof *updates),
      .source = quern__check_tensor(&check, "x", source, element_bytes),
      .labels = quern__check_tensor(&check, "labels", samples->labels, I),
      .indices = quern__check_optional(&check, "order", order, I),
      .x = quern__check_optional(&check, "batch", samples->x, F),
      .batch_labels = quern__check_optional(&check, "batch labels", samples->batch_labels, I),
      .parameters = quern__check_tensor(&check, "parameters", parameters, F),
      .outputs = quern__check_tensor(&check, "outputs", outputs, F),
      .dz = quern__check_tensor(&check, "dz", dz, F),
      .momentum = quern__check_optional(&check, "momentum", kept.momentum, F),
      .square = quern__check_optional(&check, "square", kept.square, F),
      .losses = quern__check_optional(&check, "losses", losses, F)};
  QUERN__CHECK(&check, source.columns == plan->shape.inputs, QUERN_ERROR_SHAPE,
               "plan forward: x is %zux%zu, expected at most %zu samples of %zu inputs",
               source.rows, source.columns, plan->batch, plan->shape.inputs);
  QUERN__CHECK(&check, order.buffer != NULL || n <= plan->batch, QUERN_ERROR_SHAPE,
               "plan forward: x is %zux%zu, expected at most %zu samples of %zu inputs",
               source.rows, source.columns, plan->batch, plan->shape.inputs);
  quern__check_shape(&check, "labels", samples->labels, 1, source.rows, "one for each sample");
  quern__check_shape(&check, "losses", losses, 1, n, "one for each sample");
  quern__check_apart(&check, "losses", losses, "x", source, F, element_bytes);
  quern__check_apart(&check, "losses", losses, "labels", samples->labels, F, I);
  if (check.status != QUERN_OK) return check.status;
  QUERN__FORWARD(QUERN__CALL(plan->context, plan->context->backend->steps_run(
                                                plan->context->state, plan->whole_steps, &op)));
  plan->optimizer_steps += quern__divide_up(n, plan->batch);
  plan->steps_taken += quern__divide_up(n, plan->batch);
  return QUERN_OK;
}

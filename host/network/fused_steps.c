/* Whole training steps in one call of the backend. */
#include "../functions/dropout.h"
#include "../functions/optimizer.h"

#include "../base/error.h"
#include "../base/size.h"
#include "../ops/check.h"
#include "plan.h"

#include <stdlib.h>

enum { F = sizeof(float), I = sizeof(int32_t) };

/* Whole steps update in place. Batch normalization has no place in them: it needs the sums over all
 * samples in the middle of the forward pass, and again in the backward pass. */
static bool may_be_whole(const quern_plan *plan) {
  for (size_t l = 0; l < plan->shape.layer_count; l++)
    if (plan->shape.layers[l].layer.normalization.kind == QUERN_NORMALIZATION_BATCH) return false;
  return plan->mode == QUERN_PLAN_TRAINING && plan->context->backend->steps_create != NULL;
}

static quern_steps_layer describe_layer(const quern_plan *plan, size_t l) {
  const quern__placed_layer *placed = &plan->shape.layers[l];
  return (quern_steps_layer){.in = placed->inputs,
                             .out = placed->layer.units,
                             .activation = placed->layer.activation,
                             .weights = placed->weights,
                             .bias = placed->bias,
                             .output = plan->places[l].output,
                             .learns_weights = !placed->layer.freeze_weights,
                             .learns_bias = !placed->layer.freeze_bias,
                             .threshold = quern__dropout_threshold(placed->layer.dropout),
                             .scale = quern__dropout_scale(placed->layer.dropout),
                             .normalizes =
                                 placed->layer.normalization.kind == QUERN_NORMALIZATION_LAYER,
                             .epsilon = placed->layer.normalization.epsilon,
                             .gamma = placed->gamma,
                             .beta = placed->beta};
}

static quern_status create_steps(quern_plan *plan, const quern__steps_demand *demand) {
  quern_context *context = plan->context;
  const size_t count = plan->shape.layer_count;
  quern_steps_layer *layers = calloc(count, sizeof *layers);
  if (layers == NULL) return quern__fail_memory("plan", count * sizeof *layers);
  for (size_t l = 0; l < count; l++) layers[l] = describe_layer(plan, l);
  const quern_steps_network network = {.layers = layers,
                                       .layer_count = count,
                                       .batch = plan->batch,
                                       .kept = demand->kept,
                                       .loss = plan->shape.loss,
                                       .delta = plan->shape.huber_delta,
                                       .changes_loss = demand->changes_loss,
                                       .rule = demand->rule,
                                       .steps = plan->expected_steps};
  const quern_status status = QUERN__CALL(
      context, context->backend->steps_create(context->state, &network, &plan->whole_steps));
  free(layers);
  return status;
}

static bool same_demand(const quern__steps_demand *a, const quern__steps_demand *b) {
  return a->has_optimizer == b->has_optimizer && a->kept == b->kept && a->rule == b->rule &&
         a->changes_loss == b->changes_loss;
}

quern_status quern__plan_prepare_steps(quern_plan *plan, const quern_optimizer *optimizer) {
  const quern__steps_demand demand = {.has_optimizer = true,
                                      .kept = quern__optimizer_ranges(optimizer),
                                      .rule = quern__optimizer_step(optimizer, 1).rule,
                                      .changes_loss = quern__plan_changes_loss(plan)};
  if (!may_be_whole(plan) || same_demand(&demand, &plan->whole_steps_demand)) return QUERN_OK;
  if (plan->whole_steps != NULL)
    QUERN__FORWARD(quern_context_finish(plan->context)); /* steps may be queued */
  quern__plan_free_steps(plan);
  QUERN__FORWARD(create_steps(plan, &demand));
  plan->whole_steps_demand = demand;
  return QUERN_OK;
}

void quern__plan_free_steps(quern_plan *plan) {
  if (plan->whole_steps != NULL)
    plan->context->backend->steps_free(plan->context->state, plan->whole_steps);
  plan->whole_steps = NULL;
  plan->whole_steps_demand = (quern__steps_demand){.has_optimizer = false};
}

void quern__plan_expect_steps(quern_plan *plan, uint64_t steps) {
  plan->expected_steps = steps;
}

bool quern__plan_has_steps(const quern_plan *plan) {
  return plan->whole_steps != NULL;
}

/* Memory for the targets of a batch: where the caller's are gathered, or for one-hot rows. */
static quern_tensor batch_targets(const quern_plan *plan, const quern__samples *samples) {
  if (plan->shape.loss == QUERN_LOSS_CATEGORICAL || samples->expected.targets.buffer != NULL)
    return samples->batch.targets;
  return quern_matrix(plan->targets, 0, plan->batch, quern__shape_outputs(&plan->shape));
}

/* Checks the labels or targets, and that the losses are apart from them. */
static void check_expected(quern__check *check, const quern_plan *plan,
                           const quern__samples *samples, quern_tensor losses) {
  const quern_tensor labels = samples->expected.labels, targets = samples->expected.targets;
  const size_t rows = samples->source.rows;
  quern__check_shape(check, "labels", labels, 1, rows, "one for each sample");
  quern__check_shape(check, "targets", targets, rows, quern__shape_outputs(&plan->shape),
                     "a row for each sample, a column for each output");
  quern__check_apart(check, "losses", losses, "labels", labels, F, I);
  quern__check_apart(check, "losses", losses, "targets", targets, F, F);
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
  QUERN__FORWARD(quern__plan_check_expected(plan, &samples->expected));
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
      .indices = quern__check_optional(&check, "order", order, I),
      .labels = quern__check_optional(&check, "labels", samples->expected.labels, I),
      .targets = quern__check_optional(&check, "targets", samples->expected.targets, F),
      .x = quern__check_optional(&check, "batch", samples->x, F),
      .batch_labels = quern__check_optional(&check, "batch labels", samples->batch.labels, I),
      .batch_targets =
          quern__check_optional(&check, "batch targets", batch_targets(plan, samples), F),
      .smoothing = plan->label_smoothing,
      .class_weights =
          quern__check_optional(&check, "class weights", quern__plan_class_weights(plan), F),
      .seed = plan->dropout_seed,
      .step = plan->steps_taken,
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
  check_expected(&check, plan, samples, losses);
  quern__check_shape(&check, "losses", losses, 1, n, "one for each sample");
  quern__check_apart(&check, "losses", losses, "x", source, F, element_bytes);
  if (check.status != QUERN_OK) return check.status;
  QUERN__FORWARD(QUERN__CALL(plan->context, plan->context->backend->steps_run(
                                                plan->context->state, plan->whole_steps, &op)));
  plan->optimizer_steps += quern__divide_up(n, plan->batch);
  plan->steps_taken += quern__divide_up(n, plan->batch);
  return QUERN_OK;
}

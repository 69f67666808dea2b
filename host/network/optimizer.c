/* A plan's optimizer: its state, and its update of the flat range. */
#include "../functions/optimizer.h"

#include "../base/error.h"
#include "../device/context.h"
#include "plan.h"

static size_t flat_bytes(const quern__shape *shape) {
  return shape->flat_count * sizeof(float); /* fits: checked when the shape was created */
}

size_t quern__optimizer_ranges(const quern_optimizer *optimizer) {
  return (quern_optimizer_keeps_momentum(optimizer) ? 1u : 0u) +
         (quern_optimizer_keeps_square(optimizer) ? 1u : 0u);
}

quern_status quern_plan_optimizer_bytes(const quern_network *network,
                                        const quern_optimizer *optimizer, size_t *bytes) {
  if (network == NULL || bytes == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "plan optimizer bytes: the network or the result pointer is NULL");
  QUERN__FORWARD(quern_optimizer_check(optimizer));
  const size_t ranges = quern__optimizer_ranges(optimizer);
  if (flat_bytes(&network->shape) > SIZE_MAX / 2)
    return quern__fail(QUERN_ERROR_OVERFLOW,
                       "plan optimizer bytes: two ranges of %zu bytes overflow",
                       flat_bytes(&network->shape));
  *bytes = ranges * flat_bytes(&network->shape);
  return QUERN_OK;
}

static quern_status check_context(const quern_plan *plan, const quern_optimizer *optimizer) {
  const quern_context *context = plan->context;
  const char *name = quern_optimizer_name(optimizer->kind);
  if (plan->mode == QUERN_PLAN_TRAINING && !quern__has_dense_backward_update(context, optimizer))
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "plan set optimizer: %s needs the gradients in memory for %s, make the plan "
                       "with QUERN_PLAN_GRADIENTS",
                       context->info.name, name);
  return QUERN_OK;
}

/* Allocates a range of the optimizer's state, or sets it to zero for a new optimizer. */
static quern_status prepare_range(quern_plan *plan, bool fresh, quern_buffer **range) {
  const size_t bytes = flat_bytes(&plan->shape);
  if (*range == NULL) return quern__buffer_create_touched(plan->context, bytes, range);
  return fresh ? quern_fill(plan->context, 0.0f, quern_vector(*range, 0, plan->shape.flat_count))
               : QUERN_OK;
}

quern_status quern_plan_set_optimizer(quern_plan *plan, const quern_optimizer *optimizer) {
  if (plan == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "plan set optimizer: the plan is NULL");
  if (plan->mode == QUERN_PLAN_INFERENCE)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "plan set optimizer: the plan was made for inference, expected training");
  QUERN__FORWARD(quern_optimizer_check(optimizer));
  QUERN__FORWARD(check_context(plan, optimizer));
  const bool fresh = !plan->has_optimizer || plan->optimizer.kind != optimizer->kind;
  if (quern_optimizer_keeps_momentum(optimizer))
    QUERN__FORWARD(prepare_range(plan, fresh, &plan->momentum));
  if (quern_optimizer_keeps_square(optimizer))
    QUERN__FORWARD(prepare_range(plan, fresh, &plan->square));
  QUERN__FORWARD(quern__plan_prepare_steps(plan, optimizer));
  plan->optimizer = *optimizer;
  plan->has_optimizer = true;
  if (fresh) plan->optimizer_steps = 0;
  return QUERN_OK;
}

/* The elements of `range`, laid out like the parameters, that belong to a tensor of the parameters;
 * none if there is no range. */
static quern_tensor state_range(quern_buffer *range, quern_tensor tensor) {
  return range == NULL ? quern_none()
                       : quern_matrix(range, tensor.offset, tensor.rows, tensor.columns);
}

quern_optimizer_state quern__plan_state(const quern_plan *plan, quern_tensor tensor) {
  const quern_optimizer *optimizer = &plan->optimizer;
  const quern_optimizer_state state = {
      state_range(quern_optimizer_keeps_momentum(optimizer) ? plan->momentum : NULL, tensor),
      state_range(quern_optimizer_keeps_square(optimizer) ? plan->square : NULL, tensor)};
  return state;
}

static quern_status update_range(quern_plan *plan, const quern__bucket *bucket,
                                 const quern_optimizer *optimizer, size_t begin, size_t count) {
  const quern_tensor parameters = quern_vector(plan->parameters, begin, count);
  return quern_optimizer_update(plan->context, optimizer, plan->optimizer_steps + 1,
                                quern_vector(bucket->memory, begin - bucket->begin, count),
                                parameters, quern__plan_state(plan, parameters));
}

/* Joins neighboring ranges, so that without frozen parameters there is one launch. If only weights
 * decay, every part has a launch of its own; gammas and betas count as biases. */
quern_status quern__plan_update_bucket(quern_plan *plan, const quern__bucket *bucket) {
  const quern_optimizer *optimizer = &plan->optimizer;
  const quern__shape *shape = &plan->shape;
  size_t item = QUERN__LEARNING_PARTS * bucket->first, begin, count;
  if (!plan->has_optimizer) return QUERN_OK;
  if (optimizer->decay_bias || optimizer->weight_decay == 0.0) {
    while (quern__shape_next_learning(shape, bucket->end, &item, &begin, &count))
      QUERN__FORWARD(update_range(plan, bucket, optimizer, begin, count));
    return QUERN_OK;
  }
  quern_optimizer undecayed = *optimizer;
  undecayed.weight_decay = 0.0;
  for (; item < QUERN__LEARNING_PARTS * bucket->end; item++) {
    const quern__part state_range = (quern__part)(item % QUERN__LEARNING_PARTS);
    const quern__extent extent =
        quern__layer_part(&shape->layers[item / QUERN__LEARNING_PARTS], state_range);
    if (extent.count > 0 && extent.learns)
      QUERN__FORWARD(update_range(plan, bucket,
                                  state_range == QUERN__WEIGHTS ? optimizer : &undecayed,
                                  extent.first, extent.count));
  }
  return QUERN_OK;
}

/* The sizes and positions of a plan's buffers, and their allocation. */
#include "plan.h"

#include "../base/error.h"
#include "../base/memory.h"
#include "../base/size.h"
#include "../device/context.h"
#include <stdio.h>
#include <stdlib.h>

/* Bytes of each buffer; 0 if it is not needed. */
typedef struct layout {
  size_t parameters, gradients, outputs, dz, statistics, targets, classes;
} layout;

/* Number of means of a layer's normalization. */
static size_t statistics_of(const quern_layer *layer, size_t batch) {
  return layer->normalization.kind == QUERN_NORMALIZATION_BATCH ? layer->units : batch;
}

/* Counts what training needs besides H and dZ: elements of `outputs` per sample, and elements of
 * `statistics`. */
static bool count_training_extras(const quern__shape *shape, size_t batch, size_t *units,
                                  size_t *statistics) {
  bool fits = true, normalizes = false;
  *units = *statistics = 0;
  for (size_t l = 0; l < shape->layer_count && fits; l++) {
    const quern_layer *layer = &shape->layers[l].layer;
    if (layer->dropout > 0.0f) fits = quern__add(*units, layer->units, units);
    if (layer->normalization.kind == QUERN_NORMALIZATION_NONE) continue;
    normalizes = true;
    /* each fits: below 2^31 */
    fits = fits && quern__add(*units, layer->units, units) &&
           quern__add(*statistics, 2 * statistics_of(layer, batch), statistics);
  }
  return fits && (!normalizes || quern__add(*statistics, 2 * shape->widest, statistics));
}

static quern_status plan_layout(const quern__shape *shape, size_t batch, quern_plan_mode mode,
                                layout *bytes) {
  if (batch == 0 || batch > INT32_MAX)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "plan: a batch of %zu samples, expected 1 to 2147483647", batch);
  if ((unsigned)mode > QUERN_PLAN_GRADIENTS)
    return quern__fail(QUERN_ERROR_ARGUMENT, "plan: unknown mode %d", (int)mode);
  size_t row = batch * sizeof(float); /* fits: batch < 2^31 */
  size_t units = 0, extras, outputs = quern__shape_outputs(shape);
  for (size_t l = 0; l < shape->layer_count; l++)
    if (!quern__add(units, shape->layers[l].layer.units, &units)) goto overflow;
  *bytes =
      (layout){.parameters = shape->flat_count * sizeof(float), .classes = batch * sizeof(int32_t)};
  if (mode == QUERN_PLAN_GRADIENTS) bytes->gradients = bytes->parameters;
  if (!quern__multiply(units, row, &bytes->outputs)) goto overflow;
  if (shape->loss != QUERN_LOSS_CATEGORICAL && !quern__multiply(outputs, row, &bytes->targets))
    goto overflow;
  if (mode == QUERN_PLAN_INFERENCE) return QUERN_OK;
  bytes->dz = bytes->outputs;
  if (!count_training_extras(shape, batch, &extras, &bytes->statistics) ||
      !quern__multiply(extras, row, &extras) ||
      !quern__add(bytes->outputs, extras, &bytes->outputs) ||
      !quern__multiply(bytes->statistics, sizeof(float), &bytes->statistics))
    goto overflow;
  return QUERN_OK;
overflow:
  return quern__fail(QUERN_ERROR_OVERFLOW, "plan: the size of a batch of %zu samples overflows",
                     batch);
}

quern_status quern_plan_bytes(const quern_network *network, size_t batch, quern_plan_mode mode,
                              size_t *bytes) {
  if (network == NULL || bytes == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "plan bytes: the network or the result pointer is NULL");
  layout sizes;
  QUERN__FORWARD(plan_layout(&network->shape, batch, mode, &sizes));
  const size_t parts[] = {sizes.parameters, sizes.gradients, sizes.outputs, sizes.dz,
                          sizes.statistics, sizes.targets,   sizes.classes};
  *bytes = 0;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (!quern__add(*bytes, parts[i], bytes))
      return quern__fail(QUERN_ERROR_OVERFLOW, "plan: the size of a batch of %zu samples overflows",
                         batch);
  return QUERN_OK;
}

quern_status quern__plan_check_memory(const quern_context *context, const quern_network *network,
                                      size_t batch, quern_plan_mode mode) {
  layout sizes;
  size_t bytes;
  char what[96];
  QUERN__FORWARD(plan_layout(&network->shape, batch, mode, &sizes));
  QUERN__FORWARD(quern_plan_bytes(network, batch, mode, &bytes));
  const size_t parts[] = {sizes.parameters, sizes.outputs, sizes.statistics, sizes.targets};
  quern__demand demand = {what, "take fewer units or a smaller batch", bytes};
  snprintf(what, sizeof what, "plan: %zu parameters and a batch of %zu samples",
           network->shape.parameter_count, batch);
  QUERN__FORWARD(quern__memory_check_device(&context->info, &demand));
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    demand.bytes = parts[i];
    QUERN__FORWARD(quern__memory_check_buffer(&context->info, &demand));
  }
  return QUERN_OK;
}

static quern_status create_buffer(quern_context *context, size_t bytes, quern_buffer **buffer) {
  return bytes == 0 ? QUERN_OK : quern__buffer_create_touched(context, bytes, buffer);
}

static quern_status place_outputs(quern_plan *plan) {
  const size_t count = plan->shape.layer_count;
  const bool trains = plan->mode != QUERN_PLAN_INFERENCE;
  plan->places = calloc(count, sizeof *plan->places);
  if (plan->places == NULL) return quern__fail_memory("plan", count * sizeof *plan->places);
  size_t offset = 0, statistics = 0;
  for (size_t l = 0; l < count; l++) {
    plan->places[l].output = plan->places[l].layer_input = offset;
    offset += plan->batch * plan->shape.layers[l].layer.units;
  }
  for (size_t l = 0; trains && l < count; l++) {
    const quern_layer *layer = &plan->shape.layers[l].layer;
    quern__layer_place *place = &plan->places[l];
    if (layer->dropout > 0.0f) {
      place->layer_input = offset;
      offset += plan->batch * layer->units;
    }
    if (layer->normalization.kind == QUERN_NORMALIZATION_NONE) continue;
    place->product = offset;
    offset += plan->batch * layer->units;
    place->mean = statistics;
    place->inv_std = statistics + statistics_of(layer, plan->batch);
    statistics += 2 * statistics_of(layer, plan->batch);
  }
  plan->statistics_scratch = statistics;
  return QUERN_OK;
}

quern_status quern__plan_allocate(quern_plan *plan) {
  layout bytes;
  QUERN__FORWARD(plan_layout(&plan->shape, plan->batch, plan->mode, &bytes));
  QUERN__FORWARD(create_buffer(plan->context, bytes.parameters, &plan->parameters));
  if (bytes.gradients > 0 && plan->gradients.count == 0) {
    QUERN__FORWARD(quern__buckets_whole(&plan->shape, &plan->gradients));
    QUERN__FORWARD(create_buffer(plan->context, bytes.gradients, &plan->gradients.list[0].memory));
  }
  QUERN__FORWARD(create_buffer(plan->context, bytes.outputs, &plan->outputs));
  QUERN__FORWARD(create_buffer(plan->context, bytes.dz, &plan->dz));
  QUERN__FORWARD(create_buffer(plan->context, bytes.statistics, &plan->statistics));
  QUERN__FORWARD(create_buffer(plan->context, bytes.targets, &plan->targets));
  QUERN__FORWARD(create_buffer(plan->context, bytes.classes, &plan->classes));
  /* The buffers are zero, so the gaps between gradients are zero like those between parameters. */
  return place_outputs(plan);
}

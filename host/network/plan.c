/* Plans: the buffers that a network needs for one context and batch size, and copies into and out
 * of them. */
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

static quern_status allocate_plan(quern_plan *plan) {
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

static quern_status create_plan(quern_context *context, const quern_network *network, size_t batch,
                                quern_plan_mode mode, quern__buckets *buckets, quern_plan **plan) {
  if (plan == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "plan: the result pointer is NULL");
  *plan = NULL;
  if (context == NULL || network == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "plan: the context or the network is NULL");
  QUERN__FORWARD(quern__plan_check_memory(context, network, batch, mode));
  quern_plan *result = calloc(1, sizeof *result);
  if (result == NULL) return quern__fail_memory("plan", sizeof *result);
  result->context = context;
  result->mode = mode;
  result->batch = batch;
  quern__context_hold(context);
  quern_status status;
  if (buckets != NULL) result->gradients = *buckets;
  QUERN__TRY(quern__shape_copy(&network->shape, &result->shape));
  QUERN__TRY(allocate_plan(result));
  QUERN__TRY(quern_plan_upload(result, network));
  if (buckets != NULL) *buckets = (quern__buckets){.count = 0};
  *plan = result;
  return QUERN_OK;
cleanup:
  /* on failure the buckets stay the caller's */
  if (buckets != NULL) result->gradients = (quern__buckets){.count = 0};
  quern_plan_free(result);
  return status;
}

quern_status quern_plan_create(quern_context *context, const quern_network *network, size_t batch,
                               quern_plan_mode mode, quern_plan **plan) {
  return create_plan(context, network, batch, mode, NULL, plan);
}

quern_status quern__plan_create_with_buckets(quern_context *context, const quern_network *network,
                                             size_t batch, quern__buckets *buckets,
                                             quern_plan **plan) {
  return create_plan(context, network, batch, QUERN_PLAN_GRADIENTS, buckets, plan);
}

void quern_plan_free(quern_plan *plan) {
  if (plan == NULL) return;
  quern__plan_free_steps(plan);
  quern_buffer_free(plan->parameters);
  quern__buckets_free(&plan->gradients);
  quern_buffer_free(plan->outputs);
  quern_buffer_free(plan->dz);
  quern_buffer_free(plan->statistics);
  quern_buffer_free(plan->targets);
  quern_buffer_free(plan->classes);
  quern_buffer_free(plan->class_weights);
  quern_buffer_free(plan->squares);
  quern_buffer_free(plan->momentum);
  quern_buffer_free(plan->square);
  free(plan->places);
  free(plan->sums);
  quern__shape_free(&plan->shape);
  quern__context_release(plan->context);
  free(plan);
}

static quern_status check_same_shape(const char *what, const quern_plan *plan,
                                     const quern_network *network) {
  if (plan == NULL || network == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "%s: the plan or the network is NULL", what);
  if (!quern__shape_equal(&plan->shape, &network->shape))
    return quern__fail(QUERN_ERROR_SHAPE, "%s: the network's shape differs from the plan's", what);
  return QUERN_OK;
}

quern_status quern_plan_upload(quern_plan *plan, const quern_network *network) {
  QUERN__FORWARD(check_same_shape("plan upload", plan, network));
  plan->batches_offset = network->batches - plan->steps_taken;
  return quern_buffer_write(plan->parameters, 0, plan->shape.flat_count * sizeof(float),
                            network->parameters, QUERN_WAIT);
}

quern_status quern_plan_download(quern_plan *plan, quern_network *network) {
  QUERN__FORWARD(check_same_shape("plan download", plan, network));
  network->batches = plan->batches_offset + plan->steps_taken;
  return quern_buffer_read(plan->parameters, 0, plan->shape.flat_count * sizeof(float),
                           network->parameters, QUERN_WAIT);
}

quern_tensor quern__plan_part(const quern_plan *plan, quern_buffer *flat, size_t layer,
                              quern__part part) {
  const quern__extent extent = quern__layer_part(&plan->shape.layers[layer], part);
  return quern_vector(flat, extent.first, extent.count);
}

quern_tensor quern__plan_weights(const quern_plan *plan, quern_buffer *flat, size_t layer) {
  const quern__placed_layer *placed = &plan->shape.layers[layer];
  return quern_matrix(flat, placed->weights, placed->inputs, placed->layer.units);
}

quern_tensor quern__plan_bias(const quern_plan *plan, quern_buffer *flat, size_t layer) {
  const quern__placed_layer *placed = &plan->shape.layers[layer];
  return quern_vector(flat, placed->bias, placed->layer.units);
}

quern_tensor quern__plan_output(const quern_plan *plan, size_t layer, size_t n) {
  return quern_matrix(plan->outputs, plan->places[layer].output, n,
                      plan->shape.layers[layer].layer.units);
}

quern_tensor quern__plan_layer_input(const quern_plan *plan, size_t layer, size_t n) {
  return quern_matrix(plan->outputs, plan->places[layer].layer_input, n,
                      plan->shape.layers[layer].layer.units);
}

quern_tensor quern__plan_product(const quern_plan *plan, size_t layer, size_t n) {
  return quern_matrix(plan->outputs, plan->places[layer].product, n,
                      plan->shape.layers[layer].layer.units);
}

quern_dropout_mask quern__plan_mask(const quern_plan *plan, size_t layer) {
  return (quern_dropout_mask){.p = plan->shape.layers[layer].layer.dropout,
                              .seed = plan->dropout_seed,
                              .step = plan->steps_taken,
                              .layer = (uint32_t)layer,
                              .first_row = plan->first_row};
}

quern_status quern_plan_set_dropout_seed(quern_plan *plan, uint64_t seed) {
  if (plan == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "plan dropout seed: the plan is NULL");
  plan->dropout_seed = seed;
  return QUERN_OK;
}

quern_tensor quern__plan_dz(const quern_plan *plan, size_t layer, size_t n) {
  return quern_matrix(plan->dz, plan->places[layer].output, n,
                      plan->shape.layers[layer].layer.units);
}

quern_tensor quern__plan_derivative_input(const quern_plan *plan, size_t layer, size_t n) {
  return quern_activation_reads_z(plan->shape.layers[layer].layer.activation.kind)
             ? quern__plan_dz(plan, layer, n)
             : quern__plan_output(plan, layer, n);
}

static quern_status check_pointers(const char *what, const quern_plan *plan,
                                   const quern_tensor *first, const quern_tensor *second) {
  if (plan != NULL && first != NULL && second != NULL) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT, "%s: the plan or a result pointer is NULL", what);
}

static quern_status check_layer(const char *what, const quern_plan *plan, size_t index) {
  if (index < plan->shape.layer_count) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT,
                     "%s: there is no layer %zu: the network has %zu, counted from 0", what, index,
                     plan->shape.layer_count);
}

static quern_status check_gradients(const char *what, const quern_plan *plan) {
  if (plan->gradients.count > 0) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT,
                     "%s: the plan keeps no gradients: create it with QUERN_PLAN_GRADIENTS", what);
}

static quern_status check_normalization(const char *what, const quern_plan *plan, size_t index) {
  QUERN__FORWARD(check_layer(what, plan, index));
  if (plan->shape.layers[index].layer.normalization.kind != QUERN_NORMALIZATION_NONE)
    return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT, "%s: layer %zu has no normalization", what, index);
}

quern_status quern_plan_layer(const quern_plan *plan, size_t index, quern_tensor *weights,
                              quern_tensor *bias) {
  QUERN__FORWARD(check_pointers("plan layer", plan, weights, bias));
  QUERN__FORWARD(check_layer("plan layer", plan, index));
  *weights = quern__plan_weights(plan, plan->parameters, index);
  *bias = quern__plan_bias(plan, plan->parameters, index);
  return QUERN_OK;
}

quern_status quern_plan_layer_gradients(const quern_plan *plan, size_t index, quern_tensor *weights,
                                        quern_tensor *bias) {
  const char *what = "plan layer gradients";
  QUERN__FORWARD(check_pointers(what, plan, weights, bias));
  QUERN__FORWARD(check_gradients(what, plan));
  QUERN__FORWARD(check_layer(what, plan, index));
  *weights = quern__plan_gradient(plan, index, QUERN__WEIGHTS);
  *bias = quern__plan_gradient(plan, index, QUERN__BIAS);
  return QUERN_OK;
}

quern_status quern_plan_normalization(const quern_plan *plan, size_t index, quern_tensor *gamma,
                                      quern_tensor *beta) {
  QUERN__FORWARD(check_pointers("plan normalization", plan, gamma, beta));
  QUERN__FORWARD(check_normalization("plan normalization", plan, index));
  *gamma = quern__plan_part(plan, plan->parameters, index, QUERN__GAMMA);
  *beta = quern__plan_part(plan, plan->parameters, index, QUERN__BETA);
  return QUERN_OK;
}

quern_status quern_plan_normalization_gradients(const quern_plan *plan, size_t index,
                                                quern_tensor *gamma, quern_tensor *beta) {
  const char *what = "plan normalization gradients";
  QUERN__FORWARD(check_pointers(what, plan, gamma, beta));
  QUERN__FORWARD(check_gradients(what, plan));
  QUERN__FORWARD(check_normalization(what, plan, index));
  *gamma = quern__plan_gradient(plan, index, QUERN__GAMMA);
  *beta = quern__plan_gradient(plan, index, QUERN__BETA);
  return QUERN_OK;
}

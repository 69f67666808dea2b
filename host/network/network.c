/* Networks: a shape and its parameters in host memory. */
#include "network.h"

#include "../base/error.h"
#include "../base/memory.h"
#include "../data/schema.h"
#include "../functions/activation.h"
#include "../functions/philox.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_part(quern_network *network, size_t layer, quern__part part, float value) {
  const quern__extent extent = quern__layer_part(&network->shape.layers[layer], part);
  for (size_t i = 0; i < extent.count; i++) network->parameters[extent.first + i] = value;
}

/* Resets gamma, beta and the running statistics to values with which a normalization only
 * standardizes. */
static void reset_normalizations(quern_network *network) {
  for (size_t l = 0; l < network->shape.layer_count; l++) {
    set_part(network, l, QUERN__GAMMA, 1.0f);
    set_part(network, l, QUERN__BETA, 0.0f);
    set_part(network, l, QUERN__MEAN, 0.0f);
    set_part(network, l, QUERN__VARIANCE, 1.0f);
  }
  network->batches = 0;
}

/* Checked first, since an overcommitted allocation ends the process at the first write. */
static quern_status check_memory(const quern__shape *shape) {
  char what[64];
  snprintf(what, sizeof what, "network: %zu parameters", shape->parameter_count);
  return quern__memory_check_host(
      &(quern__demand){what, "take fewer units", shape->flat_count * sizeof(float)});
}

quern_status quern_network_create(size_t inputs, const quern_layer *layers, size_t layer_count,
                                  quern_loss loss, quern_network **network) {
  if (network == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "network: the result pointer is NULL");
  *network = NULL;
  quern_network *result = calloc(1, sizeof *result);
  if (result == NULL) return quern__fail_memory("network", sizeof *result);
  quern_status status;
  QUERN__TRY(quern__shape_create(inputs, layers, layer_count, loss, &result->shape));
  QUERN__TRY(check_memory(&result->shape));
  result->parameters = calloc(result->shape.flat_count, sizeof *result->parameters);
  if (result->parameters == NULL) {
    status = quern__fail_memory("network parameters",
                                result->shape.flat_count * sizeof *result->parameters);
    goto cleanup;
  }
  reset_normalizations(result);
  *network = result;
  return QUERN_OK;
cleanup:
  quern_network_free(result);
  return status;
}

void quern__network_hold(quern_network *network) {
  if (network != NULL) atomic_fetch_add_explicit(&network->users, 1, memory_order_relaxed);
}

void quern_network_free(quern_network *network) {
  if (network == NULL) return;
  if (atomic_fetch_sub_explicit(&network->users, 1, memory_order_acq_rel) > 0) return;
  quern__shape_free(&network->shape);
  free(network->parameters);
  quern__schema_free(network->schema);
  free(network->note);
  free(network);
}

static quern_initializer initializer_for(quern_initializer initializer,
                                         quern_activation_kind activation) {
  if (initializer != QUERN_INITIALIZER_DEFAULT) return initializer;
  return quern__activation_info_of(activation)->initializer;
}

quern_status quern_network_initialize(quern_network *network, quern_initializer initializer,
                                      uint64_t seed) {
  if (network == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "network initialize: the network is NULL");
  if ((unsigned)initializer > QUERN_INITIALIZER_LECUN)
    return quern__fail(QUERN_ERROR_ARGUMENT, "network initialize: unknown initializer %d",
                       (int)initializer);
  for (size_t l = 0; l < network->shape.layer_count; l++) {
    const quern__placed_layer *placed = &network->shape.layers[l];
    size_t units = placed->layer.units;
    float bound = quern_initializer_bound(
        initializer_for(initializer, placed->layer.activation.kind), placed->inputs, units);
    quern__philox_uniform(seed, (uint32_t)l, -bound, 2.0f * bound * 0x1p-24f,
                          placed->inputs * units, network->parameters + placed->weights);
    memset(network->parameters + placed->bias, 0, units * sizeof(float));
  }
  reset_normalizations(network);
  quern__schema_free(network->schema);
  network->schema = NULL;
  return QUERN_OK;
}

const quern_schema *quern_network_schema(const quern_network *network) {
  return network->schema;
}

static quern_status check_schema(const quern_network *network, const quern_schema *schema) {
  const size_t inputs = network->shape.inputs, outputs = quern__shape_outputs(&network->shape);
  const bool fewer = schema->task == QUERN_TASK_CLASSES || schema->task == QUERN_TASK_NONE;
  if (schema->columns == inputs &&
      (fewer ? schema->outputs <= outputs : schema->outputs == outputs))
    return QUERN_OK;
  return quern__fail(QUERN_ERROR_SHAPE,
                     "network set schema: the schema has %zu columns and %zu outputs, but the "
                     "network has %zu inputs and %zu outputs",
                     schema->columns, schema->outputs, inputs, outputs);
}

quern_status quern_network_set_schema(quern_network *network, const quern_schema *schema) {
  if (network == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "network set schema: the network is NULL");
  quern_schema *copy = NULL;
  if (schema != NULL) QUERN__FORWARD(check_schema(network, schema));
  if (quern__schema_has_more(schema)) QUERN__FORWARD(quern__schema_copy(schema, &copy));
  quern__schema_free(network->schema);
  network->schema = copy;
  return QUERN_OK;
}

const char *quern_network_note(const quern_network *network) {
  return network->note != NULL ? network->note : "";
}

size_t quern_network_inputs(const quern_network *network) {
  return network->shape.inputs;
}

size_t quern_network_outputs(const quern_network *network) {
  return quern__shape_outputs(&network->shape);
}

size_t quern_network_layer_count(const quern_network *network) {
  return network->shape.layer_count;
}

quern_loss quern_network_loss(const quern_network *network) {
  return network->shape.loss;
}

quern_status quern_network_set_huber_delta(quern_network *network, float delta) {
  if (network == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "network Huber delta: the network is NULL");
  if (!isfinite(delta) || delta <= 0.0f)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "network Huber delta: %g, expected a finite number above 0", (double)delta);
  network->shape.huber_delta = delta;
  return QUERN_OK;
}

float quern_network_huber_delta(const quern_network *network) {
  return network->shape.huber_delta;
}

quern_layer quern_network_layer(const quern_network *network, size_t index) {
  return network->shape.layers[index].layer;
}

size_t quern_network_parameter_count(const quern_network *network) {
  return network->shape.parameter_count;
}

static quern_status find_layer(const char *what, const quern_network *network, size_t index,
                               const quern__placed_layer **placed) {
  if (network == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "%s: the network is NULL", what);
  if (index >= network->shape.layer_count)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "%s: there is no layer %zu: the network has %zu, counted from 0", what,
                       index, network->shape.layer_count);
  *placed = &network->shape.layers[index];
  return QUERN_OK;
}

quern_status quern_network_set_layer(quern_network *network, size_t index, const float *weights,
                                     const float *bias) {
  const quern__placed_layer *placed;
  QUERN__FORWARD(find_layer("network set layer", network, index, &placed));
  size_t units = placed->layer.units;
  if (weights != NULL)
    memcpy(network->parameters + placed->weights, weights, placed->inputs * units * sizeof(float));
  if (bias != NULL) memcpy(network->parameters + placed->bias, bias, units * sizeof(float));
  return QUERN_OK;
}

quern_status quern_network_get_layer(const quern_network *network, size_t index, float *weights,
                                     float *bias) {
  const quern__placed_layer *placed;
  QUERN__FORWARD(find_layer("network get layer", network, index, &placed));
  size_t units = placed->layer.units;
  if (weights != NULL)
    memcpy(weights, network->parameters + placed->weights, placed->inputs * units * sizeof(float));
  if (bias != NULL) memcpy(bias, network->parameters + placed->bias, units * sizeof(float));
  return QUERN_OK;
}

/* Gamma, beta, mean and variance. */
enum { NORMALIZATION_PARTS = QUERN__PARTS - QUERN__GAMMA };

static quern_status check_normalization(const char *what, const quern_network *network,
                                        size_t index, const float *const *given,
                                        const quern__placed_layer **placed) {
  QUERN__FORWARD(find_layer(what, network, index, placed));
  for (size_t i = 0; i < NORMALIZATION_PARTS; i++) {
    const quern__part part = (quern__part)(QUERN__GAMMA + i);
    if (given[i] != NULL && quern__layer_part(*placed, part).count == 0)
      return quern__fail(
          QUERN_ERROR_ARGUMENT, "%s: layer %zu, whose normalization is %s, has no %s", what, index,
          quern_normalization_name((*placed)->layer.normalization.kind), quern__part_name(part));
  }
  return QUERN_OK;
}

quern_status quern_network_set_normalization(quern_network *network, size_t index,
                                             const float *gamma, const float *beta,
                                             const float *mean, const float *variance) {
  const float *const given[NORMALIZATION_PARTS] = {gamma, beta, mean, variance};
  const quern__placed_layer *placed;
  QUERN__FORWARD(check_normalization("network set normalization", network, index, given, &placed));
  for (size_t i = 0; i < NORMALIZATION_PARTS; i++) {
    const quern__extent extent = quern__layer_part(placed, (quern__part)(QUERN__GAMMA + i));
    if (given[i] != NULL)
      memcpy(network->parameters + extent.first, given[i], extent.count * sizeof(float));
  }
  return QUERN_OK;
}

quern_status quern_network_get_normalization(const quern_network *network, size_t index,
                                             float *gamma, float *beta, float *mean,
                                             float *variance) {
  float *const given[NORMALIZATION_PARTS] = {gamma, beta, mean, variance};
  const quern__placed_layer *placed;
  QUERN__FORWARD(check_normalization("network get normalization", network, index,
                                     (const float *const *)given, &placed));
  for (size_t i = 0; i < NORMALIZATION_PARTS; i++) {
    const quern__extent extent = quern__layer_part(placed, (quern__part)(QUERN__GAMMA + i));
    if (given[i] != NULL)
      memcpy(given[i], network->parameters + extent.first, extent.count * sizeof(float));
  }
  return QUERN_OK;
}

uint64_t quern_network_batches(const quern_network *network) {
  return network->batches;
}

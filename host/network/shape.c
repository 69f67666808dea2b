/* Shapes: checks layers and places their parameters in one flat range. */
#include "network.h"

#include "../base/error.h"
#include "../base/size.h"
#include "../functions/activation.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static quern_status check_layer(size_t index, size_t layer_count, const quern_layer *layer,
                                quern_loss loss) {
  if (layer->units == 0 || layer->units > INT32_MAX)
    return quern__fail(QUERN_ERROR_SHAPE,
                       "network: layer %zu has %zu units, expected 1 to 2147483647", index,
                       layer->units);
  const quern_activation *activation = &layer->activation;
  const char *name = quern_activation_name(activation->kind);
  if (name == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "network: layer %zu: unknown activation %d", index,
                       (int)activation->kind);
  if (!quern__activation_slope_is_good(*activation))
    return quern__fail(
        QUERN_ERROR_ARGUMENT,
        "network: layer %zu: the slope of %s is %g, expected a finite number, not negative", index,
        name, (double)activation->slope);
  const quern_normalization *normalization = &layer->normalization;
  if (quern_normalization_name(normalization->kind) == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "network: layer %zu: unknown normalization %d", index,
                       (int)normalization->kind);
  if (normalization->kind != QUERN_NORMALIZATION_NONE &&
      !(isfinite(normalization->epsilon) && normalization->epsilon >= 0.0f))
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "network: layer %zu: the epsilon of its normalization is %g, expected a "
                       "finite number, not negative",
                       index, (double)normalization->epsilon);
  if (!(layer->dropout >= 0.0f && layer->dropout < 1.0f))
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "network: layer %zu: a dropout of %g, expected at least 0 and less than 1",
                       index, (double)layer->dropout);
  if (index + 1 == layer_count && layer->dropout > 0.0f)
    return quern__fail(
        QUERN_ERROR_ARGUMENT,
        "network: the last layer has a dropout of %g, expected 0: the loss reads all its outputs",
        (double)layer->dropout);
  if (index + 1 == layer_count && !quern_loss_is_regression(loss) &&
      activation->kind != QUERN_ACTIVATION_IDENTITY)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "network: the last layer's activation is %s, expected identity: the %s loss "
                       "applies its own",
                       name, quern_loss_name(loss));
  return QUERN_OK;
}

/* Reserves `count` aligned elements of the flat range; false on overflow. */
static bool place_part(quern__shape *shape, size_t count, bool learns, size_t *position) {
  size_t aligned, end;
  if (!quern__add(shape->flat_count, QUERN__PARAMETER_ALIGNMENT - 1, &aligned)) return false;
  aligned -= aligned % QUERN__PARAMETER_ALIGNMENT;
  if (!quern__add(aligned, count, &end) || end > SIZE_MAX / sizeof(float)) return false;
  *position = aligned;
  shape->flat_count = end;
  if (learns) shape->parameter_count += count;
  return true;
}

static bool place_layer(quern__shape *shape, quern__placed_layer *placed) {
  const size_t units = placed->layer.units;
  size_t weights;
  if (!quern__multiply(placed->inputs, units, &weights) ||
      !place_part(shape, weights, true, &placed->weights) ||
      !place_part(shape, units, true, &placed->bias))
    return false;
  if (placed->layer.normalization.kind == QUERN_NORMALIZATION_NONE) return true;
  return place_part(shape, units, true, &placed->gamma) &&
         place_part(shape, units, true, &placed->beta);
}

static bool place_statistics(quern__shape *shape) {
  for (size_t l = 0; l < shape->layer_count; l++) {
    quern__placed_layer *placed = &shape->layers[l];
    const size_t units = placed->layer.units;
    if (placed->layer.normalization.kind != QUERN_NORMALIZATION_BATCH) continue;
    if (!place_part(shape, units, false, &placed->mean) ||
        !place_part(shape, units, false, &placed->variance))
      return false;
  }
  return true;
}

quern_status quern__shape_create(size_t inputs, const quern_layer *layers, size_t layer_count,
                                 quern_loss loss, quern__shape *shape) {
  *shape = (quern__shape){
      .inputs = inputs, .layer_count = layer_count, .loss = loss, .huber_delta = QUERN_HUBER_DELTA};
  if (inputs == 0 || inputs > INT32_MAX)
    return quern__fail(QUERN_ERROR_SHAPE, "network: %zu inputs, expected 1 to 2147483647", inputs);
  if (layers == NULL || layer_count == 0)
    return quern__fail(QUERN_ERROR_ARGUMENT, "network: no layers, expected at least one");
  if (quern_loss_name(loss) == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "network: unknown loss %d", (int)loss);
  for (size_t l = 0; l < layer_count; l++)
    QUERN__FORWARD(check_layer(l, layer_count, &layers[l], loss));
  if (loss == QUERN_LOSS_ELEMENTWISE && layers[layer_count - 1].units < 2)
    return quern__fail(QUERN_ERROR_SHAPE,
                       "network: the elementwise loss has 1 output, expected at least 2");

  shape->layers = calloc(layer_count, sizeof *shape->layers);
  if (shape->layers == NULL)
    return quern__fail_memory("network layers", layer_count * sizeof *shape->layers);
  for (size_t l = 0; l < layer_count; l++) {
    quern__placed_layer *placed = &shape->layers[l];
    placed->layer = layers[l];
    placed->inputs = l == 0 ? inputs : layers[l - 1].units;
    if (!place_layer(shape, placed)) {
      quern__shape_free(shape);
      return quern__fail(QUERN_ERROR_OVERFLOW,
                         "network: the parameters up to layer %zu, %zu by %zu, overflow", l,
                         l == 0 ? inputs : layers[l - 1].units, layers[l].units);
    }
    if (layers[l].units > shape->widest) shape->widest = layers[l].units;
  }
  if (place_statistics(shape)) return QUERN_OK;
  quern__shape_free(shape);
  return quern__fail(QUERN_ERROR_OVERFLOW, "network: the running statistics of %zu layers overflow",
                     layer_count);
}

quern_status quern__shape_copy(const quern__shape *from, quern__shape *to) {
  *to = *from;
  to->layers = malloc(from->layer_count * sizeof *to->layers);
  if (to->layers == NULL)
    return quern__fail_memory("network layers", from->layer_count * sizeof *to->layers);
  memcpy(to->layers, from->layers, from->layer_count * sizeof *to->layers);
  return QUERN_OK;
}

void quern__shape_free(quern__shape *shape) {
  free(shape->layers);
  shape->layers = NULL;
}

bool quern__shape_equal(const quern__shape *a, const quern__shape *b) {
  if (a->inputs != b->inputs || a->layer_count != b->layer_count) return false;
  for (size_t l = 0; l < a->layer_count; l++) {
    const quern_layer *x = &a->layers[l].layer, *y = &b->layers[l].layer;
    if (x->units != y->units || x->normalization.kind != y->normalization.kind) return false;
  }
  return true;
}

bool quern__shape_normalizes(const quern__shape *shape, quern_normalization_kind kind) {
  for (size_t l = 0; l < shape->layer_count; l++)
    if (shape->layers[l].layer.normalization.kind == kind) return true;
  return false;
}

const char *quern__part_name(quern__part part) {
  static const char *const names[QUERN__PARTS] = {"weights", "bias",         "gamma",
                                                  "beta",    "running mean", "running variance"};
  return names[part];
}

quern__extent quern__layer_part(const quern__placed_layer *placed, quern__part part) {
  const quern_layer *layer = &placed->layer;
  const quern_normalization_kind kind = layer->normalization.kind;
  const size_t normalized = kind != QUERN_NORMALIZATION_NONE ? layer->units : 0,
               running = kind == QUERN_NORMALIZATION_BATCH ? layer->units : 0;
  switch (part) {
  case QUERN__WEIGHTS:
    return (quern__extent){placed->weights, placed->inputs * layer->units, !layer->freeze_weights};
  case QUERN__BIAS:
    return (quern__extent){placed->bias, layer->units, !layer->freeze_bias};
  case QUERN__GAMMA:
    return (quern__extent){placed->gamma, normalized, !layer->freeze_bias};
  case QUERN__BETA:
    return (quern__extent){placed->beta, normalized, !layer->freeze_bias};
  case QUERN__MEAN:
    return (quern__extent){placed->mean, running, false};
  default:
    return (quern__extent){placed->variance, running, false};
  }
}

bool quern__shape_next_learning(const quern__shape *shape, size_t end, size_t *item, size_t *begin,
                                size_t *count) {
  for (*count = 0; *item < QUERN__LEARNING_PARTS * end; (*item)++) {
    const quern__placed_layer *placed = &shape->layers[*item / QUERN__LEARNING_PARTS];
    const quern__extent extent =
        quern__layer_part(placed, (quern__part)(*item % QUERN__LEARNING_PARTS));
    if (extent.count == 0) continue;
    if (!extent.learns && *count > 0) return true;
    if (!extent.learns) continue;
    if (*count == 0) *begin = extent.first;
    *count = extent.first + extent.count - *begin;
  }
  return *count > 0;
}

/* Normalizations of layers from BatchNormalization and LayerNormalization. */
#include "chain.h"
#include <stdlib.h>
#include <string.h>

static quern_status fail(const quern__chain *chain, const quern__chain_node *at, const char *what) {
  return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s: %s: %s", chain->file->path, at->label, what);
}

static quern_status check_place(const quern__chain *chain, const quern__chain_node *at) {
  if (!quern__chain_is_input(chain, at, 0))
    return fail(chain, at, "reads something else than what was computed before");
  if (chain->count == 0 || chain->activated || chain->softmax || chain->normalized)
    return fail(chain, at,
                "does not follow a MatMul, a Gemm or an Add, expected it between a layer's sum and "
                "its activation");
  return QUERN_OK;
}

/* A constant of as many numbers as the layer has outputs. */
static quern_status read_vector(const quern__chain *chain, const quern__chain_node *at,
                                size_t index, const char *name, float **numbers) {
  const size_t units = chain->layers[chain->count - 1].layer.units;
  quern__onnx_values values;
  QUERN__FORWARD(quern__chain_constant(chain, at, index, name, &values));
  if (values.rows == 1 && values.columns == units) {
    *numbers = values.values;
    return QUERN_OK;
  }
  free(values.values);
  return quern__fail(QUERN_ERROR_SHAPE, "%s: %s: %s is %zu by %zu numbers for %zu outputs",
                     chain->file->path, at->label, name, values.rows, values.columns, units);
}

static quern_status settle(quern__chain *chain, const quern__chain_node *at,
                           quern_normalization_kind kind) {
  quern_normalization *normalization = &chain->layers[chain->count - 1].layer.normalization;
  *normalization = quern_normalization_of(kind);
  QUERN__FORWARD(quern__chain_float(chain, at, "epsilon", QUERN_NORMALIZATION_EPSILON,
                                    &normalization->epsilon));
  if (normalization->epsilon < 0.0f)
    return fail(chain, at, "epsilon is negative, expected 0 or more");
  chain->normalized = true;
  return QUERN_OK;
}

quern_status quern__chain_batch_normalization(quern__chain *chain, const quern__chain_node *at) {
  static const char *const names[] = {"scale", "B", "input_mean", "input_var"};
  int64_t trains;
  QUERN__FORWARD(check_place(chain, at));
  QUERN__FORWARD(quern__chain_int(chain, at, "training_mode", 0, &trains));
  if (trains != 0) return fail(chain, at, "is in training mode, expected none");
  quern__chain_layer *layer = &chain->layers[chain->count - 1];
  for (size_t i = 0; i < QUERN__CHAIN_NORMALIZATION; i++)
    QUERN__FORWARD(read_vector(chain, at, i + 1, names[i], &layer->normalization[i]));
  return settle(chain, at, QUERN_NORMALIZATION_BATCH);
}

quern_status quern__chain_layer_normalization(quern__chain *chain, const quern__chain_node *at) {
  int64_t axis;
  QUERN__FORWARD(check_place(chain, at));
  QUERN__FORWARD(quern__chain_int(chain, at, "axis", -1, &axis));
  if (axis != -1 && axis != 1) return fail(chain, at, "goes over another axis than the last");
  quern__chain_layer *layer = &chain->layers[chain->count - 1];
  QUERN__FORWARD(read_vector(chain, at, 1, "Scale", &layer->normalization[0]));
  if (at->node->n_input > 2 && *at->node->input[2] != '\0')
    QUERN__FORWARD(read_vector(chain, at, 2, "B", &layer->normalization[1]));
  return settle(chain, at, QUERN_NORMALIZATION_LAYER);
}

/* Normalizations from BatchNormalization and LayerNormalization. */
#include "chain.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Inputs of BatchNormalization after the first. */
static const char *const names[QUERN__CHAIN_NORMALIZATION] = {"scale", "B", "input_mean",
                                                              "input_var"};

static quern_status check_place(const quern__chain *chain, const quern__chain_node *node) {
  if (!quern__chain_is_input(chain, node, 0))
    return quern__chain_fail(chain, node, "does not read the result of the node before");
  if (chain->turned) return quern__chain_fail(chain, node, "reads a transposed value");
  if (chain->count == 0 || chain->activated || chain->softmax || chain->normalized)
    return quern__chain_fail(chain, node,
                             "does not follow a MatMul, a Gemm or an Add, expected it "
                             "between a layer's sum and its activation");
  return QUERN_OK;
}

/* Reads a constant with one element per output of the layer. */
static quern_status read_vector(const quern__chain *chain, const quern__chain_node *node,
                                size_t index, const char *name, float **numbers) {
  const size_t units = chain->layers[chain->count - 1].layer.units;
  quern__onnx_values values;
  QUERN__FORWARD(quern__chain_constant(chain, node, index, name, &values));
  if (values.rows == 1 && values.columns == units) {
    *numbers = values.values;
    return QUERN_OK;
  }
  free(values.values);
  return quern__fail(QUERN_ERROR_SHAPE, "%s: %s: %s is %zu by %zu numbers for %zu outputs",
                     chain->file->path, node->label, name, values.rows, values.columns, units);
}

static quern_status finish_normalization(quern__chain *chain, const quern__chain_node *node,
                                         quern_normalization_kind kind) {
  quern_normalization *normalization = &chain->layers[chain->count - 1].layer.normalization;
  *normalization = quern_normalization_of(kind);
  QUERN__FORWARD(quern__chain_float(chain, node, "epsilon", QUERN_NORMALIZATION_EPSILON,
                                    &normalization->epsilon));
  if (normalization->epsilon < 0.0f)
    return quern__chain_fail(chain, node, "epsilon is negative, expected 0 or more");
  chain->normalized = true;
  return QUERN_OK;
}

/* Reads `expected` numbers, one per value of the chain. */
static quern_status read_numbers(quern__chain *chain, const quern__chain_node *node, size_t index,
                                 const char *name, size_t expected, double **numbers) {
  size_t count;
  QUERN__FORWARD(quern__chain_vector(chain, node, index, name, numbers, &count));
  if (count == expected) return QUERN_OK;
  return quern__fail(QUERN_ERROR_SHAPE, "%s: %s: %s has %zu numbers, expected %zu",
                     chain->file->path, node->label, name, count, expected);
}

/* Anywhere else than right after a layer's sum, it is a factor and a summand. */
static quern_status fold_batch_normalization(quern__chain *chain, const quern__chain_node *node) {
  double *parts[QUERN__CHAIN_NORMALIZATION] = {NULL};
  float epsilon;
  size_t count = chain->width;
  quern_status status;
  if (chain->rank != 2 || count == 0) {
    status = quern__chain_fail(chain, node, "expected an input of [batch][values]");
    goto cleanup;
  }
  QUERN__TRY(quern__chain_float(chain, node, "epsilon", QUERN_NORMALIZATION_EPSILON, &epsilon));
  for (size_t i = 0; i < QUERN__CHAIN_NORMALIZATION; i++)
    QUERN__TRY(read_numbers(chain, node, i + 1, names[i], count, &parts[i]));
  for (size_t i = 0; i < count; i++) {
    const double variance = parts[3][i] + (double)epsilon;
    if (!(variance > 0)) {
      status = quern__chain_fail(chain, node, "has a variance that is not above 0");
      goto cleanup;
    }
    parts[0][i] /= sqrt(variance);
    parts[1][i] -= parts[2][i] * parts[0][i];
  }
  status = quern__chain_apply(chain, node, parts[0], parts[1], count);
cleanup:
  for (size_t i = 0; i < QUERN__CHAIN_NORMALIZATION; i++) free(parts[i]);
  return status;
}

quern_status quern__chain_batch_normalization(quern__chain *chain, const quern__chain_node *node) {
  int64_t trains;
  if (!quern__chain_is_input(chain, node, 0))
    return quern__chain_fail(chain, node, "does not read the result of the node before");
  QUERN__FORWARD(quern__chain_int(chain, node, "training_mode", 0, &trains));
  if (trains != 0) return quern__chain_fail(chain, node, "is in training mode, expected inference");
  if (chain->count == 0 || chain->activated || chain->normalized || chain->softmax)
    return fold_batch_normalization(chain, node);
  QUERN__FORWARD(check_place(chain, node));
  quern__chain_layer *layer = &chain->layers[chain->count - 1];
  for (size_t i = 0; i < QUERN__CHAIN_NORMALIZATION; i++)
    QUERN__FORWARD(read_vector(chain, node, i + 1, names[i], &layer->normalization[i]));
  return finish_normalization(chain, node, QUERN_NORMALIZATION_BATCH);
}

quern_status quern__chain_layer_normalization(quern__chain *chain, const quern__chain_node *node) {
  int64_t axis;
  QUERN__FORWARD(check_place(chain, node));
  QUERN__FORWARD(quern__chain_int(chain, node, "axis", -1, &axis));
  if (axis != -1 && axis != 1)
    return quern__chain_fail(chain, node, "has another axis, expected the last");
  quern__chain_layer *layer = &chain->layers[chain->count - 1];
  QUERN__FORWARD(read_vector(chain, node, 1, "Scale", &layer->normalization[0]));
  if (node->node->n_input > 2 && *node->node->input[2] != '\0')
    QUERN__FORWARD(read_vector(chain, node, 2, "B", &layer->normalization[1]));
  return finish_normalization(chain, node, QUERN_NORMALIZATION_LAYER);
}

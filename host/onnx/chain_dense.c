/* Gemm, MatMul and Add. */
#include "../model/layout.h"
#include "chain.h"
#include <stdlib.h>

static quern_status reserve_layer(quern__chain *chain) {
  if (chain->count < chain->room) return QUERN_OK;
  const size_t room = chain->room > 0 ? 2 * chain->room : 8;
  /* fewer layers than nodes in memory: no overflow */
  quern__chain_layer *layers = realloc(chain->layers, room * sizeof *layers);
  if (layers == NULL) return quern__fail_memory(chain->file->path, room * sizeof *layers);
  chain->layers = layers;
  chain->room = room;
  return QUERN_OK;
}

/* Adds a layer with the weights, which are [in][units], or [units][in] if `turned`. */
static quern_status add_layer(quern__chain *chain, const quern__chain_node *node,
                              quern__onnx_values *weights, bool turned) {
  const size_t in = turned ? weights->columns : weights->rows,
               units = turned ? weights->rows : weights->columns;
  if (chain->softmax)
    return quern__chain_fail(chain, node, "follows a Softmax, expected nothing after it");
  if (!chain->flat)
    return quern__chain_fail(
        chain, node,
        "reads an input that does not have two dimensions, expected [batch][values], "
        "or a Flatten before it");
  if (chain->width != 0 && chain->width != in)
    return quern__fail(QUERN_ERROR_SHAPE, "%s: %s: B needs %zu values, but its input has %zu",
                       chain->file->path, node->label, in, chain->width);
  QUERN__FORWARD(reserve_layer(chain));
  quern__chain_layer layer = {.in = in, .layer = quern_dense(units, QUERN_ACTIVATION_IDENTITY)};
  layer.bias = calloc(units, sizeof *layer.bias);
  layer.weights = turned ? malloc(in * units * sizeof *layer.weights) : weights->values;
  if (layer.bias == NULL || layer.weights == NULL) {
    free(layer.bias);
    if (turned) free(layer.weights);
    return quern__fail_memory(chain->file->path, in * units * sizeof *layer.weights);
  }
  if (turned)
    quern__transpose(units, in, weights->values, layer.weights);
  else
    weights->values = NULL; /* the layer owns them now */
  chain->layers[chain->count++] = layer;
  chain->width = units;
  chain->activated = chain->normalized = false;
  return QUERN_OK;
}

/* Adds `scale` times a row, or times one number, to the last layer's bias. */
static quern_status add_bias(quern__chain *chain, const quern__chain_node *node,
                             const quern__onnx_values *values, float scale) {
  const quern__chain_layer *last = &chain->layers[chain->count - 1];
  const size_t units = last->layer.units;
  if (values->rows != 1 || (values->columns != 1 && values->columns != units))
    return quern__fail(QUERN_ERROR_SHAPE,
                       "%s: %s: adds %zu by %zu numbers to %zu outputs, expected 1 or %zu",
                       chain->file->path, node->label, values->rows, values->columns, units, units);
  for (size_t i = 0; i < units; i++)
    last->bias[i] += scale * values->values[values->columns == 1 ? 0 : i];
  return QUERN_OK;
}

quern_status quern__chain_gemm(quern__chain *chain, const quern__chain_node *node) {
  quern__onnx_values b = {0}, c = {0};
  quern_status status;
  float alpha, beta;
  int64_t turn_a, turn_b;
  QUERN__TRY(quern__chain_float(chain, node, "alpha", 1.0f, &alpha));
  QUERN__TRY(quern__chain_float(chain, node, "beta", 1.0f, &beta));
  QUERN__TRY(quern__chain_int(chain, node, "transA", 0, &turn_a));
  QUERN__TRY(quern__chain_int(chain, node, "transB", 0, &turn_b));
  if (turn_a != 0 || !quern__chain_is_input(chain, node, 0)) {
    status = quern__chain_fail(
        chain, node, "A is transposed or not the result of the node before, expected neither");
    goto cleanup;
  }
  QUERN__TRY(quern__chain_constant(chain, node, 1, "B", &b));
  for (size_t i = 0; i < b.rows * b.columns; i++) b.values[i] *= alpha;
  QUERN__TRY(add_layer(chain, node, &b, turn_b != 0));
  /* An empty name means that an optional input is absent. */
  if (node->node->n_input > 2 && *node->node->input[2] != '\0') {
    QUERN__TRY(quern__chain_constant(chain, node, 2, "C", &c));
    QUERN__TRY(add_bias(chain, node, &c, beta));
  }
cleanup:
  free(b.values);
  free(c.values);
  return status;
}

quern_status quern__chain_matmul(quern__chain *chain, const quern__chain_node *node) {
  quern__onnx_values b = {0};
  quern_status status;
  if (!quern__chain_is_input(chain, node, 0))
    return quern__chain_fail(chain, node, "A is not the result of the node before");
  QUERN__TRY(quern__chain_constant(chain, node, 1, "B", &b));
  status = add_layer(chain, node, &b, false);
cleanup:
  free(b.values);
  return status;
}

quern_status quern__chain_bias(quern__chain *chain, const quern__chain_node *node) {
  const size_t constant = quern__chain_is_input(chain, node, 0) ? 1 : 0;
  if (!quern__chain_is_input(chain, node, 1 - constant))
    return quern__chain_fail(chain, node, "does not add to the result of the node before");
  if (chain->count == 0 || chain->activated || chain->normalized || chain->softmax)
    return quern__chain_fail(chain, node,
                             "does not follow a MatMul or a Gemm, expected it to add their bias");
  quern__onnx_values values = {0};
  quern_status status;
  QUERN__TRY(quern__chain_constant(chain, node, constant, constant == 1 ? "B" : "A", &values));
  status = add_bias(chain, node, &values, 1.0f);
cleanup:
  free(values.values);
  return status;
}

/* Layers from Gemm, MatMul and Add. */
#include "../model/layout.h"
#include "chain.h"
#include <stdlib.h>

static quern_status fail(const quern__chain *chain, const quern__chain_node *at, const char *what) {
  return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s: %s: %s", chain->file->path, at->label, what);
}

static quern_status grow(quern__chain *chain) {
  if (chain->count < chain->room) return QUERN_OK;
  const size_t room = chain->room > 0 ? 2 * chain->room : 8;
  /* fewer than nodes: no overflow */
  quern__chain_layer *layers = realloc(chain->layers, room * sizeof *layers);
  if (layers == NULL) return quern__fail_memory(chain->file->path, room * sizeof *layers);
  chain->layers = layers;
  chain->room = room;
  return QUERN_OK;
}

/* Takes the weights, [rows][columns] or turned, as those of a new layer. */
static quern_status add_layer(quern__chain *chain, const quern__chain_node *at,
                              quern__onnx_values *weights, bool turned) {
  const size_t in = turned ? weights->columns : weights->rows,
               units = turned ? weights->rows : weights->columns;
  if (chain->softmax) return fail(chain, at, "stands behind a Softmax, expected nothing");
  if (!chain->flat)
    return fail(chain, at,
                "reads an input that has not two dimensions, expected [batch][values], or a "
                "Flatten before it");
  if (chain->width != 0 && chain->width != in)
    return quern__fail(QUERN_ERROR_SHAPE, "%s: %s: B takes %zu values, but %zu come in",
                       chain->file->path, at->label, in, chain->width);
  QUERN__FORWARD(grow(chain));
  quern__chain_layer made = {.in = in, .layer = quern_dense(units, QUERN_IDENTITY)};
  made.bias = calloc(units, sizeof *made.bias);
  made.weights = turned ? malloc(in * units * sizeof *made.weights) : weights->values;
  if (made.bias == NULL || made.weights == NULL) {
    free(made.bias);
    if (turned) free(made.weights);
    return quern__fail_memory(chain->file->path, in * units * sizeof *made.weights);
  }
  if (turned)
    quern__transpose(units, in, weights->values, made.weights);
  else
    weights->values = NULL; /* they are the layer's now */
  chain->layers[chain->count++] = made;
  chain->width = units;
  chain->activated = chain->normalized = false;
  return QUERN_OK;
}

/* Adds `scale` times a row, or one number for all, to the last layer's bias. */
static quern_status add_bias(quern__chain *chain, const quern__chain_node *at,
                             const quern__onnx_values *values, float scale) {
  const quern__chain_layer *last = &chain->layers[chain->count - 1];
  const size_t units = last->layer.units;
  if (values->rows != 1 || (values->columns != 1 && values->columns != units))
    return quern__fail(QUERN_ERROR_SHAPE,
                       "%s: %s: adds %zu by %zu numbers to %zu outputs, expected 1 or %zu",
                       chain->file->path, at->label, values->rows, values->columns, units, units);
  for (size_t i = 0; i < units; i++)
    last->bias[i] += scale * values->values[values->columns == 1 ? 0 : i];
  return QUERN_OK;
}

quern_status quern__chain_gemm(quern__chain *chain, const quern__chain_node *at) {
  quern__onnx_values b = {0}, c = {0};
  quern_status status;
  float alpha, beta;
  int64_t turn_a, turn_b;
  QUERN__TRY(quern__chain_float(chain, at, "alpha", 1.0f, &alpha));
  QUERN__TRY(quern__chain_float(chain, at, "beta", 1.0f, &beta));
  QUERN__TRY(quern__chain_int(chain, at, "transA", 0, &turn_a));
  QUERN__TRY(quern__chain_int(chain, at, "transB", 0, &turn_b));
  if (turn_a != 0 || !quern__chain_is_input(chain, at, 0)) {
    status = fail(chain, at, "A is transposed or not what was computed before, expected neither");
    goto cleanup;
  }
  QUERN__TRY(quern__chain_constant(chain, at, 1, "B", &b));
  for (size_t i = 0; i < b.rows * b.columns; i++) b.values[i] *= alpha;
  QUERN__TRY(add_layer(chain, at, &b, turn_b != 0));
  /* An optional input may be named by nothing. */
  if (at->node->n_input > 2 && *at->node->input[2] != '\0') {
    QUERN__TRY(quern__chain_constant(chain, at, 2, "C", &c));
    QUERN__TRY(add_bias(chain, at, &c, beta));
  }
cleanup:
  free(b.values);
  free(c.values);
  return status;
}

quern_status quern__chain_matmul(quern__chain *chain, const quern__chain_node *at) {
  quern__onnx_values b = {0};
  quern_status status;
  if (!quern__chain_is_input(chain, at, 0))
    return fail(chain, at, "A is not what was computed before");
  QUERN__TRY(quern__chain_constant(chain, at, 1, "B", &b));
  status = add_layer(chain, at, &b, false);
cleanup:
  free(b.values);
  return status;
}

quern_status quern__chain_bias(quern__chain *chain, const quern__chain_node *at) {
  const size_t constant = quern__chain_is_input(chain, at, 0) ? 1 : 0;
  if (!quern__chain_is_input(chain, at, 1 - constant))
    return fail(chain, at, "adds to something else than what was computed before");
  if (chain->count == 0 || chain->activated || chain->normalized || chain->softmax)
    return fail(chain, at, "does not follow a MatMul or a Gemm, expected it to add their bias");
  quern__onnx_values values = {0};
  quern_status status;
  QUERN__TRY(quern__chain_constant(chain, at, constant, constant == 1 ? "B" : "A", &values));
  status = add_bias(chain, at, &values, 1.0f);
cleanup:
  free(values.values);
  return status;
}

/* Gemm and MatMul. */
#include "../base/size.h"
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

/* Appends a layer, which owns weights [in][units] and bias [units] from now on, also on failure. */
static quern_status append_layer(quern__chain *chain, size_t in, size_t units, float *weights,
                                 float *bias) {
  quern_status status = reserve_layer(chain);
  if (status == QUERN_OK && (weights == NULL || bias == NULL))
    status = quern__fail_memory(chain->file->path, in * units * sizeof *weights);
  if (status != QUERN_OK) {
    free(weights);
    free(bias);
    return status;
  }
  quern__chain_fold(chain, in, units, weights, bias);
  chain->layers[chain->count++] =
      (quern__chain_layer){.weights = weights,
                           .bias = bias,
                           .in = in,
                           .layer = quern_dense(units, QUERN_ACTIVATION_IDENTITY)};
  chain->width = units;
  chain->activated = chain->normalized = false;
  return QUERN_OK;
}

static quern_status check_dense(const quern__chain *chain, const quern__chain_node *node,
                                size_t in) {
  if (chain->softmax)
    return quern__chain_fail(chain, node, "follows a Softmax, expected nothing after it");
  if (chain->rank != 2)
    return quern__chain_fail(
        chain, node,
        "reads an input that does not have two dimensions, expected [batch][values], "
        "or a Flatten before it");
  if (chain->width != 0 && chain->width != in)
    return quern__fail(QUERN_ERROR_SHAPE, "%s: %s: B needs %zu values, but its input has %zu",
                       chain->file->path, node->label, in, chain->width);
  return QUERN_OK;
}

/* Adds a layer with the weights, which are [in][units], or [units][in] if `turned`. */
static quern_status add_layer(quern__chain *chain, const quern__chain_node *node,
                              quern__onnx_values *weights, bool turned) {
  const size_t in = turned ? weights->columns : weights->rows,
               units = turned ? weights->rows : weights->columns;
  QUERN__FORWARD(check_dense(chain, node, in));
  float *own = turned ? malloc(in * units * sizeof *own) : weights->values;
  if (turned && own != NULL)
    quern__transpose(units, in, weights->values, own);
  else if (!turned)
    weights->values = NULL; /* the layer owns them now */
  return append_layer(chain, in, units, own, calloc(units, sizeof *own));
}

quern_status quern__chain_diagonal(quern__chain *chain, const quern__chain_node *node) {
  const size_t width = chain->width;
  size_t bytes;
  if (width == 0 || chain->rank != 2)
    return quern__chain_fail(chain, node,
                             "reads an input without two known dimensions, expected "
                             "[batch][values]");
  if (!quern__multiply(width, width, &bytes) || !quern__multiply(bytes, sizeof(float), &bytes) ||
      bytes > chain->file->constant_allowance)
    return quern__chain_fail(chain, node,
                             "follows factors that need a layer of their own, which would be "
                             "too large");
  chain->file->constant_allowance -= bytes;
  float *weights = calloc(width, width * sizeof *weights);
  for (size_t i = 0; weights != NULL && i < width; i++) weights[i * width + i] = 1.0f;
  return append_layer(chain, width, width, weights, calloc(width, sizeof *weights));
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
  if ((turn_a != 0) != chain->turned || !quern__chain_is_input(chain, node, 0)) {
    status = quern__chain_fail(
        chain, node, "A is transposed or not the result of the node before, expected neither");
    goto cleanup;
  }
  chain->turned = false;
  QUERN__TRY(quern__chain_constant(chain, node, 1, "B", &b));
  for (size_t i = 0; i < b.rows * b.columns; i++) b.values[i] *= alpha;
  QUERN__TRY(add_layer(chain, node, &b, turn_b != 0));
  if (quern__chain_has_input(node, 2)) {
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
  if (!quern__chain_is_input(chain, node, 0) || chain->turned)
    return quern__chain_fail(chain, node, "A is not the result of the node before");
  QUERN__TRY(quern__chain_constant(chain, node, 1, "B", &b));
  status = add_layer(chain, node, &b, false);
cleanup:
  free(b.values);
  return status;
}

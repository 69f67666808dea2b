/* Nodes that keep all numbers of a sample: Flatten, Reshape, Identity, Cast, Dropout, and the like.
 */
#include "../base/size.h"
#include "chain.h"
#include <stdlib.h>
#include <string.h>

static quern_status check_input(const quern__chain *chain, const quern__chain_node *current) {
  if (quern__chain_is_input(chain, current, 0)) return QUERN_OK;
  return quern__chain_fail(chain, current, "does not read the result of the node before");
}

quern_status quern__chain_nothing(quern__chain *chain, const quern__chain_node *current) {
  return check_input(chain, current);
}

quern_status quern__chain_flatten(quern__chain *chain, const quern__chain_node *current) {
  int64_t axis;
  QUERN__FORWARD(quern__chain_int(chain, current, "axis", 1, &axis));
  if (axis != 1)
    return quern__chain_fail(chain, current,
                             "keeps other dimensions than the first, expected axis 1");
  QUERN__FORWARD(check_input(chain, current));
  if (chain->turned) return quern__chain_fail(chain, current, "reads a transposed value");
  chain->rank = 2;
  return QUERN_OK;
}

/* Dropout has no effect unless its third input, training_mode, is set. */
quern_status quern__chain_dropout(quern__chain *chain, const quern__chain_node *current) {
  if (quern__chain_has_input(current, 2))
    return quern__chain_fail(chain, current, "may be in training mode, expected inference");
  return check_input(chain, current);
}

/* Removes the only dimension of a single output. */
quern_status quern__chain_squeeze(quern__chain *chain, const quern__chain_node *current) {
  QUERN__FORWARD(check_input(chain, current));
  if (chain->rank == 2 && chain->width == 1 && chain->count > 0) return QUERN_OK;
  return quern__chain_fail(chain, current, "does not follow a single output");
}

quern_status quern__chain_transpose(quern__chain *chain, const quern__chain_node *current) {
  const quern__onnx_attribute *order =
      quern__chain_attribute(current, "perm", QUERN__ONNX_ATTRIBUTE_INTS);
  QUERN__FORWARD(check_input(chain, current));
  const bool turns =
      order == NULL || (order->n_ints == 2 && order->ints[0] == 1 && order->ints[1] == 0);
  if (chain->rank != 2 || !turns)
    return quern__chain_fail(chain, current,
                             "changes the order of a sample's values, expected two dimensions");
  chain->turned = !chain->turned;
  return QUERN_OK;
}

/* --- Shapes ----------------------------------------------------------------------------------- */

static bool is_operator(const quern__onnx_node *node, const char *name) {
  return node != NULL && node->op_type != NULL && strcmp(node->op_type, name) == 0 &&
         quern__onnx_is_standard(node->domain);
}

bool quern__chain_computes_shape(const quern__chain *chain, const quern__onnx_node *node) {
  static const char *const names[] = {"Gather", "Slice", "Unsqueeze", "Squeeze", "Concat", "Cast"};
  if (is_operator(node, "Shape")) return true;
  for (size_t i = 0; i < node->n_input; i++)
    if (strcmp(node->input[i], chain->value) == 0 ||
        (chain->earlier != NULL && strcmp(node->input[i], chain->earlier) == 0) ||
        (chain->label != NULL && strcmp(node->input[i], chain->label) == 0) ||
        (chain->complement != NULL && strcmp(node->input[i], chain->complement) == 0) ||
        quern__formula_of(chain, node->input[i]) != NULL)
      return false;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (is_operator(node, names[i])) return true;
  return false;
}

/* True if the constant at an input has exactly the number. */
static bool is_number(quern__chain *chain, const quern__onnx_node *node, size_t index,
                      double number) {
  const quern__onnx_constant *constant = quern__chain_find(chain, node, index);
  double *numbers = NULL;
  size_t count = 0;
  const bool same = constant != NULL && quern__chain_elements(constant) == 1 &&
                    quern__onnx_numbers(chain->file, "", constant, &numbers, &count) == QUERN_OK &&
                    numbers[0] == number;
  free(numbers);
  return same;
}

/* True if the value is the number of samples: the first dimension of some value's Shape. */
static bool is_batch(quern__chain *chain, const char *name) {
  enum { LONGEST = 8 }; /* more nodes than any exporter writes */
  for (size_t i = 0; i < LONGEST; i++) {
    const quern__onnx_node *node = quern__onnx_producer_of(chain->file, name);
    if (node == NULL || node->n_input == 0) return false;
    const bool gathers = is_operator(node, "Gather") && is_number(chain, node, 1, 0),
               slices = is_operator(node, "Slice") && is_number(chain, node, 1, 0) &&
                        is_number(chain, node, 2, 1);
    if (gathers || slices) {
      const quern__onnx_node *shape = quern__onnx_producer_of(chain->file, node->input[0]);
      if (is_operator(shape, "Cast") && shape->n_input == 1)
        shape = quern__onnx_producer_of(chain->file, shape->input[0]);
      return is_operator(shape, "Shape") && shape->n_attribute == 0;
    }
    if (!is_operator(node, "Unsqueeze") && !is_operator(node, "Squeeze") &&
        !is_operator(node, "Cast"))
      return false;
    name = node->input[0];
  }
  return false;
}

/* Reads the shape of a Concat whose first part is the number of samples, which becomes -1 if others
 * are known, else the 0 that keeps it. */
static quern_status read_concat(quern__chain *chain, const quern__chain_node *current,
                                const quern__onnx_node *concat, double **sizes, size_t *count) {
  double *result = calloc(concat->n_input, sizeof *result);
  if (result == NULL)
    return quern__fail_memory(chain->file->path, concat->n_input * sizeof *result);
  *sizes = result;
  *count = concat->n_input;
  for (size_t i = 1; i < concat->n_input; i++) {
    const quern__onnx_constant *constant = quern__chain_find(chain, concat, i);
    double *part;
    size_t found;
    if (constant == NULL || quern__chain_elements(constant) != 1)
      return quern__chain_fail(chain, current, "its shape is computed, expected constants");
    const quern_status status =
        quern__onnx_numbers(chain->file, current->label, constant, &part, &found);
    if (status == QUERN_OK) result[i] = part[0];
    free(part);
    if (status != QUERN_OK) return status;
  }
  return QUERN_OK;
}

static quern_status read_shape(quern__chain *chain, const quern__chain_node *current,
                               double **sizes, size_t *count) {
  *sizes = NULL;
  if (!quern__chain_has_input(current, 1)) return quern__chain_fail(chain, current, "has no shape");
  const quern__onnx_constant *constant = quern__chain_find(chain, current->node, 1);
  if (constant != NULL)
    return quern__onnx_numbers(chain->file, current->label, constant, sizes, count);
  const quern__onnx_node *concat = quern__onnx_producer_of(chain->file, current->node->input[1]);
  if (!is_operator(concat, "Concat") || concat->n_input == 0 || !is_batch(chain, concat->input[0]))
    return quern__chain_fail(chain, current, "its shape is computed, expected constants");
  return read_concat(chain, current, concat, sizes, count);
}

/* The values per sample of a shape; false if it does not keep a sample's values together. */
static bool keeps_samples(const quern__chain *chain, const double *sizes, size_t count,
                          size_t *width) {
  size_t product = 1;
  bool open = false;
  if (count == 0) return false;
  if (count == 1) return sizes[0] == -1 && (*width = chain->width) == 1 && chain->count > 0;
  for (size_t i = 1; i < count; i++) {
    if (sizes[i] == -1 && !open)
      open = true;
    else if (!(sizes[i] >= 1) || sizes[i] > (double)INT32_MAX ||
             !quern__multiply(product, (size_t)sizes[i], &product))
      return false;
  }
  *width = open ? chain->width : product;
  const bool fits =
      chain->width == 0 || (open ? chain->width % product == 0 : chain->width == product);
  if (sizes[0] == -1) return !open && fits;
  return fits && (sizes[0] == 0 || (chain->batch > 0 && sizes[0] == (double)chain->batch));
}

quern_status quern__chain_reshape(quern__chain *chain, const quern__chain_node *current) {
  double *sizes;
  size_t count = 0, width = 0;
  QUERN__FORWARD(check_input(chain, current));
  if (chain->turned) return quern__chain_fail(chain, current, "reads a transposed value");
  quern_status status = read_shape(chain, current, &sizes, &count);
  if (status == QUERN_OK && !keeps_samples(chain, sizes, count, &width))
    status = quern__chain_fail(chain, current,
                               "mixes the values of samples, expected a shape of [batch][values]");
  if (status == QUERN_OK) {
    chain->rank = count <= 2 ? 2 : count;
    chain->width = width;
  }
  free(sizes);
  return status;
}

/* Reads a node's inputs and attributes. */
#include "../base/size.h"
#include "chain.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

quern_status quern__chain_fail(const quern__chain *chain, const quern__chain_node *node,
                               const char *what) {
  return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s: %s: %s", chain->file->path, node->label, what);
}

static const quern__onnx_attribute *find_attribute(const quern__chain_node *node,
                                                   const char *name) {
  for (size_t i = 0; i < node->node->n_attribute; i++) {
    const quern__onnx_attribute *attribute = node->node->attribute[i];
    if (attribute->name != NULL && strcmp(attribute->name, name) == 0) return attribute;
  }
  return NULL;
}

const quern__onnx_attribute *quern__chain_attribute(const quern__chain_node *node, const char *name,
                                                    int32_t type) {
  const quern__onnx_attribute *attribute = find_attribute(node, name);
  return attribute != NULL && attribute->type == type ? attribute : NULL;
}

static quern_status fail_type(const quern__chain *chain, const quern__chain_node *node,
                              const char *name, const char *expected) {
  return quern__fail(QUERN_ERROR_FORMAT, "%s: %s: attribute %s: expected %s", chain->file->path,
                     node->label, name, expected);
}

quern_status quern__chain_float(const quern__chain *chain, const quern__chain_node *node,
                                const char *name, float otherwise, float *value) {
  const quern__onnx_attribute *attribute = find_attribute(node, name);
  *value = attribute != NULL ? attribute->f : otherwise;
  if (attribute == NULL) return QUERN_OK;
  if (attribute->type != QUERN__ONNX_ATTRIBUTE_FLOAT || !isfinite(*value))
    return fail_type(chain, node, name, "a finite number");
  return QUERN_OK;
}

quern_status quern__chain_int(const quern__chain *chain, const quern__chain_node *node,
                              const char *name, int64_t otherwise, int64_t *value) {
  const quern__onnx_attribute *attribute = find_attribute(node, name);
  *value = attribute != NULL ? attribute->i : otherwise;
  if (attribute != NULL && attribute->type != QUERN__ONNX_ATTRIBUTE_INT)
    return fail_type(chain, node, name, "a whole number");
  return QUERN_OK;
}

quern_status quern__chain_text(const quern__chain *chain, const quern__chain_node *node,
                               const char *name, const char *otherwise, char *text, size_t size) {
  const quern__onnx_attribute *attribute = find_attribute(node, name);
  if (attribute == NULL) {
    snprintf(text, size, "%s", otherwise);
    return QUERN_OK;
  }
  const size_t length = attribute->s.len;
  if (attribute->type != QUERN__ONNX_ATTRIBUTE_STRING || length >= size ||
      memchr(attribute->s.data, 0, length) != NULL)
    return fail_type(chain, node, name, "a short text");
  memcpy(text, attribute->s.data, length);
  text[length] = '\0';
  return QUERN_OK;
}

const quern__onnx_constant *quern__chain_find(const quern__chain *chain,
                                              const quern__onnx_node *node, size_t index) {
  return index < node->n_input ? quern__onnx_find(chain->file, node->input[index]) : NULL;
}

static quern_status fail_constant(const quern__chain *chain, const quern__chain_node *node,
                                  const char *name) {
  return quern__fail(QUERN_ERROR_UNSUPPORTED,
                     "%s: %s: %s is not a constant, expected an initializer", chain->file->path,
                     node->label, name);
}

/* The input's name for messages: 'node 3 (Gemm "fc"): B'. */
typedef struct input_name {
  char text[256];
} input_name;

static input_name name_input(const quern__chain_node *node, const char *name) {
  input_name result;
  snprintf(result.text, sizeof result.text, "%s: %s", node->label, name);
  return result;
}

quern_status quern__chain_constant(const quern__chain *chain, const quern__chain_node *node,
                                   size_t index, const char *name, quern__onnx_values *values) {
  *values = (quern__onnx_values){0};
  const quern__onnx_constant *constant = quern__chain_find(chain, node->node, index);
  if (constant == NULL) return fail_constant(chain, node, name);
  const input_name what = name_input(node, name);
  return quern__onnx_read(chain->file, what.text, constant, values);
}

size_t quern__chain_elements(const quern__onnx_constant *constant) {
  size_t count = 1;
  for (size_t i = 0; i < constant->tensor->n_dims; i++) {
    const int64_t size = constant->tensor->dims[i];
    if (size < 0 || !quern__multiply(count, (size_t)size, &count)) return SIZE_MAX;
  }
  return count;
}

quern_status quern__chain_number(const quern__chain *chain, const quern__chain_node *node,
                                 size_t index, const char *name, float *value) {
  const quern__onnx_constant *constant = quern__chain_find(chain, node->node, index);
  if (constant == NULL) return fail_constant(chain, node, name);
  if (quern__chain_elements(constant) != 1)
    return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s: %s: %s has several numbers, expected one",
                       chain->file->path, node->label, name);
  double *numbers;
  size_t count;
  const input_name what = name_input(node, name);
  const quern_status status =
      quern__onnx_numbers(chain->file, what.text, constant, &numbers, &count);
  if (status == QUERN_OK) *value = (float)numbers[0];
  free(numbers);
  return status;
}

/* A vector is the last dimension of a value with two, or has all dimensions of one with more. */
static bool is_vector(const quern__chain *chain, const quern__onnx_tensor *tensor, size_t count) {
  if (count == 1) return true;
  if (chain->rank != 2)
    return count == chain->width && tensor->n_dims <= chain->rank &&
           (tensor->n_dims < chain->rank || tensor->dims[0] == 1);
  for (size_t i = 0; i + 1 < tensor->n_dims; i++)
    if (tensor->dims[i] != 1) return false;
  return tensor->n_dims <= 2 && (chain->width == 0 || count == chain->width);
}

quern_status quern__chain_vector(quern__chain *chain, const quern__chain_node *node, size_t index,
                                 const char *name, double **numbers, size_t *count) {
  *numbers = NULL;
  const quern__onnx_constant *constant = quern__chain_find(chain, node->node, index);
  if (constant == NULL) return fail_constant(chain, node, name);
  const size_t found = quern__chain_elements(constant);
  if (found == 0 || constant->turned || !is_vector(chain, constant->tensor, found))
    return quern__fail(QUERN_ERROR_SHAPE,
                       "%s: %s: %s has %zu numbers in %zu dimensions for %zu values, expected 1 or "
                       "one for each value",
                       chain->file->path, node->label, name, found, constant->tensor->n_dims,
                       chain->width);
  const input_name what = name_input(node, name);
  return quern__onnx_numbers(chain->file, what.text, constant, numbers, count);
}

bool quern__chain_has_input(const quern__chain_node *node, size_t index) {
  return index < node->node->n_input && *node->node->input[index] != '\0';
}

bool quern__chain_is_input(const quern__chain *chain, const quern__chain_node *node, size_t index) {
  return index < node->node->n_input && strcmp(node->node->input[index], chain->value) == 0;
}

quern__text *quern__chain_note(quern__chain *chain) {
  if (chain->note.length > 0) quern__text_put(&chain->note, "; ");
  return &chain->note;
}

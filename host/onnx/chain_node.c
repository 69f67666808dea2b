/* Reads a node's inputs and attributes. */
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

quern_status quern__chain_constant(const quern__chain *chain, const quern__chain_node *node,
                                   size_t index, const char *name, quern__onnx_values *values) {
  char what[256];
  *values = (quern__onnx_values){0};
  const quern__onnx_tensor *tensor =
      index < node->node->n_input ? quern__onnx_find(chain->file, node->node->input[index]) : NULL;
  if (tensor == NULL)
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "%s: %s: %s is not a constant, expected an initializer", chain->file->path,
                       node->label, name);
  snprintf(what, sizeof what, "%s: %s", node->label, name);
  return quern__onnx_read(chain->file, what, tensor, values);
}

quern_status quern__chain_number(const quern__chain *chain, const quern__chain_node *node,
                                 size_t index, const char *name, float *value) {
  const quern__onnx_tensor *tensor = quern__onnx_find(chain->file, node->node->input[index]);
  for (size_t i = 0; tensor != NULL && i < tensor->n_dims; i++)
    if (tensor->dims[i] != 1)
      return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s: %s: %s has several numbers, expected one",
                         chain->file->path, node->label, name);
  quern__onnx_values values;
  QUERN__FORWARD(quern__chain_constant(chain, node, index, name, &values));
  *value = values.values[0];
  free(values.values);
  return QUERN_OK;
}

bool quern__chain_is_input(const quern__chain *chain, const quern__chain_node *node, size_t index) {
  return index < node->node->n_input && strcmp(node->node->input[index], chain->value) == 0;
}

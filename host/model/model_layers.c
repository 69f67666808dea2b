/* From tensors to layers: pairs of "<name>.weight" and "<name>.bias", in natural order, each taking what the
 * one before gives. */
#include "model/model_layers.h"
#include "model/layout.h"
#include <stdlib.h>
#include <string.h>

/* A tensor with its name taken apart. */
typedef struct part {
  const quern__tensor_entry *entry;
  size_t name_length; /* of what stands before ".weight" or ".bias" */
  bool bias;
} part;

static bool take_suffix(const char *name, const char *suffix, size_t *name_length) {
  size_t length = strlen(name), suffix_length = strlen(suffix);
  if (length <= suffix_length || strcmp(name + length - suffix_length, suffix) != 0) return false;
  *name_length = length - suffix_length;
  return true;
}

static quern_status take_apart(const quern__safetensors *file, const quern__tensor_entry *entry,
                               part *result) {
  result->entry = entry;
  result->bias = take_suffix(entry->name, ".bias", &result->name_length);
  if (!result->bias && !take_suffix(entry->name, ".weight", &result->name_length))
    return quern__fail(
        QUERN_ERROR_FORMAT,
        "%s: tensor \"%.200s\": expected \"<layer>.weight\" and \"<layer>.bias\" alone, the tensors of "
        "dense layers",
        file->path, entry->name);
  if (strcmp(entry->dtype, "F32") != 0)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": dtype is %s, expected F32", file->path,
                       entry->name, entry->dtype);
  size_t rank = result->bias ? 1 : 2;
  if (entry->rank != rank)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": has %zu dimensions, expected %s",
                       file->path, entry->name, entry->rank, result->bias ? "1, [out]" : "2, [out][in]");
  for (size_t i = 0; i < rank; i++)
    if (entry->shape[i] == 0)
      return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": dimension %zu is 0, expected at least 1",
                         file->path, entry->name, i);
  return QUERN_OK;
}

static int compare_parts(const void *a, const void *b) {
  const part *x = a, *y = b;
  int order = quern__compare_naturally(x->entry->name, x->name_length, y->entry->name, y->name_length);
  return order != 0 ? order : (int)x->bias - (int)y->bias;
}

/* Weights open a layer; the bias that follows under the same name joins it. */
static quern_status add_part(const quern__safetensors *file, const part *next, quern__model_layer *layers,
                             size_t *count) {
  const quern__tensor_entry *entry = next->entry;
  if (!next->bias) {
    layers[*count].name = entry->name;
    layers[*count].name_length = next->name_length;
    layers[*count].weight = entry;
    layers[*count].layer.units = entry->shape[0];
    (*count)++;
    return QUERN_OK;
  }
  quern__model_layer *layer = *count > 0 ? &layers[*count - 1] : NULL;
  if (layer == NULL || layer->name_length != next->name_length ||
      memcmp(layer->name, entry->name, next->name_length) != 0)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": there is no \"%.*s.weight\" to go with it",
                       file->path, entry->name, (int)(next->name_length < 200 ? next->name_length : 200),
                       entry->name);
  if (entry->shape[0] != layer->weight->shape[0])
    return quern__fail(QUERN_ERROR_SHAPE,
                       "%s: tensor \"%.200s\" is [%zu], but \"%.200s\" is [%zu, %zu] and has %zu outputs",
                       file->path, entry->name, entry->shape[0], layer->weight->name, layer->weight->shape[0],
                       layer->weight->shape[1], layer->weight->shape[0]);
  layer->bias = entry;
  return QUERN_OK;
}

static quern_status check_chain(const quern__safetensors *file, const quern__model_layer *layers,
                                size_t count) {
  for (size_t i = 1; i < count; i++) {
    const quern__tensor_entry *before = layers[i - 1].weight, *after = layers[i].weight;
    if (after->shape[1] != before->shape[0])
      return quern__fail(
          QUERN_ERROR_SHAPE,
          "%s: tensor \"%.200s\" is [%zu, %zu] and takes %zu inputs, but \"%.200s\" before it is "
          "[%zu, %zu] and gives %zu",
          file->path, after->name, after->shape[0], after->shape[1], after->shape[1], before->name,
          before->shape[0], before->shape[1], before->shape[0]);
  }
  return QUERN_OK;
}

quern_status quern__model_layers(const quern__safetensors *file, quern__model_layer **layers, size_t *count) {
  *layers = NULL;
  *count = 0;
  if (file->count == 0)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: holds no tensor, expected a layer's weights at least",
                       file->path);
  quern_status status = QUERN_OK;
  part *parts = calloc(file->count, sizeof *parts);
  quern__model_layer *result = calloc(file->count, sizeof *result);
  if (parts == NULL || result == NULL) {
    status = quern__fail_memory(file->path, file->count * (sizeof *parts + sizeof *result));
    goto cleanup;
  }
  for (size_t i = 0; i < file->count; i++) QUERN__TRY(take_apart(file, &file->entries[i], &parts[i]));
  qsort(parts, file->count, sizeof *parts, compare_parts);
  for (size_t i = 0; i < file->count; i++) QUERN__TRY(add_part(file, &parts[i], result, count));
  QUERN__TRY(check_chain(file, result, *count));
  *layers = result;
  result = NULL;
cleanup:
  free(result);
  free(parts);
  return status;
}

/* Groups a file's tensors into layers, in natural order of their names.
 *
 * A dense layer has "<name>.weight" with two dimensions and may have "<name>.bias"; its inputs are
 * the previous layer's outputs. A normalization follows its dense layer. Its "<name>.weight" has
 * one dimension, and batch normalization also has "<name>.running_mean" and
 * "<name>.running_var". */
#include "model_layers.h"
#include "layout.h"
#include <stdlib.h>
#include <string.h>

typedef enum suffix { WEIGHT, BIAS, RUNNING_MEAN, RUNNING_VARIANCE, COUNTER, SUFFIXES } suffix;

static const char *const suffixes[SUFFIXES] = {".weight", ".bias", ".running_mean", ".running_var",
                                               ".num_batches_tracked"};

/* A tensor and its name's parts. */
typedef struct part {
  const quern__tensor_entry *entry;
  size_t name_length; /* bytes before the suffix */
  suffix suffix;
} part;

static bool take_suffix(const char *name, const char *text, size_t *name_length) {
  size_t length = strlen(name), suffix_length = strlen(text);
  if (length <= suffix_length || strcmp(name + length - suffix_length, text) != 0) return false;
  *name_length = length - suffix_length;
  return true;
}

static quern_status check_type(const quern__safetensors *file, const part *self) {
  const quern__tensor_entry *entry = self->entry;
  const char *type = self->suffix == COUNTER ? "I64" : "F32";
  if (strcmp(entry->dtype, type) != 0)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": dtype is %s, expected %s",
                       file->path, entry->name, entry->dtype, type);
  const size_t least = self->suffix == COUNTER ? 0 : 1, most = self->suffix == WEIGHT ? 2 : least;
  if (entry->rank < least || entry->rank > most)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": has %zu dimensions, expected %s",
                       file->path, entry->name, entry->rank,
                       self->suffix == WEIGHT    ? "2, [out][in], or 1 for a normalization"
                       : self->suffix == COUNTER ? "none"
                                                 : "1, [out]");
  for (size_t i = 0; i < entry->rank; i++)
    if (entry->shape[i] == 0)
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: tensor \"%.200s\": dimension %zu is 0, expected at least 1",
                         file->path, entry->name, i);
  return QUERN_OK;
}

static quern_status split_name(const quern__safetensors *file, const quern__tensor_entry *entry,
                               part *result) {
  result->entry = entry;
  result->suffix = WEIGHT;
  while (result->suffix < SUFFIXES &&
         !take_suffix(entry->name, suffixes[result->suffix], &result->name_length))
    result->suffix++;
  if (result->suffix == SUFFIXES)
    return quern__fail(
        QUERN_ERROR_FORMAT,
        "%s: tensor \"%.200s\": expected only \"<layer>.weight\" and \"<layer>.bias\" of dense "
        "layers, and the tensors of BatchNorm1d and LayerNorm after them",
        file->path, entry->name);
  return check_type(file, result);
}

static int compare_parts(const void *a, const void *b) {
  const part *x = a, *y = b;
  int order =
      quern__compare_naturally(x->entry->name, x->name_length, y->entry->name, y->name_length);
  return order != 0 ? order : (int)x->suffix - (int)y->suffix;
}

static bool is_called(const part *self, const char *name, size_t length) {
  return name != NULL && self->name_length == length &&
         memcmp(self->entry->name, name, length) == 0;
}

/* Limits a name's length in messages. */
static int shown_length(size_t length) {
  return (int)(length < 200 ? length : 200);
}

static quern_status check_units(const quern__safetensors *file, const part *next,
                                const quern__model_layer *layer) {
  const size_t *shape = layer->weight->shape;
  if (next->suffix == COUNTER || next->entry->shape[0] == shape[0]) return QUERN_OK;
  return quern__fail(
      QUERN_ERROR_SHAPE,
      "%s: tensor \"%.200s\" is [%zu], but \"%.200s\" is [%zu, %zu] and has %zu outputs",
      file->path, next->entry->name, next->entry->shape[0], layer->weight->name, shape[0], shape[1],
      shape[0]);
}

static bool read_number(const char *name, size_t length, uint64_t *number) {
  *number = 0;
  for (size_t i = 0; i < length; i++) {
    if (name[i] < '0' || name[i] > '9' || *number > (UINT64_MAX - 9) / 10) return false;
    *number = 10 * *number + (uint64_t)(name[i] - '0');
  }
  return true;
}

/* Adds a normalization to the previous layer. If both names are numbers, as in torch.nn.Sequential,
 * they must be consecutive: an activation between the two is unsupported. Other names cannot show
 * that. */
static quern_status add_normalization(const quern__safetensors *file, const part *next,
                                      quern__model_layer *layer) {
  const char *name = next->entry->name;
  if (layer == NULL || layer->gamma != NULL)
    return quern__fail(
        QUERN_ERROR_FORMAT,
        "%s: tensor \"%.200s\" belongs to a normalization, expected a dense layer right before it",
        file->path, name);
  uint64_t before, here;
  if (read_number(layer->name, layer->name_length, &before) &&
      read_number(name, next->name_length, &here) && here != before + 1)
    return quern__fail(
        QUERN_ERROR_UNSUPPORTED,
        "%s: tensor \"%.200s\" belongs to a normalization that does not directly follow "
        "\"%.*s.weight\", expected it between a dense layer and its activation",
        file->path, name, shown_length(layer->name_length), layer->name);
  layer->norm_name = name;
  layer->norm_name_length = next->name_length;
  layer->gamma = next->entry;
  layer->layer.normalization = quern_normalization_of(QUERN_NORMALIZATION_LAYER);
  return check_units(file, next, layer);
}

static quern_status fail_alone(const quern__safetensors *file, const part *next) {
  return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": \"%.*s.weight\" is missing",
                     file->path, next->entry->name, shown_length(next->name_length),
                     next->entry->name);
}

/* A weight starts a layer or its normalization. Other tensors of the same name belong to it. */
static quern_status add_part(const quern__safetensors *file, const part *next,
                             quern__model_layer *layers, size_t *count) {
  const quern__tensor_entry *entry = next->entry;
  quern__model_layer *layer = *count > 0 ? &layers[*count - 1] : NULL;
  if (next->suffix == WEIGHT && entry->rank == 1) return add_normalization(file, next, layer);
  if (next->suffix == WEIGHT) {
    layers[*count].name = entry->name;
    layers[*count].name_length = next->name_length;
    layers[*count].weight = entry;
    layers[*count].layer.units = entry->shape[0];
    (*count)++;
    return QUERN_OK;
  }
  if (layer == NULL) return fail_alone(file, next);
  const bool in_normalization = is_called(next, layer->norm_name, layer->norm_name_length);
  if (!in_normalization &&
      !(next->suffix == BIAS && is_called(next, layer->name, layer->name_length)))
    return fail_alone(file, next);
  QUERN__FORWARD(check_units(file, next, layer));
  const quern__tensor_entry **const places[] = {
      [BIAS] = in_normalization ? &layer->beta : &layer->bias,
      [RUNNING_MEAN] = &layer->mean,
      [RUNNING_VARIANCE] = &layer->variance,
      [COUNTER] = &layer->counter,
  };
  *places[next->suffix] = entry;
  return QUERN_OK;
}

/* Running statistics mean batch normalization. Only one of the two is an error. */
static quern_status settle_normalization(const quern__safetensors *file,
                                         quern__model_layer *layer) {
  if (layer->mean == NULL && layer->variance == NULL) return QUERN_OK;
  if (layer->mean == NULL || layer->variance == NULL)
    return quern__fail(
        QUERN_ERROR_FORMAT,
        "%s: \"%.*s\" has one of running_mean and running_var, expected both or none", file->path,
        shown_length(layer->norm_name_length), layer->norm_name);
  layer->layer.normalization.kind = QUERN_NORMALIZATION_BATCH;
  return QUERN_OK;
}

static quern_status check_chain(const quern__safetensors *file, const quern__model_layer *layers,
                                size_t count) {
  for (size_t i = 1; i < count; i++) {
    const quern__tensor_entry *before = layers[i - 1].weight, *after = layers[i].weight;
    if (after->shape[1] != before->shape[0])
      return quern__fail(QUERN_ERROR_SHAPE,
                         "%s: tensor \"%.200s\" is [%zu, %zu] with %zu inputs, but \"%.200s\" "
                         "before it is [%zu, %zu] with %zu outputs",
                         file->path, after->name, after->shape[0], after->shape[1], after->shape[1],
                         before->name, before->shape[0], before->shape[1], before->shape[0]);
  }
  return QUERN_OK;
}

quern_status quern__model_layers(const quern__safetensors *file, quern__model_layer **layers,
                                 size_t *count) {
  *layers = NULL;
  *count = 0;
  if (file->count == 0)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: has no tensors, expected at least a layer's weights", file->path);
  quern_status status = QUERN_OK;
  part *parts = calloc(file->count, sizeof *parts);
  quern__model_layer *result = calloc(file->count, sizeof *result);
  if (parts == NULL || result == NULL) {
    status = quern__fail_memory(file->path, file->count * (sizeof *parts + sizeof *result));
    goto cleanup;
  }
  for (size_t i = 0; i < file->count; i++)
    QUERN__TRY(split_name(file, &file->entries[i], &parts[i]));
  qsort(parts, file->count, sizeof *parts, compare_parts);
  for (size_t i = 0; i < file->count; i++) QUERN__TRY(add_part(file, &parts[i], result, count));
  for (size_t i = 0; i < *count; i++) QUERN__TRY(settle_normalization(file, &result[i]));
  QUERN__TRY(check_chain(file, result, *count));
  *layers = result;
  result = NULL;
cleanup:
  free(result);
  free(parts);
  return status;
}

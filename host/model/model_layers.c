/* Groups a file's tensors into layers.
 *
 * A dense layer has "<name>.weight" with two dimensions and may have "<name>.bias". A normalization
 * follows its dense layer in natural order of the names. Its "<name>.weight" has one dimension, and
 * batch normalization also has "<name>.running_mean" and "<name>.running_var".
 *
 * Other modules have one-dimensional weights too: PReLU, and losses with a weight per class. So a
 * normalization must be one by its name, its place or its other tensors. Tensors of losses are left
 * out, since they do not change the outputs; anything else is refused. */
#include "model_layers.h"

#include "../format/safetensors/elements.h"
#include "layer_names.h"
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
  suffix suffix;      /* SUFFIXES: left out */
} part;

static bool take_suffix(const char *name, const char *text, size_t *name_length) {
  size_t length = strlen(name), suffix_length = strlen(text);
  if (length <= suffix_length || strcmp(name + length - suffix_length, text) != 0) return false;
  *name_length = length - suffix_length;
  return true;
}

static quern_status check_type(const quern__safetensors *file, const part *self) {
  const quern__tensor_entry *entry = self->entry;
  const quern__element *element = quern__element_find(entry->dtype);
  const bool counts = self->suffix == COUNTER;
  if (counts ? strcmp(entry->dtype, "I64") != 0 : element == NULL || !element->is_float)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%.200s\": dtype is %s, expected %s",
                       file->path, entry->name, entry->dtype,
                       counts ? "I64" : "F32, F64, F16 or BF16");
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
  if (entry->rank <= 1 && quern__name_is_of_loss(entry->name) && result->suffix != BIAS)
    result->suffix = SUFFIXES;
  else if (result->suffix == SUFFIXES)
    return quern__fail(
        QUERN_ERROR_FORMAT,
        "%s: tensor \"%.200s\": expected only \"<layer>.weight\" and \"<layer>.bias\" of dense "
        "layers, and the tensors of BatchNorm1d and LayerNorm after them",
        file->path, entry->name);
  if (result->suffix == SUFFIXES) {
    result->name_length = strlen(entry->name);
    return QUERN_OK;
  }
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

/* True if the weight's other tensors, or its name, are those of a normalization. */
static bool is_called_normalization(const part *parts, size_t count) {
  return (count > 1 && is_called(&parts[1], parts->entry->name, parts->name_length)) ||
         quern__name_is_of_normalization(parts->entry->name, parts->name_length);
}

/* Says what the tensors of a normalization leave open: its place, and that it is one. */
static void note_normalization(const part *next, const quern__model_layer *layer, bool in_sequence,
                               bool called, quern__text *note) {
  const int length = shown_length(next->name_length);
  if (in_sequence && called) return;
  quern__note_next(note);
  if (in_sequence)
    quern__text_print(note, "\"%.*s\" is assumed to be a LayerNorm without bias", length,
                      next->entry->name);
  else
    quern__text_print(note, "\"%.*s\" is assumed to be between \"%.*s\" and its activation", length,
                      next->entry->name, shown_length(layer->name_length), layer->name);
}

/* Adds a normalization to the previous layer. If the names differ only in their last number, as in
 * torch.nn.Sequential, the numbers must be consecutive: an activation between the two is
 * unsupported. Other names cannot show that. */
static quern_status add_normalization(const quern__safetensors *file, const part *parts,
                                      size_t count, quern__model_layer *layer, quern__text *note) {
  const part *next = &parts[0];
  const char *name = next->entry->name;
  if (layer == NULL || layer->gamma != NULL)
    return quern__fail(
        QUERN_ERROR_FORMAT,
        "%s: tensor \"%.200s\" belongs to a normalization, expected a dense layer right before it "
        "in the order of names; an ONNX file keeps the model's own order (torch.onnx.export)",
        file->path, name);
  uint64_t difference;
  const bool in_sequence =
      quern__name_distance(layer->name, layer->name_length, name, next->name_length, &difference);
  if (in_sequence && difference != 1)
    return quern__fail(
        QUERN_ERROR_UNSUPPORTED,
        "%s: tensor \"%.200s\" belongs to a normalization that does not directly follow "
        "\"%.*s.weight\", expected it between a dense layer and its activation",
        file->path, name, shown_length(layer->name_length), layer->name);
  const bool called = is_called_normalization(parts, count);
  if (!in_sequence && !called)
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "%s: tensor \"%.200s\" has one dimension, and neither its name nor a bias "
                       "says that it is a normalization: if it belongs to a loss, leave it out of "
                       "the file; if to a PReLU, use an ONNX file (torch.onnx.export)",
                       file->path, name);
  if (quern__safetensors_metadata(file, QUERN__KEY_NORMALIZATION) == NULL)
    note_normalization(next, layer, in_sequence, called, note);
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
static quern_status add_part(const quern__safetensors *file, const part *parts, size_t left,
                             quern__model_layer *layers, size_t *count, quern__text *note) {
  const part *next = &parts[0];
  const quern__tensor_entry *entry = next->entry;
  quern__model_layer *layer = *count > 0 ? &layers[*count - 1] : NULL;
  if (next->suffix == SUFFIXES) {
    quern__note_next(note);
    quern__text_print(note, "\"%.200s\" belongs to a loss and is left out", entry->name);
    return QUERN_OK;
  }
  if (next->suffix == WEIGHT && entry->rank == 1)
    return add_normalization(file, parts, left, layer, note);
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

quern_status quern__model_layers(const quern__safetensors *file, quern__model_layer **layers,
                                 size_t *count, quern__text *note) {
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
  for (size_t i = 0; i < file->count; i++)
    QUERN__TRY(add_part(file, &parts[i], file->count - i, result, count, note));
  if (*count == 0) {
    status = quern__fail(QUERN_ERROR_FORMAT,
                         "%s: has no layer, expected a \"<layer>.weight\" of two dimensions",
                         file->path);
    goto cleanup;
  }
  for (size_t i = 0; i < *count; i++) QUERN__TRY(settle_normalization(file, &result[i]));
  QUERN__TRY(quern__layer_order(file, result, *count, note));
  *layers = result;
  result = NULL;
cleanup:
  free(result);
  free(parts);
  return status;
}

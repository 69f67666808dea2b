/* Lists a checkpoint's flat tensors layer by layer. */
#include "../base/size.h"
#include "../base/text.h"
#include "../format/checkpoint_keys.h"
#include "../model/metadata.h"
#include "../network/network.h"
#include "../train/training_state.h"
#include "inspect.h"
#include "statistics.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parses "batch,none" into the layers. NULL means no normalization. *good is false if the text is
 * invalid. */
static quern_status read_normalizations(const char *text, quern_layer *layers, size_t count,
                                        bool *good) {
  *good = true;
  if (text == NULL) return QUERN_OK;
  char *copy = strdup(text), *rest = copy;
  if (copy == NULL) return quern__fail_memory("normalizations", strlen(text) + 1);
  for (size_t i = 0; i < count && *good; i++) {
    const char *item = strsep(&rest, ",");
    *good = item != NULL && quern_normalization_parse(item, &layers[i].normalization);
  }
  *good = *good && rest == NULL;
  free(copy);
  return QUERN_OK;
}

/* Parses "784-128-10" into the layers; false if the text is invalid. */
static bool read_units(const char *text, size_t *inputs, quern_layer *layers, size_t count) {
  for (size_t i = 0; i <= count; i++) {
    uint64_t units;
    const char *end;
    if (!quern__parse_whole(text, SIZE_MAX, &units, &end) || *text == '0') return false;
    if (*end != (i < count ? '-' : '\0')) return false;
    if (i == 0) *inputs = units;
    if (i > 0) layers[i - 1] = quern_dense(units, QUERN_ACTIVATION_IDENTITY);
    text = end + 1;
  }
  return true;
}

/* Creates a network's shape from its texts. If they are invalid, *found is false and there is
 * nothing to free. Fails only if memory is exhausted. */
static quern_status read_shape(const char *text, const char *normalizations, quern__shape *shape,
                               bool *found) {
  size_t count = 0, inputs = 0;
  *found = false;
  for (const char *cursor = text; *cursor != '\0'; cursor++) count += *cursor == '-';
  if (count == 0) return QUERN_OK;
  char *message = quern__remember_error();
  quern_layer *layers = calloc(count, sizeof *layers);
  quern_status status = message != NULL && layers != NULL
                            ? QUERN_OK
                            : quern__fail_memory("a network's shape", count * sizeof *layers);
  bool good = status == QUERN_OK && read_units(text, &inputs, layers, count);
  if (good) status = read_normalizations(normalizations, layers, count, &good);
  if (status == QUERN_OK && good) {
    status = quern__shape_create(inputs, layers, count, QUERN_LOSS_CATEGORICAL, shape);
    *found = status == QUERN_OK;
  }
  free(layers);
  if (status == QUERN_ERROR_OUT_OF_MEMORY) {
    free(message);
    return status;
  }
  quern__restore_error(message);
  return QUERN_OK;
}

/* Adds one part of a layer, if the layer has it. */
static quern_status add_part(quern_inspection *inspection, const quern__tensor_entry *entry,
                             const quern__shape *shape, size_t layer, quern__part part) {
  const quern__placed_layer *placed = &shape->layers[layer];
  const quern__extent extent = quern__layer_part(placed, part);
  if (extent.count == 0) return QUERN_OK;
  const size_t position = inspection->count;
  quern_tensor_info *info = &inspection->tensors[position];
  if (asprintf(&inspection->names[position], "%s: layer %zu %s", entry->name, layer,
               quern__part_name(part)) < 0) {
    inspection->names[position] = NULL;
    return quern__fail_memory(inspection->file.path, 64);
  }
  inspection->count++;
  size_t *sizes = &inspection->shapes[2 * position];
  sizes[0] = part == QUERN__WEIGHTS ? placed->inputs : placed->layer.units;
  sizes[1] = placed->layer.units;
  *info = (quern_tensor_info){.name = inspection->names[position],
                              .type = entry->dtype,
                              .rank = part == QUERN__WEIGHTS ? 2 : 1,
                              .shape = sizes,
                              .count = extent.count};
  return quern__statistics(&inspection->file, entry, extent.first, info->count, info);
}

/* Momentum and other optimizer state has no meaning for running statistics. */
static size_t parts_of(const quern__tensor_entry *entry) {
  const bool whole = strcmp(entry->name, QUERN__STATE_PARAMETERS) == 0 ||
                     strcmp(entry->name, QUERN__CHECKPOINT_BEST) == 0;
  return whole ? QUERN__PARTS : QUERN__LEARNING_PARTS;
}

/* True if a tensor is as long as all parameters of the shape. */
static bool is_range(const quern__tensor_entry *entry, const quern__shape *shape) {
  return strcmp(entry->dtype, "F32") == 0 && entry->rank == 1 &&
         entry->shape[0] == shape->flat_count;
}

static quern_status add_all(quern_inspection *inspection, const quern__shape *shape) {
  for (size_t i = 0; i < inspection->file.count; i++) {
    const quern__tensor_entry *entry = &inspection->file.entries[i];
    if (!is_range(entry, shape)) {
      QUERN__FORWARD(quern__inspect_tensor(inspection, entry));
      continue;
    }
    for (size_t l = 0; l < shape->layer_count; l++)
      for (size_t p = 0; p < parts_of(entry); p++)
        QUERN__FORWARD(add_part(inspection, entry, shape, l, (quern__part)p));
  }
  return QUERN_OK;
}

quern_status quern__inspect_checkpoint(quern_inspection *inspection) {
  const quern__safetensors *file = &inspection->file;
  const char *network = quern__safetensors_metadata(file, "quern.network");
  quern__shape shape;
  const char *normalizations = quern__safetensors_metadata(file, QUERN__KEY_NORMALIZATION);
  bool found = false;
  if (network != NULL) QUERN__FORWARD(read_shape(network, normalizations, &shape, &found));
  if (!found) return quern__inspect_tensors(inspection);
  /* A range has at least a weight and a bias per layer, so the file's size bounds this
   * allocation. */
  size_t ranges = 0, most = 0;
  for (size_t i = 0; i < file->count; i++) ranges += is_range(&file->entries[i], &shape);
  quern_status status = QUERN_OK;
  if (!quern__multiply(ranges, QUERN__PARTS * shape.layer_count, &most) ||
      !quern__add(most, file->count + 1, &most)) {
    status = quern__fail(QUERN_ERROR_OVERFLOW, "%s: too many layers", file->path);
  } else {
    inspection->tensors = calloc(most, sizeof *inspection->tensors);
    inspection->names = calloc(most, sizeof *inspection->names);
    inspection->shapes = calloc(most, 2 * sizeof *inspection->shapes);
    if (inspection->tensors == NULL || inspection->names == NULL || inspection->shapes == NULL)
      status = quern__fail_memory(file->path,
                                  most * (sizeof *inspection->tensors + sizeof *inspection->names +
                                          sizeof *inspection->shapes));
  }
  if (status == QUERN_OK) status = add_all(inspection, &shape);
  quern__shape_free(&shape);
  return status;
}

/* Inspects model files, checkpoints and other safetensors files. */
#include "inspect.h"

#include "../base/size.h"
#include "../format/safetensors/input.h"
#include "../model/layout.h"
#include "../model/load.h"
#include "../model/metadata.h"
#include "statistics.h"
#include <quern/model.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

quern_status quern__inspect_tensor(quern_inspection *result, const quern__tensor_entry *entry) {
  quern_tensor_info *info = &result->tensors[result->count++];
  *info = (quern_tensor_info){.name = entry->name,
                              .type = entry->dtype,
                              .rank = entry->rank,
                              .shape = entry->shape,
                              .count = 1};
  for (size_t d = 0; d < entry->rank && info->count > 0; d++)
    if (!quern__multiply(info->count, entry->shape[d], &info->count))
      return quern__fail(QUERN_ERROR_OVERFLOW,
                         "%s: tensor \"%.200s\": the product of its shape overflows",
                         result->file.path, entry->name);
  return quern__statistics(&result->file, entry, 0, info->count, info);
}

quern_status quern__inspect_tensors(quern_inspection *result) {
  const quern__safetensors *file = &result->file;
  result->tensors = calloc(file->count + 1, sizeof *result->tensors);
  if (result->tensors == NULL)
    return quern__fail_memory(file->path, file->count * sizeof *result->tensors);
  for (size_t i = 0; i < file->count; i++)
    QUERN__FORWARD(quern__inspect_tensor(result, &file->entries[i]));
  return QUERN_OK;
}

static int compare_names(const void *a, const void *b) {
  const quern_tensor_info *x = a, *y = b;
  return quern__compare_naturally(x->name, strlen(x->name), y->name, strlen(y->name));
}

/* Sorts weights first, then biases, then other suffixes alphabetically. */
static int suffix_rank(const char *dot) {
  return strcmp(dot, ".weight") == 0 ? 0 : strcmp(dot, ".bias") == 0 ? 1 : 2;
}

static int compare_layers(const void *a, const void *b) {
  const quern_tensor_info *x = a, *y = b;
  const char *x_dot = strrchr(x->name, '.'), *y_dot = strrchr(y->name, '.');
  if (x_dot == NULL || y_dot == NULL) return compare_names(a, b);
  const int order = quern__compare_naturally(x->name, (size_t)(x_dot - x->name), y->name,
                                             (size_t)(y_dot - y->name));
  const int rank = suffix_rank(x_dot) - suffix_rank(y_dot);
  return order != 0 ? order : rank != 0 ? rank : strcmp(x_dot, y_dot);
}

static quern_status set_note(quern_inspection *result, const char *text) {
  result->note = strdup(text);
  return result->note != NULL ? QUERN_OK : quern__fail_memory(result->file.path, strlen(text) + 1);
}

/* A file that quern_model_load accepts is a model. Any other is listed as tensors, with the
 * loader's error as the note. */
static quern_status inspect_model(quern_inspection *result) {
  const quern_model_options options = quern_model_options_default();
  const quern_status status = quern__model_read(&result->file, &options, &result->network);
  if (status == QUERN_ERROR_OUT_OF_MEMORY) return status;
  QUERN__FORWARD(quern__inspect_tensors(result));
  if (status != QUERN_OK) {
    result->kind = QUERN_FILE_TENSORS;
    return set_note(result, quern_last_error());
  }
  result->kind = QUERN_FILE_MODEL;
  qsort(result->tensors, result->count, sizeof *result->tensors, compare_layers);
  return set_note(result, quern_network_note(result->network));
}

static quern_status list_metadata(quern_inspection *result) {
  const size_t count = result->file.metadata_count;
  result->pairs = calloc(count + 1, sizeof *result->pairs);
  if (result->pairs == NULL) return quern__fail_memory(result->path, count * sizeof *result->pairs);
  for (size_t i = 0; i < count; i++)
    result->pairs[result->pair_count++] =
        (quern__inspected_pair){result->file.metadata[i].key, result->file.metadata[i].value};
  return QUERN_OK;
}

/* A safetensors file starts with its header's length in 8 bytes, then '{'. An ONNX file starts with
 * field 1, its version. */
static bool is_onnx(const char *path) {
  unsigned char bytes[9] = {0};
  size_t size = 0;
  int descriptor = -1;
  const bool read = quern__input_open(path, &descriptor, &size) == QUERN_OK &&
                    size >= sizeof bytes &&
                    quern__input_read(path, descriptor, 0, bytes, sizeof bytes) == QUERN_OK;
  if (descriptor >= 0) close(descriptor);
  return read && bytes[0] == 0x08 && bytes[8] != '{';
}

static quern_status inspect_safetensors(quern_inspection *result) {
  result->format = strdup("safetensors");
  if (result->format == NULL) return quern__fail_memory(result->path, sizeof "safetensors");
  QUERN__FORWARD(quern__safetensors_open(result->path, &result->file));
  QUERN__FORWARD(list_metadata(result));
  if (quern__safetensors_metadata(&result->file, QUERN__KEY_CHECKPOINT) == NULL)
    return inspect_model(result);
  result->kind = QUERN_FILE_CHECKPOINT;
  return quern__inspect_checkpoint(result);
}

quern_status quern_inspect(const char *path, quern_inspection **inspection) {
  if (inspection != NULL) *inspection = NULL;
  if (path == NULL || inspection == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "inspect: %s is NULL",
                       path == NULL ? "path" : "inspection");
  quern_inspection *result = calloc(1, sizeof *result);
  if (result == NULL) return quern__fail_memory(path, sizeof *result);
  result->path = path;
  result->file.descriptor = -1;
  const quern_status status =
      is_onnx(path) ? quern__inspect_onnx(result) : inspect_safetensors(result);
  result->path = NULL;
  if (status == QUERN_OK)
    *inspection = result;
  else
    quern_inspection_free(result);
  return status;
}

void quern_inspection_free(quern_inspection *inspection) {
  if (inspection == NULL) return;
  quern_network_free(inspection->network);
  quern__safetensors_close(&inspection->file);
  if (inspection->source != NULL) inspection->free_source(inspection->source);
  for (size_t i = 0; inspection->names != NULL && i < inspection->count; i++)
    free(inspection->names[i]);
  free(inspection->names);
  free(inspection->shapes);
  free(inspection->tensors);
  free(inspection->note);
  free(inspection->format);
  free(inspection->pairs);
  free(inspection);
}

quern_file_kind quern_inspection_kind(const quern_inspection *inspection) {
  return inspection->kind;
}

const char *quern_file_kind_name(quern_file_kind kind) {
  static const char *const names[] = {"model", "checkpoint", "tensors"};
  return (unsigned)kind <= QUERN_FILE_TENSORS ? names[kind] : NULL;
}

const char *quern_inspection_format(const quern_inspection *inspection) {
  return inspection->format;
}

const quern_network *quern_inspection_network(const quern_inspection *inspection) {
  return inspection->network;
}

const char *quern_inspection_note(const quern_inspection *inspection) {
  return inspection->note != NULL ? inspection->note : "";
}

size_t quern_inspection_tensor_count(const quern_inspection *inspection) {
  return inspection->count;
}

quern_tensor_info quern_inspection_tensor(const quern_inspection *inspection, size_t index) {
  return inspection->tensors[index];
}

size_t quern_inspection_metadata_count(const quern_inspection *inspection) {
  return inspection->pair_count;
}

const char *quern_inspection_metadata_key(const quern_inspection *inspection, size_t index) {
  return inspection->pairs[index].key;
}

const char *quern_inspection_metadata_value(const quern_inspection *inspection, size_t index) {
  return inspection->pairs[index].value;
}

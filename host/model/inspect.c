/* Looking into files. */
#include "inspect.h"

#include "../size.h"
#include "input.h"
#include "layout.h"
#include "load.h"
#include "metadata.h"
#include "statistics.h"
#include <quern/model.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

quern_status quern__inspect_tensor(quern_inspection *made, const quern__tensor_entry *entry) {
  quern_tensor_info *info = &made->tensors[made->count++];
  *info = (quern_tensor_info){.name = entry->name,
                              .type = entry->dtype,
                              .rank = entry->rank,
                              .shape = entry->shape,
                              .count = 1};
  for (size_t d = 0; d < entry->rank && info->count > 0; d++)
    if (!quern__multiply(info->count, entry->shape[d], &info->count))
      return quern__fail(QUERN_ERROR_OVERFLOW,
                         "%s: tensor \"%.200s\": the product of its shape overflows",
                         made->file.path, entry->name);
  return quern__statistics(&made->file, entry, 0, info->count, info);
}

quern_status quern__inspect_tensors(quern_inspection *made) {
  const quern__safetensors *file = &made->file;
  made->tensors = calloc(file->count + 1, sizeof *made->tensors);
  if (made->tensors == NULL)
    return quern__fail_memory(file->path, file->count * sizeof *made->tensors);
  for (size_t i = 0; i < file->count; i++)
    QUERN__FORWARD(quern__inspect_tensor(made, &file->entries[i]));
  return QUERN_OK;
}

static int compare_names(const void *a, const void *b) {
  const quern_tensor_info *x = a, *y = b;
  return quern__compare_naturally(x->name, strlen(x->name), y->name, strlen(y->name));
}

/* Weights, biases, and then the others by the alphabet. */
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

static quern_status note(quern_inspection *made, const char *text) {
  made->note = strdup(text);
  return made->note != NULL ? QUERN_OK : quern__fail_memory(made->file.path, strlen(text) + 1);
}

/* A file that quern_model_load reads is a model; another is tensors, and says why. */
static quern_status inspect_model(quern_inspection *made) {
  const quern_model_options options = QUERN_MODEL_OPTIONS_INIT;
  const quern_status status = quern__model_read(&made->file, &options, &made->network);
  if (status == QUERN_ERROR_OUT_OF_MEMORY) return status;
  QUERN__FORWARD(quern__inspect_tensors(made));
  if (status != QUERN_OK) {
    made->kind = QUERN_FILE_TENSORS;
    return note(made, quern_last_error());
  }
  made->kind = QUERN_FILE_MODEL;
  qsort(made->tensors, made->count, sizeof *made->tensors, compare_layers);
  if (quern__safetensors_metadata(&made->file, QUERN__KEY_ACTIVATIONS) != NULL) return QUERN_OK;
  return note(
      made, "the file does not say its activations and its loss: what stands here is the default");
}

static quern_status list_metadata(quern_inspection *made) {
  const size_t count = made->file.metadata_count;
  made->pairs = calloc(count + 1, sizeof *made->pairs);
  if (made->pairs == NULL) return quern__fail_memory(made->path, count * sizeof *made->pairs);
  for (size_t i = 0; i < count; i++)
    made->pairs[made->pair_count++] =
        (quern__inspected_pair){made->file.metadata[i].key, made->file.metadata[i].value};
  return QUERN_OK;
}

/* Both begin with a number: safetensors with the length of a header, which is an object, ONNX with
 * its version in a field 1. */
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

static quern_status inspect_safetensors(quern_inspection *made) {
  made->format = strdup("safetensors");
  if (made->format == NULL) return quern__fail_memory(made->path, sizeof "safetensors");
  QUERN__FORWARD(quern__safetensors_open(made->path, &made->file));
  QUERN__FORWARD(list_metadata(made));
  if (quern__safetensors_metadata(&made->file, QUERN__KEY_CHECKPOINT) == NULL)
    return inspect_model(made);
  made->kind = QUERN_FILE_CHECKPOINT;
  return quern__inspect_checkpoint(made);
}

quern_status quern_inspect(const char *path, quern_inspection **inspection) {
  if (inspection != NULL) *inspection = NULL;
  if (path == NULL || inspection == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "inspect: %s is NULL",
                       path == NULL ? "path" : "inspection");
  quern_inspection *made = calloc(1, sizeof *made);
  if (made == NULL) return quern__fail_memory(path, sizeof *made);
  made->path = path;
  made->file.descriptor = -1;
  const quern_status status = is_onnx(path) ? quern__inspect_onnx(made) : inspect_safetensors(made);
  made->path = NULL;
  if (status == QUERN_OK)
    *inspection = made;
  else
    quern_inspection_free(made);
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

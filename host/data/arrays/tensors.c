/* Reads data sets from safetensors files. */
#include "../../base/error.h"
#include "../../base/text.h"
#include "../../format/safetensors/safetensors.h"
#include "array.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const quern__tensor_entry *find_tensor(const quern__safetensors *file, const char *name) {
  for (size_t i = 0; i < file->count; i++)
    if (strcmp(file->entries[i].name, name) == 0) return &file->entries[i];
  return NULL;
}

static bool has_array(void *self, const char *name) {
  return find_tensor(self, name) != NULL;
}

static quern_status read_type(const quern__safetensors *file, const quern__tensor_entry *entry,
                              quern__array *array) {
  static const struct {
    const char *dtype;
    quern__number number;
    size_t bytes;
  } types[] = {
      {"F32", QUERN__FLOAT, 4},        {"F64", QUERN__FLOAT, 8},    {"F16", QUERN__FLOAT, 2},
      {"BF16", QUERN__BRAIN_FLOAT, 2}, {"BOOL", QUERN__BOOL, 1},    {"U8", QUERN__UNSIGNED, 1},
      {"U16", QUERN__UNSIGNED, 2},     {"U32", QUERN__UNSIGNED, 4}, {"U64", QUERN__UNSIGNED, 8},
      {"I8", QUERN__SIGNED, 1},        {"I16", QUERN__SIGNED, 2},   {"I32", QUERN__SIGNED, 4},
      {"I64", QUERN__SIGNED, 8}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (strcmp(types[i].dtype, entry->dtype) != 0) continue;
    array->number = types[i].number;
    array->bytes = types[i].bytes;
    return QUERN_OK;
  }
  return quern__fail(
      QUERN_ERROR_UNSUPPORTED,
      "%s: tensor \"%.100s\": elements of %s, expected F16, BF16, F32, F64, BOOL or an integer "
      "type",
      file->path, entry->name, entry->dtype);
}

static quern_status read_array(void *self, const char *name, quern__array *array) {
  const quern__safetensors *file = self;
  const quern__tensor_entry *entry = find_tensor(file, name);
  QUERN__FORWARD(read_type(file, entry, array));
  if (asprintf(&array->name, "%s: %s", file->path, name) < 0) {
    array->name = NULL;
    return quern__fail_memory(file->path, strlen(file->path));
  }
  if (entry->bytes == 0 || entry->rank > QUERN__ARRAY_RANK_LARGEST) {
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: tensor \"%.100s\": expected elements, and 32 dimensions at most",
                       file->path, name);
  }
  array->rank = entry->rank;
  if (entry->rank > 0) memcpy(array->shape, entry->shape, entry->rank * sizeof *entry->shape);
  array->data = malloc(entry->bytes); /* at most the file's size */
  if (array->data == NULL) return quern__fail_memory(array->name, entry->bytes);
  return quern__safetensors_read_bytes(file, entry, 0, entry->bytes, array->data);
}

static quern_status list_arrays(void *self, char **names) {
  const quern__safetensors *file = self;
  quern__text text = {0};
  for (size_t i = 0; i < file->count; i++)
    quern__text_print(&text, "%s%s", i > 0 ? ", " : "", file->entries[i].name);
  return quern__text_close(&text, names);
}

quern_status quern__tensors_open(quern__stream *stream, const quern_dataset_options *options,
                                 quern_dataset **train, quern_dataset **test) {
  quern__safetensors file;
  int unpacked;
  QUERN__FORWARD(quern__stream_unpack(stream, &unpacked));
  quern_status status = QUERN_OK;
  const quern__archive archive = {stream->name, &file, has_array, read_array, list_arrays};
  QUERN__TRY(quern__safetensors_open_at(stream->name, unpacked, &file));
  status = quern__archive_datasets(&archive, options, train, test);
cleanup:
  quern__safetensors_close(&file);
  return status;
}

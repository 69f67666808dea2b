/* Opens safetensors files and reads their tensors. */
#include "../../base/kinds/file_kind.h"
#include "../../base/little_endian.h"
#include "elements.h"
#include "foreign.h"
#include "input.h"
#include "safetensors_header.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LENGTH_BYTES = 8 };

/* Refuses files of other programs. */
static quern_status refuse_kind(const quern__safetensors *file, size_t file_bytes) {
  unsigned char bytes[64];
  const size_t count = file_bytes < sizeof bytes ? file_bytes : sizeof bytes;
  QUERN__FORWARD(quern__input_read(file->path, file->descriptor, 0, bytes, count));
  const quern__file_kind *kind = quern__file_kind_of(bytes, count);
  if (kind == NULL) return QUERN_OK;
  return quern__fail(QUERN_ERROR_FORMAT, "%s is %s, expected a safetensors file%s%s", file->path,
                     kind->name, kind->model != NULL ? ": " : "",
                     kind->model != NULL ? kind->model : "");
}

static quern_status read_header_length(quern__safetensors *file, size_t file_bytes,
                                       size_t *length) {
  if (file_bytes < LENGTH_BYTES)
    return quern__fail(
        QUERN_ERROR_FORMAT,
        "%s: is not a safetensors file: it has %zu bytes, expected at least the %d of "
        "a header's length",
        file->path, file_bytes, LENGTH_BYTES);
  unsigned char bytes[LENGTH_BYTES];
  QUERN__FORWARD(quern__input_read(file->path, file->descriptor, 0, bytes, sizeof bytes));
  uint64_t claimed = quern__little_endian_u64(bytes);
  if (claimed > file_bytes - LENGTH_BYTES) QUERN__FORWARD(refuse_kind(file, file_bytes));
  if (claimed > QUERN__HEADER_LARGEST)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: is not a safetensors file: its first 8 bytes claim a header of %llu "
                       "bytes, expected at most %llu",
                       file->path, (unsigned long long)claimed,
                       (unsigned long long)QUERN__HEADER_LARGEST);
  if (claimed > file_bytes - LENGTH_BYTES)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: claims a safetensors header of %llu bytes, but only %zu follow",
                       file->path, (unsigned long long)claimed, file_bytes - LENGTH_BYTES);
  *length = (size_t)claimed;
  file->data_offset = LENGTH_BYTES + *length;
  file->data_bytes = file_bytes - file->data_offset;
  return QUERN_OK;
}

static quern_status refuse_foreign(const quern__safetensors *file, size_t file_bytes) {
  unsigned char bytes[QUERN__FOREIGN_BYTES];
  const size_t count = file_bytes < sizeof bytes ? file_bytes : sizeof bytes;
  QUERN__FORWARD(quern__input_read(file->path, file->descriptor, 0, bytes, count));
  return quern__foreign_refuse(file->path, bytes, count, QUERN__FOREIGN_SAFETENSORS);
}

static quern_status read_header(quern__safetensors *file, size_t length) {
  quern__header_counts counts;
  file->header = malloc(length + 1);
  if (file->header == NULL) return quern__fail_memory(file->path, length + 1);
  QUERN__FORWARD(
      quern__input_read(file->path, file->descriptor, LENGTH_BYTES, file->header, length));
  file->header[length] = '\0';
  QUERN__FORWARD(quern__safetensors_check_text(file->path, file->header, length, &counts));
  quern__json json = {.path = file->path, .text = file->header, .length = length};
  return quern__safetensors_parse(file, &counts, &json);
}

quern_status quern__safetensors_open(const char *path, quern__safetensors *file) {
  return quern__safetensors_open_at(path, -1, file);
}

quern_status quern__safetensors_open_at(const char *path, int descriptor,
                                        quern__safetensors *file) {
  memset(file, 0, sizeof *file);
  file->descriptor = descriptor;
  file->path = strdup(path);
  if (file->path == NULL) return quern__fail_memory(path, strlen(path) + 1);
  size_t bytes = 0, length = 0;
  QUERN__FORWARD(descriptor < 0 ? quern__input_open(file->path, &file->descriptor, &bytes)
                                : quern__input_size(file->path, descriptor, &bytes));
  QUERN__FORWARD(refuse_foreign(file, bytes));
  QUERN__FORWARD(read_header_length(file, bytes, &length));
  return read_header(file, length);
}

quern_status quern__safetensors_read_bytes(const quern__safetensors *file,
                                           const quern__tensor_entry *entry, size_t first,
                                           size_t bytes, void *values) {
  return quern__input_read(file->path, file->descriptor, file->data_offset + entry->offset + first,
                           values, bytes);
}

size_t quern__safetensors_floats(const quern__tensor_entry *entry) {
  const quern__element *element = quern__element_find(entry->dtype);
  return element != NULL && element->is_float ? entry->bytes / element->bytes : 0;
}

static quern_status convert(const quern__safetensors *file, const quern__tensor_entry *entry,
                            const quern__element *element, const unsigned char *bytes, size_t count,
                            float *values) {
  for (size_t i = 0; i < count; i++) {
    const double value = element->read(bytes + i * element->bytes);
    if (isfinite(value) && fabs(value) > (double)FLT_MAX)
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: tensor \"%.200s\": a number is too large for float32, expected "
                         "at most 3.4e38",
                         file->path, entry->name);
    values[i] = (float)value;
  }
  return QUERN_OK;
}

static quern_status read_converted(const quern__safetensors *file, const quern__tensor_entry *entry,
                                   const quern__element *element, float *values) {
  enum { PIECE = 1 << 16 }; /* bytes; a multiple of every type's size */
  unsigned char *piece = malloc(PIECE);
  if (piece == NULL) return quern__fail_memory(file->path, PIECE);
  quern_status status = QUERN_OK;
  for (size_t first = 0; first < entry->bytes && status == QUERN_OK; first += PIECE) {
    const size_t left = entry->bytes - first, bytes = left < PIECE ? left : PIECE;
    status = quern__safetensors_read_bytes(file, entry, first, bytes, piece);
    if (status == QUERN_OK)
      status = convert(file, entry, element, piece, bytes / element->bytes,
                       values + first / element->bytes);
  }
  free(piece);
  return status;
}

quern_status quern__safetensors_read(const quern__safetensors *file,
                                     const quern__tensor_entry *entry, float *values) {
  const quern__element *element = quern__element_find(entry->dtype);
  if (element != NULL && strcmp(element->type, "F32") != 0)
    return read_converted(file, entry, element, values);
  QUERN__FORWARD(quern__safetensors_read_bytes(file, entry, 0, entry->bytes, values));
  quern__little_endian_floats(values, entry->bytes / sizeof *values);
  return QUERN_OK;
}

const char *quern__safetensors_metadata(const quern__safetensors *file, const char *key) {
  for (size_t i = 0; i < file->metadata_count; i++)
    if (strcmp(file->metadata[i].key, key) == 0) return file->metadata[i].value;
  return NULL;
}

void quern__safetensors_close(quern__safetensors *file) {
  if (file->descriptor >= 0) close(file->descriptor);
  free(file->header);
  free(file->metadata);
  free(file->entries);
  free(file->shapes);
  free(file->path);
  memset(file, 0, sizeof *file);
  file->descriptor = -1;
}

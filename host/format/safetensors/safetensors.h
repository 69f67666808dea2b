/* The safetensors format: 8 bytes with the header's length; the header, a JSON object with each
 * tensor's dtype, shape and offsets; the tensors' bytes, row-major, one after another. Everything
 * is little-endian. */
#ifndef QUERN_HOST_FORMAT_SAFETENSORS_SAFETENSORS_H
#define QUERN_HOST_FORMAT_SAFETENSORS_SAFETENSORS_H

#include "../../base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The format's limit on the header's bytes. */
#define QUERN__HEADER_LARGEST ((uint64_t)100000000)

typedef struct quern__metadata_pair {
  const char *key, *value;
} quern__metadata_pair;

/* --- Reading ---------------------------------------------------------------------------------- */

typedef struct quern__tensor_entry {
  const char *name;
  const char *dtype; /* e.g. "F32" */
  size_t rank;
  const size_t *shape; /* [rank]; NULL for a scalar */
  size_t offset;       /* of the first byte, from the end of the header */
  size_t bytes;        /* product of the shape times the size of dtype */
} quern__tensor_entry;

typedef struct quern__safetensors {
  char *path;
  int descriptor;
  size_t data_offset; /* offset in the file of the tensors' bytes */
  size_t data_bytes;
  char *header;                   /* the header's text; all strings below point into it */
  quern__metadata_pair *metadata; /* [metadata_count], in the order of the file */
  size_t metadata_count;
  quern__tensor_entry *entries; /* [count], sorted by offset */
  size_t count;
  size_t *shapes; /* storage of the entries' shapes */
} quern__safetensors;

/* Opens a file and checks its whole header: each tensor has a known dtype and a shape that matches
 * its bytes, each byte belongs to exactly one tensor, and names are unique. Memory use is below ten
 * times the header's length, whatever the header claims. The caller closes *file, even if this
 * fails. */
quern_status quern__safetensors_open(const char *path, quern__safetensors *file);

/* Like quern__safetensors_open for an open descriptor, which *file then owns; -1: opens `path`.
 * `path` is also used in messages. */
quern_status quern__safetensors_open_at(const char *path, int descriptor, quern__safetensors *file);

/* Returns the number of elements; 0 for a type that quern__safetensors_read does not convert. */
size_t quern__safetensors_floats(const quern__tensor_entry *entry);

/* Reads an F32, F64, F16 or BF16 tensor, quern__safetensors_floats(entry) values. F64 is rounded. A
 * finite number that float32 cannot hold is QUERN_ERROR_FORMAT. */
quern_status quern__safetensors_read(const quern__safetensors *file,
                                     const quern__tensor_entry *entry, float *values);

/* Reads `bytes` raw bytes of a tensor, from its byte `first`. */
quern_status quern__safetensors_read_bytes(const quern__safetensors *file,
                                           const quern__tensor_entry *entry, size_t first,
                                           size_t bytes, void *values);

/* Returns a metadata value, owned by the file; NULL if the key is missing. */
const char *quern__safetensors_metadata(const quern__safetensors *file, const char *key);

void quern__safetensors_close(quern__safetensors *file);

/* Upper bounds of the numbers of objects, members and numbers in a header. */
typedef struct quern__header_counts {
  size_t objects, members, numbers;
} quern__header_counts;

/* Checks a header's text before it is parsed, and counts what it contains. Refuses what safetensors
 * does not use (signs, fractions, literals, deeper nesting than a shape) and invalid JSON inside
 * tokens (control characters, leading zeros, invalid UTF-8). The parser checks the rest of the
 * syntax. */
quern_status quern__safetensors_check_text(const char *path, const char *text, size_t length,
                                           quern__header_counts *counts);

/* --- Writing ---------------------------------------------------------------------------------- */

/* A tensor to write, F32 or I64. I64 tensors come first, since readers expect them aligned to 8
 * bytes. */
typedef struct quern__tensor_plan {
  const char *name;
  size_t rank;
  size_t shape[2];
  bool is_i64;
} quern__tensor_plan;

/* Fills `values` with the elements of tensor `index`. For an I64 tensor, these are little-endian
 * bytes. */
typedef quern_status (*quern__tensor_fill)(void *user, size_t index, float *values);

/* Writes metadata and tensors to `path` in the given order, whole or not at all (see file.h). Keeps
 * one tensor at a time in memory. The same arguments give the same bytes. Keys and names must be
 * unique. */
quern_status quern__safetensors_write(const char *path, const quern__metadata_pair *metadata,
                                      size_t metadata_count, const quern__tensor_plan *tensors,
                                      size_t tensor_count, quern__tensor_fill fill, void *user);

#endif

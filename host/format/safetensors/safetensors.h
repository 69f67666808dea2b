/* The safetensors format: 8 bytes of header length, little-endian; a JSON object with each tensor's
 * dtype, shape and place; the tensors' bytes, row major, little-endian, one after another. */
#ifndef QUERN_HOST_FORMAT_SAFETENSORS_SAFETENSORS_H
#define QUERN_HOST_FORMAT_SAFETENSORS_SAFETENSORS_H

#include "../../base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The format's own limit on the header. */
#define QUERN__HEADER_LARGEST ((uint64_t)100000000)

typedef struct quern__metadata_pair {
  const char *key, *value;
} quern__metadata_pair;

/* --- Reading
 * -------------------------------------------------------------------------------------------- */

typedef struct quern__tensor_entry {
  const char *name;
  const char *dtype; /* "F32" … */
  size_t rank;
  const size_t *shape; /* rank sizes; NULL for a scalar */
  size_t offset;       /* of the first byte, counted from the end of the header */
  size_t bytes;        /* the product of the shape times the size of dtype */
} quern__tensor_entry;

typedef struct quern__safetensors {
  char *path;
  int descriptor;
  size_t data_offset; /* of the tensors' bytes in the file */
  size_t data_bytes;
  char *header;                   /* its text, which every string below is a part of */
  quern__metadata_pair *metadata; /* [metadata_count], in the order of the file */
  size_t metadata_count;
  quern__tensor_entry *entries; /* in the order of their bytes */
  size_t count;
  size_t *shapes; /* what the entries' shapes point into */
} quern__safetensors;

/* Opens a file and checks all of its header: every tensor has a known dtype and a shape that fills
 * its bytes, every byte belongs to one tensor, no name comes twice. Nothing is allocated by what
 * the header claims, only by its length: less than ten times its bytes. The caller closes *file,
 * whatever this returns. */
quern_status quern__safetensors_open(const char *path, quern__safetensors *file);

/* The same of an open file, which becomes the file's, or with -1 of that at `path`. */
quern_status quern__safetensors_open_at(const char *path, int descriptor, quern__safetensors *file);

/* Copies the bytes of an F32 tensor, bytes / 4 floats. */
quern_status quern__safetensors_read(const quern__safetensors *file,
                                     const quern__tensor_entry *entry, float *values);

/* Copies some of a tensor's bytes, as they are in the file: `bytes` of them from byte `first` of
 * the tensor on. */
quern_status quern__safetensors_read_bytes(const quern__safetensors *file,
                                           const quern__tensor_entry *entry, size_t first,
                                           size_t bytes, void *values);

/* A string of the metadata; NULL for a key that is not there. Owned by the file. */
const char *quern__safetensors_metadata(const quern__safetensors *file, const char *key);

void quern__safetensors_close(quern__safetensors *file);

/* How many of each a header has at most. */
typedef struct quern__header_counts {
  size_t objects, members, numbers;
} quern__header_counts;

/* Checks the text of a header before it is read: what safetensors has no use for is refused (signs,
 * fractions, literals, nesting past a shape) together with what is no JSON wherever it stands
 * (control characters, leading zeros, bytes that are not UTF-8), and counts what is in it. What is
 * left is read as JSON. */
quern_status quern__safetensors_check_text(const char *path, const char *text, size_t length,
                                           quern__header_counts *counts);

/* --- Writing
 * -------------------------------------------------------------------------------------------- */

/* A tensor to write: F32, or I64, which readers want at a multiple of 8 bytes, so that such come
 * first. */
typedef struct quern__tensor_plan {
  const char *name;
  size_t rank;
  size_t shape[2];
  bool is_i64;
} quern__tensor_plan;

/* Fills `values` with the numbers of tensor `index`, as many as its shape says; those of an I64 as
 * little-endian bytes. */
typedef quern_status (*quern__tensor_fill)(void *user, size_t index, float *values);

/* Writes tensors and metadata to `path` in the order given, whole or not at all (see file.h). One
 * tensor at a time is in memory. The same arguments give the same bytes. Names and keys come once
 * each. */
quern_status quern__safetensors_write(const char *path, const quern__metadata_pair *metadata,
                                      size_t metadata_count, const quern__tensor_plan *tensors,
                                      size_t tensor_count, quern__tensor_fill fill, void *user);

#endif

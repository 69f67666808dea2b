/* The definition of an inspection, for the files that fill it. */
#ifndef QUERN_HOST_INSPECT_INSPECT_H
#define QUERN_HOST_INSPECT_INSPECT_H

#include "../format/safetensors/safetensors.h"
#include <quern/inspect.h>

typedef struct quern__inspected_pair {
  const char *key, *value;
} quern__inspected_pair;

struct quern_inspection {
  quern_file_kind kind;
  const char *path;        /* the caller's; set only while the file is read */
  char *format;            /* owned */
  quern_network *network;  /* owned; may be NULL */
  char *note;              /* owned; may be NULL */
  quern__safetensors file; /* its header owns names, shapes and metadata; closed for ONNX */
  void *source;            /* for ONNX: owner of names and metadata */
  void (*free_source)(void *source);
  quern_tensor_info *tensors;
  size_t count;
  /* owned; shapes that the file does not store as such: parts of tensors, and ONNX */
  size_t *shapes;
  /* owned; names of parts of tensors; NULL if the file has all names */
  char **names;
  quern__inspected_pair *pairs; /* owned; the metadata */
  size_t pair_count;
};

/* Fills an inspection from an ONNX file. */
quern_status quern__inspect_onnx(quern_inspection *inspection);

/* Adds a tensor of the file. There must be room. */
quern_status quern__inspect_tensor(quern_inspection *inspection, const quern__tensor_entry *entry);

quern_status quern__inspect_tensors(quern_inspection *inspection);

/* Adds a checkpoint's tensors. Those as long as all parameters of the network in the metadata are
 * split by layer. */
quern_status quern__inspect_checkpoint(quern_inspection *inspection);

#endif

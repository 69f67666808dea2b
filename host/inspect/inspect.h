/* The inside of an inspection, for the files that fill one. */
#ifndef QUERN_HOST_INSPECT_INSPECT_H
#define QUERN_HOST_INSPECT_INSPECT_H

#include "../format/safetensors/safetensors.h"
#include <quern/inspect.h>

typedef struct quern__inspected_pair {
  const char *key, *value;
} quern__inspected_pair;

struct quern_inspection {
  quern_file_kind kind;
  const char *path;        /* the caller's, while the file is read */
  char *format;            /* owned */
  quern_network *network;  /* or NULL */
  char *note;              /* NULL: none */
  quern__safetensors file; /* its header owns names, shapes and metadata; closed for ONNX */
  void *source;            /* what owns them instead, and how it is freed */
  void (*free_source)(void *source);
  quern_tensor_info *tensors;
  size_t count;
  size_t *shapes;               /* of tensors that the file does not have as such */
  char **names;                 /* the same */
  quern__inspected_pair *pairs; /* of the metadata */
  size_t pair_count;
};

/* Fills an inspection from an ONNX file. */
quern_status quern__inspect_onnx(quern_inspection *inspection);

/* Adds a tensor of the file as it is; there is room. */
quern_status quern__inspect_tensor(quern_inspection *inspection, const quern__tensor_entry *entry);

/* Adds the file's tensors as they are. */
quern_status quern__inspect_tensors(quern_inspection *inspection);

/* Adds a checkpoint's tensors, layer by layer those that are as long as the parameters of the
 * network in its metadata. */
quern_status quern__inspect_checkpoint(quern_inspection *inspection);

#endif

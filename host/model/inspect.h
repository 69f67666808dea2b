/* The inside of an inspection, for the files that fill one. */
#ifndef QUERN_HOST_MODEL_INSPECT_H
#define QUERN_HOST_MODEL_INSPECT_H

#include "model/safetensors.h"
#include <quern/inspect.h>

struct quern_inspection {
  quern_file_kind kind;
  quern_network *network;  /* or NULL */
  char *note;              /* NULL: none */
  quern__safetensors file; /* its header owns names, shapes and metadata */
  quern_tensor_info *tensors;
  size_t count;
  size_t (*shapes)[2]; /* of tensors that the file does not have as such */
  char **names;
  const struct cJSON **pairs; /* of the metadata */
  size_t pair_count;
};

/* Adds a tensor of the file as it is; there is room. */
quern_status quern__inspect_tensor(quern_inspection *made, const quern__tensor_entry *entry);

/* Adds the file's tensors as they are. */
quern_status quern__inspect_tensors(quern_inspection *made);

/* Adds a checkpoint's tensors, layer by layer those that are as long as the parameters of the network in its metadata. */
quern_status quern__inspect_checkpoint(quern_inspection *made);

#endif

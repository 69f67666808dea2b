/* Files that are read: regular ones, at any place. */
#ifndef QUERN_HOST_FORMAT_SAFETENSORS_INPUT_H
#define QUERN_HOST_FORMAT_SAFETENSORS_INPUT_H

#include "../../base/error.h"

/* Opens a regular file; anything else is refused without waiting for it. The caller closes
 * *descriptor, which is -1 where nothing was opened, whatever this returns. */
quern_status quern__input_open(const char *path, int *descriptor, size_t *bytes);

/* The size of an open file; a descriptor of -1, and what is no regular file, are refused. */
quern_status quern__input_size(const char *path, int descriptor, size_t *bytes);

/* Reads that many bytes from `offset` on. */
quern_status quern__input_read(const char *path, int descriptor, size_t offset, void *data,
                               size_t bytes);

#endif

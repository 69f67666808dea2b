/* Random-access reading of regular files. */
#ifndef QUERN_HOST_FORMAT_SAFETENSORS_INPUT_H
#define QUERN_HOST_FORMAT_SAFETENSORS_INPUT_H

#include "../../base/error.h"

/* Opens a regular file; anything else is refused without waiting. The caller closes *descriptor,
 * even if this fails, unless it is -1. */
quern_status quern__input_open(const char *path, int *descriptor, size_t *bytes);

/* Returns the size of an open file. Refuses a descriptor of -1, and anything but a regular file. */
quern_status quern__input_size(const char *path, int descriptor, size_t *bytes);

quern_status quern__input_read(const char *path, int descriptor, size_t offset, void *data,
                               size_t bytes);

#endif

/* Loading a network from an open file. */
#ifndef QUERN_HOST_MODEL_LOAD_H
#define QUERN_HOST_MODEL_LOAD_H

#include "../format/safetensors/safetensors.h"
#include <quern/model.h>

/* Like quern_model_load, from a file that the caller keeps. On failure *network is unchanged. */
quern_status quern__model_read(const quern__safetensors *file, const quern_model_options *options,
                               quern_network **network);

#endif

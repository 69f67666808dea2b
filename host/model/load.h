/* Reading a model from a file that is open already. */
#ifndef QUERN_HOST_MODEL_LOAD_H
#define QUERN_HOST_MODEL_LOAD_H

#include "../format/safetensors/safetensors.h"
#include <quern/model.h>

/* What quern_model_load makes of the file, which stays the caller's. On failure *network is
 * untouched. */
quern_status quern__model_read(const quern__safetensors *file, const quern_model_options *options,
                               quern_network **network);

#endif

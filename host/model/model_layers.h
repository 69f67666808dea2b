/* The layers of a model file. */
#ifndef QUERN_HOST_MODEL_MODEL_LAYERS_H
#define QUERN_HOST_MODEL_MODEL_LAYERS_H

#include "metadata.h"

/* Groups the file's tensors into layers, in natural order, and checks that they fit one another.
 * The caller frees *layers. */
quern_status quern__model_layers(const quern__safetensors *file, quern__model_layer **layers,
                                 size_t *count);

#endif

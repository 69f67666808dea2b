/* The layers of a model file. */
#ifndef QUERN_HOST_MODEL_MODEL_LAYERS_H
#define QUERN_HOST_MODEL_MODEL_LAYERS_H

#include "metadata.h"

/* Groups the file's tensors into layers, puts them in order, and checks that they fit one another.
 * Appends to the note what was left out or assumed. The caller frees *layers. */
quern_status quern__model_layers(const quern__safetensors *file, quern__model_layer **layers,
                                 size_t *count, quern__text *note);

/* Puts layers, given in natural order of their names, in the order of the network. Numbers in the
 * names decide; between names that differ in more than numbers, the shapes decide; if those leave
 * it open, names such as "input" and "output". Appends to the note if the order is assumed. */
quern_status quern__layer_order(const quern__safetensors *file, quern__model_layer *layers,
                                size_t count, quern__text *note);

#endif

/* The network as quern uses it, shared by the two halves of the adapter. */
#ifndef FANN_QUERN_ADAPTER_H
#define FANN_QUERN_ADAPTER_H

#include "fann_quern.h"

_Static_assert(sizeof(fann_type) == sizeof(float),
               "fann.h of the library with floats is what is meant");

typedef struct dense_layer {
  size_t in, out;
  enum fann_activationfunc_enum function; /* FANN's name */
  quern_activation activation;            /* and quern's */
  float scale;                            /* c: quern's weights are FANN's times this */
  quern_tensor w, b;                      /* in adapter->parameters */
} dense_layer;

struct fann_quern {
  quern_context *context; /* the caller's */
  size_t layer_count;
  dense_layer *layers;
  quern_buffer *parameters;
};

#endif

/* Converts networks from FANN and back. */
#include "adapter.h"

#include <quern/backend.h>
#include <stdlib.h>

/* FANN 2.2 sets weights one at a time by searching through all of them, so this reads and writes
 * the struct. A neuron's weights are consecutive: one for each neuron of the layer below, and then
 * its bias. */
static fann_type *weights_of(const struct fann *ann, size_t index, size_t neuron) {
  return ann->weights + ann->first_layer[index + 1].first_neuron[neuron].first_con;
}

/* Layers of a network that quern supports, without their place on the device. */
static quern_status read_layer(const struct fann *ann, const unsigned *widths, size_t index,
                               dense_layer *result) {
  const struct fann_neuron *neurons = ann->first_layer[index + 1].first_neuron;
  const struct fann_neuron *first = &neurons[0];
  result->in = widths[index];
  result->out = widths[index + 1];
  result->function = first->activation_function;
  switch (result->function) {
  case FANN_LINEAR:
    result->activation = quern_activation_of(QUERN_ACTIVATION_IDENTITY);
    result->scale = first->activation_steepness;
    break;
  case FANN_SIGMOID:
    result->activation = quern_activation_of(QUERN_ACTIVATION_SIGMOID);
    result->scale = 2.0f * first->activation_steepness;
    break;
  case FANN_SIGMOID_SYMMETRIC:
    result->activation = quern_activation_of(QUERN_ACTIVATION_TANH);
    result->scale = first->activation_steepness;
    break;
  default:
    return quern_fail(
        QUERN_ERROR_UNSUPPORTED,
        "layer %zu has %s neurons; expected FANN_LINEAR, FANN_SIGMOID or FANN_SIGMOID_SYMMETRIC",
        index + 1, FANN_ACTIVATIONFUNC_NAMES[result->function]);
  }
  if (!(result->scale > 0.0f))
    return quern_fail(QUERN_ERROR_UNSUPPORTED,
                      "layer %zu has a steepness of %g; expected more than 0", index + 1,
                      (double)first->activation_steepness);
  for (size_t j = 0; j < result->out; j++) {
    const struct fann_neuron *neuron = &neurons[j];
    if (neuron->activation_function != result->function ||
        neuron->activation_steepness != first->activation_steepness)
      return quern_fail(QUERN_ERROR_UNSUPPORTED,
                        "neuron %zu of layer %zu has another activation or steepness than neuron "
                        "0; expected the same throughout a layer",
                        j, index + 1);
    if (neuron->last_con - neuron->first_con != result->in + 1)
      return quern_fail(QUERN_ERROR_UNSUPPORTED,
                        "neuron %zu of layer %zu has %u connections; expected %zu, all of the "
                        "layer below and a bias",
                        j, index + 1, neuron->last_con - neuron->first_con, result->in + 1);
  }
  return QUERN_OK;
}

/* Returns the layers of a network that quern supports. The caller frees *layers. */
static quern_status read_layers(const struct fann *ann, dense_layer **layers, size_t *count) {
  struct fann *asked = (struct fann *)ann; /* FANN's getters take no const */
  if (fann_get_network_type(asked) != FANN_NETTYPE_LAYER)
    return quern_fail(QUERN_ERROR_UNSUPPORTED,
                      "the network has shortcut connections; expected layers");
  if (fann_get_connection_rate(asked) < 1.0f)
    return quern_fail(QUERN_ERROR_UNSUPPORTED,
                      "the network has a connection rate of %g; expected 1",
                      (double)fann_get_connection_rate(asked));
  *count = fann_get_num_layers(asked) - 1;
  unsigned *widths = calloc(*count + 1, sizeof *widths);
  *layers = calloc(*count, sizeof **layers);
  quern_status status = QUERN_OK;
  if (widths == NULL || *layers == NULL) {
    status = quern_fail(QUERN_ERROR_OUT_OF_MEMORY, "no memory for %zu layers", *count);
  } else {
    fann_get_layer_array(asked, widths);
    for (size_t i = 0; status == QUERN_OK && i < *count; i++)
      status = read_layer(ann, widths, i, &(*layers)[i]);
  }
  free(widths);
  if (status != QUERN_OK) {
    free(*layers);
    *layers = NULL;
  }
  return status;
}

/* FANN stores [out][in + bias], quern [in][out] and a separate bias. */
static void from_fann(const struct fann *ann, size_t index, const dense_layer *layer, float *w,
                      float *b) {
  for (size_t j = 0; j < layer->out; j++) {
    const fann_type *weights = weights_of(ann, index, j);
    for (size_t i = 0; i < layer->in; i++) w[i * layer->out + j] = layer->scale * weights[i];
    b[j] = layer->scale * weights[layer->in];
  }
}

static void to_fann(struct fann *ann, size_t index, const dense_layer *layer, const float *w,
                    const float *b) {
  for (size_t j = 0; j < layer->out; j++) {
    fann_type *weights = weights_of(ann, index, j);
    for (size_t i = 0; i < layer->in; i++) weights[i] = w[i * layer->out + j] / layer->scale;
    weights[layer->in] = b[j] / layer->scale;
  }
}

/* Places the parameters in one buffer; returns how many there are. */
static size_t lay_out(fann_quern *adapter) {
  size_t offset = 0;
  for (size_t i = 0; i < adapter->layer_count; i++) {
    dense_layer *layer = &adapter->layers[i];
    layer->w = quern_matrix(adapter->parameters, offset, layer->in, layer->out);
    offset += layer->in * layer->out;
    layer->b = quern_vector(adapter->parameters, offset, layer->out);
    offset += layer->out;
  }
  return offset;
}

quern_status fann_quern_create(quern_context *context, const struct fann *ann,
                               fann_quern **adapter) {
  *adapter = NULL;
  fann_quern *result = calloc(1, sizeof *result);
  float *values = NULL;
  quern_status status = QUERN_ERROR_OUT_OF_MEMORY;
  if (result == NULL) return quern_fail(status, "no memory for an adapter");
  result->context = context;
  status = read_layers(ann, &result->layers, &result->layer_count);
  if (status != QUERN_OK) goto done;

  /* FANN has as many weights in memory, so this does not overflow */
  size_t bytes = lay_out(result) * sizeof(float);
  status = quern_buffer_create(context, bytes, &result->parameters);
  if (status != QUERN_OK) goto done;
  lay_out(result);
  values = malloc(bytes);
  if (values == NULL) {
    status = quern_fail(QUERN_ERROR_OUT_OF_MEMORY, "no memory for %zu bytes of weights", bytes);
    goto done;
  }
  for (size_t i = 0; i < result->layer_count; i++)
    from_fann(ann, i, &result->layers[i], values + result->layers[i].w.offset,
              values + result->layers[i].b.offset);
  status = quern_buffer_write(result->parameters, 0, bytes, values, QUERN_WAIT);

done:
  free(values);
  if (status == QUERN_OK)
    *adapter = result;
  else
    fann_quern_free(result);
  return status;
}

void fann_quern_free(fann_quern *adapter) {
  if (adapter == NULL) return;
  quern_buffer_free(adapter->parameters);
  free(adapter->layers);
  free(adapter);
}

quern_status fann_quern_give_back(fann_quern *adapter, struct fann *ann) {
  dense_layer *layers = NULL;
  size_t count = 0;
  size_t bytes = quern_buffer_bytes(adapter->parameters);
  float *values = NULL;
  quern_status status = read_layers(ann, &layers, &count);
  bool same = status == QUERN_OK && count == adapter->layer_count;
  for (size_t i = 0; same && i < count; i++)
    same = layers[i].in == adapter->layers[i].in && layers[i].out == adapter->layers[i].out;
  if (status == QUERN_OK && !same)
    status = quern_fail(QUERN_ERROR_SHAPE,
                        "the network has other layers than the one that was taken over");
  if (status != QUERN_OK) goto done;

  values = malloc(bytes);
  status = values == NULL
               ? quern_fail(QUERN_ERROR_OUT_OF_MEMORY, "no memory for %zu bytes of weights", bytes)
               : quern_buffer_read(adapter->parameters, 0, bytes, values, QUERN_WAIT);
  if (status != QUERN_OK) goto done;
  for (size_t i = 0; i < count; i++)
    to_fann(ann, i, &layers[i], values + adapter->layers[i].w.offset,
            values + adapter->layers[i].b.offset);

done:
  free(values);
  free(layers);
  return status;
}

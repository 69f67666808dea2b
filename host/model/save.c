/* Writing a network as a model file. */
#include "model/layout.h"
#include "model/metadata.h"
#include "schema.h"
#include "size.h"
#include <quern/version.h>
#include <stdio.h>
#include <stdlib.h>

/* "18446744073709551615.weight" fits. */
typedef struct tensor_name {
  char text[32];
} tensor_name;

typedef struct saving {
  const quern_network *network;
  quern__tensor_plan *tensors; /* weights and bias of each layer in turn */
  tensor_name *names;
  float *weights; /* [in][out] of the largest layer */
} saving;

static quern_status plan_tensors(const char *path, saving *save) {
  size_t layers = quern_network_layer_count(save->network), count, place = 0, largest = 0;
  if (!quern__multiply(layers, 2 * sizeof(tensor_name), &count))
    return quern__fail(QUERN_ERROR_OVERFLOW, "%s: %zu layers are too many", path, layers);
  save->tensors = calloc(2 * layers, sizeof *save->tensors);
  save->names = calloc(2 * layers, sizeof *save->names);
  if (save->tensors == NULL || save->names == NULL)
    return quern__fail_memory(path, 2 * layers * (sizeof *save->tensors + sizeof *save->names));
  size_t in = quern_network_inputs(save->network);
  for (size_t i = 0; i < layers; i++) {
    quern_layer layer = quern_network_layer(save->network, i);
    tensor_name *names = &save->names[2 * i];
    snprintf(names[0].text, sizeof names[0].text, "%zu.weight", place);
    snprintf(names[1].text, sizeof names[1].text, "%zu.bias", place);
    save->tensors[2 * i] = (quern__tensor_plan){names[0].text, 2, {layer.units, in}};
    save->tensors[2 * i + 1] = (quern__tensor_plan){names[1].text, 1, {layer.units}};
    if (!quern__multiply(layer.units, in, &count) || !quern__multiply(count, sizeof(float), &count))
      return quern__fail(QUERN_ERROR_OVERFLOW, "%s: the size of layer %zu overflows", path, i);
    if (count > largest) largest = count;
    /* In torch.nn.Sequential an activation is a module with a place of its own, and so is dropout. */
    place += layer.activation.kind == QUERN_IDENTITY ? 1 : 2;
    if (layer.dropout > 0.0f) place++;
    in = layer.units;
  }
  save->weights = malloc(largest);
  return save->weights != NULL ? QUERN_OK : quern__fail_memory(path, largest);
}

static quern_status fill_tensor(void *user, size_t index, float *values) {
  saving *save = user;
  if (index % 2 == 1) return quern_network_get_layer(save->network, index / 2, NULL, values);
  QUERN__FORWARD(quern_network_get_layer(save->network, index / 2, save->weights, NULL));
  const size_t *shape = save->tensors[index].shape;
  quern__transpose(shape[1], shape[0], save->weights, values);
  return QUERN_OK;
}

quern_status quern_model_save(const quern_network *network, const char *path) {
  if (network == NULL || path == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "quern_model_save: %s is NULL",
                       network == NULL ? "network" : "path");
  quern_status status = QUERN_OK;
  saving save = {.network = network};
  char *activations = NULL, *frozen = NULL, *schema = NULL, *dropout = NULL, loss[QUERN__PARAMETER_TEXT];
  quern_loss_format(quern_network_loss(network), quern_network_huber_delta(network), loss, sizeof loss);
  QUERN__TRY(plan_tensors(path, &save));
  QUERN__TRY(quern__metadata_activations(network, &activations));
  QUERN__TRY(quern__metadata_dropout(network, &dropout));
  QUERN__TRY(quern__metadata_frozen(network, save.tensors, &frozen));
  const quern_schema *known = quern_network_schema(network);
  if (known != NULL) QUERN__TRY(quern__schema_print(known, &schema));
  /* "format": what PyTorch's own tools look for. The last two are there where there is something to say. */
  enum { ALWAYS = 5 };
  quern__metadata_pair metadata[ALWAYS + 2] = {{"format", "pt"},
                                               {QUERN__KEY_VERSION, QUERN_VERSION},
                                               {QUERN__KEY_ACTIVATIONS, activations},
                                               {QUERN__KEY_LOSS, loss},
                                               {QUERN__KEY_FROZEN, frozen}};
  size_t pairs = ALWAYS;
  if (dropout != NULL) metadata[pairs++] = (quern__metadata_pair){QUERN__KEY_DROPOUT, dropout};
  if (schema != NULL) metadata[pairs++] = (quern__metadata_pair){QUERN__KEY_SCHEMA, schema};
  status = quern__safetensors_write(path, metadata, pairs, save.tensors,
                                    2 * quern_network_layer_count(network), fill_tensor, &save);
cleanup:
  free(schema);
  free(dropout);
  free(frozen);
  free(activations);
  free(save.weights);
  free(save.names);
  free(save.tensors);
  return status;
}

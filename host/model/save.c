/* Saves a network as a model file. */
#include "../base/little_endian.h"
#include "../base/size.h"
#include "../data/schema.h"
#include "layout.h"
#include "metadata.h"
#include <quern/version.h>
#include <stdio.h>
#include <stdlib.h>

/* Kinds of tensors. Dense layers and normalizations each have weight and bias, like PyTorch's
 * modules. */
typedef enum kind {
  WEIGHT,
  BIAS,
  NORM_WEIGHT,
  NORM_BIAS,
  RUNNING_MEAN,
  RUNNING_VARIANCE,
  BATCHES
} kind;
enum { MOST_TENSORS = BATCHES + 1 }; /* per layer */

/* large enough for "18446744073709551615.num_batches_tracked" */
typedef struct tensor {
  char name[48];
  size_t layer;
  kind kind;
} tensor;

typedef struct saving {
  const quern_network *network;
  tensor *items;
  quern__tensor_plan *tensors; /* [count], like `items` */
  size_t count;
  size_t *layers; /* [layers]: index of each layer's weight; its bias follows */
  float *weights; /* [in][out] of the largest layer */
} saving;

static void add_tensor(saving *save, size_t layer, kind what, size_t place,
                       quern__tensor_plan plan) {
  static const char *const names[] = {
      "weight", "bias", "weight", "bias", "running_mean", "running_var", "num_batches_tracked"};
  tensor *item = &save->items[save->count];
  *item = (tensor){.layer = layer, .kind = what};
  snprintf(item->name, sizeof item->name, "%zu.%s", place, names[what]);
  plan.name = item->name;
  save->tensors[save->count++] = plan;
}

/* Returns the number of torch.nn.Sequential modules that a layer becomes: Linear, normalization,
 * activation, Dropout. */
static size_t modules_of(const quern_layer *layer) {
  return 1u + (layer->normalization.kind != QUERN_NORMALIZATION_NONE) +
         (layer->activation.kind != QUERN_ACTIVATION_IDENTITY) + (layer->dropout > 0.0f);
}

static void add_layer(saving *save, size_t index, size_t place, size_t in,
                      const quern_layer *layer) {
  const quern__tensor_plan vector = {.rank = 1, .shape = {layer->units}};
  save->layers[index] = save->count;
  add_tensor(save, index, WEIGHT, place,
             (quern__tensor_plan){.rank = 2, .shape = {layer->units, in}});
  add_tensor(save, index, BIAS, place, vector);
  if (layer->normalization.kind == QUERN_NORMALIZATION_NONE) return;
  add_tensor(save, index, NORM_WEIGHT, place + 1, vector);
  add_tensor(save, index, NORM_BIAS, place + 1, vector);
  if (layer->normalization.kind != QUERN_NORMALIZATION_BATCH) return;
  add_tensor(save, index, RUNNING_MEAN, place + 1, vector);
  add_tensor(save, index, RUNNING_VARIANCE, place + 1, vector);
}

/* Adds the batch counters, which come first because they are I64. */
static void add_counters(saving *save) {
  size_t place = 0;
  for (size_t i = 0; i < quern_network_layer_count(save->network); i++) {
    const quern_layer layer = quern_network_layer(save->network, i);
    if (layer.normalization.kind == QUERN_NORMALIZATION_BATCH)
      add_tensor(save, i, BATCHES, place + 1, (quern__tensor_plan){.is_i64 = true});
    place += modules_of(&layer);
  }
}

static quern_status plan_tensors(const char *path, saving *save) {
  size_t layers = quern_network_layer_count(save->network), bytes, place = 0, largest = 0;
  if (!quern__multiply(layers, MOST_TENSORS * sizeof(tensor), &bytes))
    return quern__fail(QUERN_ERROR_OVERFLOW, "%s: %zu layers are too many", path, layers);
  save->tensors = calloc(MOST_TENSORS * layers, sizeof *save->tensors);
  save->items = calloc(MOST_TENSORS * layers, sizeof *save->items);
  save->layers = calloc(layers, sizeof *save->layers);
  if (save->tensors == NULL || save->items == NULL || save->layers == NULL)
    return quern__fail_memory(path, bytes);
  add_counters(save);
  size_t in = quern_network_inputs(save->network);
  for (size_t i = 0; i < layers; i++) {
    const quern_layer layer = quern_network_layer(save->network, i);
    if (!quern__multiply(layer.units, in, &bytes) || !quern__multiply(bytes, sizeof(float), &bytes))
      return quern__fail(QUERN_ERROR_OVERFLOW, "%s: the size of layer %zu overflows", path, i);
    if (bytes > largest) largest = bytes;
    add_layer(save, i, place, in, &layer);
    place += modules_of(&layer);
    in = layer.units;
  }
  save->weights = malloc(largest);
  return save->weights != NULL ? QUERN_OK : quern__fail_memory(path, largest);
}

static quern_status fill_tensor(void *user, size_t index, float *values) {
  saving *save = user;
  const tensor *item = &save->items[index];
  const quern_network *network = save->network;
  const size_t l = item->layer, *shape = save->tensors[index].shape;
  switch (item->kind) {
  case WEIGHT:
    QUERN__FORWARD(quern_network_get_layer(network, l, save->weights, NULL));
    quern__transpose(shape[1], shape[0], save->weights, values);
    return QUERN_OK;
  case BIAS:
    return quern_network_get_layer(network, l, NULL, values);
  case NORM_WEIGHT:
    return quern_network_get_normalization(network, l, values, NULL, NULL, NULL);
  case NORM_BIAS:
    return quern_network_get_normalization(network, l, NULL, values, NULL, NULL);
  case RUNNING_MEAN:
    return quern_network_get_normalization(network, l, NULL, NULL, values, NULL);
  case RUNNING_VARIANCE:
    return quern_network_get_normalization(network, l, NULL, NULL, NULL, values);
  case BATCHES:
    break;
  }
  quern__little_endian_put_u64(quern_network_batches(network), (unsigned char *)values);
  return QUERN_OK;
}

quern_status quern_model_save(const quern_network *network, const char *path) {
  if (network == NULL || path == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "quern_model_save: %s is NULL",
                       network == NULL ? "network" : "path");
  quern_status status = QUERN_OK;
  saving save = {.network = network};
  char *activations = NULL, *frozen = NULL, *schema = NULL, *normalization = NULL, *dropout = NULL,
       loss[QUERN__PARAMETER_TEXT];
  quern_loss_format(quern_network_loss(network), quern_network_huber_delta(network), loss,
                    sizeof loss);
  QUERN__TRY(plan_tensors(path, &save));
  QUERN__TRY(quern__metadata_activations(network, &activations));
  QUERN__TRY(quern__metadata_normalization(network, &normalization));
  QUERN__TRY(quern__metadata_dropout(network, &dropout));
  QUERN__TRY(quern__metadata_frozen(network, save.tensors, save.layers, &frozen));
  const quern_schema *known = quern_network_schema(network);
  if (known != NULL) QUERN__TRY(quern__schema_print(known, &schema));
  /* PyTorch's tools look for "format". */
  const quern__metadata_pair all[] = {{"format", "pt"},
                                      {QUERN__KEY_VERSION, QUERN_VERSION},
                                      {QUERN__KEY_ACTIVATIONS, activations},
                                      {QUERN__KEY_LOSS, loss},
                                      {QUERN__KEY_FROZEN, frozen},
                                      {QUERN__KEY_NORMALIZATION, normalization},
                                      {QUERN__KEY_DROPOUT, dropout},
                                      {QUERN__KEY_SCHEMA, schema}};
  enum { ALL = sizeof all / sizeof *all };
  quern__metadata_pair metadata[ALL]; /* those with a value */
  size_t pairs = 0;
  for (size_t i = 0; i < ALL; i++)
    if (all[i].value != NULL) metadata[pairs++] = all[i];
  status =
      quern__safetensors_write(path, metadata, pairs, save.tensors, save.count, fill_tensor, &save);
cleanup:
  free(schema);
  free(dropout);
  free(normalization);
  free(frozen);
  free(activations);
  free(save.weights);
  free(save.layers);
  free(save.items);
  free(save.tensors);
  return status;
}

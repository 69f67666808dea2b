/* Reading a model file as a network. */
#include "model/layout.h"
#include "model/model_layers.h"
#include "schema.h"
#include <stdlib.h>

static quern_status check_options(const quern_model_options *options) {
  if (options->size != sizeof *options)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "model options: size is %zu, expected %zu; start from QUERN_MODEL_OPTIONS_INIT",
                       options->size, sizeof *options);
  if (quern_activation_name(options->activation.kind) == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "model options: %d is no activation",
                       (int)options->activation.kind);
  if (quern_loss_name(options->loss) == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "model options: %d is no loss", (int)options->loss);
  return QUERN_OK;
}

/* What the network refuses is the file's fault here, so the file is named too. */
static quern_status create_network(const quern__safetensors *file, const quern__model_layer *layers,
                                   size_t count, quern_loss loss, quern_network **network) {
  quern_layer *list = calloc(count, sizeof *list);
  if (list == NULL) return quern__fail_memory(file->path, count * sizeof *list);
  for (size_t i = 0; i < count; i++) list[i] = layers[i].layer;
  quern_status status = quern_network_create(layers[0].weight->shape[1], list, count, loss, network);
  free(list);
  if (status == QUERN_OK) return QUERN_OK;
  if (status == QUERN_ERROR_ARGUMENT) status = QUERN_ERROR_FORMAT;
  return quern__fail(status, "%s: %s", file->path, quern_last_error());
}

static quern_status read_layer(const quern__safetensors *file, const quern__model_layer *layer, size_t index,
                               quern_network *network) {
  quern_status status = QUERN_OK;
  const quern__tensor_entry *weight = layer->weight;
  float *stored = malloc(weight->bytes), *weights = malloc(weight->bytes), *bias = NULL;
  if (stored == NULL || weights == NULL) {
    status = quern__fail_memory(file->path, 2 * weight->bytes);
    goto cleanup;
  }
  QUERN__TRY(quern__safetensors_read(file, weight, stored));
  quern__transpose(weight->shape[0], weight->shape[1], stored, weights);
  if (layer->bias != NULL) {
    bias = malloc(layer->bias->bytes);
    if (bias == NULL) {
      status = quern__fail_memory(file->path, layer->bias->bytes);
      goto cleanup;
    }
    QUERN__TRY(quern__safetensors_read(file, layer->bias, bias));
  }
  status = quern_network_set_layer(network, index, weights, bias);
cleanup:
  free(bias);
  free(weights);
  free(stored);
  return status;
}

/* What the file says of the data, where it says anything. */
static quern_status read_schema(const quern__safetensors *file, quern_network *network) {
  const char *text = quern__safetensors_metadata(file, QUERN__KEY_SCHEMA);
  if (text == NULL) return QUERN_OK;
  quern_schema *schema;
  QUERN__FORWARD(quern__schema_parse(file->path, text, &schema));
  quern_status status = quern_network_set_schema(network, schema);
  quern__schema_free(schema);
  if (status == QUERN_ERROR_SHAPE)
    status = quern__fail(QUERN_ERROR_FORMAT, "%s: metadata \"%s\": %s", file->path, QUERN__KEY_SCHEMA,
                         quern_last_error());
  return status;
}

quern_status quern_model_load(const char *path, const quern_model_options *options, quern_network **network) {
  if (path == NULL || network == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "quern_model_load: %s is NULL",
                       path == NULL ? "path" : "network");
  *network = NULL;
  static const quern_model_options defaults = QUERN_MODEL_OPTIONS_INIT;
  if (options == NULL) options = &defaults;
  QUERN__FORWARD(check_options(options));
  quern_status status = QUERN_OK;
  quern__safetensors file;
  quern__model_layer *layers = NULL;
  quern_network *result = NULL;
  size_t count = 0;
  quern_loss loss;
  QUERN__TRY(quern__safetensors_open(path, &file));
  QUERN__TRY(quern__metadata_refuse_checkpoint(&file));
  QUERN__TRY(quern__model_layers(&file, &layers, &count));
  QUERN__TRY(quern__metadata_read(&file, options, layers, count, &loss));
  QUERN__TRY(create_network(&file, layers, count, loss, &result));
  for (size_t i = 0; i < count; i++) QUERN__TRY(read_layer(&file, &layers[i], i, result));
  QUERN__TRY(read_schema(&file, result));
  *network = result;
  result = NULL;
cleanup:
  quern_network_free(result);
  free(layers);
  quern__safetensors_close(&file);
  return status;
}

/* Loads a network from a model file. */
#include "load.h"

#include "../base/little_endian.h"
#include "../base/size.h"
#include "../data/schema.h"
#include "../network/network.h"
#include "layout.h"
#include "model_layers.h"
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Copies the caller's options over the defaults and checks them. Callers built against an older
 * version pass a shorter struct. */
static quern_status read_options(const quern_model_options *given, quern_model_options *options) {
  *options = quern_model_options_default();
  if (given == NULL) return QUERN_OK;
  if (given->size < offsetof(quern_model_options, huber_delta) || given->size > sizeof *options)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "model options: size is %zu, expected at most %zu; start from "
                       "quern_model_options_default()",
                       given->size, sizeof *options);
  memcpy(options, given, given->size);
  if (quern_activation_name(options->activation.kind) == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "model options: unknown activation %d",
                       (int)options->activation.kind);
  if (quern_loss_name(options->loss) == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "model options: unknown loss %d", (int)options->loss);
  if (!isfinite(options->huber_delta) || options->huber_delta <= 0.0f)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "model options: a Huber delta of %g, expected a finite number above 0",
                       (double)options->huber_delta);
  return QUERN_OK;
}

/* An error here is the file's fault, so its message names the file. */
static quern_status create_network(const quern__safetensors *file, const quern__model_layer *layers,
                                   size_t count, quern_loss loss, float huber_delta,
                                   quern_network **network) {
  quern_layer *list = calloc(count, sizeof *list);
  if (list == NULL) return quern__fail_memory(file->path, count * sizeof *list);
  for (size_t i = 0; i < count; i++) list[i] = layers[i].layer;
  quern_status status =
      quern_network_create(layers[0].weight->shape[1], list, count, loss, network);
  free(list);
  if (status == QUERN_OK) return quern_network_set_huber_delta(*network, huber_delta);
  if (status == QUERN_ERROR_ARGUMENT) status = QUERN_ERROR_FORMAT;
  return quern__fail(status, "%s: %s", file->path, quern_last_error());
}

static quern_status allocate_floats(const quern__safetensors *file,
                                    const quern__tensor_entry *entry, float **values) {
  size_t bytes;
  if (!quern__multiply(quern__safetensors_floats(entry), sizeof **values, &bytes))
    return quern__fail(QUERN_ERROR_OVERFLOW, "%s: the size of tensor \"%.200s\" overflows",
                       file->path, entry->name);
  *values = malloc(bytes);
  return *values != NULL ? QUERN_OK : quern__fail_memory(file->path, bytes);
}

static quern_status read_layer(const quern__safetensors *file, const quern__model_layer *layer,
                               size_t index, quern_network *network) {
  quern_status status = QUERN_OK;
  const quern__tensor_entry *weight = layer->weight;
  float *stored = NULL, *weights = NULL, *bias = NULL;
  QUERN__TRY(allocate_floats(file, weight, &stored));
  QUERN__TRY(allocate_floats(file, weight, &weights));
  QUERN__TRY(quern__safetensors_read(file, weight, stored));
  quern__transpose(weight->shape[0], weight->shape[1], stored, weights);
  if (layer->bias != NULL) {
    QUERN__TRY(allocate_floats(file, layer->bias, &bias));
    QUERN__TRY(quern__safetensors_read(file, layer->bias, bias));
  }
  status = quern_network_set_layer(network, index, weights, bias);
cleanup:
  free(bias);
  free(weights);
  free(stored);
  return status;
}

/* Reads a vector; *values is NULL if `entry` is. */
static quern_status read_vector(const quern__safetensors *file, const quern__tensor_entry *entry,
                                float **values) {
  *values = NULL;
  if (entry == NULL) return QUERN_OK;
  QUERN__FORWARD(allocate_floats(file, entry, values));
  return quern__safetensors_read(file, entry, *values);
}

static quern_status read_normalization(const quern__safetensors *file,
                                       const quern__model_layer *layer, size_t index,
                                       quern_network *network) {
  const quern__tensor_entry *const entries[] = {layer->gamma, layer->beta, layer->mean,
                                                layer->variance};
  enum { COUNT = sizeof entries / sizeof *entries };
  float *values[COUNT] = {NULL};
  unsigned char counter[sizeof(uint64_t)];
  quern_status status = QUERN_OK;
  for (size_t i = 0; i < COUNT; i++) QUERN__TRY(read_vector(file, entries[i], &values[i]));
  QUERN__TRY(
      quern_network_set_normalization(network, index, values[0], values[1], values[2], values[3]));
  if (layer->counter == NULL) goto cleanup;
  QUERN__TRY(quern__safetensors_read_bytes(file, layer->counter, 0, sizeof counter, counter));
  network->batches = quern__little_endian_u64(counter);
cleanup:
  for (size_t i = 0; i < COUNT; i++) free(values[i]);
  return status;
}

static quern_status read_schema(const quern__safetensors *file, quern_network *network) {
  const char *text = quern__safetensors_metadata(file, QUERN__KEY_SCHEMA);
  if (text == NULL) return QUERN_OK;
  quern_schema *schema;
  QUERN__FORWARD(quern__schema_parse(file->path, text, &schema));
  quern_status status = quern_network_set_schema(network, schema);
  quern__schema_free(schema);
  if (status == QUERN_ERROR_SHAPE)
    status = quern__fail(QUERN_ERROR_FORMAT, "%s: metadata \"%s\": %s", file->path,
                         QUERN__KEY_SCHEMA, quern_last_error());
  return status;
}

quern_status quern__model_read(const quern__safetensors *file, const quern_model_options *options,
                               quern_network **network) {
  quern_status status = QUERN_OK;
  quern__model_layer *layers = NULL;
  quern_network *result = NULL;
  size_t count = 0;
  quern_loss loss;
  float huber_delta;
  quern__text note = {0};
  QUERN__TRY(quern__metadata_refuse_checkpoint(file));
  QUERN__TRY(quern__model_layers(file, &layers, &count, &note));
  QUERN__TRY(quern__metadata_read(file, options, layers, count, &loss, &huber_delta));
  quern__metadata_note(file, options, count, &note);
  QUERN__TRY(create_network(file, layers, count, loss, huber_delta, &result));
  for (size_t i = 0; i < count; i++) {
    QUERN__TRY(read_layer(file, &layers[i], i, result));
    if (layers[i].gamma != NULL) QUERN__TRY(read_normalization(file, &layers[i], i, result));
  }
  QUERN__TRY(read_schema(file, result));
  QUERN__TRY(quern__text_close(&note, &result->note));
  *network = result;
  result = NULL;
cleanup:
  quern__text_free(&note);
  quern_network_free(result);
  free(layers);
  return status;
}

quern_status quern_model_load(const char *path, const quern_model_options *given,
                              quern_network **network) {
  if (network != NULL) *network = NULL;
  if (path == NULL || network == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "quern_model_load: %s is NULL",
                       path == NULL ? "path" : "network");
  quern_model_options options;
  QUERN__FORWARD(read_options(given, &options));
  quern__safetensors file;
  quern_status status = quern__safetensors_open(path, &file);
  if (status == QUERN_OK) status = quern__model_read(&file, &options, network);
  quern__safetensors_close(&file);
  return status;
}

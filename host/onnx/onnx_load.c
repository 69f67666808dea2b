/* Loads a network from an ONNX file. */
#include "../base/size.h"
#include "../network/network.h"
#include "chain.h"
#include <stdlib.h>
#include <string.h>

/* Finds the graph's only input that is not a constant. */
static quern_status find_input(const quern__onnx_file *file,
                               const Quern__Onnx__ValueInfoProto **input) {
  const quern__onnx_graph *graph = file->graph;
  *input = NULL;
  for (size_t i = 0; i < graph->n_input; i++) {
    const Quern__Onnx__ValueInfoProto *candidate = graph->input[i];
    if (candidate->name == NULL)
      return quern__fail(QUERN_ERROR_FORMAT, "%s: an input of the graph has no name", file->path);
    if (quern__onnx_find(file, candidate->name) != NULL)
      continue; /* older files list initializers as inputs too */
    if (*input != NULL)
      return quern__fail(QUERN_ERROR_UNSUPPORTED,
                         "%s: the graph has inputs \"%.80s\" and \"%.80s\", expected one",
                         file->path, (*input)->name, candidate->name);
    *input = candidate;
  }
  if (*input == NULL)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: the graph has no input", file->path);
  return QUERN_OK;
}

/* Sets the input's width, if the file has it, and whether it is [batch][values]. */
static quern_status read_input(quern__chain *chain, const Quern__Onnx__ValueInfoProto *input) {
  const char *path = chain->file->path;
  const Quern__Onnx__TypeProto__Tensor *tensor =
      input->type != NULL ? input->type->tensor_type : NULL;
  chain->value = input->name;
  chain->rank = 2;
  if (tensor == NULL)
    return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s: input \"%.80s\" is not a tensor", path,
                       input->name);
  if (strcmp(quern__onnx_type_name(tensor->elem_type), "?") == 0)
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "%s: input \"%.80s\" has data type %d, expected numbers", path, input->name,
                       (int)tensor->elem_type);
  if (tensor->shape == NULL) return QUERN_OK;
  const size_t rank = tensor->shape->n_dim;
  if (rank < 2)
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "%s: input \"%.80s\" has %zu dimensions, expected [batch][values]", path,
                       input->name, rank);
  chain->rank = rank;
  const Quern__Onnx__TensorShapeProto__Dimension *first = tensor->shape->dim[0];
  if (first->has_dim_value && first->dim_value > 0 && first->dim_value <= INT32_MAX)
    chain->batch = (size_t)first->dim_value;
  size_t width = 1;
  for (size_t i = 1; i < rank; i++) {
    const Quern__Onnx__TensorShapeProto__Dimension *dimension = tensor->shape->dim[i];
    if (!dimension->has_dim_value) return QUERN_OK; /* the first layer decides */
    if (dimension->dim_value < 1 || dimension->dim_value > INT32_MAX ||
        !quern__multiply(width, (size_t)dimension->dim_value, &width) || width > INT32_MAX)
      return quern__fail(
          QUERN_ERROR_FORMAT,
          "%s: input \"%.80s\" has dimension %zu of %lld, expected 1 to 2147483647 values in all",
          path, input->name, i, (long long)dimension->dim_value);
  }
  chain->width = width;
  return QUERN_OK;
}

static bool is_output(const quern__chain *chain, const char *name) {
  const char *const known[] = {chain->value, chain->earlier, chain->label, chain->map};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (name != NULL && known[i] != NULL && strcmp(known[i], name) == 0) return true;
  return false;
}

/* The outputs are the network's, the class, or the classes with their probabilities. */
static quern_status check_outputs(const quern__chain *chain) {
  const quern__onnx_graph *graph = chain->file->graph;
  bool known = graph->n_output > 0;
  for (size_t i = 0; i < graph->n_output; i++)
    known = known && is_output(chain, graph->output[i]->name);
  if (known && !chain->turned) return QUERN_OK;
  return quern__fail(
      QUERN_ERROR_UNSUPPORTED,
      "%s: the graph has %zu outputs, expected one, the result of its last node (\"%.80s\")",
      chain->file->path, graph->n_output, chain->value);
}

/* Factors after the last activation become a layer of their own. */
static quern_status add_last(quern__chain *chain) {
  const quern__onnx_graph *graph = chain->file->graph;
  quern__chain_node last;
  quern__chain_label(graph->node[graph->n_node - 1], graph->n_node - 1, &last);
  return quern__chain_diagonal(chain, &last);
}

static quern_status read_graph(quern__chain *chain) {
  const quern__onnx_graph *graph = chain->file->graph;
  const Quern__Onnx__ValueInfoProto *input;
  QUERN__FORWARD(find_input(chain->file, &input));
  QUERN__FORWARD(read_input(chain, input));
  for (size_t i = 0; i < graph->n_node; i++)
    QUERN__FORWARD(quern__chain_add(chain, i, graph->node[i]));
  for (size_t i = 0; i < graph->n_output; i++)
    if (graph->output[i]->name != NULL)
      QUERN__FORWARD(quern__formula_settle(chain, graph->output[i]->name));
  if (chain->count == 0)
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "%s: the graph has neither Gemm nor MatMul, expected a network",
                       chain->file->path);
  QUERN__FORWARD(check_outputs(chain));
  return chain->pending.count > 0 ? add_last(chain) : QUERN_OK;
}

/* Reads the loss in the metadata; *named is false if there is none. */
static quern_status read_named_loss(const quern__onnx_file *file, bool *named, quern_loss *loss,
                                    float *huber_delta) {
  const quern__onnx_model *model = file->model;
  *named = false;
  for (size_t i = 0; i < model->n_metadata_props; i++) {
    const char *key = model->metadata_props[i]->key, *value = model->metadata_props[i]->value;
    if (key == NULL || strcmp(key, QUERN__ONNX_KEY_LOSS) != 0) continue;
    if (value == NULL || !quern_loss_parse(value, loss, huber_delta))
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: metadata \"" QUERN__ONNX_KEY_LOSS "\": unknown loss \"%.80s\"",
                         file->path, value != NULL ? value : "");
    *named = true;
  }
  return QUERN_OK;
}

/* Without a named loss, the end of the network decides: a softmax, a sigmoid, which the binary loss
 * includes, or neither. */
static quern_status settle_loss(quern__chain *chain, const quern_onnx_options *options,
                                quern_loss *loss, float *huber_delta) {
  quern_activation *last = &chain->layers[chain->count - 1].layer.activation;
  const bool sigmoid = last->kind == QUERN_ACTIVATION_SIGMOID,
             plain = last->kind == QUERN_ACTIVATION_IDENTITY && !chain->softmax,
             labels = chain->label != NULL && last->kind == QUERN_ACTIVATION_IDENTITY;
  bool named;
  quern_loss named_loss;
  *huber_delta = QUERN_HUBER_DELTA;
  QUERN__FORWARD(read_named_loss(chain->file, &named, &named_loss, huber_delta));
  *loss = chain->softmax ? QUERN_LOSS_CATEGORICAL
          : sigmoid      ? QUERN_LOSS_BINARY
          : !plain       ? QUERN_LOSS_SQUARED
          : labels       ? QUERN_LOSS_CATEGORICAL
                         : options->plain_loss;
  if (plain && !named && !labels && !options->loss_is_chosen)
    quern__text_print(quern__chain_note(chain),
                      "the graph ends without Softmax or Sigmoid: its outputs are taken as numbers "
                      "(%s loss), not as logits of classes (categorical)",
                      quern_loss_name(options->plain_loss));
  if (named) {
    const bool fits =
        chain->softmax
            ? named_loss == QUERN_LOSS_CATEGORICAL || named_loss == QUERN_LOSS_ELEMENTWISE
            : quern_loss_is_regression(named_loss) || (sigmoid && named_loss == QUERN_LOSS_BINARY);
    if (!fits)
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: metadata \"" QUERN__ONNX_KEY_LOSS
                         "\": a %s loss does not fit a network that ends with %s",
                         chain->file->path, quern_loss_name(named_loss),
                         chain->softmax ? "a softmax" : quern_activation_name(last->kind));
    *loss = named_loss;
  }
  if (sigmoid && *loss == QUERN_LOSS_BINARY) *last = quern_activation_of(QUERN_ACTIVATION_IDENTITY);
  return QUERN_OK;
}

/* Gives the network its classes and its note. */
static quern_status describe(quern__chain *chain, quern_network *network) {
  QUERN__FORWARD(quern__chain_set_classes(chain, network));
  return quern__text_close(&chain->note, &network->note);
}

static quern_status set_layer(quern_network *network, size_t index,
                              const quern__chain_layer *layer) {
  float *const *parts = layer->normalization;
  QUERN__FORWARD(quern_network_set_layer(network, index, layer->weights, layer->bias));
  if (layer->layer.normalization.kind == QUERN_NORMALIZATION_NONE) return QUERN_OK;
  return quern_network_set_normalization(network, index, parts[0], parts[1], parts[2], parts[3]);
}

static quern_status build_network(const quern__chain *chain, quern_loss loss, float huber_delta,
                                  quern_network **network) {
  const char *path = chain->file->path;
  quern_layer *layers = calloc(chain->count, sizeof *layers);
  if (layers == NULL) return quern__fail_memory(path, chain->count * sizeof *layers);
  for (size_t i = 0; i < chain->count; i++) layers[i] = chain->layers[i].layer;
  quern_status status =
      quern_network_create(chain->layers[0].in, layers, chain->count, loss, network);
  free(layers);
  if (status != QUERN_OK) return quern__fail(status, "%s: %s", path, quern_last_error());
  status = quern_network_set_huber_delta(*network, huber_delta);
  for (size_t i = 0; i < chain->count && status == QUERN_OK; i++)
    status = set_layer(*network, i, &chain->layers[i]);
  return status;
}

static quern_status check_options(const quern_onnx_options *options) {
  if (options->size != sizeof *options)
    return quern__fail(
        QUERN_ERROR_ARGUMENT,
        "onnx options: size is %zu, expected %zu; start from quern_onnx_options_default()",
        options->size, sizeof *options);
  if (quern_loss_name(options->plain_loss) == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "onnx options: unknown loss %d",
                       (int)options->plain_loss);
  return QUERN_OK;
}

quern_status quern_onnx_load(const char *path, const quern_onnx_options *options,
                             quern_network **network) {
  const quern_onnx_options defaults = quern_onnx_options_default();
  if (network != NULL) *network = NULL;
  if (path == NULL || network == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "quern_onnx_load: %s is NULL",
                       path == NULL ? "path" : "network");
  if (options == NULL) options = &defaults;
  QUERN__FORWARD(check_options(options));
  quern_status status;
  quern__onnx_file file;
  quern__chain chain = {.file = &file};
  quern_loss loss;
  float huber_delta;
  quern_network *result = NULL;
  QUERN__TRY(quern__onnx_open(path, &file));
  QUERN__TRY(read_graph(&chain));
  QUERN__TRY(settle_loss(&chain, options, &loss, &huber_delta));
  QUERN__TRY(build_network(&chain, loss, huber_delta, &result));
  QUERN__TRY(describe(&chain, result));
  *network = result;
  result = NULL;
cleanup:
  quern_network_free(result);
  quern__chain_free(&chain);
  quern__onnx_close(&file);
  return status;
}

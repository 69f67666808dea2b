/* Saves a network as an ONNX file. */
#include "../base/error.h"
#include "../base/little_endian.h"
#include "../base/size.h"
#include "../data/schema.h"
#include "onnx_written.h"
#include <quern/file.h>
#include <quern/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Opset 13 belongs to IR 7. Opset 17, the first with LayerNormalization, belongs to IR 8:
 * https://github.com/onnx/onnx/blob/main/docs/Versioning.md */
enum { OPSET = 13, IR = 7, LAYER_NORMALIZATION_OPSET = 17, LAYER_NORMALIZATION_IR = 8 };

/* gamma, beta, running mean, running variance */
enum { NORMALIZATION = 4 };

/* A layer's messages: a Gemm with two tensors, a normalization with up to four, an activation. */
typedef struct layer_part {
  quern__onnx_name weight, bias, product, gemm_name, normal, normalization_name,
      numbers[NORMALIZATION];
  quern__onnx_tensor weight_tensor, bias_tensor, number_tensors[NORMALIZATION];
  int64_t weight_dims[2], bias_dims[1];
  float *values; /* owned: weights, bias and the normalization's vectors, little-endian */
  char *gemm_inputs[3], *gemm_outputs[1], *normalization_inputs[1 + NORMALIZATION],
      *normalization_outputs[1];
  quern__onnx_node gemm, normalization;
  quern__onnx_attribute epsilon, *normalization_attributes[1];
  quern__onnx_written activation;
} layer_part;

/* An input or output of the graph: [batch][width] floats. */
typedef struct value_part {
  Quern__Onnx__ValueInfoProto info;
  Quern__Onnx__TypeProto type;
  Quern__Onnx__TypeProto__Tensor tensor;
  Quern__Onnx__TensorShapeProto shape;
  Quern__Onnx__TensorShapeProto__Dimension batch, width;
  Quern__Onnx__TensorShapeProto__Dimension *dims[2];
} value_part;

typedef struct saving {
  const quern_network *network;
  size_t layers;
  layer_part *parts;
  quern__onnx_node last, **nodes; /* the node added for the loss, and all nodes */
  quern__onnx_attribute axis, *last_attributes[1];
  char *last_outputs[1];
  size_t node_count;
  quern__onnx_tensor **initializers, numbers[QUERN__ONNX_NUMBER_COUNT];
  size_t initializer_count;
  float number_values[QUERN__ONNX_NUMBER_COUNT]; /* little-endian */
  bool used[QUERN__ONNX_NUMBER_COUNT];           /* the numbers that nodes read */
  value_part input, output;
  Quern__Onnx__ValueInfoProto *inputs[1], *outputs[1];
  size_t bytes; /* of all parameters */
} saving;

static void set_tensor(quern__onnx_tensor *tensor, char *name, int64_t *dims, size_t rank,
                       float *values, size_t count) {
  quern__onnx__tensor_proto__init(tensor);
  tensor->name = name;
  tensor->dims = dims;
  tensor->n_dims = rank;
  tensor->has_data_type = true;
  tensor->data_type = QUERN__ONNX_FLOAT;
  tensor->has_raw_data = true;
  tensor->raw_data = (ProtobufCBinaryData){count * sizeof *values, (uint8_t *)values};
}

static void set_value(value_part *part, const char *name, size_t width) {
  quern__onnx__value_info_proto__init(&part->info);
  quern__onnx__type_proto__init(&part->type);
  quern__onnx__type_proto__tensor__init(&part->tensor);
  quern__onnx__tensor_shape_proto__init(&part->shape);
  quern__onnx__tensor_shape_proto__dimension__init(&part->batch);
  quern__onnx__tensor_shape_proto__dimension__init(&part->width);
  part->batch.dim_param = quern__onnx_text("batch");
  part->width.has_dim_value = true;
  part->width.dim_value = (int64_t)width;
  part->dims[0] = &part->batch;
  part->dims[1] = &part->width;
  part->shape.dim = part->dims;
  part->shape.n_dim = 2;
  part->tensor.has_elem_type = true;
  part->tensor.elem_type = QUERN__ONNX_FLOAT;
  part->tensor.shape = &part->shape;
  part->type.tensor_type = &part->tensor;
  part->info.name = quern__onnx_text(name);
  part->info.type = &part->type;
}

static size_t vectors_of(const quern_layer *layer) {
  static const size_t vectors[] = {0, NORMALIZATION, 2};
  return vectors[layer->normalization.kind];
}

static quern_status read_normalization(saving *save, layer_part *part, size_t index, size_t vectors,
                                       size_t units, float *values) {
  float *const parts[NORMALIZATION] = {values, values + units,
                                       vectors > 2 ? values + 2 * units : NULL,
                                       vectors > 2 ? values + 3 * units : NULL};
  static const char *const names[] = {"gamma", "beta", "mean", "variance"};
  if (vectors == 0) return QUERN_OK;
  QUERN__FORWARD(quern_network_get_normalization(save->network, index, parts[0], parts[1], parts[2],
                                                 parts[3]));
  for (size_t i = 0; i < vectors; i++) {
    snprintf(part->numbers[i].text, sizeof part->numbers[i].text, "%zu.%s", index, names[i]);
    set_tensor(&part->number_tensors[i], part->numbers[i].text, part->bias_dims, 1, parts[i],
               units);
    save->initializers[save->initializer_count++] = &part->number_tensors[i];
  }
  return QUERN_OK;
}

static quern_status read_values(saving *save, layer_part *part, size_t index, size_t in,
                                const quern_layer *layer, const char *path) {
  const size_t units = layer->units, vectors = vectors_of(layer);
  size_t weights, rest, count, bytes;
  if (!quern__multiply(in, units, &weights) || !quern__multiply(units, 1 + vectors, &rest) ||
      !quern__add(weights, rest, &count) || !quern__multiply(count, sizeof(float), &bytes) ||
      !quern__add(save->bytes, bytes, &save->bytes) || save->bytes > QUERN__ONNX_LARGEST)
    return quern__fail(
        QUERN_ERROR_UNSUPPORTED,
        "%s: the parameters up to layer %zu need more than the %zu bytes that ONNX's format allows",
        path, index, QUERN__ONNX_LARGEST);
  part->values = malloc(bytes);
  if (part->values == NULL) return quern__fail_memory(path, bytes);
  float *bias = part->values + weights;
  QUERN__FORWARD(quern_network_get_layer(save->network, index, part->values, bias));
  const quern_schema *schema = quern_network_schema(save->network);
  if (index == 0) quern__schema_fold_inputs(schema, units, part->values, bias);
  if (index == save->layers - 1) quern__schema_fold_targets(schema, in, part->values, bias);
  part->weight_dims[0] = (int64_t)in;
  part->weight_dims[1] = (int64_t)units;
  part->bias_dims[0] = (int64_t)units;
  set_tensor(&part->weight_tensor, part->weight.text, part->weight_dims, 2, part->values, weights);
  set_tensor(&part->bias_tensor, part->bias.text, part->bias_dims, 1, part->values + weights,
             units);
  save->initializers[save->initializer_count++] = &part->weight_tensor;
  save->initializers[save->initializer_count++] = &part->bias_tensor;
  QUERN__FORWARD(read_normalization(save, part, index, vectors, units, bias + units));
  quern__little_endian_floats(part->values, count);
  return QUERN_OK;
}

static void set_normalization(saving *save, layer_part *part, size_t index,
                              const quern_layer *layer, char **value) {
  const size_t vectors = vectors_of(layer);
  if (vectors == 0) return;
  snprintf(part->normal.text, sizeof part->normal.text, "%zu.n", index);
  snprintf(part->normalization_name.text, sizeof part->normalization_name.text, "%zu.normalization",
           index);
  part->normalization_inputs[0] = *value;
  for (size_t i = 0; i < vectors; i++) part->normalization_inputs[1 + i] = part->numbers[i].text;
  part->normalization_outputs[0] = *value = part->normal.text;
  quern__onnx_set_node(&part->normalization,
                       vectors == NORMALIZATION ? "BatchNormalization" : "LayerNormalization",
                       part->normalization_name.text, part->normalization_inputs, 1 + vectors,
                       part->normalization_outputs);
  quern__onnx__attribute_proto__init(&part->epsilon);
  part->epsilon.name = quern__onnx_text("epsilon");
  part->epsilon.has_type = part->epsilon.has_f = true;
  part->epsilon.type = QUERN__ONNX_ATTRIBUTE_FLOAT;
  part->epsilon.f = layer->normalization.epsilon;
  part->normalization_attributes[0] = &part->epsilon;
  part->normalization.attribute = part->normalization_attributes;
  part->normalization.n_attribute = 1;
  save->nodes[save->node_count++] = &part->normalization;
}

/* Adds a layer's nodes. *value is the name of their input, then of their output. */
static quern_status set_layer(saving *save, size_t index, size_t in, char **value,
                              const char *path) {
  layer_part *part = &save->parts[index];
  const quern_layer layer = quern_network_layer(save->network, index);
  snprintf(part->weight.text, sizeof part->weight.text, "%zu.weight", index);
  snprintf(part->bias.text, sizeof part->bias.text, "%zu.bias", index);
  snprintf(part->product.text, sizeof part->product.text, "%zu.z", index);
  snprintf(part->gemm_name.text, sizeof part->gemm_name.text, "%zu.dense", index);
  const quern_schema *schema = quern_network_schema(save->network);
  if (schema != NULL && schema->target_mean != NULL && index == save->layers - 1 &&
      (layer.activation.kind != QUERN_ACTIVATION_IDENTITY ||
       layer.normalization.kind != QUERN_NORMALIZATION_NONE))
    return quern__fail(
        QUERN_ERROR_UNSUPPORTED,
        "%s: standardized targets do not fit a last layer with %s%s, expected one without", path,
        layer.activation.kind != QUERN_ACTIVATION_IDENTITY
            ? quern_activation_name(layer.activation.kind)
            : quern_normalization_name(layer.normalization.kind),
        layer.activation.kind != QUERN_ACTIVATION_IDENTITY ? "" : " normalization");
  QUERN__FORWARD(read_values(save, part, index, in, &layer, path));
  part->gemm_inputs[0] = *value;
  part->gemm_inputs[1] = part->weight.text;
  part->gemm_inputs[2] = part->bias.text;
  part->gemm_outputs[0] = *value = part->product.text;
  quern__onnx_set_node(&part->gemm, "Gemm", part->gemm_name.text, part->gemm_inputs, 3,
                       part->gemm_outputs);
  save->nodes[save->node_count++] = &part->gemm;
  set_normalization(save, part, index, &layer, value);
  if (layer.activation.kind == QUERN_ACTIVATION_IDENTITY) return QUERN_OK;
  if (!quern__onnx_write_activation(&part->activation, index, layer.activation, value, save->used))
    return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s: layer %zu: ONNX has no operator for %s", path,
                       index, quern_activation_name(layer.activation.kind));
  for (size_t i = 0; i < part->activation.count; i++)
    save->nodes[save->node_count++] = &part->activation.nodes[i].node;
  return QUERN_OK;
}

/* Adds the numbers that activations read, as tensors without dimensions. */
static void set_numbers(saving *save) {
  for (size_t i = 0; i < QUERN__ONNX_NUMBER_COUNT; i++) {
    if (!save->used[i]) continue;
    save->number_values[i] = (float)quern__onnx_number_rows[i].value;
    quern__little_endian_floats(&save->number_values[i], 1);
    set_tensor(&save->numbers[i], quern__onnx_text(quern__onnx_number_rows[i].name), NULL, 0,
               &save->number_values[i], 1);
    save->initializers[save->initializer_count++] = &save->numbers[i];
  }
}

/* Adds what quern_predict computes after the last layer. */
static void set_end(saving *save) {
  static char output[] = "output", name[] = "probabilities";
  const quern_loss loss = quern_network_loss(save->network);
  quern__onnx_node *before = save->nodes[save->node_count - 1];
  if (quern_loss_is_regression(loss)) {
    before->output[0] = output; /* overwrites the name in the last node's own list */
    return;
  }
  save->last_outputs[0] = output;
  quern__onnx_set_node(&save->last, loss == QUERN_LOSS_BINARY ? "Sigmoid" : "Softmax", name,
                       before->output, 1, save->last_outputs);
  if (loss != QUERN_LOSS_BINARY) {
    quern__onnx__attribute_proto__init(&save->axis);
    save->axis.name = quern__onnx_text("axis");
    save->axis.has_type = save->axis.has_i = true;
    save->axis.type = QUERN__ONNX_ATTRIBUTE_INT;
    save->axis.i = -1;
    save->last_attributes[0] = &save->axis;
    save->last.attribute = save->last_attributes;
    save->last.n_attribute = 1;
  }
  save->nodes[save->node_count++] = &save->last;
}

static quern_status set_parts(saving *save, const char *path) {
  save->layers = quern_network_layer_count(save->network);
  save->parts = calloc(save->layers, sizeof *save->parts);
  save->nodes = calloc((2 + QUERN__ONNX_WRITTEN_MOST) * save->layers + 1, sizeof *save->nodes);
  save->initializers = calloc((2 + NORMALIZATION) * save->layers + QUERN__ONNX_NUMBER_COUNT,
                              sizeof *save->initializers);
  if (save->parts == NULL || save->nodes == NULL || save->initializers == NULL)
    return quern__fail_memory(path, save->layers * sizeof *save->parts);
  char *value = quern__onnx_text("input");
  size_t in = quern_network_inputs(save->network);
  set_value(&save->input, "input", in);
  for (size_t i = 0; i < save->layers; i++) {
    QUERN__FORWARD(set_layer(save, i, in, &value, path));
    in = quern_network_layer(save->network, i).units;
  }
  set_numbers(save);
  set_value(&save->output, "output", in);
  set_end(save);
  return QUERN_OK;
}

static quern_status check_message(const quern__onnx_model *model, const char *path) {
  const size_t size = quern__onnx__model_proto__get_packed_size(model);
  if (size <= QUERN__ONNX_LARGEST) return QUERN_OK;
  return quern__fail(QUERN_ERROR_UNSUPPORTED,
                     "%s: would have %zu bytes, and ONNX's format allows %zu", path, size,
                     QUERN__ONNX_LARGEST);
}

static quern_status write_message(const quern__onnx_model *model, const char *path) {
  QUERN__FORWARD(check_message(model, path));
  const size_t size = quern__onnx__model_proto__get_packed_size(model);
  uint8_t *bytes = malloc(size);
  if (bytes == NULL) return quern__fail_memory(path, size);
  quern__onnx__model_proto__pack(model, bytes);
  const quern_status status = quern_file_write(path, bytes, size);
  free(bytes);
  return status;
}

static bool has_layer_normalization(const saving *save) {
  for (size_t i = 0; i < save->layers; i++)
    if (quern_network_layer(save->network, i).normalization.kind == QUERN_NORMALIZATION_LAYER)
      return true;
  return false;
}

/* What to do with the complete message. */
typedef quern_status (*message_function)(const quern__onnx_model *model, const char *path);

static quern_status use_message(saving *save, const char *path, message_function use) {
  quern__onnx_graph graph;
  quern__onnx__graph_proto__init(&graph);
  save->inputs[0] = &save->input.info;
  save->outputs[0] = &save->output.info;
  graph.name = quern__onnx_text("quern");
  graph.node = save->nodes;
  graph.n_node = save->node_count;
  graph.initializer = save->initializers;
  graph.n_initializer = save->initializer_count;
  graph.input = save->inputs;
  graph.output = save->outputs;
  graph.n_input = graph.n_output = 1;

  Quern__Onnx__OperatorSetIdProto opset = QUERN__ONNX__OPERATOR_SET_ID_PROTO__INIT,
                                  *opsets[] = {&opset};
  opset.domain = quern__onnx_text("");
  opset.has_version = true;
  const bool later = has_layer_normalization(save);
  opset.version = later ? LAYER_NORMALIZATION_OPSET : OPSET;
  Quern__Onnx__StringStringEntryProto loss = QUERN__ONNX__STRING_STRING_ENTRY_PROTO__INIT,
                                      *entries[] = {&loss};
  loss.key = quern__onnx_text(QUERN__ONNX_KEY_LOSS);
  char name[64]; /* enough for any loss with its parameter */
  quern_loss_format(quern_network_loss(save->network), quern_network_huber_delta(save->network),
                    name, sizeof name);
  loss.value = name;
  quern__onnx_model model = QUERN__ONNX__MODEL_PROTO__INIT;
  model.has_ir_version = true;
  model.ir_version = later ? LAYER_NORMALIZATION_IR : IR;
  model.producer_name = quern__onnx_text("quern");
  model.producer_version = quern__onnx_text(QUERN_VERSION);
  model.graph = &graph;
  model.opset_import = opsets;
  model.n_opset_import = 1;
  model.metadata_props = entries;
  model.n_metadata_props = 1;
  return use(&model, path);
}

static quern_status build_message(const char *call, const quern_network *network, const char *path,
                                  message_function use) {
  if (network == NULL || path == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "%s: %s is NULL", call,
                       network == NULL ? "network" : "path");
  saving save = {.network = network};
  quern_status status = set_parts(&save, path);
  if (status == QUERN_OK) status = use_message(&save, path, use);
  for (size_t i = 0; save.parts != NULL && i < save.layers; i++) free(save.parts[i].values);
  free(save.parts);
  free(save.nodes);
  free(save.initializers);
  return status;
}

quern_status quern_onnx_save(const quern_network *network, const char *path) {
  return build_message("quern_onnx_save", network, path, write_message);
}

quern_status quern_onnx_check(const quern_network *network, const char *path) {
  return build_message("quern_onnx_check", network, path, check_message);
}

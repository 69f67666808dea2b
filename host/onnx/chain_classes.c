/* The end of a classifier: Softmax, and what exporters of scikit-learn append to it. ArgMax is the
 * class, which ArrayFeatureExtractor, Cast and Reshape turn into its name; ZipMap is names with
 * probabilities. A binary classifier has one sigmoid, 1 minus it, and a Concat of both. */
#include "../base/utf8.h"
#include "../data/schema.h"
#include "chain.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static quern_status check_axis(const quern__chain *chain, const quern__chain_node *current,
                               int64_t otherwise) {
  int64_t axis;
  QUERN__FORWARD(quern__chain_int(chain, current, "axis", otherwise, &axis));
  if (axis == -1 || axis == 1) return QUERN_OK;
  return quern__chain_fail(chain, current, "has another axis, expected the last");
}

quern_status quern__chain_softmax(quern__chain *chain, const quern__chain_node *current) {
  QUERN__FORWARD(check_axis(chain, current, -1));
  if (!quern__chain_is_input(chain, current, 0))
    return quern__chain_fail(chain, current, "does not read the result of the node before");
  if (chain->pending.count > 0) QUERN__FORWARD(quern__chain_diagonal(chain, current));
  if (chain->count == 0 || chain->activated || chain->softmax)
    return quern__chain_fail(
        chain, current,
        "does not follow a MatMul, a Gemm or an Add, expected a layer without an activation");
  if (chain->turned) return quern__chain_fail(chain, current, "reads a transposed value");
  chain->softmax = true;
  if (strcmp(current->node->op_type, "LogSoftmax") == 0)
    quern__text_put(quern__chain_note(chain),
                    "the graph ends with LogSoftmax: the outputs are probabilities, not their "
                    "logarithms");
  return QUERN_OK;
}

/* --- Names ------------------------------------------------------------------------------------ */

static void free_classes(quern__chain_classes *classes) {
  for (size_t i = 0; classes->names != NULL && i < classes->count; i++) free(classes->names[i]);
  free(classes->names);
  free(classes->values);
  *classes = (quern__chain_classes){0};
}

void quern__chain_free_classes(quern__chain *chain) {
  free_classes(&chain->classes);
}

static quern_status fail_classes(const quern__chain *chain, size_t count) {
  return quern__fail_memory(chain->file->path, count * sizeof(double));
}

/* Copies names, unless there are classes. */
static quern_status copy_names(quern__chain *chain, const quern__chain_node *current,
                               const ProtobufCBinaryData *texts, size_t count) {
  quern__chain_classes *classes = &chain->classes;
  if (classes->count > 0 || count == 0) return QUERN_OK;
  classes->names = calloc(count, sizeof *classes->names);
  if (classes->names == NULL) return fail_classes(chain, count);
  classes->count = count;
  for (size_t i = 0; i < count; i++) {
    const char *text = (const char *)texts[i].data;
    if (!quern__is_text(text, texts[i].len))
      return quern__chain_fail(chain, current, "has a class whose name is not UTF-8");
    QUERN__FORWARD(quern__schema_copy_text(text, texts[i].len, &classes->names[i]));
  }
  return QUERN_OK;
}

static quern_status copy_values(quern__chain *chain, const int64_t *values, size_t count) {
  quern__chain_classes *classes = &chain->classes;
  if (classes->count > 0 || count == 0) return QUERN_OK;
  classes->values = calloc(count, sizeof *classes->values);
  if (classes->values == NULL) return fail_classes(chain, count);
  classes->count = count;
  for (size_t i = 0; i < count; i++) classes->values[i] = (double)values[i];
  return QUERN_OK;
}

/* Reads classes from the constant at an input. */
static quern_status read_classes(quern__chain *chain, const quern__chain_node *current,
                                 size_t index) {
  const quern__onnx_constant *constant = quern__chain_find(chain, current->node, index);
  if (constant == NULL) return quern__chain_fail(chain, current, "its classes are not a constant");
  if (chain->classes.count > 0) return QUERN_OK;
  const quern__onnx_tensor *tensor = constant->tensor;
  if (tensor->data_type == QUERN__ONNX_STRING)
    return copy_names(chain, current, tensor->string_data, tensor->n_string_data);
  quern__chain_classes *classes = &chain->classes;
  const quern_status status =
      quern__onnx_numbers(chain->file, current->label, constant, &classes->values, &classes->count);
  if (status != QUERN_OK || classes->count == 0) free_classes(classes);
  return status;
}

static quern_status read_map(quern__chain *chain, const quern__chain_node *current) {
  const quern__onnx_attribute *names = quern__chain_attribute(current, "classlabels_strings",
                                                              QUERN__ONNX_ATTRIBUTE_STRINGS),
                              *values = quern__chain_attribute(current, "classlabels_int64s",
                                                               QUERN__ONNX_ATTRIBUTE_INTS);
  chain->map = current->node->output[0];
  if (names != NULL) return copy_names(chain, current, names->strings, names->n_strings);
  return values != NULL ? copy_values(chain, values->ints, values->n_ints) : QUERN_OK;
}

/* --- Nodes ------------------------------------------------------------------------------------ */

static bool reads(const quern__chain_node *current, size_t index, const char *name) {
  return name != NULL && index < current->node->n_input &&
         strcmp(current->node->input[index], name) == 0;
}

static bool reads_outputs(const quern__chain *chain, const quern__chain_node *current,
                          size_t index) {
  return chain->count > 0 &&
         (reads(current, index, chain->value) || reads(current, index, chain->earlier));
}

static bool is_called(const quern__chain_node *current, const char *name) {
  return strcmp(current->node->op_type, name) == 0;
}

/* Sets *read for 1 - p, with p the only output, a sigmoid. */
static quern_status read_complement(quern__chain *chain, const quern__chain_node *current,
                                    bool *read) {
  const quern__onnx_node *node = current->node;
  const quern__onnx_constant *one = quern__chain_find(chain, node, 0);
  float number;
  *read = false;
  if (!is_called(current, "Sub") || node->n_input != 2 || one == NULL ||
      quern__chain_elements(one) != 1 || chain->count == 0 || chain->width != 1)
    return QUERN_OK;
  QUERN__FORWARD(quern__chain_number(chain, current, 0, "A", &number));
  const quern__formula *formula = quern__formula_of(chain, node->input[1]);
  if (number != 1.0f) return QUERN_OK;
  if (formula != NULL && formula->function == QUERN__FORMULA_SIGMOID)
    QUERN__FORWARD(quern__formula_settle(chain, node->input[1]));
  if (!chain->activated || chain->pending.count > 0 || !reads_outputs(chain, current, 1) ||
      chain->layers[chain->count - 1].layer.activation.kind != QUERN_ACTIVATION_SIGMOID)
    return QUERN_OK;
  chain->complement = node->output[0];
  *read = true;
  return QUERN_OK;
}

/* Turns the only output z, a sigmoid, into two: softmax(0, z) = (1 - σ(z), σ(z)). */
static quern_status split_output(quern__chain *chain, const quern__chain_node *current) {
  quern__chain_layer *last = &chain->layers[chain->count - 1];
  if (chain->normalized)
    return quern__chain_fail(chain, current, "follows a normalized output, expected a plain one");
  float *weights = calloc(2 * last->in, sizeof *weights), *bias = calloc(2, sizeof *bias);
  if (weights == NULL || bias == NULL) {
    free(weights);
    free(bias);
    return quern__fail_memory(chain->file->path, 2 * last->in * sizeof *weights);
  }
  for (size_t i = 0; i < last->in; i++) weights[2 * i + 1] = last->weights[i];
  bias[1] = last->bias[0];
  free(last->weights);
  free(last->bias);
  last->weights = weights;
  last->bias = bias;
  last->layer.units = chain->width = 2;
  last->layer.activation = quern_activation_of(QUERN_ACTIVATION_IDENTITY);
  chain->softmax = true;
  chain->activated = false;
  chain->complement = NULL;
  chain->earlier = NULL;
  chain->value = current->node->output[0];
  return QUERN_OK;
}

quern_status quern__chain_label_node(quern__chain *chain, const quern__chain_node *current,
                                     bool *read) {
  static const char *const same[] = {"Cast", "Reshape", "Identity", "Squeeze", "Flatten"};
  const quern__onnx_node *node = current->node;
  *read = true;
  if (is_called(current, "ArgMax") && reads_outputs(chain, current, 0)) {
    chain->label = node->output[0];
    return check_axis(chain, current, 0);
  }
  if (is_called(current, "ZipMap") && reads_outputs(chain, current, 0))
    return read_map(chain, current);
  if ((is_called(current, "ArrayFeatureExtractor") || is_called(current, "Gather")) &&
      reads(current, 1, chain->label)) {
    chain->label = node->output[0];
    return read_classes(chain, current, 0);
  }
  for (size_t i = 0; i < sizeof same / sizeof *same; i++)
    if (is_called(current, same[i]) && reads(current, 0, chain->label)) {
      chain->label = node->output[0];
      return QUERN_OK;
    }
  if (is_called(current, "Concat") && node->n_input == 2 && reads(current, 0, chain->complement) &&
      reads_outputs(chain, current, 1)) {
    QUERN__FORWARD(check_axis(chain, current, 0));
    return split_output(chain, current);
  }
  return read_complement(chain, current, read);
}

/* --- The schema ------------------------------------------------------------------------------- */

/* True for classes 0, 1, …, which need no names. */
static bool are_numbered(const quern__chain_classes *classes) {
  for (size_t i = 0; i < classes->count; i++)
    if (classes->values == NULL || classes->values[i] != (double)i) return false;
  return true;
}

/* A schema has classes in ascending order, as scikit-learn does. */
static bool are_ascending(const quern__chain_classes *classes) {
  for (size_t i = 0; i < classes->count; i++) {
    if (classes->values != NULL &&
        !(fabs(classes->values[i]) < 1e15 && classes->values[i] == trunc(classes->values[i])))
      return false;
    if (i == 0) continue;
    if (classes->values != NULL ? !(classes->values[i - 1] < classes->values[i])
                                : strcmp(classes->names[i - 1], classes->names[i]) >= 0)
      return false;
  }
  return true;
}

static quern_status add_classes(quern__chain_classes *classes, quern_network *network) {
  quern_schema *schema = NULL;
  quern__schema_column list = {0};
  const size_t count = classes->count;
  quern_status status;
  QUERN__TRY(quern__schema_create(&schema));
  schema->task = QUERN_TASK_CLASSES;
  schema->columns = quern_network_inputs(network);
  if (classes->values != NULL) {
    double *values = classes->values;
    classes->values = NULL; /* the list owns them now */
    classes->count = 0;
    QUERN__TRY(quern__schema_set_values(&list, values, count));
  } else {
    list.categories = classes->names;
    list.category_count = count;
  }
  QUERN__TRY(quern__schema_set_classes(schema, &list, count));
  status = quern_network_set_schema(network, schema);
cleanup:
  if (list.categories != classes->names) {
    for (size_t i = 0; list.categories != NULL && i < list.category_count; i++)
      free(list.categories[i]);
    free(list.categories);
  }
  free(list.values);
  quern__schema_free(schema);
  return status;
}

quern_status quern__chain_set_classes(quern__chain *chain, quern_network *network) {
  quern__chain_classes *classes = &chain->classes;
  if (classes->count == 0 || are_numbered(classes)) return QUERN_OK;
  if (quern_loss_is_regression(quern_network_loss(network)) ||
      quern_network_loss(network) == QUERN_LOSS_BINARY ||
      classes->count != quern_network_outputs(network) || !are_ascending(classes)) {
    quern__text_print(quern__chain_note(chain),
                      "the names of its classes are left out: expected %zu in ascending order",
                      quern_network_outputs(network));
    return QUERN_OK;
  }
  return add_classes(classes, network);
}

/* Lists the constants of a graph, and which node makes which value. */
#include "onnx.h"
#include <stdlib.h>
#include <string.h>

static int compare_constants(const void *a, const void *b) {
  const quern__onnx_constant *x = a, *y = b;
  return strcmp(x->name, y->name);
}

static int compare_producers(const void *a, const void *b) {
  const quern__onnx_producer *x = a, *y = b;
  return strcmp(x->name, y->name);
}

const quern__onnx_constant *quern__onnx_find(const quern__onnx_file *file, const char *name) {
  const quern__onnx_constant key = {.name = name};
  return bsearch(&key, file->constants, file->constant_count, sizeof key, compare_constants);
}

const quern__onnx_node *quern__onnx_producer_of(const quern__onnx_file *file, const char *name) {
  const quern__onnx_producer key = {name, NULL};
  const quern__onnx_producer *found =
      bsearch(&key, file->producers, file->producer_count, sizeof key, compare_producers);
  return found != NULL ? found->node : NULL;
}

static bool is_operator(const quern__onnx_node *node, const char *name) {
  return node->op_type != NULL && strcmp(node->op_type, name) == 0 &&
         quern__onnx_is_standard(node->domain);
}

/* Makes a tensor of an attribute's numbers, which stay where they are. */
static const quern__onnx_tensor *make_tensor(quern__onnx_file *file, bool whole, size_t count,
                                             size_t rank, int64_t *ints, float *floats) {
  quern__onnx_made *made = &file->made[file->made_count++];
  quern__onnx__tensor_proto__init(&made->tensor);
  made->count = (int64_t)count;
  made->tensor.has_data_type = true;
  made->tensor.data_type = whole ? QUERN__ONNX_INT64 : QUERN__ONNX_FLOAT;
  made->tensor.dims = &made->count;
  made->tensor.n_dims = rank;
  made->tensor.int64_data = ints;
  made->tensor.float_data = floats;
  made->tensor.n_int64_data = whole ? count : 0;
  made->tensor.n_float_data = whole ? 0 : count;
  return &made->tensor;
}

/* Returns a Constant node's tensor; NULL if it has none. */
static const quern__onnx_tensor *constant_of(quern__onnx_file *file, const quern__onnx_node *node) {
  for (size_t i = 0; i < node->n_attribute; i++) {
    quern__onnx_attribute *attribute = node->attribute[i];
    const char *name = attribute->name != NULL ? attribute->name : "";
    if (strcmp(name, "value") == 0) return attribute->t;
    if (strcmp(name, "value_int") == 0) return make_tensor(file, true, 1, 0, &attribute->i, NULL);
    if (strcmp(name, "value_float") == 0)
      return make_tensor(file, false, 1, 0, NULL, &attribute->f);
    if (strcmp(name, "value_ints") == 0)
      return make_tensor(file, true, attribute->n_ints, 1, attribute->ints, NULL);
    if (strcmp(name, "value_floats") == 0)
      return make_tensor(file, false, attribute->n_floats, 1, NULL, attribute->floats);
  }
  return NULL;
}

/* True for nodes whose result is their input, or its transpose. */
static bool derives(const quern__onnx_node *node) {
  return node->n_input == 1 && (is_operator(node, "Identity") || is_operator(node, "Cast") ||
                                is_operator(node, "Transpose"));
}

static void add_constant(quern__onnx_file *file, const char *name,
                         const quern__onnx_tensor *tensor) {
  file->constants[file->constant_count++] =
      (quern__onnx_constant){.name = name, .tensor = tensor, .derived = tensor == NULL};
}

/* Sets the tensors of derived constants, in the order of the nodes, which is that of computation;
 * those of values that are not constant stay NULL, and are removed. */
static void derive_constants(quern__onnx_file *file) {
  for (size_t i = 0; i < file->graph->n_node; i++) {
    const quern__onnx_node *node = file->graph->node[i];
    if (!derives(node) || node->n_output != 1) continue;
    const quern__onnx_constant key = {.name = node->output[0]},
                               *from = quern__onnx_find(file, node->input[0]);
    quern__onnx_constant *made =
        bsearch(&key, file->constants, file->constant_count, sizeof key, compare_constants);
    if (made == NULL || !made->derived || from == NULL || from->tensor == NULL) continue;
    if (is_operator(node, "Transpose") && from->tensor->n_dims != 2) continue;
    made->tensor = from->tensor;
    made->turned = from->turned != is_operator(node, "Transpose");
  }
  size_t kept = 0;
  for (size_t i = 0; i < file->constant_count; i++)
    if (file->constants[i].tensor != NULL) file->constants[kept++] = file->constants[i];
  file->constant_count = kept;
}

static quern_status allocate(quern__onnx_file *file) {
  const size_t nodes = file->graph->n_node;
  const size_t most = file->graph->n_initializer + nodes; /* both are in memory: no overflow */
  file->constants = calloc(most + 1, sizeof *file->constants);
  file->made = calloc(nodes + 1, sizeof *file->made);
  file->producers = calloc(nodes + 1, sizeof *file->producers);
  if (file->constants != NULL && file->made != NULL && file->producers != NULL) return QUERN_OK;
  return quern__fail_memory(
      file->path, most * (sizeof *file->constants + sizeof *file->made + sizeof *file->producers));
}

quern_status quern__onnx_list(quern__onnx_file *file) {
  const quern__onnx_graph *graph = file->graph;
  QUERN__FORWARD(allocate(file));
  for (size_t i = 0; i < graph->n_initializer; i++) {
    const quern__onnx_tensor *tensor = graph->initializer[i];
    if (tensor->name == NULL || *tensor->name == '\0')
      return quern__fail(QUERN_ERROR_FORMAT, "%s: initializer %zu has no name", file->path, i);
    add_constant(file, tensor->name, tensor);
  }
  for (size_t i = 0; i < graph->n_node; i++) {
    const quern__onnx_node *node = graph->node[i];
    if (node->n_output == 0) continue;
    file->producers[file->producer_count++] = (quern__onnx_producer){node->output[0], node};
    if (node->n_output != 1) continue;
    const bool constant = is_operator(node, "Constant");
    const quern__onnx_tensor *tensor = constant ? constant_of(file, node) : NULL;
    if (tensor != NULL || derives(node)) add_constant(file, node->output[0], tensor);
  }
  qsort(file->producers, file->producer_count, sizeof *file->producers, compare_producers);
  qsort(file->constants, file->constant_count, sizeof *file->constants, compare_constants);
  for (size_t i = 1; i < file->constant_count; i++)
    if (compare_constants(&file->constants[i - 1], &file->constants[i]) == 0)
      return quern__fail(QUERN_ERROR_FORMAT, "%s: constant \"%.200s\" occurs twice", file->path,
                         file->constants[i].name);
  derive_constants(file);
  return QUERN_OK;
}

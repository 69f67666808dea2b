/* Reads an ONNX file into messages. */
#include "../format/safetensors/input.h"
#include "onnx.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Since this version, the meaning of all supported operators has not changed for two dimensions. */
enum { OLDEST_OPSET = 7 };

/* Memory allowed for any file. Messages need more memory than bytes in the file, hostile ones far
 * more; weights need little more. */
enum { BASE_ALLOWANCE = 1 << 20 };

static void *allocate_limited(void *data, size_t bytes) {
  quern__onnx_file *file = data;
  if (bytes > file->allowance) return NULL;
  void *memory = malloc(bytes);
  if (memory != NULL)
    file->allowance -= bytes;
  else if (bytes > 0)
    file->failed_bytes = bytes;
  return memory;
}

static void free_memory(void *data, void *memory) {
  (void)data;
  free(memory);
}

static bool is_standard(const char *domain) {
  return domain == NULL || *domain == '\0' || strcmp(domain, "ai.onnx") == 0;
}

static quern_status read_opset(quern__onnx_file *file) {
  const quern__onnx_model *model = file->model;
  for (size_t i = 0; i < model->n_opset_import; i++) {
    if (!is_standard(model->opset_import[i]->domain)) continue;
    file->opset = model->opset_import[i]->version;
    if (file->opset >= OLDEST_OPSET) return QUERN_OK;
    return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s: has opset %lld, expected %d or later",
                       file->path, (long long)file->opset, OLDEST_OPSET);
  }
  return quern__fail(QUERN_ERROR_FORMAT, "%s: has no opset for the standard operators", file->path);
}

static int compare_constants(const void *a, const void *b) {
  const quern__onnx_constant *x = a, *y = b;
  return strcmp(x->name, y->name);
}

/* Returns a Constant node's tensor; NULL for other nodes. */
static const quern__onnx_tensor *constant_of(const quern__onnx_node *node) {
  if (node->op_type == NULL || strcmp(node->op_type, "Constant") != 0 || !is_standard(node->domain))
    return NULL;
  for (size_t i = 0; i < node->n_attribute; i++)
    if (node->attribute[i]->name != NULL && strcmp(node->attribute[i]->name, "value") == 0)
      return node->attribute[i]->t;
  return NULL;
}

static quern_status list_constants(quern__onnx_file *file) {
  const quern__onnx_graph *graph = file->graph;
  const size_t most = graph->n_initializer + graph->n_node; /* both are in memory: no overflow */
  file->constants = calloc(most + 1, sizeof *file->constants);
  if (file->constants == NULL)
    return quern__fail_memory(file->path, most * sizeof *file->constants);
  for (size_t i = 0; i < graph->n_initializer; i++) {
    const quern__onnx_tensor *tensor = graph->initializer[i];
    if (tensor->name == NULL || *tensor->name == '\0')
      return quern__fail(QUERN_ERROR_FORMAT, "%s: initializer %zu has no name", file->path, i);
    file->constants[file->constant_count++] = (quern__onnx_constant){tensor->name, tensor};
  }
  for (size_t i = 0; i < graph->n_node; i++) {
    const quern__onnx_tensor *tensor = constant_of(graph->node[i]);
    if (tensor == NULL || graph->node[i]->n_output != 1) continue;
    file->constants[file->constant_count++] =
        (quern__onnx_constant){graph->node[i]->output[0], tensor};
  }
  qsort(file->constants, file->constant_count, sizeof *file->constants, compare_constants);
  for (size_t i = 1; i < file->constant_count; i++)
    if (compare_constants(&file->constants[i - 1], &file->constants[i]) == 0)
      return quern__fail(QUERN_ERROR_FORMAT, "%s: constant \"%.200s\" occurs twice", file->path,
                         file->constants[i].name);
  return QUERN_OK;
}

/* Reads the whole file. The caller frees *bytes, even if this fails. */
static quern_status read_file(const char *path, unsigned char **bytes, size_t *size) {
  int descriptor = -1;
  quern_status status;
  *bytes = NULL;
  QUERN__TRY(quern__input_open(path, &descriptor, size));
  if (*size > QUERN__ONNX_LARGEST) {
    status = quern__fail(QUERN_ERROR_FORMAT,
                         "%s: is not an ONNX file: it has %zu bytes, expected at most %zu", path,
                         *size, QUERN__ONNX_LARGEST);
    goto cleanup;
  }
  *bytes = malloc(*size + 1);
  if (*bytes == NULL) {
    status = quern__fail_memory(path, *size + 1);
    goto cleanup;
  }
  status = quern__input_read(path, descriptor, 0, *bytes, *size);
cleanup:
  if (descriptor >= 0) close(descriptor);
  return status;
}

quern_status quern__onnx_open(const char *path, quern__onnx_file *file) {
  *file = (quern__onnx_file){.path = path};
  unsigned char *bytes = NULL;
  size_t size = 0;
  const quern_status status = read_file(path, &bytes, &size);
  if (status != QUERN_OK) {
    free(bytes);
    return status;
  }
  const size_t most = (SIZE_MAX - BASE_ALLOWANCE) / QUERN__ONNX_MEMORY_FACTOR;
  file->allowance = size <= most ? QUERN__ONNX_MEMORY_FACTOR * size + BASE_ALLOWANCE : SIZE_MAX;
  file->constant_allowance = file->allowance;
  file->allocator = (ProtobufCAllocator){allocate_limited, free_memory, file};
  file->model = quern__onnx__model_proto__unpack(&file->allocator, size, bytes);
  free(bytes);
  if (file->model == NULL && file->failed_bytes > 0)
    return quern__fail_memory(path, file->failed_bytes);
  if (file->model == NULL)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: is not an ONNX file: its %zu bytes are not an ONNX message", path,
                       size);
  file->graph = file->model->graph;
  if (file->graph == NULL)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: is not an ONNX file: it has no graph", path);
  QUERN__FORWARD(read_opset(file));
  return list_constants(file);
}

void quern__onnx_close(quern__onnx_file *file) {
  if (file->model != NULL) quern__onnx__model_proto__free_unpacked(file->model, &file->allocator);
  free(file->constants);
  *file = (quern__onnx_file){0};
}

const quern__onnx_tensor *quern__onnx_find(const quern__onnx_file *file, const char *name) {
  const quern__onnx_constant key = {name, NULL};
  const quern__onnx_constant *found =
      bsearch(&key, file->constants, file->constant_count, sizeof key, compare_constants);
  return found != NULL ? found->tensor : NULL;
}

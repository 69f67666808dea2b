/* Reads an ONNX file into messages. */
#include "../format/safetensors/foreign.h"
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

bool quern__onnx_is_standard(const char *domain) {
  return domain == NULL || *domain == '\0' || strcmp(domain, "ai.onnx") == 0;
}

static quern_status read_opset(quern__onnx_file *file) {
  const quern__onnx_model *model = file->model;
  for (size_t i = 0; i < model->n_opset_import; i++) {
    if (!quern__onnx_is_standard(model->opset_import[i]->domain)) continue;
    file->opset = model->opset_import[i]->version;
    if (file->opset >= OLDEST_OPSET) return QUERN_OK;
    return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s: has opset %lld, expected %d or later",
                       file->path, (long long)file->opset, OLDEST_OPSET);
  }
  return quern__fail(QUERN_ERROR_FORMAT, "%s: has no opset for the standard operators", file->path);
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
  quern_status status = read_file(path, &bytes, &size);
  if (status == QUERN_OK) status = quern__foreign_refuse(path, bytes, size, QUERN__FOREIGN_ONNX);
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
  QUERN__FORWARD(quern__onnx_list(file));
  return quern__onnx_external_allow(file);
}

void quern__onnx_close(quern__onnx_file *file) {
  if (file->model != NULL) quern__onnx__model_proto__free_unpacked(file->model, &file->allocator);
  free(file->constants);
  free(file->made);
  free(file->producers);
  *file = (quern__onnx_file){0};
}

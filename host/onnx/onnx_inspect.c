/* Inspects an ONNX file: its network, if quern can load it, and its constants. */
#include "../base/size.h"
#include "../inspect/inspect.h"
#include "../inspect/statistics.h"
#include "onnx.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_file(void *source) {
  quern__onnx_close(source);
  free(source);
}

static quern_status measure_constant(quern__onnx_file *file, const quern__onnx_constant *constant,
                                     quern_tensor_info *info) {
  quern__onnx_values values;
  info->mean = info->deviation = info->least = info->most = NAN;
  const int32_t type = constant->tensor->data_type;
  if (constant->tensor->n_dims > 2 || (type != QUERN__ONNX_FLOAT && type != QUERN__ONNX_DOUBLE) ||
      info->count == 0)
    return QUERN_OK;
  const quern_status status = quern__onnx_read(file, constant->name, constant, &values);
  /* If a file beside the model is missing, the note reports it. */
  if (constant->tensor->data_location == QUERN__ONNX_EXTERNAL && status != QUERN_OK &&
      status != QUERN_ERROR_OUT_OF_MEMORY)
    return QUERN_OK;
  QUERN__FORWARD(status);
  quern__statistics_tally tally = {0};
  for (size_t i = 0; i < info->count; i++)
    quern__statistics_add((double)values.values[i], &tally, info);
  quern__statistics_finish(&tally, info);
  free(values.values);
  return QUERN_OK;
}

/* Writes the constant's shape to *sizes, and advances *sizes past it. */
static quern_status add_constant(quern_inspection *inspection, quern__onnx_file *file,
                                 const quern__onnx_constant *constant, size_t **sizes) {
  quern_tensor_info *info = &inspection->tensors[inspection->count++];
  const size_t rank = constant->tensor->n_dims;
  *info = (quern_tensor_info){.name = constant->name,
                              .type = quern__onnx_type_name(constant->tensor->data_type),
                              .rank = rank,
                              .count = 1};
  info->shape = rank > 0 ? *sizes : NULL;
  for (size_t d = 0; d < rank; d++) {
    const int64_t size = constant->tensor->dims[d];
    if (size < 0 || (uint64_t)size > SIZE_MAX ||
        (info->count > 0 && !quern__multiply(info->count, (size_t)size, &info->count)))
      return quern__fail(QUERN_ERROR_FORMAT, "%s: constant \"%.80s\" has a dimension of %lld",
                         inspection->path, constant->name, (long long)size);
    *(*sizes)++ = (size_t)size;
  }
  return measure_constant(file, constant, info);
}

static quern_status list_metadata(quern_inspection *inspection, const quern__onnx_model *model) {
  inspection->pairs = calloc(model->n_metadata_props + 2, sizeof *inspection->pairs);
  if (inspection->pairs == NULL)
    return quern__fail_memory(inspection->path,
                              model->n_metadata_props * sizeof *inspection->pairs);
  if (model->producer_name != NULL)
    inspection->pairs[inspection->pair_count++] =
        (quern__inspected_pair){"producer", model->producer_name};
  if (model->producer_version != NULL)
    inspection->pairs[inspection->pair_count++] =
        (quern__inspected_pair){"producer version", model->producer_version};
  for (size_t i = 0; i < model->n_metadata_props; i++) {
    const Quern__Onnx__StringStringEntryProto *entry = model->metadata_props[i];
    inspection->pairs[inspection->pair_count++] = (quern__inspected_pair){
        entry->key != NULL ? entry->key : "", entry->value != NULL ? entry->value : ""};
  }
  return QUERN_OK;
}

static quern_status list_constants(quern_inspection *inspection, quern__onnx_file *file) {
  size_t dimensions = 0;
  for (size_t i = 0; i < file->constant_count; i++)
    if (!file->constants[i].derived)
      dimensions += file->constants[i].tensor->n_dims; /* all in memory: no overflow */
  inspection->tensors = calloc(file->constant_count + 1, sizeof *inspection->tensors);
  inspection->shapes = calloc(dimensions + 1, sizeof *inspection->shapes);
  if (inspection->tensors == NULL || inspection->shapes == NULL)
    return quern__fail_memory(inspection->path, file->constant_count * sizeof *inspection->tensors);
  size_t *sizes = inspection->shapes;
  for (size_t i = 0; i < file->constant_count; i++)
    if (!file->constants[i].derived)
      QUERN__FORWARD(add_constant(inspection, file, &file->constants[i], &sizes));
  return QUERN_OK;
}

quern_status quern__inspect_onnx(quern_inspection *inspection) {
  quern__onnx_file *file = calloc(1, sizeof *file);
  if (file == NULL) return quern__fail_memory(inspection->path, sizeof *file);
  inspection->source = file;
  inspection->free_source = free_file;
  QUERN__FORWARD(quern__onnx_open(inspection->path, file));
  file->path = inspection->path;
  if (asprintf(&inspection->format, "ONNX, opset %lld", (long long)file->opset) < 0) {
    inspection->format = NULL;
    return quern__fail_memory(inspection->path, 32);
  }
  QUERN__FORWARD(list_metadata(inspection, file->model));
  QUERN__FORWARD(list_constants(inspection, file));
  inspection->kind = QUERN_FILE_MODEL;
  const quern_status status = quern_onnx_load(inspection->path, NULL, &inspection->network);
  if (status == QUERN_ERROR_OUT_OF_MEMORY) return status;
  if (status != QUERN_OK) inspection->kind = QUERN_FILE_TENSORS;
  inspection->note =
      strdup(status == QUERN_OK ? quern_network_note(inspection->network) : quern_last_error());
  return inspection->note != NULL ? QUERN_OK : quern__fail_memory(inspection->path, 1);
}

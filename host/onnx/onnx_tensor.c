/* Reads the elements of ONNX constants. */
#include "../base/little_endian.h"
#include "../base/size.h"
#include "onnx.h"
#include <stdlib.h>
#include <string.h>

static quern_status read_dimensions(const quern__onnx_file *file, const char *what,
                                    const quern__onnx_tensor *tensor, quern__onnx_values *values,
                                    size_t *count) {
  size_t sizes[2] = {1, 1};
  if (tensor->n_dims > 2)
    return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s: %s has %zu dimensions, expected at most 2",
                       file->path, what, tensor->n_dims);
  for (size_t i = 0; i < tensor->n_dims; i++) {
    const int64_t size = tensor->dims[i];
    if (size < 1 || size > INT32_MAX)
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: %s has a dimension of %lld, expected 1 to 2147483647", file->path,
                         what, (long long)size);
    sizes[2 - tensor->n_dims + i] = (size_t)size;
  }
  values->rows = sizes[0];
  values->columns = sizes[1];
  if (!quern__multiply(sizes[0], sizes[1], count) || *count > SIZE_MAX / sizeof(double))
    return quern__fail(QUERN_ERROR_OVERFLOW, "%s: %s: %zu by %zu numbers overflow", file->path,
                       what, sizes[0], sizes[1]);
  return QUERN_OK;
}

static quern_status fail_count(const quern__onnx_file *file, const char *what, size_t found,
                               size_t expected) {
  return quern__fail(QUERN_ERROR_FORMAT,
                     "%s: %s holds %zu bytes of numbers, expected %zu by its dimensions",
                     file->path, what, found, expected);
}

static float float_at(const unsigned char *bytes) {
  float value;
  memcpy(&value, bytes, sizeof value);
  quern__little_endian_floats(&value, 1);
  return value;
}

static double double_at(const unsigned char *bytes) {
  const uint64_t bits = quern__little_endian_u64(bytes);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

quern_status quern__onnx_read(quern__onnx_file *file, const char *what,
                              const quern__onnx_tensor *tensor, quern__onnx_values *values) {
  *values = (quern__onnx_values){0};
  const bool wide = tensor->data_type == QUERN__ONNX_DOUBLE, raw = tensor->has_raw_data != 0;
  if (!wide && tensor->data_type != QUERN__ONNX_FLOAT)
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "%s: %s has data type %d, expected float (1) or double (11)", file->path,
                       what, (int)tensor->data_type);
  if (tensor->data_location == QUERN__ONNX_EXTERNAL)
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "%s: %s is stored in another file, expected it in this one", file->path,
                       what);
  size_t count;
  QUERN__FORWARD(read_dimensions(file, what, tensor, values, &count));
  const size_t size = wide ? sizeof(double) : sizeof(float);
  const size_t found = raw    ? tensor->raw_data.len
                       : wide ? tensor->n_double_data * sizeof(double)
                              : tensor->n_float_data * sizeof(float);
  if (found != count * size) return fail_count(file, what, found, count * size);
  if (count * sizeof(float) > file->constant_allowance)
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "%s: %s: its nodes read the constants over and over, %d times the file's "
                       "size: expected each layer to have its own weights",
                       file->path, what, QUERN__ONNX_MEMORY_FACTOR);
  file->constant_allowance -= count * sizeof(float);
  values->values = malloc(count * sizeof(float));
  if (values->values == NULL) return quern__fail_memory(file->path, count * sizeof(float));
  for (size_t i = 0; i < count; i++)
    if (raw)
      values->values[i] = wide ? (float)double_at(tensor->raw_data.data + i * size)
                               : float_at(tensor->raw_data.data + i * size);
    else
      values->values[i] = wide ? (float)tensor->double_data[i] : tensor->float_data[i];
  return QUERN_OK;
}

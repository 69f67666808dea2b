/* Reads the elements of ONNX constants. */
#include "../base/size.h"
#include "../format/safetensors/elements.h"
#include "../format/safetensors/input.h"
#include "../model/layout.h"
#include "onnx.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Elements that are converted at once. */
enum { PIECE = 4096 };

const char *quern__onnx_type_name(int32_t type) {
  static const struct {
    int32_t type;
    const char *name;
  } types[] = {{1, "F32"}, {11, "F64"}, {10, "F16"}, {16, "BF16"}, {7, "I64"},
               {6, "I32"}, {5, "I16"},  {3, "I8"},   {13, "U64"},  {12, "U32"},
               {4, "U16"}, {2, "U8"},   {9, "BOOL"}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (types[i].type == type) return types[i].name;
  return "?";
}

/* Where a constant's elements are. */
typedef struct source {
  quern__onnx_file *file;
  const char *what; /* the constant, for messages */
  const quern__onnx_tensor *tensor;
  const quern__element *element;
  size_t count;
  quern__onnx_external external; /* descriptor -1: in the message */
} source;

static quern_status count_elements(source *from) {
  from->count = 1;
  for (size_t i = 0; i < from->tensor->n_dims; i++) {
    const int64_t size = from->tensor->dims[i];
    if (size < 0 || size > INT32_MAX)
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: %s has a dimension of %lld, expected 0 to 2147483647",
                         from->file->path, from->what, (long long)size);
    if (!quern__multiply(from->count, (size_t)size, &from->count) ||
        from->count > SIZE_MAX / sizeof(double))
      return quern__fail(QUERN_ERROR_OVERFLOW, "%s: %s: its numbers of dimensions overflow",
                         from->file->path, from->what);
  }
  return QUERN_OK;
}

/* The elements that the message holds in a list of the type's own; bytes if they are raw. */
static size_t bytes_in_message(const source *from) {
  const quern__onnx_tensor *tensor = from->tensor;
  const size_t size = from->element->bytes;
  if (tensor->has_raw_data) return tensor->raw_data.len;
  return size * (tensor->data_type == QUERN__ONNX_FLOAT    ? tensor->n_float_data
                 : tensor->data_type == QUERN__ONNX_DOUBLE ? tensor->n_double_data
                 : tensor->data_type == QUERN__ONNX_INT64  ? tensor->n_int64_data
                                                           : tensor->n_int32_data);
}

static quern_status open_source(quern__onnx_file *file, const char *what,
                                const quern__onnx_tensor *tensor, source *from) {
  *from = (source){.file = file,
                   .what = what,
                   .tensor = tensor,
                   .element = quern__element_find(quern__onnx_type_name(tensor->data_type)),
                   .external = {.descriptor = -1}};
  if (from->element == NULL)
    return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s: %s has data type %d, expected numbers",
                       file->path, what, (int)tensor->data_type);
  QUERN__FORWARD(count_elements(from));
  const size_t bytes = from->count * from->element->bytes;
  if (tensor->data_location == QUERN__ONNX_EXTERNAL)
    return quern__onnx_external_open(file, what, tensor, bytes, &from->external);
  const size_t found = bytes_in_message(from);
  if (found != bytes)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: %s holds %zu bytes of numbers, expected %zu by its dimensions",
                       file->path, what, found, bytes);
  return QUERN_OK;
}

/* Limits the memory of constants, since many nodes may read the same one. */
static quern_status allow(const source *from, size_t bytes) {
  if (bytes > from->file->constant_allowance)
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "%s: %s: its nodes read the constants over and over, %d times the file's "
                       "size: expected each layer to have its own weights",
                       from->file->path, from->what, QUERN__ONNX_MEMORY_FACTOR);
  from->file->constant_allowance -= bytes;
  return QUERN_OK;
}

/* Bits of 16 in int32_data. */
static double narrow_at(const source *from, size_t i) {
  const uint32_t bits = (uint32_t)from->tensor->int32_data[i];
  const unsigned char bytes[] = {(unsigned char)bits, (unsigned char)(bits >> 8)};
  return from->element->read(bytes);
}

static double listed_at(const source *from, size_t i) {
  const quern__onnx_tensor *tensor = from->tensor;
  if (tensor->data_type == QUERN__ONNX_FLOAT) return (double)tensor->float_data[i];
  if (tensor->data_type == QUERN__ONNX_DOUBLE) return tensor->double_data[i];
  if (tensor->data_type == QUERN__ONNX_INT64) return (double)tensor->int64_data[i];
  if (from->element->is_float) return narrow_at(from, i);
  return (double)tensor->int32_data[i];
}

/* Reads `count` elements from `first` on, at most PIECE. */
static quern_status read_piece(const source *from, size_t first, size_t count, double *numbers) {
  unsigned char bytes[PIECE * sizeof(double)];
  const size_t size = from->element->bytes;
  const unsigned char *raw = bytes;
  if (from->external.descriptor >= 0)
    QUERN__FORWARD(quern__input_read(from->file->path, from->external.descriptor,
                                     from->external.offset + first * size, bytes, count * size));
  else if (from->tensor->has_raw_data)
    raw = from->tensor->raw_data.data + first * size;
  else {
    for (size_t i = 0; i < count; i++) numbers[i] = listed_at(from, first + i);
    return QUERN_OK;
  }
  for (size_t i = 0; i < count; i++) numbers[i] = from->element->read(raw + i * size);
  return QUERN_OK;
}

static quern_status read_floats(const source *from, float *values) {
  double piece[PIECE];
  for (size_t first = 0; first < from->count; first += PIECE) {
    const size_t left = from->count - first, count = left < PIECE ? left : PIECE;
    QUERN__FORWARD(read_piece(from, first, count, piece));
    for (size_t i = 0; i < count; i++) {
      if (isfinite(piece[i]) && fabs(piece[i]) > (double)FLT_MAX)
        return quern__fail(QUERN_ERROR_FORMAT,
                           "%s: %s has a number that is too large for float32, expected at most "
                           "3.4e38",
                           from->file->path, from->what);
      values[first + i] = (float)piece[i];
    }
  }
  return QUERN_OK;
}

/* Sets rows and columns of a tensor with at most two dimensions. */
static quern_status shape_values(const source *from, quern__onnx_values *values) {
  const quern__onnx_tensor *tensor = from->tensor;
  if (!from->element->is_float)
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "%s: %s has data type %d, expected float (1) or double (11)",
                       from->file->path, from->what, (int)tensor->data_type);
  if (tensor->n_dims > 2)
    return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s: %s has %zu dimensions, expected at most 2",
                       from->file->path, from->what, tensor->n_dims);
  for (size_t i = 0; i < tensor->n_dims; i++)
    if (tensor->dims[i] < 1)
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: %s has a dimension of %lld, expected 1 to 2147483647",
                         from->file->path, from->what, (long long)tensor->dims[i]);
  values->columns = tensor->n_dims > 0 ? (size_t)tensor->dims[tensor->n_dims - 1] : 1;
  values->rows = tensor->n_dims > 1 ? (size_t)tensor->dims[0] : 1;
  return QUERN_OK;
}

static quern_status turn(const source *from, quern__onnx_values *values) {
  const size_t bytes = from->count * sizeof(float), rows = values->rows;
  float *turned = malloc(bytes);
  if (turned == NULL) return quern__fail_memory(from->file->path, bytes);
  quern__transpose(rows, values->columns, values->values, turned);
  free(values->values);
  *values = (quern__onnx_values){values->columns, rows, turned};
  return QUERN_OK;
}

static quern_status read_values(const source *from, bool turned, quern__onnx_values *values) {
  const size_t bytes = from->count * sizeof(float);
  QUERN__FORWARD(shape_values(from, values));
  QUERN__FORWARD(allow(from, bytes));
  values->values = malloc(bytes);
  if (values->values == NULL) return quern__fail_memory(from->file->path, bytes);
  QUERN__FORWARD(read_floats(from, values->values));
  return turned ? turn(from, values) : QUERN_OK;
}

quern_status quern__onnx_read(quern__onnx_file *file, const char *what,
                              const quern__onnx_constant *constant, quern__onnx_values *values) {
  source from;
  *values = (quern__onnx_values){0};
  quern_status status = open_source(file, what, constant->tensor, &from);
  if (status == QUERN_OK) status = read_values(&from, constant->turned, values);
  if (from.external.descriptor >= 0) close(from.external.descriptor);
  if (status == QUERN_OK) return QUERN_OK;
  free(values->values);
  *values = (quern__onnx_values){0};
  return status;
}

static quern_status read_numbers(const source *from, double **numbers) {
  const size_t bytes = from->count * sizeof **numbers;
  QUERN__FORWARD(allow(from, bytes));
  *numbers = malloc(bytes > 0 ? bytes : 1);
  if (*numbers == NULL) return quern__fail_memory(from->file->path, bytes);
  for (size_t first = 0; first < from->count; first += PIECE) {
    const size_t left = from->count - first;
    QUERN__FORWARD(read_piece(from, first, left < PIECE ? left : PIECE, *numbers + first));
  }
  return QUERN_OK;
}

quern_status quern__onnx_numbers(quern__onnx_file *file, const char *what,
                                 const quern__onnx_constant *constant, double **numbers,
                                 size_t *count) {
  source from;
  *numbers = NULL;
  quern_status status = open_source(file, what, constant->tensor, &from);
  if (status == QUERN_OK) status = read_numbers(&from, numbers);
  if (from.external.descriptor >= 0) close(from.external.descriptor);
  *count = from.count;
  return status;
}

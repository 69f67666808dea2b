/* The checks that all ops share. */
#include "check.h"

#include "../base/error.h"
#include "../base/size.h"
#include "../functions/activation.h"
#include <stdint.h>

quern__check quern__check_begin(const char *op, quern_context *context) {
  quern__check check = {op, context, QUERN_OK};
  QUERN__CHECK(&check, context != NULL, QUERN_ERROR_ARGUMENT, "%s: the context is NULL", op);
  return check;
}

static size_t begin_of(quern_tensor tensor, size_t element_bytes) {
  return tensor.buffer->range_begin + tensor.offset * element_bytes;
}

/* Views, and buffers that wrap parts of one memory, share a range, in which range_begin is their
 * position. */
static bool overlap(quern_tensor a, size_t a_bytes, quern_tensor b, size_t b_bytes) {
  if (a.buffer == NULL || b.buffer == NULL || a.buffer->range != b.buffer->range) return false;
  const size_t a_begin = begin_of(a, a_bytes), a_end = a_begin + a.rows * a.columns * a_bytes;
  const size_t b_begin = begin_of(b, b_bytes), b_end = b_begin + b.rows * b.columns * b_bytes;
  return a_begin < b_end && b_begin < a_end;
}

quern_span quern__check_tensor(quern__check *check, const char *name, quern_tensor tensor,
                               size_t element_bytes) {
  const quern_span none = {NULL, 0};
  if (check->status != QUERN_OK) return none;
  const char *op = check->op;
  QUERN__CHECK(check, tensor.buffer != NULL, QUERN_ERROR_ARGUMENT, "%s: %s has no buffer", op,
               name);
  QUERN__CHECK(check, tensor.buffer->context == check->context, QUERN_ERROR_ARGUMENT,
               "%s: the buffer of %s belongs to another context", op, name);
  QUERN__CHECK(check, tensor.rows > 0 && tensor.columns > 0, QUERN_ERROR_SHAPE,
               "%s: %s is %zux%zu, expected at least 1x1", op, name, tensor.rows, tensor.columns);
  QUERN__CHECK(check, tensor.rows <= INT32_MAX && tensor.columns <= INT32_MAX, QUERN_ERROR_SHAPE,
               "%s: %s is %zux%zu, expected dimensions of at most 2147483647", op, name,
               tensor.rows, tensor.columns);
  if (check->status != QUERN_OK) return none;
  size_t count, end, bytes;
  bool fits = quern__multiply(tensor.rows, tensor.columns, &count) &&
              quern__add(count, tensor.offset, &end) && quern__multiply(end, element_bytes, &bytes);
  QUERN__CHECK(check, fits, QUERN_ERROR_OVERFLOW,
               "%s: the size of %s, %zux%zu from element %zu on, overflows", op, name, tensor.rows,
               tensor.columns, tensor.offset);
  QUERN__CHECK(
      check, bytes <= tensor.buffer->bytes, QUERN_ERROR_SHAPE,
      "%s: %s, %zux%zu from element %zu on, needs a buffer of %zu bytes and has one of %zu", op,
      name, tensor.rows, tensor.columns, tensor.offset, bytes, tensor.buffer->bytes);
  if (check->status != QUERN_OK) return none;
  return (quern_span){tensor.buffer->memory, tensor.buffer->base / element_bytes + tensor.offset};
}

quern_span quern__check_optional(quern__check *check, const char *name, quern_tensor tensor,
                                 size_t element_bytes) {
  if (tensor.buffer == NULL) return (quern_span){NULL, 0};
  return quern__check_tensor(check, name, tensor, element_bytes);
}

void quern__check_shape(quern__check *check, const char *name, quern_tensor tensor, size_t rows,
                        size_t columns, const char *because) {
  if (tensor.buffer == NULL) return;
  QUERN__CHECK(check, tensor.rows == rows && tensor.columns == columns, QUERN_ERROR_SHAPE,
               "%s: %s is %zux%zu, expected %zux%zu: %s", check->op, name, tensor.rows,
               tensor.columns, rows, columns, because);
}

void quern__check_apart(quern__check *check, const char *output_name, quern_tensor output,
                        const char *input_name, quern_tensor input, size_t output_bytes,
                        size_t input_bytes) {
  if (check->status != QUERN_OK) return;
  QUERN__CHECK(check, !overlap(output, output_bytes, input, input_bytes), QUERN_ERROR_ARGUMENT,
               "%s: %s overlaps %s in one buffer", check->op, output_name, input_name);
}

void quern__check_apart_or_same(quern__check *check, const char *output_name, quern_tensor output,
                                const char *input_name, quern_tensor input) {
  if (check->status != QUERN_OK) return;
  const bool same = output.buffer != NULL && input.buffer != NULL &&
                    output.buffer->memory == input.buffer->memory &&
                    begin_of(output, sizeof(float)) == begin_of(input, sizeof(float));
  QUERN__CHECK(check, same || !overlap(output, sizeof(float), input, sizeof(float)),
               QUERN_ERROR_ARGUMENT,
               "%s: %s overlaps %s in one buffer, expected exactly the same range or no overlap",
               check->op, output_name, input_name);
}

void quern__check_activation(quern__check *check, quern_activation activation) {
  QUERN__CHECK(check, quern_activation_name(activation.kind) != NULL, QUERN_ERROR_ARGUMENT,
               "%s: unknown activation %d", check->op, (int)activation.kind);
  QUERN__CHECK(check, quern__activation_slope_is_good(activation), QUERN_ERROR_ARGUMENT,
               "%s: the slope of %s is %g, expected a finite number, not negative", check->op,
               quern_activation_name(activation.kind), (double)activation.slope);
}

quern_status quern__fail_no_op(const quern__check *check) {
  return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s: the backend %s does not have this op", check->op,
                     check->context->backend->name);
}

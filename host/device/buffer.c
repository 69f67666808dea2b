/* Buffers: checks ranges, then calls the backend. */
#include "../base/error.h"
#include "../base/memory.h"
#include "context.h"
#include <stdlib.h>

quern_status quern__buffer_wrap(quern_context *context, void *memory, size_t base, size_t bytes,
                                quern_buffer **buffer) {
  quern_buffer *result = malloc(sizeof *result);
  if (result == NULL) return quern__fail_memory("buffer", sizeof *result);
  *result = (quern_buffer){.context = context,
                           .memory = memory,
                           .base = base,
                           .bytes = bytes,
                           .range = memory,
                           .range_begin = base};
  atomic_init(&result->holds, 1);
  quern__context_hold(context);
  *buffer = result;
  return QUERN_OK;
}

/* Checks the host's memory for devices that share it. A size above the device's own limits is
 * refused by the backend. */
static quern_status check_memory(const quern_device_info *info, size_t bytes) {
  const quern__demand demand = {"buffer", "allocate less, or free other memory", bytes};
  const bool never = (info->memory > 0 && bytes > info->memory) ||
                     (info->max_allocation > 0 && bytes > info->max_allocation);
  return never ? QUERN_OK : quern__memory_check_shared(info, &demand);
}

quern_status quern_buffer_create(quern_context *context, size_t bytes, quern_buffer **buffer) {
  if (buffer == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "buffer: the result pointer is NULL");
  *buffer = NULL;
  if (context == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "buffer: the context is NULL");
  if (bytes == 0) return quern__fail(QUERN_ERROR_ARGUMENT, "buffer: 0 bytes, expected at least 1");
  QUERN__FORWARD(check_memory(&context->info, bytes));
  const quern_backend *backend = context->backend;
  void *memory = NULL;
  QUERN__FORWARD(QUERN__CALL(context, backend->buffer_create(context->state, bytes, &memory)));
  const quern_status status = quern__buffer_wrap(context, memory, 0, bytes, buffer);
  if (status != QUERN_OK) backend->buffer_free(context->state, memory);
  return status;
}

quern_status quern__check_range(const char *what, size_t offset, size_t bytes,
                                size_t buffer_bytes) {
  if (offset > buffer_bytes || bytes > buffer_bytes - offset)
    return quern__fail(QUERN_ERROR_SHAPE,
                       "%s: %zu bytes from byte %zu exceed the buffer of %zu bytes", what, bytes,
                       offset, buffer_bytes);
  return QUERN_OK;
}

static quern_status check_range(const char *what, const quern_buffer *buffer, size_t offset,
                                size_t bytes) {
  if (buffer == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "%s: the buffer is NULL", what);
  return quern__check_range(what, offset, bytes, buffer->bytes);
}

quern_status quern_buffer_view(quern_buffer *buffer, size_t offset, size_t bytes,
                               quern_buffer **view) {
  if (view == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "buffer view: the result pointer is NULL");
  *view = NULL;
  QUERN__FORWARD(check_range("buffer view", buffer, offset, bytes));
  if (bytes == 0)
    return quern__fail(QUERN_ERROR_ARGUMENT, "buffer view: 0 bytes, expected at least 1");
  if (offset % QUERN__BASE_ALIGNMENT != 0)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "buffer view: it begins at byte %zu, expected a multiple of %d", offset,
                       (int)QUERN__BASE_ALIGNMENT);
  QUERN__FORWARD(
      quern__buffer_wrap(buffer->context, buffer->memory, buffer->base + offset, bytes, view));
  (*view)->whole = buffer->whole != NULL ? buffer->whole : buffer;
  (*view)->range = buffer->range;
  (*view)->range_begin = buffer->range_begin + offset;
  atomic_fetch_add_explicit(&(*view)->whole->holds, 1, memory_order_relaxed);
  return QUERN_OK;
}

void quern_buffer_free(quern_buffer *buffer) {
  if (buffer == NULL) return;
  if (atomic_fetch_sub_explicit(&buffer->holds, 1, memory_order_acq_rel) > 1) return;
  quern_context *context = buffer->context;
  quern_buffer *whole = buffer->whole;
  if (whole == NULL && !quern__context_is_forked(context))
    context->backend->buffer_free(context->state, buffer->memory);
  free(buffer);
  quern_buffer_free(whole); /* a whole is never a view itself */
  quern__context_release(context);
}

quern_status quern__buffer_create_touched(quern_context *context, size_t bytes,
                                          quern_buffer **buffer) {
  QUERN__FORWARD(quern_buffer_create(context, bytes, buffer));
  const quern_status status = quern_buffer_fill(*buffer, 0, bytes, 0);
  if (status == QUERN_OK) return QUERN_OK;
  quern_buffer_free(*buffer);
  *buffer = NULL;
  return status;
}

size_t quern_buffer_bytes(const quern_buffer *buffer) {
  return buffer->bytes;
}

quern_status quern_buffer_write(quern_buffer *buffer, size_t offset, size_t bytes, const void *data,
                                quern_wait wait) {
  QUERN__FORWARD(check_range("buffer write", buffer, offset, bytes));
  if (bytes == 0) return QUERN_OK;
  if (data == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "buffer write: the data is NULL");
  quern_context *context = buffer->context;
  return QUERN__CALL(context, context->backend->buffer_write(context->state, buffer->memory,
                                                             buffer->base + offset, bytes, data,
                                                             wait == QUERN_WAIT));
}

quern_status quern_buffer_read(quern_buffer *buffer, size_t offset, size_t bytes, void *data,
                               quern_wait wait) {
  QUERN__FORWARD(check_range("buffer read", buffer, offset, bytes));
  if (bytes == 0) return QUERN_OK;
  if (data == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "buffer read: the data is NULL");
  quern_context *context = buffer->context;
  return QUERN__CALL(context, context->backend->buffer_read(context->state, buffer->memory,
                                                            buffer->base + offset, bytes, data,
                                                            wait == QUERN_WAIT));
}

quern_status quern_buffer_fill(quern_buffer *buffer, size_t offset, size_t bytes, uint8_t value) {
  QUERN__FORWARD(check_range("buffer fill", buffer, offset, bytes));
  if (bytes == 0) return QUERN_OK;
  quern_context *context = buffer->context;
  return QUERN__CALL(context, context->backend->buffer_fill(context->state, buffer->memory,
                                                            buffer->base + offset, bytes, value));
}

quern_status quern_buffer_copy(quern_buffer *from, size_t from_offset, quern_buffer *to,
                               size_t to_offset, size_t bytes) {
  QUERN__FORWARD(check_range("buffer copy, source", from, from_offset, bytes));
  QUERN__FORWARD(check_range("buffer copy, target", to, to_offset, bytes));
  if (from->context != to->context)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "buffer copy: the buffers belong to different contexts");
  const size_t from_begin = from->range_begin + from_offset, to_begin = to->range_begin + to_offset;
  if (from->range == to->range && from_begin < to_begin + bytes && to_begin < from_begin + bytes)
    return quern__fail(QUERN_ERROR_ARGUMENT, "buffer copy: the two ranges overlap");
  if (bytes == 0) return QUERN_OK;
  quern_context *context = from->context;
  return QUERN__CALL(context, context->backend->buffer_copy(context->state, from->memory,
                                                            from->base + from_offset, to->memory,
                                                            to->base + to_offset, bytes));
}

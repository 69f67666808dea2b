/* Buffers: ranges checked once, then handed to the backend. */
#include "context.h"
#include "error.h"
#include <stdlib.h>

quern_status quern_buffer_create(quern_context *context, size_t bytes, quern_buffer **buffer) {
  if (buffer == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "buffer: the result pointer is NULL");
  *buffer = NULL;
  if (context == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "buffer: the context is NULL");
  if (bytes == 0) return quern__fail(QUERN_ERROR_ARGUMENT, "buffer: 0 bytes asked, expected at least 1");
  quern_buffer *made = malloc(sizeof *made);
  if (made == NULL) return quern__fail_memory("buffer", sizeof *made);
  quern_status status = context->backend->buffer_create(context->state, bytes, &made->memory);
  if (status != QUERN_OK) {
    free(made);
    return status;
  }
  made->context = context;
  made->bytes = bytes;
  quern__context_hold(context);
  *buffer = made;
  return QUERN_OK;
}

void quern_buffer_free(quern_buffer *buffer) {
  if (buffer == NULL) return;
  quern_context *context = buffer->context;
  context->backend->buffer_free(context->state, buffer->memory);
  free(buffer);
  quern__context_release(context);
}

size_t quern_buffer_bytes(const quern_buffer *buffer) {
  return buffer->bytes;
}

static quern_status check_range(const char *what, const quern_buffer *buffer, size_t offset, size_t bytes) {
  if (buffer == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "%s: the buffer is NULL", what);
  if (offset > buffer->bytes || bytes > buffer->bytes - offset)
    return quern__fail(QUERN_ERROR_SHAPE, "%s: %zu bytes from byte %zu on reach past a buffer of %zu bytes",
                       what, bytes, offset, buffer->bytes);
  return QUERN_OK;
}

quern_status quern_buffer_write(quern_buffer *buffer, size_t offset, size_t bytes, const void *data,
                                quern_wait wait) {
  QUERN__FORWARD(check_range("buffer write", buffer, offset, bytes));
  if (bytes == 0) return QUERN_OK;
  if (data == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "buffer write: the data is NULL");
  quern_context *context = buffer->context;
  return context->backend->buffer_write(context->state, buffer->memory, offset, bytes, data,
                                        wait == QUERN_WAIT);
}

quern_status quern_buffer_read(quern_buffer *buffer, size_t offset, size_t bytes, void *data,
                               quern_wait wait) {
  QUERN__FORWARD(check_range("buffer read", buffer, offset, bytes));
  if (bytes == 0) return QUERN_OK;
  if (data == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "buffer read: the data is NULL");
  quern_context *context = buffer->context;
  return context->backend->buffer_read(context->state, buffer->memory, offset, bytes, data,
                                       wait == QUERN_WAIT);
}

quern_status quern_buffer_copy(quern_buffer *from, size_t from_offset, quern_buffer *to, size_t to_offset,
                               size_t bytes) {
  QUERN__FORWARD(check_range("buffer copy, source", from, from_offset, bytes));
  QUERN__FORWARD(check_range("buffer copy, target", to, to_offset, bytes));
  if (from->context != to->context)
    return quern__fail(QUERN_ERROR_ARGUMENT, "buffer copy: the buffers are of two contexts");
  if (from == to && from_offset < to_offset + bytes && to_offset < from_offset + bytes)
    return quern__fail(QUERN_ERROR_ARGUMENT, "buffer copy: the ranges of the one buffer overlap");
  if (bytes == 0) return QUERN_OK;
  quern_context *context = from->context;
  return context->backend->buffer_copy(context->state, from->memory, from_offset, to->memory, to_offset,
                                       bytes);
}

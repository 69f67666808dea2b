/* Staging: checks arguments, then calls the backend; without its support, writes in order with the
 * ops. */
#include <quern/staging.h>

#include "../base/error.h"
#include "context.h"
#include <stdlib.h>

struct quern_staging {
  quern_buffer *buffer; /* held */
  bool begun;           /* the caller may write to the memory */
  void *object;         /* the backend's; NULL if it has no staging */
  void *memory;         /* owned, if `object` is NULL */
  bool sent;            /* a queued write may still read `memory` */
};

static bool is_offered(const quern_backend *backend) {
  return backend->staging_create != NULL && backend->staging_free != NULL &&
         backend->staging_begin != NULL && backend->staging_send != NULL &&
         backend->staging_release != NULL;
}

static quern_status create_memory(quern_staging *result) {
  const quern_buffer *buffer = result->buffer;
  quern_context *context = buffer->context;
  if (is_offered(context->backend))
    return QUERN__CALL(context, context->backend->staging_create(context->state, buffer->memory,
                                                                 buffer->base, buffer->bytes,
                                                                 &result->object));
  result->memory = malloc(buffer->bytes);
  return result->memory != NULL ? QUERN_OK : quern__fail_memory("staging", buffer->bytes);
}

quern_status quern_staging_create(quern_buffer *buffer, quern_staging **staging) {
  if (staging == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "staging: the result pointer is NULL");
  *staging = NULL;
  if (buffer == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "staging: the buffer is NULL");
  quern_staging *result = calloc(1, sizeof *result);
  if (result == NULL) return quern__fail_memory("staging", sizeof *result);
  result->buffer = buffer;
  const quern_status status = create_memory(result);
  if (status != QUERN_OK) {
    free(result);
    return status;
  }
  atomic_fetch_add_explicit(&buffer->holds, 1, memory_order_relaxed);
  *staging = result;
  return QUERN_OK;
}

void quern_staging_free(quern_staging *staging) {
  if (staging == NULL) return;
  quern_context *context = staging->buffer->context;
  if (staging->object == NULL) {
    if (staging->sent) quern__context_settle(context);
    free(staging->memory);
  } else if (!quern__context_is_forked(context)) {
    context->backend->staging_free(context->state, staging->object);
  }
  quern_buffer_free(staging->buffer);
  free(staging);
}

quern_status quern_staging_begin(quern_staging *staging, void **memory) {
  if (memory != NULL) *memory = NULL;
  if (staging == NULL || memory == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "staging begin: the staging or the result pointer is NULL");
  quern_context *context = staging->buffer->context;
  staging->begun = false;
  if (staging->object != NULL)
    QUERN__FORWARD(QUERN__CALL(
        context, context->backend->staging_begin(context->state, staging->object, memory)));
  else if (staging->sent)
    QUERN__FORWARD(quern_context_finish(context));
  if (staging->object == NULL) *memory = staging->memory;
  staging->sent = false;
  staging->begun = true;
  return QUERN_OK;
}

quern_status quern_staging_send(quern_staging *staging, size_t bytes) {
  if (staging == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "staging send: the staging is NULL");
  if (!staging->begun)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "staging send: nothing was begun, expected quern_staging_begin");
  QUERN__FORWARD(quern__check_range("staging send", 0, bytes, staging->buffer->bytes));
  if (bytes == 0)
    return quern__fail(QUERN_ERROR_ARGUMENT, "staging send: 0 bytes, expected at least 1");
  quern_context *context = staging->buffer->context;
  staging->begun = false;
  if (staging->object != NULL)
    return QUERN__CALL(context,
                       context->backend->staging_send(context->state, staging->object, bytes));
  staging->sent = true;
  return quern_buffer_write(staging->buffer, 0, bytes, staging->memory, QUERN_NO_WAIT);
}

quern_status quern_staging_release(quern_staging *staging) {
  if (staging == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "staging release: the staging is NULL");
  quern_context *context = staging->buffer->context;
  if (staging->object == NULL) return QUERN_OK;
  return QUERN__CALL(context, context->backend->staging_release(context->state, staging->object));
}

#include "exchange.h"

#include "../base/error.h"
#include "context.h"
#include <stdlib.h>

struct quern__exchange {
  quern_context *context; /* held */
  void *object;           /* the backend's; NULL if it has no exchanges */
  quern_buffer *buffer;   /* borrowed; used without `object` */
  void *host;             /* the caller's; used without `object` */
  size_t bytes;
};

static bool is_offered(const quern_backend *backend) {
  return backend->exchange_create != NULL && backend->exchange_free != NULL &&
         backend->exchange_take != NULL && backend->exchange_taken != NULL &&
         backend->exchange_put != NULL;
}

static quern_status create_offered(quern__exchange *result, quern_buffer **buffer) {
  quern_context *context = result->context;
  const quern_backend *backend = context->backend;
  void *memory = NULL;
  QUERN__FORWARD(
      QUERN__CALL(context, backend->exchange_create(context->state, result->host, result->bytes,
                                                    &result->object, &memory)));
  const quern_status status = quern__buffer_wrap(context, memory, 0, result->bytes, buffer);
  if (status != QUERN_OK) backend->buffer_free(context->state, memory);
  return status;
}

quern_status quern__exchange_create(quern_context *context, void *host, size_t bytes,
                                    quern__exchange **exchange, quern_buffer **buffer) {
  *exchange = NULL;
  *buffer = NULL;
  quern__exchange *result = calloc(1, sizeof *result);
  if (result == NULL) return quern__fail_memory("exchange", sizeof *result);
  result->context = context;
  result->host = host;
  result->bytes = bytes;
  quern__context_hold(context);
  quern_status status;
  QUERN__TRY(is_offered(context->backend) ? create_offered(result, buffer)
                                          : quern_buffer_create(context, bytes, buffer));
  QUERN__TRY(quern_buffer_fill(*buffer, 0, bytes, 0));
  result->buffer = *buffer;
  *exchange = result;
  return QUERN_OK;
cleanup:
  quern_buffer_free(*buffer);
  *buffer = NULL;
  quern__exchange_free(result);
  return status;
}

void quern__exchange_free(quern__exchange *exchange) {
  if (exchange == NULL) return;
  quern_context *context = exchange->context;
  if (exchange->object != NULL && !quern__context_is_forked(context))
    context->backend->exchange_free(context->state, exchange->object);
  quern__context_release(context);
  free(exchange);
}

quern_status quern__exchange_take(quern__exchange *exchange) {
  quern_context *context = exchange->context;
  if (exchange->object == NULL)
    return quern_buffer_read(exchange->buffer, 0, exchange->bytes, exchange->host, QUERN_NO_WAIT);
  return QUERN__CALL(context, context->backend->exchange_take(context->state, exchange->object));
}

quern_status quern__exchange_taken(quern__exchange *exchange, bool wait, bool *taken) {
  quern_context *context = exchange->context;
  *taken = true;
  if (exchange->object == NULL) return quern_context_finish(context);
  return QUERN__CALL(
      context, context->backend->exchange_taken(context->state, exchange->object, wait, taken));
}

quern_status quern__exchange_put(quern__exchange *exchange) {
  quern_context *context = exchange->context;
  if (exchange->object == NULL)
    return quern_buffer_write(exchange->buffer, 0, exchange->bytes, exchange->host, QUERN_NO_WAIT);
  return QUERN__CALL(context, context->backend->exchange_put(context->state, exchange->object));
}

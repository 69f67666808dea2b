/* Contexts: a backend's open device, kept until everything made from it is freed. */
#include "context.h"

#include "../base/error.h"
#include "device.h"
#include <stdlib.h>

quern_status quern_context_create(const char *device, quern_context **context) {
  if (context == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "context: the result pointer is NULL");
  *context = NULL;
  quern_device_list *list = NULL;
  const quern_device *chosen;
  quern_status status;
  QUERN__TRY(quern_device_list_create(&list));
  QUERN__TRY(quern_device_list_find(list, device, &chosen));
  status = quern_context_create_on(chosen, context);
cleanup:
  quern_device_list_free(list);
  return status;
}

static void context_free(quern_context *context) {
  quern__device_info_free(&context->info);
  quern__backend_release(context->backend);
  free(context);
}

/* Creates a context without opening the device. */
static quern_status context_make(const quern_backend *backend, const quern_device_info *info,
                                 quern_context **context) {
  quern_context *result = calloc(1, sizeof *result);
  if (result == NULL) return quern__fail_memory("context", sizeof *result);
  result->backend = backend;
  atomic_init(&result->holds, 1);
  atomic_init(&result->busy, false);
  atomic_init(&result->lost, false);
  result->forks = quern__process_forks();
  quern__backend_hold(backend);
  const quern_status status = quern__device_info_copy(info, &result->info);
  if (status == QUERN_OK)
    *context = result;
  else
    context_free(result);
  return status;
}

quern_status quern_context_create_on(const quern_device *device, quern_context **context) {
  if (context != NULL) *context = NULL;
  if (device == NULL || context == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "context: the device or the result pointer is NULL");
  quern_context *result = NULL;
  QUERN__FORWARD(context_make(device->backend, &device->info, &result));
  const quern_status status = result->backend->open(&result->info, device->handle, &result->state);
  if (status == QUERN_OK)
    *context = result;
  else
    context_free(result);
  return status;
}

quern_status quern__context_wrap(const quern_backend *backend, const quern_device_info *info,
                                 void *state, quern_context **context) {
  quern_context *result = NULL;
  QUERN__FORWARD(context_make(backend, info, &result));
  result->state = state;
  *context = result;
  return QUERN_OK;
}

quern_status quern__context_borrow(const quern_backend *backend, const quern_device_info *info,
                                   void *state, quern_context **context) {
  QUERN__FORWARD(quern__context_wrap(backend, info, state, context));
  (*context)->external = true;
  return QUERN_OK;
}

void quern__context_hold(quern_context *context) {
  atomic_fetch_add_explicit(&context->holds, 1, memory_order_relaxed);
}

void quern__context_release(quern_context *context) {
  if (atomic_fetch_sub_explicit(&context->holds, 1, memory_order_acq_rel) > 1) return;
  /* A child process must not close what its parent opened: the driver's threads are not in the
   * child. */
  if (!quern__context_is_forked(context) && !context->external)
    context->backend->close(context->state);
  context_free(context);
}

void quern_context_free(quern_context *context) {
  if (context != NULL) quern__context_release(context);
}

quern_status quern__context_refuse(const quern_context *context) {
  if (quern__context_is_forked(context))
    return quern__fail(QUERN_ERROR_FORKED,
                       "the context was created before fork(), and %s does not work in the child: "
                       "create contexts after fork(), or exec",
                       context->backend->name);
  if (quern_context_is_lost(context))
    return quern__fail(QUERN_ERROR_DEVICE_LOST,
                       "%s was lost in an earlier call, with all data on it: create a new context",
                       context->info.name);
  return quern__fail(QUERN_ERROR_BUSY,
                     "the context is in use by another thread, expected one at a time");
}

void quern_context_describe(const quern_context *context, quern_device_info *info) {
  *info = context->info;
}

const char *quern_context_build_log(const quern_context *context) {
  return context->backend->build_log != NULL ? context->backend->build_log(context->state) : "";
}

bool quern_context_is_lost(const quern_context *context) {
  return atomic_load_explicit(&context->lost, memory_order_acquire);
}

quern_status quern_context_finish(quern_context *context) {
  if (context == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "finish: the context is NULL");
  return QUERN__CALL(context, context->backend->finish(context->state));
}

void quern__context_settle(quern_context *context) {
  char *message = quern__remember_error();
  /* A lost device may still be finishing queued work, so wait for it too. */
  if (!quern__context_is_forked(context) &&
      !atomic_exchange_explicit(&context->busy, true, memory_order_acquire))
    (void)quern__context_leave(context, context->backend->finish(context->state));
  if (message != NULL) quern__restore_error(message);
}

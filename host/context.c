/* Contexts: a backend's device, opened, and held as long as anything made from it lives. */
#include "context.h"

#include "device.h"
#include "error.h"
#include <stdlib.h>

quern_status quern_context_create(const char *device, quern_context **context) {
  if (context == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "context: the result pointer is NULL");
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

quern_status quern_context_create_on(const quern_device *device, quern_context **context) {
  if (device == NULL || context == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "context: the device or the result pointer is NULL");
  *context = NULL;
  quern_context *made = calloc(1, sizeof *made);
  if (made == NULL) return quern__fail_memory("context", sizeof *made);
  made->backend = device->backend;
  made->holds = 1;
  quern_status status;
  QUERN__TRY(quern__device_info_copy(&device->info, &made->info));
  QUERN__TRY(made->backend->open(&made->info, device->handle, &made->state));
  *context = made;
  return QUERN_OK;
cleanup:
  quern__device_info_free(&made->info);
  free(made);
  return status;
}

void quern__context_hold(quern_context *context) {
  context->holds++;
}

void quern__context_release(quern_context *context) {
  if (--context->holds > 0) return;
  context->backend->close(context->state);
  quern__device_info_free(&context->info);
  free(context);
}

void quern_context_free(quern_context *context) {
  if (context != NULL) quern__context_release(context);
}

void quern_context_describe(const quern_context *context, quern_device_info *info) {
  *info = context->info;
}

const char *quern_context_build_log(const quern_context *context) {
  return context->backend->build_log != NULL ? context->backend->build_log(context->state) : "";
}

quern_status quern_context_finish(quern_context *context) {
  if (context == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "finish: the context is NULL");
  return context->backend->finish(context->state);
}

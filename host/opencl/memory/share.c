/* Shares OpenCL objects with the calling program: include/quern/opencl.h. */
#include <quern/opencl.h>

#include "../../device/context.h"
#include "../state.h"
#include <stdlib.h>

static quern_status check_context(const char *what, const quern_context *context) {
  if (context == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "%s: the context is NULL", what);
  if (context->backend != &quern__opencl_backend)
    return quern__fail(QUERN_ERROR_ARGUMENT, "%s: the context runs on %s, expected opencl", what,
                       context->backend->name);
  return QUERN_OK;
}

static quern_status check_device(cl_context context, cl_device_id device) {
  size_t bytes = 0;
  QUERN__FORWARD(
      QUERN__CL(GetContextInfo, "opencl context", context, CL_CONTEXT_DEVICES, 0, NULL, &bytes));
  cl_device_id *devices = malloc(bytes > 0 ? bytes : 1);
  if (devices == NULL) return quern__fail_memory("opencl context", bytes);
  bool found = false;
  quern_status status =
      quern__cl_GetContextInfo("opencl context", context, CL_CONTEXT_DEVICES, bytes, devices);
  for (size_t i = 0; status == QUERN_OK && !found && i < bytes / sizeof *devices; i++)
    found = devices[i] == device;
  free(devices);
  if (status == QUERN_OK && !found)
    status = quern__fail(QUERN_ERROR_ARGUMENT,
                         "opencl context: the device is not one of the cl_context's");
  return status;
}

/* Checks that the queue belongs to the context and device, and gets its *properties. */
static quern_status check_queue(const quern__cl_external *given,
                                cl_command_queue_properties *properties) {
  cl_context context = NULL;
  cl_device_id device = NULL;
  const char *what = "opencl context: the queue";
  QUERN__FORWARD(quern__cl_GetCommandQueueInfo(what, given->queue, CL_QUEUE_CONTEXT,
                                               sizeof(cl_context), &context));
  QUERN__FORWARD(quern__cl_GetCommandQueueInfo(what, given->queue, CL_QUEUE_DEVICE,
                                               sizeof(cl_device_id), &device));
  QUERN__FORWARD(quern__cl_GetCommandQueueInfo(what, given->queue, CL_QUEUE_PROPERTIES,
                                               sizeof *properties, properties));
  if (context != given->context)
    return quern__fail(QUERN_ERROR_ARGUMENT, "%s belongs to another cl_context", what);
  if (device != given->device)
    return quern__fail(QUERN_ERROR_ARGUMENT, "%s belongs to another device", what);
  /* CL_QUEUE_ON_DEVICE, which OpenCL 1.2 does not name. */
  if ((*properties & ((cl_command_queue_properties)1 << 2)) != 0)
    return quern__fail(QUERN_ERROR_ARGUMENT, "%s is on the device, expected one of the host's",
                       what);
  return QUERN_OK;
}

quern_status quern_opencl_context_create(cl_context context, cl_device_id device,
                                         cl_command_queue queue, quern_context **result) {
  if (result == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "opencl context: the result pointer is NULL");
  *result = NULL;
  if (context == NULL || device == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "opencl context: the cl_context or the cl_device_id is NULL");
  char why[320];
  if (!quern__cl_load(why, sizeof why))
    return quern__fail(quern__cl_load_failure(), "opencl context: %s", why);

  quern__cl_external given = {.device = device, .context = context, .queue = queue};
  QUERN__FORWARD(check_device(context, device));
  if (queue != NULL) {
    cl_command_queue_properties properties = 0;
    QUERN__FORWARD(check_queue(&given, &properties));
    if ((properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE) != 0) {
      given.queue = NULL;
      given.properties = properties & CL_QUEUE_PROFILING_ENABLE;
    }
  }
  quern_device_info info = {0};
  void *state = NULL;
  quern_status status;
  QUERN__TRY(quern__cl_describe(device, &info));
  QUERN__TRY(quern__cl_open_external(&info, &given, &state));
  QUERN__TRY(quern__context_wrap(&quern__opencl_backend, &info, state, result));
  state = NULL;

cleanup:
  if (state != NULL) quern__cl_close(state);
  quern__device_info_free(&info);
  return status;
}

quern_status quern_opencl_context_objects(const quern_context *context, cl_context *cl,
                                          cl_device_id *device, cl_command_queue *queue) {
  QUERN__FORWARD(check_context("opencl context objects", context));
  const quern__cl *state = context->state;
  if (cl != NULL) *cl = state->context;
  if (device != NULL) *device = state->device;
  if (queue != NULL) *queue = state->queue;
  return QUERN_OK;
}

/* Properties of a cl_mem that are checked before it is wrapped. */
typedef struct memory_facts {
  cl_context context;
  cl_mem_object_type type;
  cl_mem_flags flags;
  size_t size;
  cl_mem parent; /* of a sub-buffer */
  size_t origin; /* in it */
} memory_facts;

static quern_status find_facts(cl_mem memory, memory_facts *facts) {
#define FACT(parameter, member)                                                                    \
  QUERN__FORWARD(quern__cl_GetMemObjectInfo("buffer wrap", memory, parameter,                      \
                                            sizeof facts->member, &facts->member))
  FACT(CL_MEM_CONTEXT, context);
  FACT(CL_MEM_TYPE, type);
  FACT(CL_MEM_FLAGS, flags);
  FACT(CL_MEM_SIZE, size);
  FACT(CL_MEM_ASSOCIATED_MEMOBJECT, parent);
  FACT(CL_MEM_OFFSET, origin);
#undef FACT
  return QUERN_OK;
}

static quern_status check_facts(const quern__cl *cl, const memory_facts *facts) {
  if (facts->context != cl->context)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "buffer wrap: the cl_mem belongs to another cl_context");
  if (facts->type != CL_MEM_OBJECT_BUFFER)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "buffer wrap: the cl_mem is an image or a pipe, expected a buffer");
  if ((facts->flags & (CL_MEM_READ_ONLY | CL_MEM_WRITE_ONLY)) != 0)
    return quern__fail(
        QUERN_ERROR_ARGUMENT, "buffer wrap: the cl_mem was made %s, expected CL_MEM_READ_WRITE",
        (facts->flags & CL_MEM_READ_ONLY) != 0 ? "CL_MEM_READ_ONLY" : "CL_MEM_WRITE_ONLY");
  if (facts->parent == NULL) return QUERN_OK;
  cl_uint bits = 0;
  QUERN__FORWARD(quern__cl_GetDeviceInfo("buffer wrap", cl->device, CL_DEVICE_MEM_BASE_ADDR_ALIGN,
                                         sizeof bits, &bits));
  if (bits >= 8 && facts->origin % (bits / 8) != 0)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "buffer wrap: the sub-buffer begins at byte %zu of its buffer, expected a "
                       "multiple of %u, which the device requires",
                       facts->origin, bits / 8);
  return QUERN_OK;
}

/* Retains the cl_mem if [offset, offset + bytes) of it can be wrapped. */
static quern_status retain_part(const quern__cl *cl, cl_mem memory, size_t offset, size_t bytes,
                                memory_facts *facts) {
  QUERN__FORWARD(find_facts(memory, facts));
  QUERN__FORWARD(check_facts(cl, facts));
  QUERN__FORWARD(quern__check_range("buffer wrap", offset, bytes, facts->size));
  return QUERN__CL(RetainMemObject, "buffer wrap", memory);
}

quern_status quern_opencl_buffer_wrap(quern_context *context, cl_mem memory, size_t offset,
                                      size_t bytes, quern_buffer **buffer) {
  if (buffer == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "buffer wrap: the result pointer is NULL");
  *buffer = NULL;
  QUERN__FORWARD(check_context("buffer wrap", context));
  if (memory == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "buffer wrap: the cl_mem is NULL");
  if (bytes == 0)
    return quern__fail(QUERN_ERROR_ARGUMENT, "buffer wrap: 0 bytes requested, expected at least 1");
  if (offset % QUERN__BASE_ALIGNMENT != 0)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "buffer wrap: it begins at byte %zu, expected a multiple of %d", offset,
                       (int)QUERN__BASE_ALIGNMENT);
  memory_facts facts = {0};
  QUERN__FORWARD(QUERN__CALL(context, retain_part(context->state, memory, offset, bytes, &facts)));
  const quern_status status = quern__buffer_wrap(context, memory, offset, bytes, buffer);
  if (status != QUERN_OK) {
    quern__cl_call.ReleaseMemObject(memory);
    return status;
  }
  if (facts.parent != NULL) {
    (*buffer)->range = facts.parent;
    (*buffer)->range_begin = facts.origin + offset;
  }
  return QUERN_OK;
}

quern_status quern_opencl_buffer_memory(const quern_buffer *buffer, cl_mem *memory,
                                        size_t *offset) {
  if (buffer == NULL || memory == NULL || offset == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "buffer memory: the buffer or a result pointer is NULL");
  QUERN__FORWARD(check_context("buffer memory", buffer->context));
  *memory = buffer->memory;
  *offset = buffer->base;
  return QUERN_OK;
}

static quern_status check_events(const quern__cl *cl, cl_uint count, const cl_event *events) {
  for (cl_uint i = 0; i < count; i++) {
    if (events[i] == NULL)
      return quern__fail(QUERN_ERROR_ARGUMENT, "opencl wait: event %u is NULL", i);
    cl_context context = NULL;
    QUERN__FORWARD(quern__cl_GetEventInfo("opencl wait", events[i], CL_EVENT_CONTEXT,
                                          sizeof(cl_context), &context));
    if (context != cl->context)
      return quern__fail(QUERN_ERROR_ARGUMENT,
                         "opencl wait: event %u belongs to another cl_context", i);
  }
  return QUERN_OK;
}

static quern_status queue_wait(const quern__cl *cl, cl_uint count, const cl_event *events) {
  QUERN__FORWARD(check_events(cl, count, events));
  return QUERN__CL(EnqueueBarrierWithWaitList, "opencl wait", cl->queue, count, events, NULL);
}

quern_status quern_opencl_wait(quern_context *context, cl_uint count, const cl_event *events) {
  QUERN__FORWARD(check_context("opencl wait", context));
  if (count == 0) return QUERN_OK;
  if (events == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "opencl wait: the events are NULL");
  return QUERN__CALL(context, queue_wait(context->state, count, events));
}

quern_status quern_opencl_event(quern_context *context, cl_event *event) {
  if (event == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "opencl event: the result pointer is NULL");
  *event = NULL;
  QUERN__FORWARD(check_context("opencl event", context));
  return QUERN__CALL(context, quern__cl_queue_event(context->state, "opencl event", event));
}

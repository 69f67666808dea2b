/* Entry points of buffers and events. */
#include "opencl_shim_calls.h"

SHIM cl_mem clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host,
                           cl_int *error) {
  SHIM_FAIL_MAKING(CreateBuffer)
  cl_mem memory =
      shim_created(SHIM_BUFFER, shim_driver.CreateBuffer(context, flags, size, host, error));
  /* Memory that is allocated on the host is not the device's. */
  if (memory != NULL && (flags & CL_MEM_ALLOC_HOST_PTR) == 0)
    atomic_fetch_add(&shim_allocated, size);
  return memory;
}

SHIM cl_int clGetMemObjectInfo(cl_mem memory, cl_mem_info name, size_t size, void *value,
                               size_t *size_ret){SHIM_QUERY(GetMemObjectInfo, memory)}

SHIM cl_int clRetainMemObject(cl_mem memory) {
  SHIM_FAIL(RetainMemObject)
  return shim_retained(SHIM_BUFFER, shim_driver.RetainMemObject(memory));
}

SHIM cl_int clReleaseMemObject(cl_mem memory) {
  return shim_also_fails("clReleaseMemObject",
                         shim_released(SHIM_BUFFER, shim_driver.ReleaseMemObject(memory)));
}

SHIM cl_mem clCreateSubBuffer(cl_mem whole, cl_mem_flags flags, cl_buffer_create_type type,
                              const void *info, cl_int *error) {
  return shim_created(SHIM_BUFFER, shim_other.CreateSubBuffer(whole, flags, type, info, error));
}

SHIM cl_int clEnqueueReadBuffer(cl_command_queue queue, cl_mem memory, cl_bool wait, size_t offset,
                                size_t size, void *to, cl_uint count, const cl_event *after,
                                cl_event *event) {
  SHIM_FAIL(EnqueueReadBuffer)
  return shim_queued(
      shim_driver.EnqueueReadBuffer(queue, memory, wait, offset, size, to, count, after, event),
      event);
}

SHIM cl_int clEnqueueWriteBuffer(cl_command_queue queue, cl_mem memory, cl_bool wait, size_t offset,
                                 size_t size, const void *from, cl_uint count,
                                 const cl_event *after, cl_event *event) {
  SHIM_FAIL(EnqueueWriteBuffer)
  return shim_queued(
      shim_driver.EnqueueWriteBuffer(queue, memory, wait, offset, size, from, count, after, event),
      event);
}

SHIM cl_int clEnqueueCopyBuffer(cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset,
                                size_t to_offset, size_t size, cl_uint count, const cl_event *after,
                                cl_event *event) {
  SHIM_FAIL(EnqueueCopyBuffer)
  return shim_queued(shim_driver.EnqueueCopyBuffer(queue, from, to, from_offset, to_offset, size,
                                                   count, after, event),
                     event);
}

SHIM cl_int clEnqueueFillBuffer(cl_command_queue queue, cl_mem memory, const void *pattern,
                                size_t pattern_size, size_t offset, size_t size, cl_uint count,
                                const cl_event *after, cl_event *event) {
  SHIM_FAIL(EnqueueFillBuffer)
  return shim_queued(shim_driver.EnqueueFillBuffer(queue, memory, pattern, pattern_size, offset,
                                                   size, count, after, event),
                     event);
}

SHIM void *clEnqueueMapBuffer(cl_command_queue queue, cl_mem memory, cl_bool wait,
                              cl_map_flags flags, size_t offset, size_t size, cl_uint count,
                              const cl_event *after, cl_event *event, cl_int *error) {
  SHIM_FAIL_MAKING(EnqueueMapBuffer)
  void *mapped = shim_driver.EnqueueMapBuffer(queue, memory, wait, flags, offset, size, count,
                                              after, event, error);
  if (mapped != NULL) shim_queued(CL_SUCCESS, event);
  return mapped;
}

/* Like a release, it does its work even if it returns an error. */
SHIM cl_int clEnqueueUnmapMemObject(cl_command_queue queue, cl_mem memory, void *mapped,
                                    cl_uint count, const cl_event *after, cl_event *event) {
  return shim_also_fails(
      "clEnqueueUnmapMemObject",
      shim_queued(shim_driver.EnqueueUnmapMemObject(queue, memory, mapped, count, after, event),
                  event));
}

SHIM cl_int clEnqueueMarkerWithWaitList(cl_command_queue queue, cl_uint count,
                                        const cl_event *after, cl_event *event) {
  SHIM_FAIL(EnqueueMarkerWithWaitList)
  return shim_queued(shim_driver.EnqueueMarkerWithWaitList(queue, count, after, event), event);
}

SHIM cl_int clEnqueueBarrierWithWaitList(cl_command_queue queue, cl_uint count,
                                         const cl_event *after, cl_event *event) {
  SHIM_FAIL(EnqueueBarrierWithWaitList)
  return shim_queued(shim_driver.EnqueueBarrierWithWaitList(queue, count, after, event), event);
}

SHIM cl_int clGetEventInfo(cl_event event, cl_event_info name, size_t size, void *value,
                           size_t *size_ret){SHIM_QUERY(GetEventInfo, event)}

SHIM cl_int clReleaseEvent(cl_event event) {
  return shim_also_fails("clReleaseEvent",
                         shim_released(SHIM_EVENT, shim_driver.ReleaseEvent(event)));
}

SHIM cl_event clCreateUserEvent(cl_context context, cl_int *error) {
  return shim_created(SHIM_EVENT, shim_other.CreateUserEvent(context, error));
}

SHIM cl_int clSetUserEventStatus(cl_event event, cl_int status) {
  return shim_other.SetUserEventStatus(event, status);
}

SHIM cl_int clWaitForEvents(cl_uint count, const cl_event *events) {
  SHIM_FAIL(WaitForEvents)
  return shim_driver.WaitForEvents(count, events);
}

SHIM cl_int clGetEventProfilingInfo(cl_event event, cl_profiling_info name, size_t size,
                                    void *value, size_t *size_ret) {
  return shim_other.GetEventProfilingInfo(event, name, size, value, size_ret);
}

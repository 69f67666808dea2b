/* Entry points of platforms, devices, contexts and queues. */
#include "opencl_shim_calls.h"
#include "opencl_shim_keep.h"

#include <CL/cl_ext.h>

SHIM cl_int clGetPlatformIDs(cl_uint entries, cl_platform_id *platforms, cl_uint *count) {
  SHIM_FAIL(GetPlatformIDs)
  if (shim_driver.GetPlatformIDs == NULL) {
    if (count != NULL) *count = 0;
    return CL_PLATFORM_NOT_FOUND_KHR;
  }
  return shim_driver.GetPlatformIDs(entries, platforms, count);
}

/* The name that QUERN_TEST_DRIVER_TEXT gives to drivers; NULL: the real one. */
static const char *text_instead(bool wanted) {
  return wanted ? getenv("QUERN_TEST_DRIVER_TEXT") : NULL;
}

static cl_int answer_text(const char *text, size_t size, void *value, size_t *size_ret) {
  if (size_ret != NULL) *size_ret = strlen(text) + 1;
  if (value == NULL) return CL_SUCCESS;
  if (size < strlen(text) + 1) return CL_INVALID_VALUE;
  memcpy(value, text, strlen(text) + 1);
  return CL_SUCCESS;
}

SHIM cl_int clGetPlatformInfo(cl_platform_id platform, cl_platform_info name, size_t size,
                              void *value, size_t *size_ret) {
  const char *text = text_instead(name == CL_PLATFORM_NAME);
  if (text != NULL) return answer_text(text, size, value, size_ret);
  SHIM_QUERY(GetPlatformInfo, platform)
}

SHIM cl_int clGetDeviceIDs(cl_platform_id platform, cl_device_type type, cl_uint entries,
                           cl_device_id *devices, cl_uint *count) {
  SHIM_FAIL(GetDeviceIDs)
  return shim_driver.GetDeviceIDs(platform, type, entries, devices, count);
}

SHIM cl_int clGetDeviceInfo(cl_device_id device, cl_device_info name, size_t size, void *value,
                            size_t *size_ret) {
  const char *text = text_instead(name == CL_DEVICE_NAME || name == CL_DRIVER_VERSION);
  if (text != NULL) return answer_text(text, size, value, size_ret);
  SHIM_FAIL(GetDeviceInfo)
  if (name == CL_DEVICE_HOST_UNIFIED_MEMORY && value != NULL && !quern_shim_cuts() &&
      atomic_load(&shim_is_discrete)) {
    *(cl_bool *)value = CL_FALSE;
    if (size_ret != NULL) *size_ret = sizeof(cl_bool);
    return CL_SUCCESS;
  }
  SHIM_ANSWER(GetDeviceInfo, device)
}

SHIM cl_context clCreateContext(const cl_context_properties *properties, cl_uint count,
                                const cl_device_id *devices,
                                void(CL_CALLBACK *notify)(const char *, const void *, size_t,
                                                          void *),
                                void *user, cl_int *error) {
  SHIM_FAIL_MAKING(CreateContext)
  cl_context context = quern_shim_kept_context();
  if (context == NULL) {
    context = shim_driver.CreateContext(properties, count, devices, notify, user, error);
    quern_shim_keep_context(context);
  } else if (error != NULL) {
    *error = CL_SUCCESS;
  }
  return shim_created(SHIM_CONTEXT, context);
}

SHIM cl_int clGetContextInfo(cl_context context, cl_context_info name, size_t size, void *value,
                             size_t *size_ret){SHIM_QUERY(GetContextInfo, context)}

SHIM cl_int clRetainContext(cl_context context) {
  SHIM_FAIL(RetainContext)
  return shim_retained(SHIM_CONTEXT, shim_driver.RetainContext(context));
}

SHIM cl_int clReleaseContext(cl_context context) {
  return shim_also_fails("clReleaseContext",
                         shim_released(SHIM_CONTEXT, shim_driver.ReleaseContext(context)));
}

SHIM cl_command_queue clCreateCommandQueue(cl_context context, cl_device_id device,
                                           cl_command_queue_properties properties, cl_int *error) {
  SHIM_FAIL_MAKING(CreateCommandQueue)
  return shim_created(SHIM_QUEUE,
                      shim_driver.CreateCommandQueue(context, device, properties, error));
}

SHIM cl_int clGetCommandQueueInfo(cl_command_queue queue, cl_command_queue_info name, size_t size,
                                  void *value,
                                  size_t *size_ret){SHIM_QUERY(GetCommandQueueInfo, queue)}

SHIM cl_int clRetainCommandQueue(cl_command_queue queue) {
  SHIM_FAIL(RetainCommandQueue)
  return shim_retained(SHIM_QUEUE, shim_driver.RetainCommandQueue(queue));
}

SHIM cl_int clReleaseCommandQueue(cl_command_queue queue) {
  return shim_also_fails("clReleaseCommandQueue",
                         shim_released(SHIM_QUEUE, shim_driver.ReleaseCommandQueue(queue)));
}

SHIM cl_int clFlush(cl_command_queue queue) {
  SHIM_FAIL(Flush)
  return shim_driver.Flush(queue);
}

SHIM cl_int clFinish(cl_command_queue queue) {
  return shim_also_fails("clFinish", shim_driver.Finish(queue));
}

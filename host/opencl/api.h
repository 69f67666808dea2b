/* OpenCL as quern uses it: entry points found at run time, and the one checked path through
 * them. */
#ifndef QUERN_HOST_OPENCL_API_H
#define QUERN_HOST_OPENCL_API_H

#include "../base/error.h"
#include <CL/cl.h>
#include <stdbool.h>

/* X(Name): every entry point that quern calls, without its "cl". All are of OpenCL 1.2. */
#define QUERN__CL_FUNCTIONS(X)                                                                     \
  X(GetPlatformIDs)                                                                                \
  X(GetPlatformInfo)                                                                               \
  X(GetDeviceIDs)                                                                                  \
  X(GetDeviceInfo)                                                                                 \
  X(CreateContext)                                                                                 \
  X(GetContextInfo)                                                                                \
  X(RetainContext)                                                                                 \
  X(ReleaseContext)                                                                                \
  X(CreateCommandQueue)                                                                            \
  X(GetCommandQueueInfo)                                                                           \
  X(RetainCommandQueue)                                                                            \
  X(ReleaseCommandQueue)                                                                           \
  X(CreateBuffer)                                                                                  \
  X(GetMemObjectInfo)                                                                              \
  X(RetainMemObject)                                                                               \
  X(ReleaseMemObject)                                                                              \
  X(GetEventInfo)                                                                                  \
  X(WaitForEvents)                                                                                 \
  X(ReleaseEvent)                                                                                  \
  X(CreateProgramWithSource)                                                                       \
  X(CreateProgramWithBinary)                                                                       \
  X(BuildProgram)                                                                                  \
  X(GetProgramInfo)                                                                                \
  X(GetProgramBuildInfo)                                                                           \
  X(ReleaseProgram)                                                                                \
  X(CreateKernel)                                                                                  \
  X(ReleaseKernel)                                                                                 \
  X(SetKernelArg)                                                                                  \
  X(EnqueueNDRangeKernel)                                                                          \
  X(EnqueueReadBuffer)                                                                             \
  X(EnqueueWriteBuffer)                                                                            \
  X(EnqueueCopyBuffer)                                                                             \
  X(EnqueueFillBuffer)                                                                             \
  X(EnqueueMapBuffer)                                                                              \
  X(EnqueueUnmapMemObject)                                                                         \
  X(EnqueueMarkerWithWaitList)                                                                     \
  X(EnqueueBarrierWithWaitList)                                                                    \
  X(Flush)                                                                                         \
  X(Finish)

typedef struct quern__cl_functions {
#define QUERN__CL_FUNCTION_MEMBER(name) __typeof__(cl##name) *name;
  QUERN__CL_FUNCTIONS(QUERN__CL_FUNCTION_MEMBER)
#undef QUERN__CL_FUNCTION_MEMBER
} quern__cl_functions;

/* Filled by the first successful quern__cl_load and constant from then on. */
extern quern__cl_functions quern__cl_call;

/* Opens the library that QUERN_OPENCL_LIBRARY names, else libOpenCL.so.1, and finds every entry
 * point. Any thread may call it; after a success it is cheap. The library stays open until the
 * process ends, since loaders and drivers do not survive being unloaded. A failure writes its
 * reason to `why`, and the next call tries again. */
QUERN__CHECKED bool quern__cl_load(char *why, size_t why_size);

/* A lock around finding platforms and creating contexts and queues. The loader and some drivers
 * (PoCL) initialize themselves in the first such call; two at once find no device, or crash
 * (docs/measurements.md). */
void quern__cl_setup_lock(void);
void quern__cl_setup_unlock(void);

/* The status for a quern__cl_load that failed: QUERN_ERROR_FORKED in the child of a process that
 * had opened OpenCL, since the drivers' threads exist only there; else QUERN_ERROR_NO_DEVICE. */
quern_status quern__cl_load_failure(void);

/* QUERN_OK for CL_SUCCESS; otherwise fails with "entry_point (what): CL_NAME (number)" and the
 * status that fits. */
quern_status quern__cl_check(cl_int error, const char *entry_point, const char *what);

/* Calls an entry point that returns its error: QUERN__CL(Finish, "context", queue) is a
 * quern_status. */
#define QUERN__CL(name, what, ...)                                                                 \
  quern__cl_check(quern__cl_call.name(__VA_ARGS__), "cl" #name, what)

/* X(Name, handle): the entry points that answer a question about an object. For each there is
 * quern__cl_GetDeviceInfo(what, device, parameter, size, value) and so on: QUERN_OK only if exactly
 * `size` bytes were answered, since a shorter answer leaves the rest of the value unset. */
#define QUERN__CL_QUESTIONS(X)                                                                     \
  X(GetPlatformInfo, cl_platform_id)                                                               \
  X(GetDeviceInfo, cl_device_id)                                                                   \
  X(GetContextInfo, cl_context)                                                                    \
  X(GetCommandQueueInfo, cl_command_queue)                                                         \
  X(GetMemObjectInfo, cl_mem)                                                                      \
  X(GetEventInfo, cl_event)                                                                        \
  X(GetProgramInfo, cl_program)

#define QUERN__CL_QUESTION_FUNCTION(name, handle)                                                  \
  quern_status quern__cl_##name(const char *what, handle object, cl_uint parameter, size_t size,   \
                                void *value);
QUERN__CL_QUESTIONS(QUERN__CL_QUESTION_FUNCTION)
#undef QUERN__CL_QUESTION_FUNCTION

/* "CL_INVALID_VALUE" …; "unknown OpenCL error" for a number that OpenCL 1.2 does not name.
 * Static. */
const char *quern__cl_error_name(cl_int error);

#endif

/* Stands in for the OpenCL loader, which quern opens by QUERN_OPENCL_LIBRARY: forwards every call
 * to libOpenCL.so.1 and counts live objects by type. A process that ends with objects alive ends
 * with status LEAKED, whatever it meant to return, so that the command and plain tests are covered
 * too. Where there is no libOpenCL.so.1 it has no platforms.
 *
 * QUERN_TEST_DRIVER_TEXT, where it is set, is what platforms and devices are called.
 *
 * Between the caller and the forwarding stands opencl_shim_fault.h, which fails calls where a test
 * asks for it, and opencl_shim_keep.h, which has the driver make things once.
 *
 * There is one function for each entry point that quern loads; an entry point missing here fails
 * quern's loading. */
#include "opencl_shim.h"
#include "opencl_shim_fault.h"
#include "opencl_shim_keep.h"
#include "opencl_shim_mutate.h"

#include "opencl/api.h"
#include <CL/cl_ext.h>
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEAKED = 98 };

#define SHIM __attribute__((visibility("default")))

/* X(TYPE, "plural") */
#define OBJECTS(X)                                                                                 \
  X(CONTEXT, "contexts")                                                                           \
  X(QUEUE, "queues")                                                                               \
  X(BUFFER, "buffers")                                                                             \
  X(PROGRAM, "programs")                                                                           \
  X(KERNEL, "kernels")                                                                             \
  X(EVENT, "events")

typedef enum object {
#define OBJECT_VALUE(type, text) type,
  OBJECTS(OBJECT_VALUE)
#undef OBJECT_VALUE
      OBJECT_TYPES
} object;

static const char *const object_names[] = {
#define OBJECT_NAME(type, text) text,
    OBJECTS(OBJECT_NAME)
#undef OBJECT_NAME
};

static quern__cl_functions real;

/* X(Name): what quern has no use for and programs that share their objects with it do; the tests
 * are such. */
#define OTHER_FUNCTIONS(X)                                                                         \
  X(CreateSubBuffer)                                                                               \
  X(CreateUserEvent)                                                                               \
  X(RetainProgram)                                                                                 \
  X(SetUserEventStatus)                                                                            \
  X(GetEventProfilingInfo)

static struct {
#define OTHER_MEMBER(name) __typeof__(cl##name) *name;
  OTHER_FUNCTIONS(OTHER_MEMBER)
#undef OTHER_MEMBER
} other;
static bool opened;
static pid_t process;
static atomic_long live[OBJECT_TYPES];
static atomic_size_t allocated, sources;
static atomic_bool is_discrete;

__attribute__((constructor)) static void open_loader(void) {
  process = getpid();
  void *loader = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
  if (loader == NULL) return;
#define FIND(name) *(void **)&real.name = dlsym(loader, "cl" #name);
  QUERN__CL_FUNCTIONS(FIND)
#undef FIND
#define FIND(name) *(void **)&other.name = dlsym(loader, "cl" #name);
  OTHER_FUNCTIONS(FIND)
#undef FIND
  quern_shim_keep_open(&real, other.RetainProgram);
  opened = true;
}

SHIM size_t quern_shim_live(void) {
  size_t sum = 0;
  for (int type = 0; type < OBJECT_TYPES; type++) sum += (size_t)labs(atomic_load(&live[type]));
  return sum;
}

SHIM size_t quern_shim_allocated(void) {
  return atomic_load(&allocated);
}

SHIM void quern_shim_set_discrete(bool discrete) {
  atomic_store(&is_discrete, discrete);
}

SHIM size_t quern_shim_sources(void) {
  return atomic_load(&sources);
}

SHIM void quern_shim_describe(char *text, size_t size) {
  size_t used = 0;
  for (int type = 0; type < OBJECT_TYPES && used < size; type++)
    used += (size_t)snprintf(text + used, size - used, "%s%s %ld", type == 0 ? "" : ", ",
                             object_names[type], atomic_load(&live[type]));
}

/* A forked child shares its parent's objects and answers for none. */
__attribute__((destructor)) static void report(void) {
  if (quern_shim_live() == 0 || getpid() != process) return;
  char text[256];
  quern_shim_describe(text, sizeof text);
  fprintf(stderr, "OpenCL objects alive at the end of the process: %s\n", text);
  fflush(NULL);
  _exit(LEAKED);
}

static void *created(object type, void *result) {
  if (result != NULL) atomic_fetch_add(&live[type], 1);
  return result;
}

static cl_int retained(object type, cl_int error) {
  if (error == CL_SUCCESS) atomic_fetch_add(&live[type], 1);
  return error;
}

static cl_int released(object type, cl_int error) {
  if (error == CL_SUCCESS) atomic_fetch_sub(&live[type], 1);
  return error;
}

/* An enqueueing call that may have made an event. */
static cl_int queued(cl_int error, const cl_event *event) {
  if (error == CL_SUCCESS && event != NULL) atomic_fetch_add(&live[EVENT], 1);
  return error;
}

/* --- Faults
 * --------------------------------------------------------------------------------------------- */

/* The first statement of an entry point that returns its error, and of one that makes an object. */
#define SHIM_FAIL(name)                                                                            \
  const cl_int fault = quern_shim_fails("cl" #name);                                               \
  if (fault != CL_SUCCESS) return fault;

#define SHIM_FAIL_MAKING(name)                                                                     \
  const cl_int fault = quern_shim_fails("cl" #name);                                               \
  if (fault != CL_SUCCESS) {                                                                       \
    if (error != NULL) *error = fault;                                                             \
    return NULL;                                                                                   \
  }

/* The error of a call that has done its work whatever it says. */
static cl_int also_fails(const char *entry, cl_int done) {
  const cl_int fault = quern_shim_fails(entry);
  return fault != CL_SUCCESS ? fault : done;
}

/* The body of an entry point that answers a question about `object`; where the answer is to be cut,
 * the caller gets half of its bytes. What `value` holds goes there and back, since it may be the
 * places where binaries are to go. */
#define SHIM_ANSWER(entry, object)                                                                 \
  if (!quern_shim_cuts()) return real.entry(object, name, size, value, size_ret);                  \
  size_t whole = 0;                                                                                \
  void *copy = calloc(1, size + 1);                                                                \
  if (copy == NULL) return CL_OUT_OF_HOST_MEMORY;                                                  \
  if (value != NULL) memcpy(copy, value, size);                                                    \
  const cl_int done = real.entry(object, name, size, value != NULL ? copy : NULL, &whole);         \
  if (done == CL_SUCCESS && value != NULL) memcpy(value, copy, whole / 2);                         \
  if (size_ret != NULL) *size_ret = whole / 2;                                                     \
  free(copy);                                                                                      \
  return done;

#define SHIM_QUERY(entry, object)                                                                  \
  SHIM_FAIL(entry)                                                                                 \
  SHIM_ANSWER(entry, object)

/* The binary of a program for one device, with each bit turned. */
static cl_int corrupt_binary(cl_program program, size_t size, unsigned char **binaries,
                             size_t *size_ret) {
  size_t bytes = 0;
  cl_int error = real.GetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof bytes, &bytes, NULL);
  if (error == CL_SUCCESS)
    error = real.GetProgramInfo(program, CL_PROGRAM_BINARIES, size, binaries, size_ret);
  for (size_t i = 0; error == CL_SUCCESS && i < bytes; i++) binaries[0][i] ^= 0xff;
  return error;
}

/* --- Platforms and devices
 * ------------------------------------------------------------------------------ */

SHIM cl_int clGetPlatformIDs(cl_uint entries, cl_platform_id *platforms, cl_uint *count) {
  SHIM_FAIL(GetPlatformIDs)
  if (!opened) {
    if (count != NULL) *count = 0;
    return CL_PLATFORM_NOT_FOUND_KHR;
  }
  return real.GetPlatformIDs(entries, platforms, count);
}

/* What drivers say of themselves where a test has them say it; NULL: what they do say. */
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
  return real.GetDeviceIDs(platform, type, entries, devices, count);
}

SHIM cl_int clGetDeviceInfo(cl_device_id device, cl_device_info name, size_t size, void *value,
                            size_t *size_ret) {
  const char *text = text_instead(name == CL_DEVICE_NAME || name == CL_DRIVER_VERSION);
  if (text != NULL) return answer_text(text, size, value, size_ret);
  SHIM_FAIL(GetDeviceInfo)
  if (name == CL_DEVICE_HOST_UNIFIED_MEMORY && value != NULL && !quern_shim_cuts() &&
      atomic_load(&is_discrete)) {
    *(cl_bool *)value = CL_FALSE;
    if (size_ret != NULL) *size_ret = sizeof(cl_bool);
    return CL_SUCCESS;
  }
  SHIM_ANSWER(GetDeviceInfo, device)
}

/* --- Contexts and queues
 * -------------------------------------------------------------------------------- */

SHIM cl_context clCreateContext(const cl_context_properties *properties, cl_uint count,
                                const cl_device_id *devices,
                                void(CL_CALLBACK *notify)(const char *, const void *, size_t,
                                                          void *),
                                void *user, cl_int *error) {
  SHIM_FAIL_MAKING(CreateContext)
  cl_context context = quern_shim_kept_context();
  if (context == NULL) {
    context = real.CreateContext(properties, count, devices, notify, user, error);
    quern_shim_keep_context(context);
  } else if (error != NULL) {
    *error = CL_SUCCESS;
  }
  return created(CONTEXT, context);
}

SHIM cl_int clGetContextInfo(cl_context context, cl_context_info name, size_t size, void *value,
                             size_t *size_ret){SHIM_QUERY(GetContextInfo, context)}

SHIM cl_int clRetainContext(cl_context context) {
  SHIM_FAIL(RetainContext)
  return retained(CONTEXT, real.RetainContext(context));
}

SHIM cl_int clReleaseContext(cl_context context) {
  return also_fails("clReleaseContext", released(CONTEXT, real.ReleaseContext(context)));
}

SHIM cl_command_queue clCreateCommandQueue(cl_context context, cl_device_id device,
                                           cl_command_queue_properties properties, cl_int *error) {
  SHIM_FAIL_MAKING(CreateCommandQueue)
  return created(QUEUE, real.CreateCommandQueue(context, device, properties, error));
}

SHIM cl_int clGetCommandQueueInfo(cl_command_queue queue, cl_command_queue_info name, size_t size,
                                  void *value,
                                  size_t *size_ret){SHIM_QUERY(GetCommandQueueInfo, queue)}

SHIM cl_int clRetainCommandQueue(cl_command_queue queue) {
  SHIM_FAIL(RetainCommandQueue)
  return retained(QUEUE, real.RetainCommandQueue(queue));
}

SHIM cl_int clReleaseCommandQueue(cl_command_queue queue) {
  return also_fails("clReleaseCommandQueue", released(QUEUE, real.ReleaseCommandQueue(queue)));
}

SHIM cl_int clFlush(cl_command_queue queue) {
  SHIM_FAIL(Flush)
  return real.Flush(queue);
}

SHIM cl_int clFinish(cl_command_queue queue) {
  return also_fails("clFinish", real.Finish(queue));
}

/* --- Buffers
 * -------------------------------------------------------------------------------------------- */

SHIM cl_mem clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host,
                           cl_int *error) {
  SHIM_FAIL_MAKING(CreateBuffer)
  cl_mem memory = created(BUFFER, real.CreateBuffer(context, flags, size, host, error));
  /* Memory that is asked of the host is none of the device's. */
  if (memory != NULL && (flags & CL_MEM_ALLOC_HOST_PTR) == 0) atomic_fetch_add(&allocated, size);
  return memory;
}

SHIM cl_int clGetMemObjectInfo(cl_mem memory, cl_mem_info name, size_t size, void *value,
                               size_t *size_ret){SHIM_QUERY(GetMemObjectInfo, memory)}

SHIM cl_int clRetainMemObject(cl_mem memory) {
  SHIM_FAIL(RetainMemObject)
  return retained(BUFFER, real.RetainMemObject(memory));
}

SHIM cl_int clReleaseMemObject(cl_mem memory) {
  return also_fails("clReleaseMemObject", released(BUFFER, real.ReleaseMemObject(memory)));
}

SHIM cl_mem clCreateSubBuffer(cl_mem whole, cl_mem_flags flags, cl_buffer_create_type type,
                              const void *info, cl_int *error) {
  return created(BUFFER, other.CreateSubBuffer(whole, flags, type, info, error));
}

SHIM cl_int clEnqueueReadBuffer(cl_command_queue queue, cl_mem memory, cl_bool wait, size_t offset,
                                size_t size, void *to, cl_uint count, const cl_event *after,
                                cl_event *event) {
  SHIM_FAIL(EnqueueReadBuffer)
  return queued(real.EnqueueReadBuffer(queue, memory, wait, offset, size, to, count, after, event),
                event);
}

SHIM cl_int clEnqueueWriteBuffer(cl_command_queue queue, cl_mem memory, cl_bool wait, size_t offset,
                                 size_t size, const void *from, cl_uint count,
                                 const cl_event *after, cl_event *event) {
  SHIM_FAIL(EnqueueWriteBuffer)
  return queued(
      real.EnqueueWriteBuffer(queue, memory, wait, offset, size, from, count, after, event), event);
}

SHIM cl_int clEnqueueCopyBuffer(cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset,
                                size_t to_offset, size_t size, cl_uint count, const cl_event *after,
                                cl_event *event) {
  SHIM_FAIL(EnqueueCopyBuffer)
  return queued(
      real.EnqueueCopyBuffer(queue, from, to, from_offset, to_offset, size, count, after, event),
      event);
}

SHIM cl_int clEnqueueFillBuffer(cl_command_queue queue, cl_mem memory, const void *pattern,
                                size_t pattern_size, size_t offset, size_t size, cl_uint count,
                                const cl_event *after, cl_event *event) {
  SHIM_FAIL(EnqueueFillBuffer)
  return queued(real.EnqueueFillBuffer(queue, memory, pattern, pattern_size, offset, size, count,
                                       after, event),
                event);
}

SHIM void *clEnqueueMapBuffer(cl_command_queue queue, cl_mem memory, cl_bool wait,
                              cl_map_flags flags, size_t offset, size_t size, cl_uint count,
                              const cl_event *after, cl_event *event, cl_int *error) {
  SHIM_FAIL_MAKING(EnqueueMapBuffer)
  void *mapped =
      real.EnqueueMapBuffer(queue, memory, wait, flags, offset, size, count, after, event, error);
  if (mapped != NULL) queued(CL_SUCCESS, event);
  return mapped;
}

/* As a release, it does its work whatever it says. */
SHIM cl_int clEnqueueUnmapMemObject(cl_command_queue queue, cl_mem memory, void *mapped,
                                    cl_uint count, const cl_event *after, cl_event *event) {
  return also_fails(
      "clEnqueueUnmapMemObject",
      queued(real.EnqueueUnmapMemObject(queue, memory, mapped, count, after, event), event));
}

/* --- Events
 * --------------------------------------------------------------------------------------------- */

SHIM cl_int clEnqueueMarkerWithWaitList(cl_command_queue queue, cl_uint count,
                                        const cl_event *after, cl_event *event) {
  SHIM_FAIL(EnqueueMarkerWithWaitList)
  return queued(real.EnqueueMarkerWithWaitList(queue, count, after, event), event);
}

SHIM cl_int clEnqueueBarrierWithWaitList(cl_command_queue queue, cl_uint count,
                                         const cl_event *after, cl_event *event) {
  SHIM_FAIL(EnqueueBarrierWithWaitList)
  return queued(real.EnqueueBarrierWithWaitList(queue, count, after, event), event);
}

SHIM cl_int clGetEventInfo(cl_event event, cl_event_info name, size_t size, void *value,
                           size_t *size_ret){SHIM_QUERY(GetEventInfo, event)}

SHIM cl_int clReleaseEvent(cl_event event) {
  return also_fails("clReleaseEvent", released(EVENT, real.ReleaseEvent(event)));
}

SHIM cl_event clCreateUserEvent(cl_context context, cl_int *error) {
  return created(EVENT, other.CreateUserEvent(context, error));
}

SHIM cl_int clSetUserEventStatus(cl_event event, cl_int status) {
  return other.SetUserEventStatus(event, status);
}

SHIM cl_int clWaitForEvents(cl_uint count, const cl_event *events) {
  SHIM_FAIL(WaitForEvents)
  return real.WaitForEvents(count, events);
}

SHIM cl_int clGetEventProfilingInfo(cl_event event, cl_profiling_info name, size_t size,
                                    void *value, size_t *size_ret) {
  return other.GetEventProfilingInfo(event, name, size, value, size_ret);
}

/* --- Programs and kernels
 * ------------------------------------------------------------------------------- */

SHIM cl_program clCreateProgramWithSource(cl_context context, cl_uint count, const char **strings,
                                          const size_t *lengths, cl_int *error) {
  SHIM_FAIL_MAKING(CreateProgramWithSource)
  atomic_fetch_add(&sources, 1);
  char *mutant = quern_shim_mutated(count, strings, lengths);
  const char *text = mutant;
  cl_program made = mutant != NULL
                        ? real.CreateProgramWithSource(context, 1, &text, NULL, error)
                        : real.CreateProgramWithSource(context, count, strings, lengths, error);
  free(mutant);
  quern_shim_keep_source(made, count, strings, lengths);
  return created(PROGRAM, made);
}

SHIM cl_program clCreateProgramWithBinary(cl_context context, cl_uint count,
                                          const cl_device_id *devices, const size_t *sizes,
                                          const unsigned char **binaries, cl_int *statuses,
                                          cl_int *error) {
  SHIM_FAIL_MAKING(CreateProgramWithBinary)
  return created(PROGRAM, real.CreateProgramWithBinary(context, count, devices, sizes, binaries,
                                                       statuses, error));
}

SHIM cl_int clGetProgramInfo(cl_program program, cl_program_info name, size_t size, void *value,
                             size_t *size_ret) {
  const bool corrupts = name == CL_PROGRAM_BINARIES && value != NULL;
  SHIM_FAIL(GetProgramInfo)
  program = quern_shim_stand_in(program);
  if (corrupts && quern_shim_corrupts()) return corrupt_binary(program, size, value, size_ret);
  SHIM_ANSWER(GetProgramInfo, program)
}

SHIM cl_int clBuildProgram(cl_program program, cl_uint count, const cl_device_id *devices,
                           const char *options, void(CL_CALLBACK *notify)(cl_program, void *),
                           void *user) {
  SHIM_FAIL(BuildProgram)
  if (quern_shim_is_built(program, options)) return CL_SUCCESS;
  const cl_int error = real.BuildProgram(program, count, devices, options, notify, user);
  if (error == CL_SUCCESS) quern_shim_keep_built(program, options);
  return error;
}

SHIM cl_int clGetProgramBuildInfo(cl_program program, cl_device_id device,
                                  cl_program_build_info name, size_t size, void *value,
                                  size_t *size_ret) {
  SHIM_FAIL(GetProgramBuildInfo)
  if (name == CL_PROGRAM_BUILD_LOG && quern_shim_has_log()) {
    if (size_ret != NULL) *size_ret = sizeof QUERN_SHIM_LOG;
    if (value != NULL) memcpy(value, QUERN_SHIM_LOG, sizeof QUERN_SHIM_LOG);
    return CL_SUCCESS;
  }
  return real.GetProgramBuildInfo(quern_shim_stand_in(program), device, name, size, value,
                                  size_ret);
}

SHIM cl_int clReleaseProgram(cl_program program) {
  quern_shim_forget(program);
  return also_fails("clReleaseProgram", released(PROGRAM, real.ReleaseProgram(program)));
}

SHIM cl_kernel clCreateKernel(cl_program program, const char *name, cl_int *error) {
  SHIM_FAIL_MAKING(CreateKernel)
  return created(KERNEL, real.CreateKernel(quern_shim_stand_in(program), name, error));
}

SHIM cl_int clReleaseKernel(cl_kernel kernel) {
  return also_fails("clReleaseKernel", released(KERNEL, real.ReleaseKernel(kernel)));
}

SHIM cl_int clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value) {
  SHIM_FAIL(SetKernelArg)
  return real.SetKernelArg(kernel, index, size, value);
}

SHIM cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                                   const size_t *offset, const size_t *global, const size_t *local,
                                   cl_uint count, const cl_event *after, cl_event *event) {
  SHIM_FAIL(EnqueueNDRangeKernel)
  return queued(real.EnqueueNDRangeKernel(queue, kernel, dimensions, offset, global, local, count,
                                          after, event),
                event);
}

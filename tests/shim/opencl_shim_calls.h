/* Shared by the files that implement the shim's entry points: the driver's functions, the counts of
 * live objects, and faults. */
#ifndef QUERN_TESTS_OPENCL_SHIM_CALLS_H
#define QUERN_TESTS_OPENCL_SHIM_CALLS_H

#include "opencl/api.h"
#include "opencl_shim.h"
#include "opencl_shim_fault.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SHIM       __attribute__((visibility("default")))
#define SHIM_LOCAL __attribute__((visibility("hidden")))

/* X(TYPE, "plural") */
#define SHIM_OBJECTS(X)                                                                            \
  X(CONTEXT, "contexts")                                                                           \
  X(QUEUE, "queues")                                                                               \
  X(BUFFER, "buffers")                                                                             \
  X(PROGRAM, "programs")                                                                           \
  X(KERNEL, "kernels")                                                                             \
  X(EVENT, "events")

typedef enum shim_object {
#define SHIM_OBJECT_VALUE(type, text) SHIM_##type,
  SHIM_OBJECTS(SHIM_OBJECT_VALUE)
#undef SHIM_OBJECT_VALUE
      SHIM_OBJECT_TYPES
} shim_object;

/* X(Name): functions that quern does not call, and programs that share objects with it do; the
 * tests are such programs. */
#define SHIM_OTHER_FUNCTIONS(X)                                                                    \
  X(CreateSubBuffer)                                                                               \
  X(CreateUserEvent)                                                                               \
  X(RetainProgram)                                                                                 \
  X(SetUserEventStatus)                                                                            \
  X(GetEventProfilingInfo)

typedef struct shim_other_functions {
#define SHIM_OTHER_MEMBER(name) __typeof__(cl##name) *name;
  SHIM_OTHER_FUNCTIONS(SHIM_OTHER_MEMBER)
#undef SHIM_OTHER_MEMBER
} shim_other_functions;

/* The driver's functions; NULL if there is no libOpenCL.so.1. */
extern SHIM_LOCAL quern__cl_functions shim_driver;
extern SHIM_LOCAL shim_other_functions shim_other;

/* Bytes of buffers, and programs from source, created so far. */
extern SHIM_LOCAL atomic_size_t shim_allocated, shim_sources;

/* True if devices report memory of their own: see quern_shim_set_discrete. */
extern SHIM_LOCAL atomic_bool shim_is_discrete;

/* Count an object if the call succeeded, and return its result. */
SHIM_LOCAL void *shim_created(shim_object type, void *result);
SHIM_LOCAL cl_int shim_retained(shim_object type, cl_int error);
SHIM_LOCAL cl_int shim_released(shim_object type, cl_int error);

/* The same for a call that queues a command and may create an event. */
SHIM_LOCAL cl_int shim_queued(cl_int error, const cl_event *event);

/* Makes a call fail that has done its work, such as a release. */
SHIM_LOCAL cl_int shim_also_fails(const char *entry, cl_int done);

/* The first statement of an entry point that returns its error, and of one that creates an object.
 */
#define SHIM_FAIL(name)                                                                            \
  const cl_int fault = quern_shim_fails("cl" #name);                                               \
  if (fault != CL_SUCCESS) return fault;

#define SHIM_FAIL_MAKING(name)                                                                     \
  const cl_int fault = quern_shim_fails("cl" #name);                                               \
  if (fault != CL_SUCCESS) {                                                                       \
    if (error != NULL) *error = fault;                                                             \
    return NULL;                                                                                   \
  }

/* The body of an entry point that answers a question about `object`. If the answer is to be cut,
 * the caller gets half of its bytes. `value` is copied both ways, because it may hold the places of
 * binaries. */
#define SHIM_ANSWER(entry, object)                                                                 \
  if (!quern_shim_cuts()) return shim_driver.entry(object, name, size, value, size_ret);           \
  size_t whole = 0;                                                                                \
  void *copy = calloc(1, size + 1);                                                                \
  if (copy == NULL) return CL_OUT_OF_HOST_MEMORY;                                                  \
  if (value != NULL) memcpy(copy, value, size);                                                    \
  const cl_int done = shim_driver.entry(object, name, size, value != NULL ? copy : NULL, &whole);  \
  if (done == CL_SUCCESS && value != NULL) memcpy(value, copy, whole / 2);                         \
  if (size_ret != NULL) *size_ret = whole / 2;                                                     \
  free(copy);                                                                                      \
  return done;

#define SHIM_QUERY(entry, object)                                                                  \
  SHIM_FAIL(entry)                                                                                 \
  SHIM_ANSWER(entry, object)

#endif

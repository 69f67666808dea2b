/* A program's own OpenCL objects, for the tests of sharing. */
#ifndef QUERN_TESTS_OPENCL_SHARING_H
#define QUERN_TESTS_OPENCL_SHARING_H

#include "device/device.h"
#include "opencl/state.h"
#include "test.h"

#include <dlfcn.h>
#include <quern/opencl.h>
#include <stdlib.h>
#include <string.h>

enum {
  COUNT = 40,
  FIRST = 8,
  INSIDE = 20
}; /* floats of the caller's buffer; the start of the wrapped range; its length */

typedef struct caller {
  cl_device_id device;
  cl_context context;
  cl_command_queue queue; /* NULL for none */
  cl_mem memory;
} caller;

static inline caller caller_open(cl_command_queue_properties properties, bool with_queue) {
  caller result = {NULL, NULL, NULL, NULL};
  quern_device_list *list;
  const quern_device *device;
  cl_int error;
  float values[COUNT];
  for (size_t i = 0; i < COUNT; i++) values[i] = (float)i;
  assert_ok(quern_device_list_create(&list));
  assert_ok(quern_device_list_find(list, NULL, &device));
  result.device = device->handle;
  quern_device_list_free(list);
  result.context = quern__cl_call.CreateContext(NULL, 1, &result.device, NULL, NULL, &error);
  assert_int_equal(error, CL_SUCCESS);
  if (with_queue)
    result.queue =
        quern__cl_call.CreateCommandQueue(result.context, result.device, properties, &error);
  assert_int_equal(error, CL_SUCCESS);
  result.memory = quern__cl_call.CreateBuffer(
      result.context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, sizeof values, values, &error);
  assert_int_equal(error, CL_SUCCESS);
  return result;
}

static inline void caller_close(caller *result) {
  assert_int_equal(quern__cl_call.ReleaseMemObject(result->memory), CL_SUCCESS);
  if (result->queue != NULL)
    assert_int_equal(quern__cl_call.ReleaseCommandQueue(result->queue), CL_SUCCESS);
  assert_int_equal(quern__cl_call.ReleaseContext(result->context), CL_SUCCESS);
}

/* The wrapped range has the op's results; the rest of the buffer is unchanged. */
static inline void expect_filled(const float *values, float inside) {
  for (size_t i = 0; i < COUNT; i++)
    assert_true(values[i] == (i >= FIRST && i < FIRST + INSIDE ? inside : (float)i));
}

static inline quern_buffer *wrap(quern_context *context, const caller *from) {
  quern_buffer *buffer;
  assert_ok(quern_opencl_buffer_wrap(context, from->memory, FIRST * sizeof(float),
                                     INSIDE * sizeof(float), &buffer));
  cl_mem memory;
  size_t offset;
  assert_ok(quern_opencl_buffer_memory(buffer, &memory, &offset));
  assert_ptr_equal(memory, from->memory);
  assert_int_equal(offset, FIRST * sizeof(float));
  return buffer;
}

/* A function of the loader that quern does not use: *(void **)&function =
 * find_entry("clCreateUserEvent"). */
static inline void *find_entry(const char *name) {
  const char *shim = getenv("QUERN_TEST_SHIM");
  void *library = dlopen(shim != NULL ? shim : "libOpenCL.so.1", RTLD_NOW);
  assert_non_null(library);
  void *entry = dlsym(library, name);
  assert_non_null(entry);
  dlclose(library); /* quern has it open */
  return entry;
}

/* Oclgrind runs queued commands inside clFlush, on the calling thread. */
static inline bool runs_in_flush(const caller *mine) {
  char name[64] = "";
  assert_int_equal(
      quern__cl_call.GetDeviceInfo(mine->device, CL_DEVICE_NAME, sizeof name, name, NULL),
      CL_SUCCESS);
  return strstr(name, "Oclgrind") != NULL;
}

/* The caller's commands wait for an event that only the test completes, so a missing wait of
 * quern's always shows. If a flush itself would wait, the event is complete from the start, and
 * only the order is tested. */
typedef struct gate {
  __typeof__(clCreateUserEvent) *create;
  __typeof__(clSetUserEventStatus) *set;
  __typeof__(clWaitForEvents) *wait_for;
  cl_event closed;
  bool open;
} gate;

static inline gate gate_close(const caller *mine) {
  gate result;
  cl_int error;
  *(void **)&result.create = find_entry("clCreateUserEvent");
  *(void **)&result.set = find_entry("clSetUserEventStatus");
  *(void **)&result.wait_for = find_entry("clWaitForEvents");
  result.closed = result.create(mine->context, &error);
  assert_int_equal(error, CL_SUCCESS);
  result.open = runs_in_flush(mine);
  if (result.open) assert_int_equal(result.set(result.closed, CL_COMPLETE), CL_SUCCESS);
  return result;
}

static inline void gate_open(gate *result) {
  if (!result->open) assert_int_equal(result->set(result->closed, CL_COMPLETE), CL_SUCCESS);
  assert_int_equal(quern__cl_call.ReleaseEvent(result->closed), CL_SUCCESS);
}

/* A test on the device as it is, and once as if it had memory of its own. */
static inline int set_discrete(void **state) {
  return test_set_discrete(*state != NULL) || *state == NULL ? 0 : -1;
}

#define BOTH_WAYS(test)                                                                            \
  {#test, test, set_discrete, test_teardown, NULL}, {                                              \
#test ", discrete", test, set_discrete, test_teardown, &(bool) {                               \
      true                                                                                         \
    }                                                                                              \
  }

#endif

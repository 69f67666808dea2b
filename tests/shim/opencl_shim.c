/* Stands in for the OpenCL loader, which quern opens by QUERN_OPENCL_LIBRARY: forwards every call
 * to libOpenCL.so.1 and counts live objects by type. A process that ends with live objects exits
 * with status LEAKED, so the command and all tests are covered. Without libOpenCL.so.1 there are no
 * platforms. If QUERN_TEST_DRIVER_TEXT is set, it is the name of every platform and device.
 *
 * Calls pass through opencl_shim_fault.h, which makes them fail, opencl_shim_mutate.h, which
 * changes kernels, and opencl_shim_keep.h, which creates some objects once. opencl_shim_devices.c,
 * opencl_shim_memory.c and opencl_shim_programs.c have one function for each entry point that quern
 * loads; if one is missing, quern's loading fails. */
#include "opencl_shim_calls.h"
#include "opencl_shim_keep.h"

#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

enum { LEAKED = 98 };

static const char *const object_names[] = {
#define OBJECT_NAME(type, text) text,
    SHIM_OBJECTS(OBJECT_NAME)
#undef OBJECT_NAME
};

quern__cl_functions shim_driver;
shim_other_functions shim_other;
atomic_size_t shim_allocated, shim_sources;
atomic_bool shim_is_discrete;

static pid_t process;
static atomic_long live[SHIM_OBJECT_TYPES];

__attribute__((constructor)) static void open_loader(void) {
  process = getpid();
  void *loader = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
  if (loader == NULL) return;
#define FIND(name) *(void **)&shim_driver.name = dlsym(loader, "cl" #name);
  QUERN__CL_FUNCTIONS(FIND)
#undef FIND
#define FIND(name) *(void **)&shim_other.name = dlsym(loader, "cl" #name);
  SHIM_OTHER_FUNCTIONS(FIND)
#undef FIND
  quern_shim_keep_open(&shim_driver, shim_other.RetainProgram);
}

SHIM size_t quern_shim_live(void) {
  size_t sum = 0;
  for (int type = 0; type < SHIM_OBJECT_TYPES; type++)
    sum += (size_t)labs(atomic_load(&live[type]));
  return sum;
}

SHIM size_t quern_shim_allocated(void) {
  return atomic_load(&shim_allocated);
}

SHIM void quern_shim_set_discrete(bool discrete) {
  atomic_store(&shim_is_discrete, discrete);
}

SHIM size_t quern_shim_sources(void) {
  return atomic_load(&shim_sources);
}

SHIM void quern_shim_describe(char *text, size_t size) {
  size_t used = 0;
  for (int type = 0; type < SHIM_OBJECT_TYPES && used < size; type++)
    used += (size_t)snprintf(text + used, size - used, "%s%s %ld", type == 0 ? "" : ", ",
                             object_names[type], atomic_load(&live[type]));
}

/* A forked child shares its parent's objects, so only the parent reports. */
__attribute__((destructor)) static void report(void) {
  if (quern_shim_live() == 0 || getpid() != process) return;
  char text[256];
  quern_shim_describe(text, sizeof text);
  fprintf(stderr, "OpenCL objects alive at the end of the process: %s\n", text);
  fflush(NULL);
  _exit(LEAKED);
}

void *shim_created(shim_object type, void *result) {
  if (result != NULL) atomic_fetch_add(&live[type], 1);
  return result;
}

cl_int shim_retained(shim_object type, cl_int error) {
  if (error == CL_SUCCESS) atomic_fetch_add(&live[type], 1);
  return error;
}

cl_int shim_released(shim_object type, cl_int error) {
  if (error == CL_SUCCESS) atomic_fetch_sub(&live[type], 1);
  return error;
}

cl_int shim_queued(cl_int error, const cl_event *event) {
  if (error == CL_SUCCESS && event != NULL) atomic_fetch_add(&live[SHIM_EVENT], 1);
  return error;
}

cl_int shim_also_fails(const char *entry, cl_int done) {
  const cl_int fault = quern_shim_fails(entry);
  return fault != CL_SUCCESS ? fault : done;
}

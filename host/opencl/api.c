/* The OpenCL entry points, opened at run time, and what their errors mean. */
#include "api.h"

#include "../base/process.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

quern__cl_functions quern__cl_call;

static bool loaded;         /* under the process's lock */
static unsigned load_forks; /* quern__process_forks then */

static void *open_library(char *why, size_t why_size) {
  const int flags = RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE;
  const char *named = getenv("QUERN_OPENCL_LIBRARY");
  if (named != NULL && named[0] != '\0') {
    void *library = dlopen(named, flags);
    if (library == NULL)
      snprintf(why, why_size, "QUERN_OPENCL_LIBRARY names %s, which cannot be opened (%s)", named,
               dlerror());
    return library;
  }
  void *library = dlopen("libOpenCL.so.1", flags);
  if (library == NULL) {
    /* dlerror repeats the name; the rest matters only if the file exists. */
    const char *story = dlerror();
    if (strstr(story, "libOpenCL.so.1: cannot open shared object file") != NULL)
      snprintf(why, why_size, "libOpenCL.so.1 was not found");
    else
      snprintf(why, why_size, "libOpenCL.so.1 cannot be opened (%s)", story);
  }
  return library;
}

/* POSIX allows an object pointer from dlsym to be a function's; ISO C has no cast for it. */
#define FIND_FUNCTION(name)                                                                        \
  symbol = dlsym(library, "cl" #name);                                                             \
  if (symbol == NULL)                                                                              \
    missing = "cl" #name;                                                                          \
  else                                                                                             \
    memcpy(&found.name, &symbol, sizeof symbol);

static bool load_api(char *why, size_t why_size) {
  void *library = open_library(why, why_size);
  if (library == NULL) return false;
  quern__cl_functions found;
  void *symbol = NULL;
  const char *missing = NULL;
  QUERN__CL_FUNCTIONS(FIND_FUNCTION)
  if (missing != NULL) {
    snprintf(why, why_size, "the OpenCL library has no %s: OpenCL 1.2 is needed", missing);
    dlclose(library);
    return false;
  }
  quern__cl_call = found;
  return true;
}

static bool is_forked(void) {
  return loaded && load_forks != quern__process_forks();
}

bool quern__cl_load(char *why, size_t why_size) {
  quern__process_lock();
  if (!loaded) {
    loaded = load_api(why, why_size);
    load_forks = quern__process_forks();
  }
  const bool forked = is_forked();
  const bool result = loaded && !forked;
  quern__process_unlock();
  if (forked)
    snprintf(why, why_size,
             "OpenCL was opened before fork(), and its drivers do not survive one in the child: "
             "fork first, or exec");
  return result;
}

static pthread_mutex_t setup = PTHREAD_MUTEX_INITIALIZER;

void quern__cl_setup_lock(void) {
  pthread_mutex_lock(&setup);
}

void quern__cl_setup_unlock(void) {
  pthread_mutex_unlock(&setup);
}

quern_status quern__cl_load_failure(void) {
  quern__process_lock();
  const bool forked = is_forked();
  quern__process_unlock();
  return forked ? QUERN_ERROR_FORKED : QUERN_ERROR_NO_DEVICE;
}

static quern_status status_of(cl_int error) {
  switch (error) {
  case CL_SUCCESS:
    return QUERN_OK;
  case CL_MEM_OBJECT_ALLOCATION_FAILURE:
  case CL_OUT_OF_RESOURCES:
    return QUERN_ERROR_OUT_OF_DEVICE_MEMORY;
  case CL_OUT_OF_HOST_MEMORY:
    return QUERN_ERROR_OUT_OF_MEMORY;
  case CL_DEVICE_NOT_AVAILABLE:
    return QUERN_ERROR_DEVICE_LOST;
  default:
    return QUERN_ERROR_OPENCL;
  }
}

quern_status quern__cl_check(cl_int error, const char *entry_point, const char *what) {
  if (error == CL_SUCCESS) return QUERN_OK;
  return quern__fail(status_of(error), "%s (%s): %s (%d)", entry_point, what,
                     quern__cl_error_name(error), (int)error);
}

/* QUERN_OK if the answer has the expected size. */
static quern_status check_answer(const char *entry_point, const char *what, size_t answered,
                                 size_t size) {
  if (answered == size) return QUERN_OK;
  return quern__fail(QUERN_ERROR_OPENCL, "%s (%s): it answered %zu bytes, expected %zu",
                     entry_point, what, answered, size);
}

#define QUESTION_FUNCTION(name, handle)                                                            \
  quern_status quern__cl_##name(const char *what, handle object, cl_uint parameter, size_t size,   \
                                void *value) {                                                     \
    size_t answered = 0;                                                                           \
    QUERN__FORWARD(QUERN__CL(name, what, object, parameter, size, value, &answered));              \
    return check_answer("cl" #name, what, answered, size);                                         \
  }
QUERN__CL_QUESTIONS(QUESTION_FUNCTION)

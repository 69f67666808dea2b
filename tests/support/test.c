/* Checks shared by all tests. */
#include "test.h"

#include "base/size.h"
#include "opencl_shim.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

int test_teardown(void **state) {
  (void)state;
  const char *path = getenv("QUERN_TEST_SHIM");
  if (path == NULL) {
    print_message("QUERN_TEST_SHIM is unset: live OpenCL objects are not counted; ctest sets it\n");
    return 0;
  }
  void *shim = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
  if (shim == NULL) {
    void *loader = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_NOLOAD);
    if (loader == NULL) return 0;
    dlclose(loader);
    print_error("OpenCL was loaded without %s, so that live objects were not counted\n", path);
    return -1;
  }
  size_t (*live)(void);
  void (*describe)(char *, size_t);
  *(void **)&live = dlsym(shim, "quern_shim_live");
  *(void **)&describe = dlsym(shim, "quern_shim_describe");
  int result = -1;
  if (live == NULL || describe == NULL) {
    print_error("%s lacks quern_shim_live or quern_shim_describe\n", path);
  } else if (live() != 0) {
    char text[256];
    describe(text, sizeof text);
    print_error("OpenCL objects alive at the end of the test: %s\n", text);
  } else {
    result = 0;
  }
  dlclose(shim);
  return result;
}

size_t test_allocated(void) {
  void *shim = dlopen(getenv("QUERN_TEST_SHIM"), RTLD_NOW | RTLD_NOLOAD);
  assert_non_null(shim);
  size_t (*count)(void);
  *(void **)&count = dlsym(shim, "quern_shim_allocated");
  assert_non_null(count);
  const size_t bytes = count();
  dlclose(shim);
  return bytes;
}

bool test_set_discrete(bool discrete) {
  const char *path = getenv("QUERN_TEST_SHIM");
  if (path == NULL) return false;
  void *shim = dlopen(path, RTLD_NOW);
  assert_non_null(shim);
  void (*set)(bool);
  *(void **)&set = dlsym(shim, "quern_shim_set_discrete");
  assert_non_null(set);
  set(discrete);
  return true; /* and it stays open, which keeps its state */
}

void test_assert_ok(quern_status status, const char *call, const char *file, int line) {
  if (status == QUERN_OK) return;
  print_error("%s\n  returned %s: %s\n", call, quern_status_name(status), quern_last_error());
  _fail(file, line);
}

void test_assert_fails(quern_status got, quern_status expected, const char *call, const char *file,
                       int line, const char *const *parts) {
  const char *error = quern_last_error();
  const char *missing = NULL;
  for (; missing == NULL && *parts != NULL; parts++)
    if (strstr(error, *parts) == NULL) missing = *parts;
  if (got == expected && missing == NULL && strchr(error, '\n') == NULL) return;
  print_error("%s\n  returned %s: %s\n  expected %s%s%s\n", call, quern_status_name(got), error,
              quern_status_name(expected), missing != NULL ? ", in words with: " : ", in one line",
              missing != NULL ? missing : "");
  _fail(file, line);
}

void *test_alloc(size_t count, size_t size) {
  size_t bytes = 0;
  assert_true(quern__multiply(count, size, &bytes));
  void *object = malloc(bytes > 0 ? bytes : 1);
  assert_non_null(object);
  return object;
}

/* Without OpenCL, quern runs on the reference and reports it in one line. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

/* The list under a loader that `library` names has only the reference, and its note has the
 * reason. */
static void check_reference_only(const char *library, const char *complaint) {
  assert_int_equal(setenv("QUERN_OPENCL_LIBRARY", library, 1), 0);
  quern_device_list *list;
  assert_ok(quern_device_list_create(&list));
  assert_int_equal(quern_device_list_count(list), 1);
  const char *note = quern_device_list_note(list);
  if (strstr(note, complaint) == NULL || strchr(note, '\n') != NULL)
    fail_msg("the note is \"%s\", expected one line with \"%s\"", note, complaint);
  /* Without a loader the backend "opencl" does not exist; with a loader it exists and has no
   * device. */
  const bool loader = strstr(note, "no platform") != NULL;
  assert_int_equal(quern_backend_count(), loader ? 2 : 1);
  assert_string_equal(quern_backend_name(0), loader ? "opencl" : "reference");
  assert_null(quern_backend_name(SIZE_MAX));
  quern_device_list_free(list);

  quern_context *context;
  assert_ok(quern_context_create(NULL, &context));
  quern_device_info info;
  quern_context_describe(context, &info);
  assert_int_equal(info.kind, QUERN_DEVICE_REFERENCE);
  quern_buffer *buffer;
  assert_ok(quern_buffer_create(context, sizeof(float), &buffer));
  assert_ok(quern_fill(context, 1.5f, quern_vector(buffer, 0, 1)));
  float value;
  assert_ok(quern_buffer_read(buffer, 0, sizeof value, &value, QUERN_WAIT));
  assert_true(value == 1.5f);
  quern_buffer_free(buffer);
  quern_context_free(context);
}

static void test_no_library(void **state) {
  (void)state;
  check_reference_only("/nonexistent/libOpenCL.so.1", "/nonexistent/libOpenCL.so.1");
}

static void test_not_a_loader(void **state) {
  (void)state;
  check_reference_only("libm.so.6", "has no cl");
}

/* A loader without drivers. */
static void test_no_driver(void **state) {
  (void)state;
  const char *shim = getenv("QUERN_TEST_SHIM");
  if (shim == NULL) skip();
  assert_int_equal(setenv("OCL_ICD_VENDORS", "/nonexistent", 1), 0);
  check_reference_only(shim, "no platform");
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_no_library), QUERN_TEST(test_not_a_loader),
                                     QUERN_TEST(test_no_driver)};
  return cmocka_run_group_tests_name("api/no_opencl", tests, NULL, NULL);
}

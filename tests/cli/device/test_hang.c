/* A driver that never returns. A call into it cannot be ended, so the command waits. The user can
 * still end the command: by the first Ctrl-C, or in a training, whose first Ctrl-C is a request to
 * finish the step, by the second. */
#include "../child.h"

#include "opencl_shim_fault.h"

/* Starts a command and waits until it hangs in the entry point. */
static child start_hanging(const char *entry, const char *const *arguments) {
  char variable[100];
  snprintf(variable, sizeof variable, QUERN_SHIM_HANG "=%s", entry);
  const char *const environment[] = {variable, NULL};
  child running = start_with(&(const command_setting){environment, NULL}, arguments);
  wait_for_text(&running, running.err, QUERN_SHIM_HANGS);
  return running;
}

/* A signal ended the child, or the child exited because of one. */
static void assert_ended_by(child *running, int signal) {
  command_result result = finish(running);
  if (result.code != -signal && result.code != 128 + signal)
    fail_msg("code %d, expected the end by signal %d; stderr \"%s\"", result.code, signal,
             result.err);
  result_free(&result);
}

/* The first Ctrl-C ends the command in whichever call it hangs, from the search for devices on. */
static void test_first_signal(void **state) {
  (void)state;
  static const char *const entries[] = {"clGetPlatformIDs", "clGetDeviceInfo", "clCreateContext"};
  for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
    child running = start_hanging(entries[i], ARGUMENTS("train", "--data", "digits"));
    assert_int_equal(kill(running.process, SIGINT), 0);
    assert_ended_by(&running, SIGINT);
  }
  child listing = start_hanging("clGetPlatformIDs", ARGUMENTS("devices"));
  assert_int_equal(kill(listing.process, SIGINT), 0);
  assert_ended_by(&listing, SIGINT);
}

/* In a training the first Ctrl-C is a request. */
static void test_second_signal(void **state) {
  (void)state;
  static const char *const entries[] = {"clBuildProgram", "clEnqueueNDRangeKernel",
                                        "clEnqueueReadBuffer", "clFinish"};
  for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
    child running = start_hanging(entries[i], ARGUMENTS("train", "--data", "digits", "--hidden",
                                                        "8", "--checkpoint", path_of("kept")));
    /* Either signal may end the command, depending on where it hangs; after the first there may be
     * no process left for the second. */
    assert_int_equal(kill(running.process, SIGINT), 0);
    pause_for(300);
    (void)kill(running.process, SIGINT);
    assert_ended_by(&running, SIGINT);
  }
}

/* With QUERN_OPENCL_LIBRARY=none the driver is never called. */
static void test_without_the_driver(void **state) {
  (void)state;
  static const char *const environment[] = {QUERN_SHIM_HANG "=clGetPlatformIDs",
                                            "QUERN_OPENCL_LIBRARY=none", NULL};
  command_result result =
      run_with(&(const command_setting){environment, NULL},
               ARGUMENTS("train", "--data", "digits", "--hidden", "8", "--epochs", "1"));
  assert_code(&result, 0);
  assert_string_equal(result.err, "");
  result_free(&result);
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {WITH_FOLDER(test_first_signal),
                                     WITH_FOLDER(test_second_signal),
                                     WITH_FOLDER(test_without_the_driver)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

/* A driver that never returns. No library can end a call into it, so the command waits as well;
 * what is promised is that a person can end it: by the first Ctrl-C, or, where that asks a training
 * to finish its step, by the second. */
#include "../child.h"

#include "opencl_shim_fault.h"

/* A command that has got to where the entry point hangs. */
static child start_hanging(const char *entry, const char *const *arguments) {
  char variable[100];
  snprintf(variable, sizeof variable, QUERN_SHIM_HANG "=%s", entry);
  const char *const environment[] = {variable, NULL};
  child running = start_with(&(const command_setting){environment, NULL}, arguments);
  wait_for_text(&running, running.err, QUERN_SHIM_HANGS);
  return running;
}

/* A child's code where a signal ended it, or where the command ended because of one. */
static void assert_ended_by(child *running, int signal) {
  command_result result = finish(running);
  if (result.code != -signal && result.code != 128 + signal)
    fail_msg("code %d, expected the end by signal %d; stderr \"%s\"", result.code, signal,
             result.err);
  result_free(&result);
}

/* Wherever it hangs, from the search for devices on. */
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

/* In a training the first one is a request. */
static void test_second_signal(void **state) {
  (void)state;
  static const char *const entries[] = {"clBuildProgram", "clEnqueueNDRangeKernel",
                                        "clEnqueueReadBuffer", "clFinish"};
  for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
    child running = start_hanging(entries[i], ARGUMENTS("train", "--data", "digits", "--hidden",
                                                        "8", "--checkpoint", path_of("kept")));
    /* Which one ends it depends on where it hangs; after the first there may be nobody to get the
     * second. */
    assert_int_equal(kill(running.process, SIGINT), 0);
    pause_for(300);
    (void)kill(running.process, SIGINT);
    assert_ended_by(&running, SIGINT);
  }
}

/* Who does not want that driver says so, and reaches none. */
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

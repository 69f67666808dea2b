/* The soak detects each kind of leak, and reports none without one. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_BYTES = 16384 };

/* Runs a short soak. Its output on both streams is written to `said`; returns its exit status. */
static int soak(const char *device, const char *leak, char message[SAID_BYTES]) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  fflush(NULL);
  const pid_t process = fork();
  assert_true(process >= 0);
  if (process == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    if (leak == NULL)
      execl(QUERN_TEST_SOAK, QUERN_TEST_SOAK, "--seconds", "1", "--device", device, (char *)NULL);
    else
      execl(QUERN_TEST_SOAK, QUERN_TEST_SOAK, "--seconds", "1", "--device", device, "--leak", leak,
            (char *)NULL);
    _exit(127);
  }
  close(ends[1]);
  size_t length = 0;
  for (ssize_t got; (got = read(ends[0], message + length, SAID_BYTES - 1 - length)) > 0;)
    length += (size_t)got;
  message[length] = '\0';
  close(ends[0]);
  int status;
  assert_int_equal(waitpid(process, &status, 0), process);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

/* Only `named` grew. */
static void assert_found(const char *leak, const char *named) {
  char message[SAID_BYTES];
  const int code = soak("reference", leak, message);
  const char *line = strstr(message, "soak: ");
  if (code != 1 || line == NULL || strncmp(line + strlen("soak: "), named, strlen(named)) != 0 ||
      strstr(line + 1, "soak: ") != NULL)
    fail_msg("--leak %s ended with %d: %s", leak, code, message);
}

static void test_clean(void **state) {
  (void)state;
  char message[SAID_BYTES];
  const int code = soak("reference", NULL, message);
  if (code != 0 || strstr(message, "soak: ") != NULL || strstr(message, "GREW") != NULL)
    fail_msg("ended with %d: %s", code, message);
}

static void test_memory(void **state) {
  (void)state;
  assert_found("heap", "heap grew");
  assert_found("resident", "resident memory grew");
}

static void test_descriptors(void **state) {
  (void)state;
  assert_found("descriptor", "file descriptors grew");
}

static void test_threads(void **state) {
  (void)state;
  char message[SAID_BYTES];
  assert_int_equal(soak("reference", "thread", message), 1);
  assert_non_null(strstr(message, "soak: threads grew by 1 a round"));
}

/* The shim ends such a process with its own status. */
static void test_objects(void **state) {
  (void)state;
  char message[SAID_BYTES];
  assert_int_not_equal(soak("reference", "object", message), 0);
  assert_non_null(strstr(message, "soak: OpenCL objects grew by 4 a round"));
}

static void test_usage(void **state) {
  (void)state;
  char message[SAID_BYTES];
  assert_int_equal(soak("reference", "nothing of the kind", message), 2);
  assert_non_null(strstr(message, "no such leak"));
  assert_int_equal(soak("no such device", NULL, message), 2);
  assert_non_null(strstr(message, "no such device"));
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_clean),       QUERN_TEST(test_memory),
                                     QUERN_TEST(test_descriptors), QUERN_TEST(test_threads),
                                     QUERN_TEST(test_objects),     QUERN_TEST(test_usage)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Commands that run in the background, to receive signals. */
#ifndef QUERN_TESTS_CLI_CHILD_H
#define QUERN_TESTS_CLI_CHILD_H

#include "command.h"

#include <signal.h>
#include <time.h>

/* A command that runs in the background. */
typedef struct child {
  pid_t process;
  FILE *out, *err;
} child;

static inline child start_program(const char *program, const command_setting *setting,
                                  const char *const *arguments) {
  child created = {.out = tmpfile(), .err = tmpfile()};
  assert_non_null(created.out);
  assert_non_null(created.err);
  fflush(NULL);
  created.process = fork();
  assert_true(created.process >= 0);
  if (created.process == 0) {
    /* A test that is started in a shell's background may inherit an ignored SIGINT. */
    signal(SIGINT, SIG_DFL);
    become(program, arguments, setting, fileno(created.out), fileno(created.err));
  }
  return created;
}

static inline child start_with(const command_setting *setting, const char *const *arguments) {
  return start_program(QUERN_TEST_COMMAND, setting, arguments);
}

static inline child start(const char *const *arguments) {
  return start_with(&(const command_setting){NULL, NULL}, arguments);
}

static inline command_result finish(child *running) {
  int status;
  assert_int_equal(waitpid(running->process, &status, 0), running->process);
  command_result result = {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
                           read_stream(running->out), read_stream(running->err)};
  fclose(running->out);
  fclose(running->err);
  return result;
}

static inline void pause_for(long milliseconds) {
  const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

/* Waits until the command has printed `text`; fails if it ends first. */
static inline void wait_for_text(const child *running, FILE *file, const char *text) {
  char message[4096] = "";
  while (strstr(message, text) == NULL) {
    int status;
    if (waitpid(running->process, &status, WNOHANG) != 0)
      fail_msg("the command ended before it said %s", text);
    pause_for(1);
    const ssize_t got = pread(fileno(file), message, sizeof message - 1, 0);
    assert_true(got >= 0);
    message[got] = '\0';
  }
}

static inline void assert_still_running(const child *running) {
  int status;
  assert_int_equal(waitpid(running->process, &status, WNOHANG), 0);
}

#endif

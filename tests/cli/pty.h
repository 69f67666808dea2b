/* Runs the command with a terminal as its stdout. */
#ifndef QUERN_TESTS_CLI_PTY_H
#define QUERN_TESTS_CLI_PTY_H

#include "child.h"

#include <fcntl.h>
#include <sys/ioctl.h>

/* A terminal, and a process that copies its output to `text`. */
typedef struct pty {
  int master, slave; /* the slave stays open, so that the output outlives the command */
  pid_t reader;
  FILE *text;
  char name[64];
} pty;

static inline pty pty_open(unsigned short columns) {
  pty created = {.master = posix_openpt(O_RDWR | O_NOCTTY), .text = tmpfile()};
  assert_true(created.master >= 0);
  assert_non_null(created.text);
  assert_int_equal(grantpt(created.master), 0);
  assert_int_equal(unlockpt(created.master), 0);
  const char *name = ptsname(created.master);
  assert_non_null(name);
  snprintf(created.name, sizeof created.name, "%s", name);
  created.slave = open(name, O_RDWR | O_NOCTTY);
  assert_true(created.slave >= 0);
  const struct winsize size = {.ws_col = columns, .ws_row = 24};
  assert_int_equal(ioctl(created.slave, TIOCSWINSZ, &size), 0);
  fflush(NULL);
  created.reader = fork();
  assert_true(created.reader >= 0);
  if (created.reader == 0) {
    /* Copies until the marker that follows the command's end. */
    char byte;
    while (read(created.master, &byte, 1) == 1 && byte != '\x04')
      if (write(fileno(created.text), &byte, 1) != 1) _exit(1);
    _exit(0);
  }
  return created;
}

/* Returns all output; the caller frees it. */
static inline char *pty_close(pty *terminal) {
  int status;
  assert_int_equal(write(terminal->slave, "\x04", 1), 1);
  assert_int_equal(waitpid(terminal->reader, &status, 0), terminal->reader);
  assert_int_equal(status, 0);
  char *text = read_stream(terminal->text);
  fclose(terminal->text);
  close(terminal->slave);
  close(terminal->master);
  return text;
}

/* As run_with, with a terminal of `columns` as stdout. */
static inline command_result run_in_terminal(unsigned short columns, const char *const *environment,
                                             const char *const *arguments) {
  pty terminal = pty_open(columns);
  command_result result = run_with(&(const command_setting){environment, terminal.name}, arguments);
  free(result.out);
  result.out = pty_close(&terminal);
  return result;
}

#endif

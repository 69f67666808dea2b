/* Failing: one line on stderr, and the exit code that goes with it. */
#include "cli.h"
#include "text.h"

#include <quern/status.h>
#include <stdarg.h>
#include <stdio.h>

cli_exit cli_fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("quern: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return CLI_FAILED;
}

cli_exit cli_fail_library(void) {
  /* It may quote names from a file. */
  fputs("quern: ", stderr);
  cli_print_foreign(stderr, quern_last_error());
  fputc('\n', stderr);
  return CLI_FAILED;
}

cli_exit cli_fail_memory(void) {
  return cli_fail("out of host memory");
}

cli_exit cli_fail_usage(const cli_command *command, const char *format, ...) {
  const char *blank = command != NULL ? " " : "";
  const char *name = command != NULL ? command->name : "";
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "quern%s%s: ", blank, name);
  vfprintf(stderr, format, arguments);
  fprintf(stderr, "; see quern%s%s --help\n", blank, name);
  va_end(arguments);
  return CLI_USAGE;
}

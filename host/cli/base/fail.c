/* Failures: one line on stderr, and an exit code. */
#include "fail.h"

#include "../text/text.h"

#include <quern/status.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The lines that are held back: one or two, of which the library's has at most 1024 bytes. Static,
 * since memory may be out. */
static FILE *held;
static char message[8192];

FILE *cli_fail_stream(void) {
  return held != NULL ? held : stderr;
}

void cli_fail_hold(void) {
  held = fmemopen(message, sizeof message, "w"); /* NULL: lines are not held back */
}

void cli_fail_release(size_t rank, size_t ranks) {
  if (held == NULL) return;
  fclose(held);
  held = NULL;
  message[sizeof message - 1] = '\0';
  if (*message == '\0') return;
  fprintf(stderr, "rank %zu of %zu: ", rank, ranks);
  fwrite(message, 1, strlen(message), stderr);
}

cli_failed cli_fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("quern: ", cli_fail_stream());
  cli_print_list(cli_fail_stream(), format, arguments);
  fputc('\n', cli_fail_stream());
  va_end(arguments);
  return CLI_FAILED;
}

cli_failed cli_fail_library(void) {
  return cli_fail("%s", quern_last_error());
}

cli_failed cli_fail_memory(void) {
  return cli_fail("out of host memory");
}

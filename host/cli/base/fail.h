/* Exit codes, and how a command fails: one line on stderr. */
#ifndef QUERN_CLI_BASE_FAIL_H
#define QUERN_CLI_BASE_FAIL_H

#include <quern/status.h>
#include <stddef.h>
#include <stdio.h>

QUERN_EXTENSION typedef enum QUERN_CHECKED cli_exit {
  CLI_OK = 0,
  CLI_FAILED = 1,  /* it was understood, and failed */
  CLI_USAGE = 2,   /* it was not understood */
  CLI_SIGNAL = 128 /* and the number of the signal that ended it early */
} cli_exit;

/* The exit code of a failure that was said: a cli_exit by value. By its type it is none, since
 * it may be dropped. */
typedef unsigned cli_failed;

/* "quern: " and the line, on stderr. Returns CLI_FAILED. */
__attribute__((format(printf, 1, 2))) cli_failed cli_fail(const char *format, ...);

/* From the one to the other, what failures have to say waits; then it is printed with the rank
 * before it. */
void cli_fail_hold(void);
void cli_fail_release(size_t rank, size_t ranks);

/* cli_fail with quern_last_error(). */
cli_failed cli_fail_library(void);

/* cli_fail for host memory that was not to be had. */
cli_failed cli_fail_memory(void);

/* The stream of the lines: stderr, or what holds them back. */
FILE *cli_fail_stream(void);

#endif

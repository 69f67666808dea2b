/* Exit codes, and failures: one line on stderr. */
#ifndef QUERN_CLI_BASE_FAIL_H
#define QUERN_CLI_BASE_FAIL_H

#include <quern/status.h>
#include <stddef.h>
#include <stdio.h>

QUERN_EXTENSION typedef enum QUERN_CHECKED cli_exit {
  CLI_OK = 0,
  CLI_FAILED = 1,  /* failure */
  CLI_USAGE = 2,   /* usage error */
  CLI_SIGNAL = 128 /* plus the number of the signal that stopped it */
} cli_exit;

/* The exit code of a failure that was printed, a value of cli_exit. An unsigned, since it may be
 * dropped. */
typedef unsigned cli_failed;

/* Prints "quern: " and the line on stderr. Returns CLI_FAILED. */
__attribute__((format(printf, 1, 2))) cli_failed cli_fail(const char *format, ...);

/* Between the two, lines are held back; cli_fail_release prints them with the rank in front. */
void cli_fail_hold(void);
void cli_fail_release(size_t rank, size_t ranks);

/* cli_fail with quern_last_error(). */
cli_failed cli_fail_library(void);

/* cli_fail for host memory that is out. */
cli_failed cli_fail_memory(void);

/* The stream of the lines: stderr, or the one that holds them back. */
FILE *cli_fail_stream(void);

#endif

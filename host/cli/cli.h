/* What every part of the command shares: commands as data, exit codes, and how to fail. */
#ifndef QUERN_CLI_CLI_H
#define QUERN_CLI_CLI_H

#include "options.h"

#include <quern/status.h>

QUERN_EXTENSION typedef enum QUERN_CHECKED cli_exit {
  CLI_OK = 0,
  CLI_FAILED = 1,  /* it was understood, and failed */
  CLI_USAGE = 2,   /* it was not understood */
  CLI_SIGNAL = 128 /* and the number of the signal that ended it early */
} cli_exit;

typedef struct cli_command {
  const char *name;
  const char *summary;         /* one line, for quern --help */
  const char *about;           /* a paragraph or two, for quern NAME --help */
  const cli_option *options;   /* ends with a NULL name */
  cli_operand_rule operands;   /* none where it is left out */
  const char *const *examples; /* ends with NULL */
  cli_exit (*run)(const struct cli_command *command, int argc, char **argv);
  /* under a launcher, each rank runs it; any other command runs on rank 0 alone */
  bool joins_ranks;
} cli_command;

extern const cli_command cli_devices, cli_train, cli_eval, cli_predict, cli_plot, cli_inspect,
    cli_convert, cli_bench, cli_tune, cli_verify, cli_example;

/* The commands, in the order of the help; ends with NULL. */
extern const cli_command *const cli_commands[];

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

/* "quern NAME: ", the line, and where help is, on stderr; NULL for quern itself. Returns CLI_USAGE.
 */
__attribute__((format(printf, 2, 3))) cli_failed cli_fail_usage(const cli_command *command,
                                                                const char *format, ...);

#endif

/* Commands as data. */
#ifndef QUERN_CLI_COMMAND_CLI_H
#define QUERN_CLI_COMMAND_CLI_H

#include "../base/fail.h"
#include "options.h"

typedef struct cli_command {
  const char *name;
  const char *summary;            /* one line, for quern --help */
  const char *about;              /* a sentence or two, for quern NAME --help */
  const char *details;            /* for the manual page, behind `about`; as those of an option */
  const char *notes;              /* for the manual page, behind the options; or NULL */
  const cli_option_group *groups; /* ends with CLI_GROUPS_END */
  cli_operand_rule operands;      /* none if left out */
  const char *const *examples;    /* ends with NULL */
  cli_exit (*run)(const struct cli_command *command, int argc, char **argv);
  /* under a launcher, each rank runs it; any other command runs on rank 0 alone */
  bool joins_ranks;
} cli_command;

extern const cli_command cli_devices, cli_train, cli_eval, cli_predict, cli_plot, cli_inspect,
    cli_convert, cli_bench, cli_tune, cli_verify, cli_example;

/* The commands, in the order of the help; ends with NULL. */
extern const cli_command *const cli_commands[];

/* Prints "quern NAME: ", the line, and how to get help on stderr; NULL for quern itself. Returns
 * CLI_USAGE. */
__attribute__((format(printf, 2, 3))) cli_failed cli_fail_usage(const cli_command *command,
                                                                const char *format, ...);

#endif

/* The help, from the tables of commands and options. */
#ifndef QUERN_CLI_COMMAND_HELP_H
#define QUERN_CLI_COMMAND_HELP_H

#include "cli.h"

/* The columns that help is written for. */
enum { CLI_HELP_WIDTH = 80 };

/* An environment variable. */
typedef struct cli_variable {
  const char *name;
  const char *help;    /* as that of an option */
  const char *details; /* as those of an option */
} cli_variable;

extern const cli_variable cli_variables[]; /* ends with a NULL name */

/* Prints `quern --help`. */
void cli_help(void);

/* Prints `quern NAME --help`; `settings` hold the defaults. */
void cli_help_command(const cli_command *command, const void *settings);

/* Prints the help as data if `word` asks for it: "--help-table" for the shells' completion,
 * "--help-manual" for scripts/manual. Returns false for any other word. `command` is NULL for quern
 * itself. */
bool cli_help_data(const cli_command *command, const char *word, const void *settings);

/* True if the placeholder of an option's value lists its choices: "on|off". */
bool cli_option_lists_choices(const cli_option *option);

/* An option's default as text, which the caller frees; NULL if it has none, or memory is out. */
char *cli_option_default(const cli_option *option, const void *settings);

/* In mdoc(7): a command's section, and those of all commands and variables. */
void cli_manual_command(const cli_command *command, const void *settings);
void cli_manual(void);

#endif

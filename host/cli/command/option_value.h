/* Values of options, by their kinds: see options.h. */
#ifndef QUERN_CLI_COMMAND_OPTION_VALUE_H
#define QUERN_CLI_COMMAND_OPTION_VALUE_H

#include "cli.h"

#include <stdio.h>

/* Reads `text` into the settings; of a flag "true", "false", or NULL for true. Returns
 * CLI_PARSED_BAD for a wrong value, without printing anything. A text is stored by its address. */
cli_parsed cli_option_set(const cli_option *option, const char *text, void *settings);

/* Prints that `text` is wrong, and what was expected. `label` names the option as the user wrote
 * it. */
cli_parsed cli_option_refuse(const cli_command *command, const cli_option *option,
                             const char *label, const char *text);

/* True if the settings hold a value that cli_option_set would take. */
bool cli_option_is_set(const cli_option *option, const void *settings);

/* Prints the value that is set so that cli_option_set reads the same. */
void cli_option_print(FILE *stream, const cli_option *option, const void *settings);

/* The letters of sizes: 1024 to the power of their position, from 1. */
extern const char cli_size_letters[];

/* Reads a number at the beginning of a text; *end is the first byte behind it. Returns false if a
 * float cannot hold it. */
bool cli_parse_float(const char *text, double *value, char **end);

/* True if the option takes "auto", which leaves the loss unset. */
bool cli_loss_may_be_open(const cli_option *option);

#endif

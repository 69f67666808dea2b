/* Values of options, by their kinds: see options.h. */
#ifndef QUERN_CLI_COMMAND_OPTION_VALUE_H
#define QUERN_CLI_COMMAND_OPTION_VALUE_H

#include "cli.h"

#include <stdio.h>

/* Reads `text` into the settings: of a flag "true", "false", or NULL for true. CLI_PARSED_BAD where
 * it is no such value, of which nothing was said yet. A text is kept by its address. */
cli_parsed cli_option_set(const cli_option *option, const char *text, void *settings);

/* Says that `text` is no value, and what would be. `label` is what the option was called where it
 * stood. */
cli_parsed cli_option_refuse(const cli_command *command, const cli_option *option,
                             const char *label, const char *text);

/* Whether the settings hold a value that cli_option_set would take: what stands for "never" or
 * "none" may be none. */
bool cli_option_is_set(const cli_option *option, const void *settings);

/* Prints the value that is set so that cli_option_set reads the same. */
void cli_option_print(FILE *stream, const cli_option *option, const void *settings);

#endif

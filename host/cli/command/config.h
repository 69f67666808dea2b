/* Configuration files: a line for each option. */
#ifndef QUERN_CLI_COMMAND_CONFIG_H
#define QUERN_CLI_COMMAND_CONFIG_H

#include "cli.h"

/* A file is lines of
 *     name = value      an option without its dashes, as on the command line; flags take true or
 * false # …               a comment; blank lines are nothing Blanks around name and value do not
 * count. A value in double quotes keeps its blanks and may have \" \\ \n \t in it. A name that is
 * no option of the command, or comes twice, is refused with its line.
 *
 * Reads one into the settings, and notes in seen[] which of the command's options it has. */
cli_parsed cli_config_read(const cli_command *command, const char *path, bool *seen,
                           void *settings);

/* Writes every option with a value, except --config and --write-config. */
cli_exit cli_config_write(const cli_command *command, const char *path, const void *settings);

/* Frees the texts of the files: settings point into them. */
void cli_config_forget(void);

#endif

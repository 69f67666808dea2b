/* Configuration files: a line for each option. */
#ifndef QUERN_CLI_COMMAND_CONFIG_H
#define QUERN_CLI_COMMAND_CONFIG_H

#include "cli.h"

/* Reads a file into the settings, and marks in seen[] which of the command's options it has. Lines:
 *
 *     name = value   an option without its dashes; flags take true or false
 *     # text         a comment
 *
 * Blank lines, and blanks around name and value, are ignored. A value in double quotes keeps its
 * blanks and may have \" \\ \n \t in it. An unknown or repeated name is an error with its line. */
cli_parsed cli_config_read(const cli_command *command, const char *path, bool *seen,
                           void *settings);

/* Writes every option with a value, except --config and --write-config. */
cli_exit cli_config_write(const cli_command *command, const char *path, const void *settings);

/* Frees the texts of the files: settings point into them. */
void cli_config_forget(void);

#endif

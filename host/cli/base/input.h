/* Files that a command reads itself: configurations and logs. */
#ifndef QUERN_CLI_BASE_INPUT_H
#define QUERN_CLI_BASE_INPUT_H

#include <stdio.h>

/* Opens a regular file, which ends; a pipe, which nobody may write to, a device and a folder are
 * refused without waiting for them. NULL for a failure, and *why says what it was. */
FILE *cli_input_open(const char *path, const char **why);

#endif

/* Files that a command reads or writes itself: configurations, logs and pictures. */
#ifndef QUERN_CLI_BASE_FILE_H
#define QUERN_CLI_BASE_FILE_H

#include "../text/draft.h"
#include "fail.h"

/* Opens a regular file. A pipe, a device and a folder are refused without waiting for them. Returns
 * NULL on failure, with the reason in *why. */
FILE *cli_input_open(const char *path, const char **why);

/* Finishes a draft and writes it to `path`, whole or not at all (quern_file_write). */
cli_exit cli_file_write(const char *path, cli_draft *draft);

#endif

/* Whether a file can be written, asked before the work that it is to hold. */
#ifndef QUERN_CLI_TARGET_H
#define QUERN_CLI_TARGET_H

#include "cli.h"

/* Fails with a line where `path` is a folder, or lies in one that is missing or not writable. Writes none. */
cli_exit cli_check_target(const char *path);

#endif

/* Checks of files to write, before the work. */
#ifndef QUERN_CLI_DATA_TARGET_H
#define QUERN_CLI_DATA_TARGET_H

#include "../base/fail.h"

/* Fails if quern_file_write cannot write `path`, or the standard output or error goes there. Writes
 * nothing. */
cli_exit cli_check_target(const char *path);

/* Fails if `target` is the file `input`, by whatever name, which `reader` ("--config") reads. */
cli_exit cli_check_spared(const char *target, const char *input, const char *reader);

/* The same for the files of a data set. */
cli_exit cli_check_data_spared(const char *target, const char *where, const char *reader);

/* Fails if `target` is also `other`, which `writer` ("--checkpoint") writes; neither need exist. */
cli_exit cli_check_apart(const char *target, const char *other, const char *writer);

#endif

/* Whether a file can be written, asked before the work that it is to hold. */
#ifndef QUERN_CLI_DATA_TARGET_H
#define QUERN_CLI_DATA_TARGET_H

#include "../base/fail.h"

/* Fails with a line where quern_file_write could not write `path`, or where the standard output or
 * error goes there. Writes none. */
cli_exit cli_check_target(const char *path);

/* Fails with a line where `target` is the file `input`, by whatever name, which `reader`
 * ("--config") reads. */
cli_exit cli_check_spared(const char *target, const char *input, const char *reader);

/* The same for the files of a data set. */
cli_exit cli_check_data_spared(const char *target, const char *where, const char *reader);

/* Fails with a line where `target` is also `other`, which `writer` ("--checkpoint") writes; neither
 * need be there yet. */
cli_exit cli_check_apart(const char *target, const char *other, const char *writer);

#endif

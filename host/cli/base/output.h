/* What a command writes into a file: put together in memory, then written whole or not at all. */
#ifndef QUERN_CLI_BASE_OUTPUT_H
#define QUERN_CLI_BASE_OUTPUT_H

#include "fail.h"

#include <stdio.h>

typedef struct cli_output {
  FILE *stream; /* print here; NULL once it is finished */
  char *bytes;  /* owned; once it is finished, what was printed and a 0 */
  size_t size;  /* of what was printed */
  size_t room;
} cli_output;

/* The caller frees *output, whatever this returns. *output stays at its address until then. */
cli_exit cli_output_open(cli_output *output);

/* Ends the printing. Fails with a line if memory was out anywhere on the way. */
cli_exit cli_output_finish(cli_output *output);

/* cli_output_finish, and the bytes as the file at `path`, by quern_file_write. */
cli_exit cli_output_save(cli_output *output, const char *path);

void cli_output_free(cli_output *output);

#endif

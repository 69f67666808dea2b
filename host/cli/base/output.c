#include "output.h"

#include <quern/file.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Doubles, so that a picture of n bytes takes about 2 n of copying. */
static char *grow_output(cli_output *output, size_t more) {
  size_t room = output->room > 0 ? output->room : 4096;
  while (room - output->size < more && room <= SIZE_MAX / 2) room *= 2;
  char *bytes = room - output->size < more ? NULL : realloc(output->bytes, room);
  if (bytes == NULL) return NULL;
  output->bytes = bytes;
  output->room = room;
  return bytes;
}

/* The stream's function for writing: 0 is a failure, which ferror and fclose report. A stream of
 * open_memstream has no such function, and drops in silence what memory has no room for. */
static ssize_t keep(void *cookie, const char *bytes, size_t size) {
  cli_output *output = cookie;
  if (size > SIZE_MAX - output->size) return 0;
  if (output->room - output->size < size && grow_output(output, size) == NULL) return 0;
  memcpy(output->bytes + output->size, bytes, size);
  output->size += size;
  return (ssize_t)size;
}

cli_exit cli_output_open(cli_output *output) {
  *output = (cli_output){0};
  output->stream = fopencookie(output, "w", (cookie_io_functions_t){.write = keep});
  return output->stream != NULL ? CLI_OK : cli_fail_memory();
}

cli_exit cli_output_finish(cli_output *output) {
  const bool printed = ferror(output->stream) == 0;
  const bool closed = fclose(output->stream) == 0;
  output->stream = NULL;
  if (!printed || !closed || keep(output, "", 1) != 1) return cli_fail_memory();
  output->size--; /* the 0 */
  return CLI_OK;
}

cli_exit cli_output_save(cli_output *output, const char *path) {
  const cli_exit result = cli_output_finish(output);
  if (result != CLI_OK) return result;
  return quern_file_write(path, output->bytes, output->size) == QUERN_OK ? CLI_OK
                                                                         : cli_fail_library();
}

void cli_output_free(cli_output *output) {
  if (output->stream != NULL) fclose(output->stream);
  free(output->bytes);
  *output = (cli_output){0};
}

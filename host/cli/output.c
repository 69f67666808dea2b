#include "output.h"

#include <quern/file.h>
#include <stdlib.h>

cli_exit cli_output_open(cli_output *output) {
  *output = (cli_output){NULL, NULL, 0};
  output->stream = open_memstream(&output->bytes, &output->size);
  return output->stream != NULL ? CLI_OK : cli_fail_memory();
}

cli_exit cli_output_finish(cli_output *output) {
  const bool printed = ferror(output->stream) == 0;
  const bool closed = fclose(output->stream) == 0;
  output->stream = NULL;
  return printed && closed && output->bytes != NULL ? CLI_OK : cli_fail_memory();
}

cli_exit cli_output_save(cli_output *output, const char *path) {
  const cli_exit result = cli_output_finish(output);
  if (result != CLI_OK) return result;
  return quern_file_write(path, output->bytes, output->size) == QUERN_OK ? CLI_OK : cli_fail_library();
}

void cli_output_free(cli_output *output) {
  if (output->stream != NULL) fclose(output->stream);
  free(output->bytes);
  *output = (cli_output){NULL, NULL, 0};
}

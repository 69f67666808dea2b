#include "names.h"

#include <stdlib.h>
#include <string.h>

cli_exit cli_names_split(const char *text, cli_names *names) {
  size_t count = 1;
  for (const char *at = text; *at != '\0'; at++) count += *at == ',';
  *names = (cli_names){strdup(text), calloc(count, sizeof *names->items), count};
  if (names->text == NULL || names->items == NULL) return cli_fail_memory();
  char *rest = names->text;
  for (size_t i = 0; i < count; i++) names->items[i] = strsep(&rest, ",");
  return CLI_OK;
}

void cli_names_free(cli_names *names) {
  free(names->text);
  free(names->items);
  *names = (cli_names){0};
}

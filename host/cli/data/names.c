#include "names.h"

#include <stdlib.h>
#include <string.h>

cli_exit cli_names_split(const char *text, cli_names *names) {
  size_t count = 1;
  for (const char *cursor = text; *cursor != '\0'; cursor++) count += *cursor == ',';
  *names = (cli_names){strdup(text), calloc(count, sizeof *names->items), count};
  if (names->text == NULL || names->items == NULL) return cli_fail_memory();
  char *rest = names->text;
  for (size_t i = 0; i < count; i++) names->items[i] = strsep(&rest, ",");
  return CLI_OK;
}

static const char *name_of(const quern_schema *schema, size_t index) {
  return quern_schema_task(schema) == QUERN_TASK_CLASSES ? quern_schema_class_name(schema, index)
                                                         : quern_schema_target_name(schema, index);
}

cli_exit cli_names_of_schema(const quern_schema *schema, size_t outputs, cli_names *names) {
  *names = (cli_names){NULL, NULL, 0};
  size_t bytes = 0, count = 0;
  while (schema != NULL && count < outputs && name_of(schema, count) != NULL)
    bytes += strlen(name_of(schema, count++)) + 1;
  if (count == 0 || count < outputs) return CLI_OK;
  *names = (cli_names){malloc(bytes), calloc(count, sizeof *names->items), count};
  if (names->text == NULL || names->items == NULL) return cli_fail_memory();
  char *cursor = names->text;
  for (size_t i = 0; i < count; i++) {
    names->items[i] = cursor;
    cursor = stpcpy(cursor, name_of(schema, i)) + 1;
  }
  return CLI_OK;
}

void cli_names_free(cli_names *names) {
  free(names->text);
  free(names->items);
  *names = (cli_names){0};
}

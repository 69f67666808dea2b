/* Names of classes, labels and numbers. */
#ifndef QUERN_CLI_DATA_NAMES_H
#define QUERN_CLI_DATA_NAMES_H

#include "../base/fail.h"

#include <quern/schema.h>

typedef struct cli_names {
  char *text;   /* owned; the names, each ended by a zero */
  char **items; /* owned */
  size_t count;
} cli_names;

/* Splits at commas. The caller frees *names. */
cli_exit cli_names_split(const char *text, cli_names *names);
/* Takes the names of classes, labels or numbers from a schema, one per output; none if it has none,
 * or is NULL. The caller frees *names. */
cli_exit cli_names_of_schema(const quern_schema *schema, size_t outputs, cli_names *names);
void cli_names_free(cli_names *names);

#endif

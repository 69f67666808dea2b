/* Names of classes. */
#ifndef QUERN_CLI_NAMES_H
#define QUERN_CLI_NAMES_H

#include "cli.h"

typedef struct cli_names {
  char *text;   /* owned; the names, each ended by a zero */
  char **items; /* owned */
  size_t count;
} cli_names;

/* Splits at commas. The caller frees *names. */
cli_exit cli_names_split(const char *text, cli_names *names);
void cli_names_free(cli_names *names);

#endif

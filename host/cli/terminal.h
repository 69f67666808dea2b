/* What the terminal can show. */
#ifndef QUERN_CLI_TERMINAL_H
#define QUERN_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Whether `stream` is a terminal that may be coloured: NO_COLOR (no-color.org) is unset or empty. */
bool cli_terminal_colour(FILE *stream);

/* Columns of the terminal behind `stream`; 80 where there is none or it does not say. */
size_t cli_terminal_width(FILE *stream);

#endif

/* What the terminal can show. */
#ifndef QUERN_CLI_TEXT_TERMINAL_H
#define QUERN_CLI_TEXT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Whether what goes to `stream` may be colored. NO_COLOR (no-color.org), where set and not empty,
 * forbids it; then CLICOLOR_FORCE, where set and not 0, asks for it; else it is where `stream` is a
 * terminal, unless CLICOLOR is 0 or the terminal dumb. */
bool cli_terminal_color(FILE *stream);

/* Whether a line of `stream` can be written over: it is a terminal, and not a dumb one. */
bool cli_terminal_overwrites(FILE *stream);

/* Whether the locale's characters are UTF-8. */
bool cli_terminal_utf8(void);

/* Columns of the terminal behind `stream`; 80 where there is none or it does not say. */
size_t cli_terminal_width(FILE *stream);

#endif

/* What the terminal can display. */
#ifndef QUERN_CLI_TEXT_TERMINAL_H
#define QUERN_CLI_TEXT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* True if output to `stream` may be colored. NO_COLOR (no-color.org), if set and not empty, forbids
 * it; then CLICOLOR_FORCE, if set and not 0, demands it; else it may on a terminal, unless CLICOLOR
 * is 0 or the terminal is dumb. */
bool cli_terminal_color(FILE *stream);

/* True if a line of `stream` can be overwritten: it is a terminal, and not a dumb one. */
bool cli_terminal_overwrites(FILE *stream);

/* True if the locale's characters are UTF-8. */
bool cli_terminal_utf8(void);

/* The columns of the terminal behind `stream`; 80 if there is none or they are unknown. */
size_t cli_terminal_width(FILE *stream);

#endif

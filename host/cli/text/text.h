/* Text in columns. */
#ifndef QUERN_CLI_TEXT_TEXT_H
#define QUERN_CLI_TEXT_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

enum { CLI_TEXT_WIDTH = 100 }; /* the columns that tables are written for */

/* Counts characters as printed by cli_print, not bytes. */
size_t cli_text_length(const char *text);

/* fprintf for people. Texts for %s may come from a file, a driver or the command line: characters
 * that are not fit for a terminal (see quern_text_character) become question marks. Widths count
 * characters; precisions count bytes, of which whole characters are printed. The format itself is
 * trusted. */
__attribute__((format(printf, 2, 3))) void cli_print(FILE *stream, const char *format, ...);
__attribute__((format(printf, 2, 0))) void cli_print_list(FILE *stream, const char *format,
                                                          va_list arguments);

/* Returns a copy of a text as printed by cli_print, which the caller frees; NULL if memory is out.
 */
char *cli_text_clean(const char *text);

/* Prints text and a newline, in lines of at most `width` columns. The first starts behind
 * `position` columns that are written already, the others behind `indent` blanks. A newline in the
 * text begins a line. */
void cli_print_wrapped(FILE *stream, const char *text, size_t position, size_t indent,
                       size_t width);

#endif

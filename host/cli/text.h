/* Text in columns. */
#ifndef QUERN_CLI_TEXT_H
#define QUERN_CLI_TEXT_H

#include <stddef.h>
#include <stdio.h>

enum { CLI_TEXT_WIDTH = 100 }; /* what help and tables are written for */

/* Characters, not bytes, of UTF-8. */
size_t cli_text_length(const char *text);

/* Prints a text of someone else's: control characters, which could do anything to a terminal, become question marks. */
void cli_print_foreign(FILE *stream, const char *text);

/* Prints text and a newline. Lines are broken at blanks before CLI_TEXT_WIDTH; the first starts where `at`
 * columns are written already, the others behind `indent` blanks. A newline in the text begins a new line
 * too. */
void cli_print_wrapped(FILE *stream, const char *text, size_t at, size_t indent);

#endif

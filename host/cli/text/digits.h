/* Whole numbers in text. */
#ifndef QUERN_CLI_TEXT_DIGITS_H
#define QUERN_CLI_TEXT_DIGITS_H

#include <stdbool.h>
#include <stdint.h>

/* Reads digits alone, a number of at most `most`; strtoull would take blanks and signs. *end is the
 * first byte behind them. */
bool cli_parse_whole(const char *text, uint64_t most, uint64_t *value, const char **end);

#endif

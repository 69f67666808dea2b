/* Growing text buffers, and numbers with the C locale's decimal point: the program's locale may
 * have a comma. open_memstream would silently drop text when memory is exhausted. */
#ifndef QUERN_HOST_BASE_TEXT_H
#define QUERN_HOST_BASE_TEXT_H

#include "error.h"
#include <locale.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct quern__text {
  char *bytes; /* owned; NULL while empty */
  size_t length, room;
  bool failed; /* memory was exhausted: further text is dropped, and quern__text_close fails */
} quern__text;

/* Append to the text. `format` must have no floating-point number: it would be printed in the
 * program's locale. */
QUERN__PRINTF(2, 3)
void quern__text_print(quern__text *text, const char *format, ...);
void quern__text_put(quern__text *text, const char *string);
void quern__text_add(quern__text *text, const void *bytes, size_t count);

/* Append the fewest digits that give the same number back. */
void quern__text_float(quern__text *text, float value);
void quern__text_double(quern__text *text, double value);

/* Moves the text, zero-terminated, to *result, which the caller frees. `length` stays valid. If an
 * append ran out of memory, fails, frees the text and sets *result to NULL. */
quern_status quern__text_close(quern__text *text, char **result);

/* Frees a text that is not closed. */
void quern__text_free(quern__text *text);

/* A number as text. The longest has a sign, 17 digits, a point and an exponent of three digits. */
typedef struct quern__digits {
  char text[32];
} quern__digits;

/* Return the fewest digits that give the same number back, without allocating. */
quern__digits quern__digits_of_float(float value);
quern__digits quern__digits_of_double(double value);

/* Parses a decimal number of at most `most`. Unlike strtoull, accepts digits only, no blanks and no
 * signs. *end is the first byte after them. Returns false if there is no such number. */
bool quern__parse_whole(const char *text, uint64_t most, uint64_t *value, const char **end);

/* Creates the C locale, for strtof_l; the caller frees it. */
quern_status quern__c_locale(locale_t *numbers);

#endif

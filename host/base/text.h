/* Text put together piece by piece in memory that grows, and numbers with the point of the C
 * locale: the program's own locale may have a comma. A stream of open_memstream is not used,
 * since it drops what its memory has no room for in silence. */
#ifndef QUERN_HOST_BASE_TEXT_H
#define QUERN_HOST_BASE_TEXT_H

#include "error.h"
#include <locale.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct quern__text {
  char *bytes; /* owned; NULL while there are none */
  size_t length, room;
  bool failed; /* memory was out: what is added is dropped, and quern__text_close fails */
} quern__text;

/* Adds to the text. `format` takes no floating-point number, which would be printed by the
 * program's locale. */
QUERN__PRINTF(2, 3)
void quern__text_print(quern__text *text, const char *format, ...);
void quern__text_put(quern__text *text, const char *string);
void quern__text_add(quern__text *text, const void *bytes, size_t count);

/* Add the fewest digits that give the same number back. */
void quern__text_float(quern__text *text, float value);
void quern__text_double(quern__text *text, double value);

/* Hands the bytes over with a 0 behind them, also where there are none: *result is the caller's
 * to free. Fails, with *result NULL and nothing left to free, where memory was out since the
 * text was {0}. `length` stays. */
quern_status quern__text_close(quern__text *text, char **result);

/* Gives a text up that is not closed. */
void quern__text_free(quern__text *text);

/* A number as text. The longest is a sign, 17 digits, a point and an exponent of three digits. */
typedef struct quern__digits {
  char text[32];
} quern__digits;

/* The fewest digits that give the same number back, without the heap. */
quern__digits quern__digits_of_float(float value);
quern__digits quern__digits_of_double(double value);

/* Reads digits alone, a number of at most `most`; strtoull would take blanks and signs. *end is the
 * first byte behind them. */
bool quern__parse_whole(const char *text, uint64_t most, uint64_t *value, const char **end);

/* The C locale, for strtof_l; the caller frees it. */
quern_status quern__c_locale(locale_t *numbers);

#endif

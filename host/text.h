/* Text put together piece by piece, with numbers as the C locale has them: the program's own may want a decimal comma. */
#ifndef QUERN_HOST_TEXT_H
#define QUERN_HOST_TEXT_H

#include "error.h"
#include <locale.h>
#include <stdio.h>

typedef struct quern__text {
  FILE *stream; /* print here */
  char *text;
  size_t length;
  locale_t numbers, before;
} quern__text;

/* Between the two the C locale is this thread's. *result, the text, is the caller's to free; it is NULL on failure. After
 * a failure to open there is nothing to close. */
quern_status quern__text_open(quern__text *text);
quern_status quern__text_close(quern__text *text, char **result);

/* Prints the fewest digits that give the same float back. */
void quern__text_float(quern__text *text, float value);
void quern__text_double(quern__text *text, double value); /* the same for doubles */

/* The C locale, for strtof_l; the caller frees it. */
quern_status quern__c_locale(locale_t *numbers);

#endif

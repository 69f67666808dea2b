/* Text in memory, and numbers in it. */
#include "text.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

quern_status quern__c_locale(locale_t *numbers) {
  *numbers = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (*numbers == (locale_t)0)
    return quern__fail(QUERN_ERROR_OUT_OF_MEMORY, "cannot make the C locale: %s", strerror(errno));
  return QUERN_OK;
}

quern_status quern__text_open(quern__text *text) {
  *text = (quern__text){0};
  QUERN__FORWARD(quern__c_locale(&text->numbers));
  text->stream = open_memstream(&text->text, &text->length);
  if (text->stream == NULL) {
    freelocale(text->numbers);
    return quern__fail_memory("text", sizeof *text);
  }
  text->before = uselocale(text->numbers);
  return QUERN_OK;
}

quern_status quern__text_close(quern__text *text, char **result) {
  bool failed = ferror(text->stream) != 0;
  if (fclose(text->stream) != 0) failed = true;
  uselocale(text->before);
  freelocale(text->numbers);
  *result = failed ? NULL : text->text;
  if (!failed) return QUERN_OK;
  free(text->text);
  return quern__fail_memory("text", text->length);
}

void quern__text_double(quern__text *text, double value) {
  char digits[32];
  for (int precision = 1; precision <= 17; precision++) {
    snprintf(digits, sizeof digits, "%.*g", precision, value);
    if (strtod(digits, NULL) == value) break;
  }
  fputs(digits, text->stream);
}

void quern__text_float(quern__text *text, float value) {
  /* Nine digits tell every float; fewer do for most. */
  char digits[32];
  for (int precision = 1; precision <= 9; precision++) {
    snprintf(digits, sizeof digits, "%.*g", precision, (double)value);
    if (strtof(digits, NULL) == value) break;
  }
  fputs(digits, text->stream);
}

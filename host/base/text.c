/* Growing text buffers, and numbers as text. */
#include "text.h"
#include "size.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Growing text ----------------------------------------------------------------------------- */

/* Makes room for `more` bytes and a terminating 0. */
static bool reserve_bytes(quern__text *text, size_t more) {
  enum { LEAST = 64 };
  size_t needed;
  if (text->failed) return false;
  text->failed = !quern__add(text->length, more, &needed) || !quern__add(needed, 1, &needed);
  if (text->failed) return false;
  if (needed <= text->room) return true;
  size_t room = needed < LEAST ? LEAST : needed;
  if (room < text->room * 2) room = text->room * 2;
  char *grown = realloc(text->bytes, room);
  text->failed = grown == NULL;
  if (text->failed) return false;
  text->bytes = grown;
  text->room = room;
  return true;
}

void quern__text_add(quern__text *text, const void *bytes, size_t count) {
  if (!reserve_bytes(text, count)) return;
  if (count > 0) memcpy(text->bytes + text->length, bytes, count);
  text->length += count;
  text->bytes[text->length] = '\0';
}

void quern__text_put(quern__text *text, const char *string) {
  quern__text_add(text, string, strlen(string));
}

void quern__text_print(quern__text *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length < 0) text->failed = true;
  if (length < 0 || !reserve_bytes(text, (size_t)length)) return;
  va_start(arguments, format);
  vsnprintf(text->bytes + text->length, (size_t)length + 1, format, arguments);
  va_end(arguments);
  text->length += (size_t)length;
}

void quern__text_float(quern__text *text, float value) {
  quern__text_put(text, quern__digits_of_float(value).text);
}

void quern__text_double(quern__text *text, double value) {
  quern__text_put(text, quern__digits_of_double(value).text);
}

quern_status quern__text_close(quern__text *text, char **result) {
  *result = NULL;
  if (reserve_bytes(text, 0)) {
    text->bytes[text->length] = '\0';
    *result = text->bytes;
    text->bytes = NULL;
    text->room = 0;
    return QUERN_OK;
  }
  quern__text_free(text);
  return quern__fail_memory("text", text->length + 1);
}

void quern__text_free(quern__text *text) {
  free(text->bytes);
  text->bytes = NULL;
  text->room = 0;
}

/* --- Numbers ---------------------------------------------------------------------------------- */

/* Replaces the locale's decimal separator, which may have several bytes, by a point. The separator
 * is what stands between the integer digits and the next digit; "inf", "nan" and "1e+20" have
 * none. */
static void put_point(char *number) {
  static const char digits[] = "0123456789";
  char *separator = number + (*number == '-');
  const size_t whole = strspn(separator, digits);
  separator += whole;
  if (whole == 0 || *separator == '\0' || *separator == 'e') return;
  const char *fraction = separator + strcspn(separator, digits);
  *separator = '.';
  memmove(separator + 1, fraction, strlen(fraction) + 1);
}

/* Formats and parses in the program's locale: printf and strtod have no locale argument, and
 * newlocale would allocate. */
quern__digits quern__digits_of_float(float value) {
  quern__digits number;
  for (int precision = 1; precision <= 9; precision++) {
    snprintf(number.text, sizeof number.text, "%.*g", precision, (double)value);
    if (strtof(number.text, NULL) == value) break;
  }
  put_point(number.text);
  return number;
}

quern__digits quern__digits_of_double(double value) {
  quern__digits number;
  for (int precision = 1; precision <= 17; precision++) {
    snprintf(number.text, sizeof number.text, "%.*g", precision, value);
    if (strtod(number.text, NULL) == value) break;
  }
  put_point(number.text);
  return number;
}

bool quern__parse_whole(const char *text, uint64_t most, uint64_t *value, const char **end) {
  if (*text < '0' || *text > '9') return false;
  char *after;
  errno = 0;
  const unsigned long long number = strtoull(text, &after, 10);
  *end = after;
  *value = number;
  return errno == 0 && number <= most;
}

quern_status quern__c_locale(locale_t *numbers) {
  *numbers = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (*numbers == (locale_t)0)
    return quern__fail(QUERN_ERROR_OUT_OF_MEMORY, "cannot make the C locale: %s", strerror(errno));
  return QUERN_OK;
}

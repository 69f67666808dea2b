/* Fields as numbers: their syntax, their values, and the errors. */
#include "csv_field.h"

#include "../../base/error.h"
#include "../classes.h"
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SHOWN_LENGTH ((size_t)24) /* of a field in a message */
#define EXACT_DIGITS 7            /* integers of up to 7 digits are exact in a float */

typedef enum spelling { TEXT, NOT_FINITE, INTEGER, NUMBER } spelling;

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static size_t skip_digits(const char *text, size_t position, size_t length) {
  while (position < length && is_digit(text[position])) position++;
  return position;
}

static bool is_word(const char *text, size_t length, const char *word, size_t word_length) {
  return length == word_length && strncasecmp(text, word, length) == 0;
}

/* Classifies the text. INTEGER: only digits. NUMBER: optional sign, digits with an optional point,
 * optional exponent. Hexadecimal, which strtof accepts, is TEXT. */
static spelling spelling_of(const char *text, size_t length) {
  size_t position = length > 0 && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  if (is_word(text + position, length - position, "nan", 3) ||
      is_word(text + position, length - position, "inf", 3) ||
      is_word(text + position, length - position, "infinity", 8))
    return NOT_FINITE;
  const size_t whole = skip_digits(text, position, length);
  size_t digits = whole - position;
  if (digits == length && digits > 0) return INTEGER;
  position = whole;
  if (position < length && text[position] == '.') {
    const size_t end = skip_digits(text, position + 1, length);
    digits += end - (position + 1);
    position = end;
  }
  if (digits == 0) return TEXT;
  if (position < length && (text[position] == 'e' || text[position] == 'E')) {
    position++;
    if (position < length && (text[position] == '+' || text[position] == '-')) position++;
    const size_t end = skip_digits(text, position, length);
    if (end == position) return TEXT;
    position = end;
  }
  return position == length ? NUMBER : TEXT;
}

bool quern__csv_is_number(const quern__csv_field *field) {
  return spelling_of(field->text, field->length) != TEXT;
}

/* True if the list, separated by commas, has the text; by `compare`, in which case matters or
 * not. */
static bool is_listed(const quern__csv_field *field, const char *list,
                      int (*compare)(const char *, const char *, size_t)) {
  for (;; list++) {
    const size_t length = strcspn(list, ",");
    if (length == field->length && compare(list, field->text, length) == 0) return true;
    list += length;
    if (*list == '\0') return false;
  }
}

bool quern__csv_is_missing(const quern__csv_field *field, const char *more) {
  static const char tokens[] = "?,nan,na,n/a,#n/a,<na>,null", exact[] = "None";
  const size_t length = field->length;
  if (length == 0 || (more != NULL && is_listed(field, more, strncmp))) return true;
  if (length > 4 || is_digit(field->text[0])) return false; /* no token is longer */
  return is_listed(field, tokens, strncasecmp) || is_listed(field, exact, strncmp);
}

size_t quern__csv_decimal_comma(const char *text, size_t length) {
  char number[64];
  const char *comma = memchr(text, ',', length);
  if (comma == NULL || length >= sizeof number) return length;
  memcpy(number, text, length);
  number[comma - text] = '.';
  return spelling_of(number, length) == NUMBER ? (size_t)(comma - text) : length;
}

quern_status quern__csv_fail(quern_status status, const quern__csv_field *field,
                             const char *expected) {
  return quern__csv_fail_hint(status, field, expected, NULL);
}

quern_status quern__csv_fail_hint(quern_status status, const quern__csv_field *field,
                                  const char *expected, const char *hint) {
  const char *before = hint != NULL ? " (" : "", *behind = hint != NULL ? ")" : "";
  if (hint == NULL) hint = "";
  char shown[SHOWN_LENGTH + 1];
  const size_t length = field->length < SHOWN_LENGTH ? field->length : SHOWN_LENGTH;
  for (size_t i = 0; i < length; i++) {
    const unsigned char c = (unsigned char)field->text[i];
    /* keep UTF-8 */
    shown[i] = (c >= 0x20 && c < 0x7f) || c >= 0x80 ? (char)c : '?';
  }
  shown[length] = '\0';
  if (length == 0) {
    return quern__fail(status,
                       "%s: line %" PRIu64 ", column %" PRIu64 ": expected %s, found nothing%s%s%s",
                       field->file, field->line, field->column, expected, before, hint, behind);
  }
  return quern__fail(status,
                     "%s: line %" PRIu64 ", column %" PRIu64 ": expected %s, found '%s%s'%s%s%s",
                     field->file, field->line, field->column, expected, shown,
                     length < field->length ? "..." : "", before, hint, behind);
}

static quern_status fail_text(const quern__csv_field *field) {
  const bool comma = quern__csv_decimal_comma(field->text, field->length) < field->length;
  return quern__csv_fail_hint(QUERN_ERROR_FORMAT, field, "a number",
                              comma ? "decimal commas need --decimal comma" : NULL);
}

quern_status quern__csv_value(const quern__csv_field *field, float *value) {
  const spelling spelled = spelling_of(field->text, field->length);
  if (spelled == TEXT) return fail_text(field);
  if (spelled == NOT_FINITE) return quern__csv_fail(QUERN_ERROR_DATA, field, "a finite number");
  if (spelled == INTEGER && field->length <= EXACT_DIGITS) {
    int32_t whole = 0;
    for (size_t i = 0; i < field->length; i++) whole = whole * 10 + (field->text[i] - '0');
    *value = (float)whole;
    return QUERN_OK;
  }
  *value = strtof_l(field->text, NULL, field->numbers);
  if (!isfinite(*value))
    return quern__csv_fail(QUERN_ERROR_DATA, field, "a number that fits a float");
  return QUERN_OK;
}

quern_status quern__csv_label(const quern__csv_field *field, double *label) {
  static const char expected[] =
      "a label, a whole number or a text (numeric targets need --task regression)";
  const spelling spelled = spelling_of(field->text, field->length);
  if (spelled == TEXT) return quern__csv_fail(QUERN_ERROR_FORMAT, field, expected);
  if (spelled == NOT_FINITE) return quern__csv_fail(QUERN_ERROR_DATA, field, expected);
  *label = strtod_l(field->text, NULL, field->numbers);
  if (quern__is_class_value(*label)) return QUERN_OK;
  return quern__csv_fail(QUERN_ERROR_DATA, field, expected);
}

quern_status quern__csv_mark(const quern__csv_field *field, float *mark) {
  const spelling spelled = spelling_of(field->text, field->length);
  const double value =
      spelled == INTEGER || spelled == NUMBER ? strtod_l(field->text, NULL, field->numbers) : -1.0;
  if (value != 0.0 && value != 1.0)
    return quern__csv_fail(QUERN_ERROR_DATA, field, "a label, 0 or 1");
  *mark = (float)value;
  return QUERN_OK;
}

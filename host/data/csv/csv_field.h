/* One field of a table. */
#ifndef QUERN_HOST_DATA_CSV_CSV_FIELD_H
#define QUERN_HOST_DATA_CSV_CSV_FIELD_H

#include <locale.h>
#include <quern/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A field and its position. The character after the text cannot continue a number, so strtof stops
 * there. */
typedef struct quern__csv_field {
  const char *text; /* without surrounding blanks and quotes */
  size_t start;     /* of the text in its record */
  size_t length;
  const char *file;
  uint64_t line, column; /* from 1 */
  locale_t numbers;      /* the C locale, since the program's own may use a decimal comma */
} quern__csv_field;

/* True if the field has the syntax of a number; includes "nan" and "inf". */
bool quern__csv_is_number(const quern__csv_field *field);

/* True if the field means a missing value: see quern_missing. `more` lists other texts, separated
 * by commas; NULL for none. */
bool quern__csv_is_missing(const quern__csv_field *field, const char *more);

/* Returns the position of the comma of a number such as "0,5"; `length` for other texts. */
size_t quern__csv_decimal_comma(const char *text, size_t length);

/* Fails with "FILE: line L, column C: expected E, found 'F'", unprintable characters shown as
 * '?'. */
quern_status quern__csv_fail(quern_status status, const quern__csv_field *field,
                             const char *expected);

/* The same, with a hint in parentheses behind it. */
quern_status quern__csv_fail_hint(quern_status status, const quern__csv_field *field,
                                  const char *expected, const char *hint);

/* Return the field as a finite float, or as a class label, a whole number ("3" or "3.0"). */
quern_status quern__csv_value(const quern__csv_field *field, float *value);
quern_status quern__csv_label(const quern__csv_field *field, double *label);

/* Returns the field as 0 or 1. */
quern_status quern__csv_mark(const quern__csv_field *field, float *mark);

#endif

/* One field of a table. */
#ifndef QUERN_HOST_DATA_CSV_CSV_FIELD_H
#define QUERN_HOST_DATA_CSV_CSV_FIELD_H

#include <locale.h>
#include <quern/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a field stands; text is followed, after `length` characters, by one that no number goes on
 * with. */
typedef struct quern__csv_field {
  const char *text; /* blanks and quotes around it left out */
  size_t start;     /* of the text in its record */
  size_t length;
  const char *file;
  uint64_t line, column; /* from 1 */
  locale_t numbers;      /* the C locale: the program's own may want a decimal comma */
} quern__csv_field;

/* Whether the field is spelled as a number, "nan" and "inf" included. */
bool quern__csv_is_number(const quern__csv_field *field);

/* Whether it stands for a value that is missing: nothing, "NA", "?" or "nan". */
bool quern__csv_is_missing(const quern__csv_field *field);

/* "FILE: line L, column C: expected E, found 'F'", with what cannot be printed as '?'. */
quern_status quern__csv_fail(quern_status status, const quern__csv_field *field,
                             const char *expected);

/* The field as a finite float, or as a class label, a whole number ("3", and "3.0" as well). */
quern_status quern__csv_value(const quern__csv_field *field, float *value);
quern_status quern__csv_label(const quern__csv_field *field, double *label);

/* The field as 0 or 1. */
quern_status quern__csv_mark(const quern__csv_field *field, float *mark);

#endif

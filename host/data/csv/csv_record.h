/* Records of a table, RFC 4180: fields between delimiters; one in quotes may hold delimiters, line
 * ends, and quotes written twice. */
#ifndef QUERN_HOST_DATA_CSV_CSV_RECORD_H
#define QUERN_HOST_DATA_CSV_CSV_RECORD_H

#include "csv_field.h"
#include "csv_lines.h"

typedef struct quern__records {
  quern__lines lines;
  char delimiter; /* 0: to be found in the first line */
  locale_t numbers;
  quern__csv_field *fields; /* of the record, until the next is read; owned */
  size_t count, capacity;
  bool ended; /* there was no other record */
} quern__records;

/* Reads the next record. Empty lines are refused, but at the end. A byte order mark at the start is
 * left out. */
quern_status quern__records_next(quern__records *records);
void quern__records_free(quern__records *records);

#endif

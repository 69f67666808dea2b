/* Records of a table as in RFC 4180: fields between delimiters. A quoted field may contain
 * delimiters, line ends, and doubled quotes. */
#ifndef QUERN_HOST_DATA_CSV_CSV_RECORD_H
#define QUERN_HOST_DATA_CSV_CSV_RECORD_H

#include "csv_field.h"
#include "csv_lines.h"

typedef struct quern__records {
  quern__lines lines;
  char delimiter; /* 0: the first line decides */
  char decimal;   /* ',': numbers with a comma are read with a point */
  locale_t numbers;
  quern__csv_field *fields; /* of the record, valid until the next is read; owned */
  size_t count, capacity;
  bool ended; /* there were no more records */
} quern__records;

/* Reads the next record. Empty lines are allowed only at the file's end. Skips a byte order mark at
 * its start. */
quern_status quern__records_next(quern__records *records);
void quern__records_free(quern__records *records);

#endif

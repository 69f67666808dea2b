/* Lines of text from a stream. */
#ifndef QUERN_HOST_DATA_CSV_CSV_LINES_H
#define QUERN_HOST_DATA_CSV_CSV_LINES_H

#include "../stream/stream.h"
#include <stdbool.h>

typedef struct quern__lines {
  quern__stream *stream; /* the caller's */
  char *text;            /* the line, without its line end, then '\0'; owned */
  size_t length, capacity;
  uint64_t number;    /* of the line, from 1 */
  bool ended;         /* there were no more lines */
  char end;           /* what ends a line, '\n' or '\r'; the first bytes decide */
  const char *ending; /* the line's end: "\n", "\r\n" or "\r"; for the last line "" too */
} quern__lines;

/* Reads the next line, which ends with LF, CRLF or the stream; with CR alone if there is no LF in
 * the bytes that are buffered first, 128 KiB of a file. */
quern_status quern__lines_next(quern__lines *lines);

/* Extends the line by its line end and the next line. *more is false if there is none. */
quern_status quern__lines_extend(quern__lines *lines, bool *more);

void quern__lines_free(quern__lines *lines);

#endif

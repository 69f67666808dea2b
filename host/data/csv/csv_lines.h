/* Lines of text out of a stream. */
#ifndef QUERN_HOST_DATA_CSV_CSV_LINES_H
#define QUERN_HOST_DATA_CSV_CSV_LINES_H

#include "../stream/stream.h"
#include <stdbool.h>

typedef struct quern__lines {
  quern__stream *stream; /* the caller's */
  char *text;            /* the line, without its end, then '\0'; owned */
  size_t length, capacity;
  uint64_t number;    /* of the line, from 1 */
  bool ended;         /* there was no other line */
  const char *ending; /* what ended the line: "\n", "\r\n", or "" at the stream's end */
} quern__lines;

/* Reads the next line, of any length, ended by LF, CRLF or the stream's end. */
quern_status quern__lines_next(quern__lines *lines);

/* Goes on with the line: what ended it becomes part of it, and the next line follows. *more is
 * false where there is none. */
quern_status quern__lines_go_on(quern__lines *lines, bool *more);

void quern__lines_free(quern__lines *lines);

#endif

/* Lines of text out of a stream. */
#ifndef QUERN_HOST_DATA_CSV_LINES_H
#define QUERN_HOST_DATA_CSV_LINES_H

#include "stream.h"
#include <stdbool.h>

typedef struct quern__lines {
  quern__stream *stream; /* the caller's */
  char *text;            /* the line, without its end, then '\0'; owned */
  size_t length, capacity;
  uint64_t number; /* of the line, from 1 */
  bool ended;      /* there was no other line */
} quern__lines;

/* Reads the next line, of any length, ended by LF, CRLF or the stream's end. */
quern_status quern__lines_next(quern__lines *lines);
void quern__lines_free(quern__lines *lines);

#endif

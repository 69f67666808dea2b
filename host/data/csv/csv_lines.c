/* Reads lines of any length into a growing buffer. */
#include "csv_lines.h"

#include "../../base/error.h"
#include "../../base/size.h"
#include <stdlib.h>
#include <string.h>

/* Appends bytes, leaving room for a '\0'. */
static quern_status append_bytes(quern__lines *lines, const unsigned char *bytes, size_t count) {
  size_t needed;
  if (!quern__add(lines->length, count, &needed) || !quern__add(needed, 1, &needed))
    return quern__fail_memory("a line", SIZE_MAX);
  if (needed > lines->capacity) {
    const size_t doubled = lines->capacity > SIZE_MAX / 2 ? SIZE_MAX : lines->capacity * 2;
    const size_t capacity = needed > doubled ? needed : doubled;
    char *grown = realloc(lines->text, capacity);
    if (grown == NULL) return quern__fail_memory("a line", capacity);
    lines->text = grown;
    lines->capacity = capacity;
  }
  if (count > 0) memcpy(lines->text + lines->length, bytes, count);
  lines->length += count;
  return QUERN_OK;
}

/* Appends the next line to the buffer; *any is false if there is none. */
static quern_status append_line(quern__lines *lines, bool *any) {
  const size_t start = lines->length;
  bool complete = false;
  *any = false;
  while (!complete) {
    const unsigned char *bytes;
    size_t count;
    QUERN__FORWARD(quern__stream_peek(lines->stream, &bytes, &count));
    if (count == 0) break;
    *any = true;
    if (lines->end == '\0')
      lines->end =
          memchr(bytes, '\n', count) == NULL && memchr(bytes, '\r', count) != NULL ? '\r' : '\n';
    const unsigned char *newline = memchr(bytes, lines->end, count);
    const size_t part = newline != NULL ? (size_t)(newline - bytes) : count;
    QUERN__FORWARD(append_bytes(lines, bytes, part));
    complete = newline != NULL;
    quern__stream_take(lines->stream, part + (complete ? 1 : 0));
  }
  if (!*any) return QUERN_OK;
  lines->number++;
  lines->ending = !complete ? "" : lines->end == '\r' ? "\r" : "\n";
  if (lines->end == '\n' && lines->length > start && lines->text[lines->length - 1] == '\r') {
    lines->length--;
    lines->ending = complete ? "\r\n" : "\r";
  }
  lines->text[lines->length] = '\0';
  return QUERN_OK;
}

quern_status quern__lines_next(quern__lines *lines) {
  bool any;
  lines->length = 0;
  QUERN__FORWARD(append_line(lines, &any));
  lines->ended = !any;
  return QUERN_OK;
}

quern_status quern__lines_extend(quern__lines *lines, bool *more) {
  const char *ending = lines->ending;
  QUERN__FORWARD(append_bytes(lines, (const unsigned char *)ending, strlen(ending)));
  return append_line(lines, more);
}

void quern__lines_free(quern__lines *lines) {
  free(lines->text);
}

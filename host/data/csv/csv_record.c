/* Splits records in place: a line, and further lines if a quoted field has line ends. */
#include "csv_record.h"

#include "../../base/error.h"
#include "../../base/size.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A position in a record. An index, since reading more lines may move the text. */
typedef struct cursor {
  size_t position;
  uint64_t column; /* from 1 */
} cursor;

static bool is_blank(const quern__records *records, char c) {
  return c == ' ' || (c == '\t' && records->delimiter != '\t');
}

static quern_status fail_record(const quern__records *records, uint64_t line, uint64_t column,
                                const char *what) {
  return quern__fail(QUERN_ERROR_FORMAT, "%s: line %" PRIu64 ", column %" PRIu64 ": %s",
                     records->lines.stream->name, line, column, what);
}

/* Returns the first of comma, tab and semicolon that the line has outside of quotes; not the comma
 * if that is the decimal mark. */
static char find_delimiter(const quern__lines *line, char decimal) {
  static const char candidates[] = ",\t;";
  bool found[sizeof candidates - 1] = {false};
  bool quoted = false;
  for (size_t i = 0; i < line->length; i++) {
    if (line->text[i] == '"') quoted = !quoted;
    const char *candidate =
        quoted ? NULL : memchr(candidates, line->text[i], sizeof candidates - 1);
    if (candidate != NULL) found[candidate - candidates] = true;
  }
  for (size_t i = 0; i < sizeof found / sizeof *found; i++)
    if (found[i] && candidates[i] != decimal) return candidates[i];
  return decimal == ',' ? ';' : ',';
}

/* Adds a field. split_fields sets its text once the record is complete. */
static quern_status add_field(quern__records *records, size_t start, size_t length, uint64_t line,
                              uint64_t column) {
  if (records->count == records->capacity) {
    const size_t capacity = records->capacity == 0 ? 64 : records->capacity * 2;
    size_t bytes;
    if (!quern__multiply(capacity, sizeof *records->fields, &bytes))
      return quern__fail_memory("a record", SIZE_MAX);
    quern__csv_field *grown = realloc(records->fields, bytes);
    if (grown == NULL) return quern__fail_memory("a record", bytes);
    records->fields = grown;
    records->capacity = capacity;
  }
  records->fields[records->count++] = (quern__csv_field){.start = start,
                                                         .length = length,
                                                         .file = records->lines.stream->name,
                                                         .line = line,
                                                         .column = column,
                                                         .numbers = records->numbers};
  return QUERN_OK;
}

static quern_status plain_field(quern__records *records, cursor *place) {
  const quern__lines *line = &records->lines;
  size_t start = place->position;
  const char *delimiter = memchr(line->text + start, records->delimiter, line->length - start);
  size_t end = delimiter != NULL ? (size_t)(delimiter - line->text) : line->length;
  place->position = end;
  if (memchr(line->text + start, '"', end - start) != NULL) {
    return fail_record(
        records, line->number, place->column,
        "a quote inside a field, expected the whole field in quotes, with quotes in it doubled");
  }
  while (end > start && is_blank(records, line->text[end - 1])) end--;
  return add_field(records, start, end - start, line->number, place->column);
}

/* Reads a field from its opening quote. Doubled quotes are replaced in place, which only shortens
 * the text. */
static quern_status quoted_field(quern__records *records, cursor *place) {
  quern__lines *line = &records->lines;
  const uint64_t begun = line->number;
  const size_t start = place->position;
  size_t from = start + 1, to = start;
  for (;;) {
    if (from == line->length) {
      bool more;
      QUERN__FORWARD(quern__lines_extend(line, &more));
      if (!more) return fail_record(records, begun, place->column, "a quote that is not closed");
      continue;
    }
    const char c = line->text[from++];
    if (c == '"') {
      if (line->text[from] != '"' || from == line->length) break;
      from++;
    }
    line->text[to++] = c;
  }
  line->text[to] = '\0'; /* at or before the closing quote */
  while (from < line->length && is_blank(records, line->text[from])) from++;
  place->position = from;
  if (from < line->length && line->text[from] != records->delimiter) {
    return fail_record(records, line->number, place->column,
                       "text after a closing quote, expected a delimiter or the line's end");
  }
  return add_field(records, start, to - start, begun, place->column);
}

static quern_status split_fields(quern__records *records) {
  const quern__lines *line = &records->lines;
  cursor place = {0, 1};
  records->count = 0;
  for (;; place.position++, place.column++) {
    while (place.position < line->length && is_blank(records, line->text[place.position]))
      place.position++;
    const bool quoted = place.position < line->length && line->text[place.position] == '"';
    QUERN__FORWARD(quoted ? quoted_field(records, &place) : plain_field(records, &place));
    if (place.position == line->length) break;
  }
  for (size_t i = 0; i < records->count; i++) {
    quern__csv_field *field = &records->fields[i];
    char *text = line->text + field->start;
    field->text = text;
    if (records->decimal != ',') continue;
    const size_t comma = quern__csv_decimal_comma(text, field->length);
    if (comma < field->length) text[comma] = '.';
  }
  return QUERN_OK;
}

/* A UTF-8 byte order mark. */
static quern_status skip_mark(quern__stream *stream) {
  const unsigned char *bytes;
  size_t count;
  QUERN__FORWARD(quern__stream_peek(stream, &bytes, &count));
  if (count >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) quern__stream_take(stream, 3);
  return QUERN_OK;
}

/* True if the line has only blanks. Tabs are blanks only if they are not the delimiter. */
static bool is_empty(const quern__records *records) {
  const quern__lines *line = &records->lines;
  for (size_t i = 0; i < line->length; i++)
    if (!is_blank(records, line->text[i])) return false;
  return true;
}

quern_status quern__records_next(quern__records *records) {
  quern__lines *line = &records->lines;
  uint64_t empty_line = 0; /* the first empty line; only the file's end may follow */
  if (line->number == 0) QUERN__FORWARD(skip_mark(line->stream));
  for (;;) {
    QUERN__FORWARD(quern__lines_next(line));
    records->ended = line->ended;
    if (line->ended) return QUERN_OK;
    if (!is_empty(records)) break;
    if (empty_line == 0) empty_line = line->number;
  }
  if (empty_line != 0) {
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: line %" PRIu64
                       ": empty, expected a row; only the end of the file may be empty",
                       line->stream->name, empty_line);
  }
  if (records->delimiter == '\0') records->delimiter = find_delimiter(line, records->decimal);
  return split_fields(records);
}

void quern__records_free(quern__records *records) {
  quern__lines_free(&records->lines);
  free(records->fields);
}

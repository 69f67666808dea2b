/* CSV: numbers between commas, a label first or last, a sample a line. */
#include "csv_field.h"
#include "csv_lines.h"
#include "data.h"
#include "error.h"
#include "size.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A reading in progress. */
typedef struct csv {
  const quern_dataset_options *options;
  const char *name;
  quern__lines lines;
  locale_t numbers;
  quern_dataset *made;
  size_t fields;        /* of a line; 0 before the first */
  size_t rows_capacity; /* of made's values and labels */
} csv;

/* A place in the line: the field from `text` up to a comma or the line's end. */
typedef struct cursor {
  const char *text, *end;
  uint64_t column;
} cursor;

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/* The field at the cursor, which moves on to the next. */
static quern__csv_field next_field(const csv *reading, cursor *at) {
  const char *comma = memchr(at->text, ',', (size_t)(at->end - at->text));
  const char *start = at->text;
  const char *end = comma ? comma : at->end;
  at->text = comma ? comma + 1 : at->end;
  at->column++;
  while (start < end && is_blank(*start)) start++;
  while (end > start && is_blank(end[-1])) end--;
  return (quern__csv_field){.text = start,
                            .length = (size_t)(end - start),
                            .file = reading->name,
                            .line = reading->lines.number,
                            .column = at->column,
                            .numbers = reading->numbers};
}

static cursor line_start(const csv *reading) {
  return (cursor){.text = reading->lines.text, .end = reading->lines.text + reading->lines.length};
}

/* How many fields the line has: as many in every line, and no quotes. */
static quern_status count_fields(csv *reading) {
  const quern__lines *line = &reading->lines;
  size_t fields = 1;
  const char *end = line->text + line->length;
  for (const char *at = line->text; at < end; at++) {
    if (*at == ',') fields++;
    if (*at == '"') {
      return quern__fail(QUERN_ERROR_UNSUPPORTED,
                         "%s: line %" PRIu64
                         ", column %zu: a quoted field, expected plain numbers between commas",
                         reading->name, line->number, fields);
    }
  }
  if (reading->fields == 0) {
    if (fields < 2) {
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: line %" PRIu64
                         ": 1 column, expected a label and at least one value, between commas",
                         reading->name, line->number);
    }
    if (fields - 1 > QUERN__DIMENSION_LARGEST) {
      return quern__fail(QUERN_ERROR_OVERFLOW, "%s: line %" PRIu64 ": %zu columns, expected at most %zu",
                         reading->name, line->number, fields, QUERN__DIMENSION_LARGEST + 1);
    }
    reading->fields = fields;
  }
  if (fields != reading->fields) {
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: line %" PRIu64 ": %zu columns, expected %zu as in the lines before",
                       reading->name, line->number, fields, reading->fields);
  }
  return QUERN_OK;
}

static bool is_header(const csv *reading) {
  if (reading->options->header != QUERN_HEADER_AUTO) return reading->options->header == QUERN_HEADER_ONE;
  cursor at = line_start(reading);
  for (size_t i = 0; i < reading->fields; i++) {
    const quern__csv_field field = next_field(reading, &at);
    if (quern__csv_is_number(&field)) return false;
  }
  return true;
}

/* Makes room for another row, twice as many as there were when there is none. */
static quern_status reserve_row(csv *reading) {
  quern_dataset *made = reading->made;
  if (made->rows < reading->rows_capacity) return QUERN_OK;
  if (made->rows == QUERN__DIMENSION_LARGEST) {
    return quern__fail(QUERN_ERROR_OVERFLOW, "%s: line %" PRIu64 ": expected at most %zu rows", reading->name,
                       reading->lines.number, QUERN__DIMENSION_LARGEST);
  }
  size_t capacity = made->rows == 0 ? 64 : made->rows * 2;
  if (capacity > QUERN__DIMENSION_LARGEST) capacity = QUERN__DIMENSION_LARGEST;
  size_t value_bytes, label_bytes;
  if (!quern__multiply(capacity, made->columns, &value_bytes) ||
      !quern__multiply(value_bytes, sizeof(float), &value_bytes) ||
      !quern__multiply(capacity, sizeof(int32_t), &label_bytes)) {
    return quern__fail(QUERN_ERROR_OVERFLOW, "%s: line %" PRIu64 ": rows of %zu columns do not fit in memory",
                       reading->name, reading->lines.number, made->columns);
  }
  void *values = realloc(made->values, value_bytes);
  if (!values) return quern__fail_memory("the values of a CSV file", value_bytes);
  made->values = values;
  void *labels = realloc(made->labels, label_bytes);
  if (!labels) return quern__fail_memory("the labels of a CSV file", label_bytes);
  made->labels = labels;
  reading->rows_capacity = capacity;
  return QUERN_OK;
}

static quern_status read_row(csv *reading) {
  QUERN__FORWARD(reserve_row(reading));
  quern_dataset *made = reading->made;
  float *value = (float *)made->values + made->rows * made->columns;
  const size_t label = reading->options->label == QUERN_LABEL_FIRST ? 0 : reading->fields - 1;
  cursor at = line_start(reading);
  for (size_t i = 0; i < reading->fields; i++) {
    const quern__csv_field field = next_field(reading, &at);
    if (i == label) {
      QUERN__FORWARD(quern__csv_label(&field, &made->labels[made->rows]));
    } else {
      QUERN__FORWARD(quern__csv_value(&field, value++));
    }
  }
  made->rows++;
  return QUERN_OK;
}

/* UTF-8's byte order mark says nothing here. */
static quern_status skip_mark(quern__stream *stream) {
  const unsigned char *bytes;
  size_t count;
  QUERN__FORWARD(quern__stream_peek(stream, &bytes, &count));
  if (count >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) quern__stream_take(stream, 3);
  return QUERN_OK;
}

static bool is_empty(const quern__lines *line) {
  for (size_t i = 0; i < line->length; i++) {
    if (!is_blank(line->text[i])) return false;
  }
  return true;
}

static quern_status read_lines(csv *reading) {
  quern__lines *line = &reading->lines;
  uint64_t empty_line = 0; /* the first of those that only the end may follow */
  QUERN__FORWARD(skip_mark(line->stream));
  for (;;) {
    QUERN__FORWARD(quern__lines_next(line));
    if (line->ended) break;
    if (is_empty(line)) {
      if (empty_line == 0) empty_line = line->number;
      continue;
    }
    if (empty_line != 0) {
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: line %" PRIu64 ": empty, expected a row; only the end of the file may be empty",
                         reading->name, empty_line);
    }
    const bool first = reading->fields == 0;
    QUERN__FORWARD(count_fields(reading));
    reading->made->columns = reading->fields - 1;
    if (first && is_header(reading)) continue;
    QUERN__FORWARD(read_row(reading));
  }
  if (reading->made->rows == 0) {
    return quern__fail(QUERN_ERROR_FORMAT, "%s: %s, expected rows of numbers", reading->name,
                       reading->fields == 0 ? "empty" : "a header and no rows");
  }
  return QUERN_OK;
}

/* Gives back the room that growing left over. */
static void trim(quern_dataset *made) {
  void *values = realloc(made->values, made->rows * made->columns * sizeof(float));
  if (values) made->values = values;
  void *labels = realloc(made->labels, made->rows * sizeof(int32_t));
  if (labels) made->labels = labels;
}

quern_status quern__csv_read(quern__stream *stream, const quern_dataset_options *options,
                             quern_dataset **dataset) {
  quern_status status = QUERN_OK;
  csv reading = {.options = options, .name = stream->name, .lines = {.stream = stream}};
  reading.numbers = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (!reading.numbers) {
    status = quern__fail(QUERN_ERROR_OUT_OF_MEMORY, "%s: cannot make the C locale: %s", stream->name,
                         strerror(errno));
    goto cleanup;
  }
  QUERN__TRY(quern__dataset_new(stream->name, &reading.made));
  reading.made->element = QUERN_FLOAT32;
  QUERN__TRY(read_lines(&reading));
  trim(reading.made);
  quern__dataset_count_classes(reading.made);
  *dataset = reading.made;
  reading.made = NULL;
cleanup:
  quern_dataset_free(reading.made);
  quern__lines_free(&reading.lines);
  if (reading.numbers) freelocale(reading.numbers);
  return status;
}

/* Reads tables (CSV, TSV and the like), one sample per record. */
#include "../../base/error.h"
#include "csv_rows.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_text(const quern__csv_field *field, const quern_dataset_options *options) {
  return !quern__csv_is_missing(field, options->missing_values) && !quern__csv_is_number(field);
}

static bool is_header(const quern__records *first, quern_csv_header header) {
  if (header != QUERN_HEADER_AUTO) return header == QUERN_HEADER_ONE;
  for (size_t i = 0; i < first->count; i++)
    if (quern__csv_is_number(&first->fields[i])) return false;
  return true;
}

/* A first line of numbers and texts is a row of data, or a header with years or the like. */
typedef struct first_line {
  bool *texts; /* [fields], owned; NULL if the line cannot be a header */
} first_line;

static quern_status note_texts(const quern__records *first, const quern_dataset_options *options,
                               first_line *line) {
  bool *texts = calloc(first->count, sizeof *texts);
  if (texts == NULL) return quern__fail_memory("the first line of a table", first->count);
  for (size_t i = 0; i < first->count; i++) texts[i] = is_text(&first->fields[i], options);
  line->texts = texts;
  return QUERN_OK;
}

/* Refuses a number in the second line under a text in the first. */
static quern_status check_second_line(const quern__records *second, const first_line *first) {
  for (size_t i = 0; first->texts != NULL && i < second->count; i++) {
    if (!first->texts[i] || !quern__csv_is_number(&second->fields[i])) continue;
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: line 1 has numbers and, in column %zu, a text above a number: give "
                       "--header one if it names the columns, or --header none if it is a row",
                       second->lines.stream->name, i + 1);
  }
  return QUERN_OK;
}

static bool ends_in(const char *name, size_t length, const char *ending) {
  const size_t ending_length = strlen(ending);
  return length >= ending_length &&
         strncasecmp(name + length - ending_length, ending, ending_length) == 0;
}

/* Returns the delimiter of the options or of the file's name; 0 if the first line decides. */
static char delimiter_of(const char *name, const quern_dataset_options *options) {
  size_t length = strlen(name);
  if (options->delimiter != '\0') return options->delimiter;
  if (ends_in(name, length, ".gz")) length -= strlen(".gz");
  return ends_in(name, length, ".tsv") || ends_in(name, length, ".tab") ? '\t' : '\0';
}

static quern_status check_count(const quern__records *record, size_t fields) {
  if (record->count == fields) return QUERN_OK;
  return quern__fail(QUERN_ERROR_FORMAT,
                     "%s: line %" PRIu64 ": %zu columns, expected %zu as in the lines before",
                     record->lines.stream->name, record->lines.number, record->count, fields);
}

static quern_status check_width(const quern__records *first) {
  if (first->count - 1 <= QUERN__DIMENSION_LARGEST) return QUERN_OK;
  return quern__fail(
      QUERN_ERROR_OVERFLOW, "%s: line %" PRIu64 ": %zu columns, expected at most %zu",
      first->lines.stream->name, first->lines.number, first->count, QUERN__DIMENSION_LARGEST + 1);
}

static quern_status add_row(quern__csv_rows *rows, const quern__records *records,
                            const first_line *first) {
  QUERN__FORWARD(check_count(records, rows->columns->fields));
  if (rows->count == 1) QUERN__FORWARD(check_second_line(records, first));
  const quern_status status = quern__csv_rows_add(rows, records);
  if (status != QUERN_ERROR_FORMAT || rows->count > 0 || first->texts == NULL) return status;
  return quern__fail(status, "%s; if the line names the columns, give --header one",
                     quern_last_error());
}

static quern_status read_table(quern__records *records, quern__csv_rows *rows, first_line *first) {
  const char *file = records->lines.stream->name;
  QUERN__FORWARD(quern__records_next(records));
  if (records->ended)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: empty, expected rows of numbers", file);
  QUERN__FORWARD(check_width(records));
  const bool header = is_header(records, rows->options->header);
  QUERN__FORWARD(quern__csv_columns_create(records, header, rows->options, rows->columns));
  const bool unsure = !header && rows->options->header == QUERN_HEADER_AUTO;
  if (unsure) QUERN__FORWARD(note_texts(records, rows->options, first));
  if (header) QUERN__FORWARD(quern__records_next(records));
  if (records->ended) {
    return quern__fail(QUERN_ERROR_FORMAT, "%s: a header and no rows, expected rows of numbers",
                       file);
  }
  while (!records->ended) {
    QUERN__FORWARD(add_row(rows, records, first));
    QUERN__FORWARD(quern__records_next(records));
  }
  return QUERN_OK;
}

/* Gives the data set a copy of the schema that it was read with, less any targets that it lacks.
 * quern_dataset_apply adds how to prepare the values. */
static quern_status take_schema(quern_dataset *result, const quern_schema *schema) {
  quern_schema *copy;
  QUERN__FORWARD(quern__schema_copy(schema, &copy));
  free(copy->fill);
  free(copy->mean);
  free(copy->deviation);
  free(copy->target_mean);
  free(copy->target_deviation);
  copy->fill = copy->mean = copy->deviation = copy->target_mean = copy->target_deviation = NULL;
  if (result->schema->task == QUERN_TASK_NONE) {
    copy->task = QUERN_TASK_NONE;
    copy->outputs = 0;
  } else if (result->schema->outputs > copy->outputs) {
    /* a later check reports classes that the model does not have */
    copy->outputs = result->schema->outputs;
  }
  quern__schema_free(result->schema);
  result->schema = copy;
  return QUERN_OK;
}

quern_status quern__csv_read(quern__stream *stream, const quern_dataset_options *options,
                             quern_dataset **dataset) {
  quern_status status = QUERN_OK;
  quern__csv_columns columns = {0};
  quern__records records = {.lines = {.stream = stream},
                            .delimiter = delimiter_of(stream->name, options),
                            .decimal = options->decimal};
  quern__csv_rows rows = {.options = options, .columns = &columns};
  first_line first = {NULL};
  quern_dataset *result = NULL;
  records.numbers = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  if (records.numbers == NULL) {
    status = quern__fail(QUERN_ERROR_OUT_OF_MEMORY, "%s: cannot make the C locale: %s",
                         stream->name, strerror(errno));
    goto cleanup;
  }
  QUERN__TRY(quern__dataset_new(stream->name, &result));
  QUERN__TRY(read_table(&records, &rows, &first));
  QUERN__TRY(quern__csv_rows_finish(&rows, result));
  if (options->schema != NULL) QUERN__TRY(take_schema(result, options->schema));
  *dataset = result;
  result = NULL;
cleanup:
  quern_dataset_free(result);
  free(first.texts);
  quern__csv_rows_free(&rows);
  quern__csv_columns_free(&columns);
  quern__records_free(&records);
  if (records.numbers != NULL) freelocale(records.numbers);
  return status;
}

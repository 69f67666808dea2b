/* Reads the log of a training. */
#include "../base/file.h"
#include "log.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
#define NAME(name, tasks) #name,
    CLI_LOG_FIELDS(NAME)
#undef NAME
};
enum { FIELDS = sizeof names / sizeof *names };

static const size_t offsets[FIELDS] = {
#define OFFSET(name, tasks) offsetof(cli_log_row, name),
    CLI_LOG_FIELDS(OFFSET)
#undef OFFSET
};

enum { UNKNOWN = FIELDS }; /* a column of another name */

typedef struct log_reader {
  const char *path;
  size_t line;     /* from 1 */
  size_t *columns; /* owned: the field of each column of CSV, or UNKNOWN */
  size_t column_count;
  cli_log_rows *rows;
  size_t room; /* rows that there is memory for */
} log_reader;

static double *field(cli_log_row *row, size_t index) {
  return (double *)(void *)((char *)row + offsets[index]);
}

static cli_log_row empty_row(void) {
  cli_log_row row;
  for (size_t i = 0; i < FIELDS; i++) *field(&row, i) = NAN;
  return row;
}

static cli_exit fail_log_read(const log_reader *reader, const char *what, const char *expected) {
  return cli_fail("%s, line %zu: %s, expected %s", reader->path, reader->line, what, expected);
}

static cli_exit add_row(log_reader *reader, const cli_log_row *row, size_t end) {
  cli_log_rows *rows = reader->rows;
  if (!(row->epoch >= 0.0)) return fail_log_read(reader, "no epoch", "a number in that column");
  if (rows->count == reader->room) {
    const size_t room = reader->room > 0 ? 2 * reader->room : 64;
    if (room > SIZE_MAX / sizeof *rows->items) return cli_fail_memory();
    cli_log_row *items = realloc(rows->items, room * sizeof *items);
    if (items != NULL) rows->items = items;
    size_t *ends = realloc(rows->ends, room * sizeof *ends);
    if (ends != NULL) rows->ends = ends;
    if (items == NULL || ends == NULL) return cli_fail_memory();
    reader->room = room;
  }
  rows->items[rows->count] = *row;
  rows->ends[rows->count++] = end;
  return CLI_OK;
}

/* The field of a name; UNKNOWN if there is none. */
static size_t find_name(const char *name) {
  size_t index = 0;
  while (index < FIELDS && strcmp(names[index], name) != 0) index++;
  return index;
}

static cli_exit read_header(log_reader *reader, char *line) {
  for (const char *cursor = line; *cursor != '\0'; cursor++) reader->column_count += *cursor == ',';
  reader->column_count++;
  reader->columns = calloc(reader->column_count, sizeof *reader->columns);
  if (reader->columns == NULL) return cli_fail_memory();
  bool has_epoch = false, seen[FIELDS + 1] = {false};
  for (size_t i = 0; i < reader->column_count; i++) {
    const size_t index = find_name(strsep(&line, ","));
    if (index < FIELDS && seen[index])
      return fail_log_read(reader, "a column that comes twice", "each name once");
    seen[index] = true;
    has_epoch = has_epoch || index == 0;
    reader->columns[i] = index;
  }
  return has_epoch ? CLI_OK
                   : fail_log_read(reader, "no column \"epoch\"", "the header line of a log");
}

/* Parses a number; NaN if the text is empty. */
static bool parse_number(const char *text, double *number) {
  char *end;
  *number = NAN;
  if (*text == '\0') return true;
  *number = strtod(text, &end);
  return *end == '\0' && strchr(" \t", *text) == NULL;
}

static cli_exit read_csv_row(log_reader *reader, char *line, cli_log_row *row) {
  size_t column = 0;
  for (char *text; (text = strsep(&line, ",")) != NULL; column++) {
    double number;
    if (column == reader->column_count)
      return fail_log_read(reader, "more fields than columns", "as many");
    if (reader->columns[column] == UNKNOWN) continue;
    if (!parse_number(text, &number))
      return fail_log_read(reader, "a field that is not a number", "a number or nothing");
    *field(row, reader->columns[column]) = number;
  }
  return column == reader->column_count
             ? CLI_OK
             : fail_log_read(reader, "fewer fields than columns", "as many");
}

static cli_exit read_json_row(log_reader *reader, const char *line, cli_log_row *row) {
  const char *end = NULL;
  errno = 0;
  cJSON *object = cJSON_ParseWithOpts(line, &end, true);
  if (object == NULL && errno == ENOMEM) return cli_fail_memory();
  cli_exit result =
      cJSON_IsObject(object) ? CLI_OK : fail_log_read(reader, "no JSON object", "one a line");
  for (const cJSON *member = result == CLI_OK ? object->child : NULL; member != NULL;
       member = member->next) {
    const size_t index = find_name(member->string);
    if (index == UNKNOWN || cJSON_IsNull(member)) continue;
    if (!cJSON_IsNumber(member)) {
      result = cli_fail("%s, line %zu: \"%s\" is not a number", reader->path, reader->line,
                        names[index]);
      break;
    }
    *field(row, index) = member->valuedouble;
  }
  cJSON_Delete(object);
  return result;
}

static cli_exit read_line(log_reader *reader, char *line, size_t end) {
  cli_log_rows *rows = reader->rows;
  const size_t length = strlen(line);
  if (length > 0 && line[length - 1] == '\r') line[length - 1] = '\0';
  if (*line == '\0') return CLI_OK;
  if (rows->count == 0 && reader->columns == NULL)
    rows->form = *line == '{' ? CLI_LOG_JSON_LINES : CLI_LOG_CSV;
  if (rows->form == CLI_LOG_CSV && reader->columns == NULL) {
    rows->begin = end;
    return read_header(reader, line);
  }
  cli_log_row row = empty_row();
  const cli_exit result = rows->form == CLI_LOG_CSV ? read_csv_row(reader, line, &row)
                                                    : read_json_row(reader, line, &row);
  return result == CLI_OK ? add_row(reader, &row, end) : result;
}

cli_exit cli_log_read(const char *path, cli_log_rows *rows) {
  *rows = (cli_log_rows){0};
  log_reader reader = {.path = path, .rows = rows};
  const char *why;
  FILE *file = cli_input_open(path, &why);
  if (file == NULL) return cli_fail("%s cannot be read: %s", path, why);
  char *line = NULL;
  size_t room = 0, end = 0;
  ssize_t length = 0;
  cli_exit result = CLI_OK;
  while (result == CLI_OK && (length = getline(&line, &room, file)) > 0) {
    reader.line++;
    /* Without a newline it was cut short. */
    if (line[length - 1] != '\n') break;
    end += (size_t)length;
    line[length - 1] = '\0';
    result = strlen(line) == (size_t)length - 1 ? read_line(&reader, line, end)
                                                : fail_log_read(&reader, "a zero byte", "text");
  }
  /* If memory is out, getline sets neither an error nor the end of the file. */
  if (result == CLI_OK && length < 0 && !feof(file))
    result = cli_fail("%s cannot be read: %s", path, strerror(errno));
  free(line);
  free(reader.columns);
  fclose(file);
  return result;
}

void cli_log_rows_free(cli_log_rows *rows) {
  free(rows->items);
  free(rows->ends);
  *rows = (cli_log_rows){0};
}

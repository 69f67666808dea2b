/* Converts fields to values, labels and targets. */
#include "csv_rows.h"

#include "../../base/error.h"
#include "../../base/memory.h"
#include "../../base/size.h"
#include "../../base/utf8.h"
#include "../classes.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A float holds the number of a text exactly below this limit. */
#define MOST_CATEGORIES ((size_t)1 << 24)

/* Room for values at first. Few wide rows fit, so that memory stays in proportion to what was
 * read. */
#define FIRST_VALUES ((size_t)1 << 12)

/* Resizes *memory to capacity · columns elements. */
static quern_status resize_memory(const char *file, size_t capacity, size_t columns,
                                  size_t element_bytes, void **memory) {
  size_t bytes;
  if (!quern__multiply(capacity, columns, &bytes) ||
      !quern__multiply(bytes, element_bytes, &bytes)) {
    return quern__fail(QUERN_ERROR_OVERFLOW, "%s: rows of %zu columns do not fit in memory", file,
                       columns);
  }
  void *grown = realloc(*memory, bytes);
  if (grown == NULL) return quern__fail_memory("the rows of a table", bytes);
  *memory = grown;
  return QUERN_OK;
}

static quern_status resize_rows(quern__csv_rows *rows, const char *file, size_t capacity) {
  const quern__csv_columns *columns = rows->columns;
  void *memory = rows->values;
  quern_status status =
      resize_memory(file, capacity, columns->input_count, sizeof *rows->values, &memory);
  rows->values = memory;
  if (status == QUERN_OK && columns->task == QUERN_TASK_CLASSES) {
    memory = rows->labels;
    status = resize_memory(file, capacity, 1, sizeof *rows->labels, &memory);
    rows->labels = memory;
  } else if (status == QUERN_OK && columns->target_count > 0) {
    memory = rows->targets;
    status = resize_memory(file, capacity, columns->target_count, sizeof *rows->targets, &memory);
    rows->targets = memory;
  }
  if (status == QUERN_OK) rows->capacity = capacity;
  return status;
}

/* Makes room for another row, doubling the capacity if it is full. */
static quern_status reserve_row(quern__csv_rows *rows, const quern__records *record) {
  const char *file = record->lines.stream->name;
  if (rows->count < rows->capacity) return QUERN_OK;
  if (rows->count == QUERN__DIMENSION_LARGEST) {
    return quern__fail(QUERN_ERROR_OVERFLOW, "%s: line %" PRIu64 ": expected at most %zu rows",
                       file, record->lines.number, QUERN__DIMENSION_LARGEST);
  }
  const size_t first = FIRST_VALUES / (rows->columns->input_count + 1) + 1;
  const size_t doubled = rows->count == 0 ? first : rows->count * 2;
  return resize_rows(rows, file,
                     doubled < QUERN__DIMENSION_LARGEST ? doubled : QUERN__DIMENSION_LARGEST);
}

/* Returns the number of a text: its index in the schema, or else in the column's list, which it
 * joins if new. */
static quern_status text_number(const quern__csv_field *field, quern__csv_column *column,
                                const char *expected, size_t *number) {
  if (!quern__is_text(field->text, field->length))
    return quern__csv_fail(QUERN_ERROR_FORMAT, field, "a text in UTF-8");
  if (column->schema_column != NULL) {
    const quern__schema_column *known = column->schema_column;
    *number =
        quern__words_find(known->categories, known->category_count, field->text, field->length);
    return *number < known->category_count ? QUERN_OK
                                           : quern__csv_fail(QUERN_ERROR_DATA, field, expected);
  }
  QUERN__FORWARD(quern__words_number(&column->words, field->text, field->length, number));
  if (*number < MOST_CATEGORIES) return QUERN_OK;
  return quern__csv_fail(QUERN_ERROR_OVERFLOW, field,
                         "fewer than 16777216 different texts in a column");
}

/* True if an input is missing and may be. *value is then -1 for a text, and NaN otherwise. */
static bool read_missing(quern__csv_rows *rows, const quern__csv_field *field,
                         const quern__csv_column *column, float *value) {
  const quern_dataset_options *options = rows->options;
  const bool filled = options->schema != NULL ? options->schema->fill != NULL
                                              : options->missing != QUERN_MISSING_REFUSE;
  if (!filled || !quern__csv_is_missing(field, options->missing_values)) return false;
  rows->has_missing = true;
  *value = column->kind == QUERN__CSV_TEXTS ? -1.0f : NAN;
  return true;
}

static quern_status read_value(const quern_dataset_options *options, const quern__csv_field *field,
                               float *value) {
  const quern_status status = quern__csv_value(field, value);
  const bool missing = status != QUERN_OK && quern__csv_is_missing(field, options->missing_values);
  if (!missing || options->schema != NULL) return status;
  return quern__csv_fail_hint(status, field,
                              status == QUERN_ERROR_DATA ? "a finite number" : "a number",
                              "missing values need --missing mean or zero");
}

static quern_status read_input(quern__csv_rows *rows, const quern__csv_field *field,
                               quern__csv_column *column, float *value) {
  if (read_missing(rows, field, column, value)) return QUERN_OK;
  if (column->kind == QUERN__CSV_UNDECIDED) {
    const bool text = rows->options->text == QUERN_TEXT_ONE_HOT && !quern__csv_is_number(field);
    column->kind = text ? QUERN__CSV_TEXTS : QUERN__CSV_NUMBERS;
  }
  if (column->kind == QUERN__CSV_NUMBERS) return read_value(rows->options, field, value);
  size_t number;
  QUERN__FORWARD(
      text_number(field, column, "one of the texts that the model was trained on", &number));
  *value = (float)number;
  return QUERN_OK;
}

/* Reads a number as a label: by the schema the class, else the number itself, checked against
 * options->classes. */
static quern_status read_number(const quern_dataset_options *options, const quern__csv_field *field,
                                double *label) {
  int32_t class;
  QUERN__FORWARD(quern__csv_label(field, label));
  if (options->schema != NULL) {
    if (!quern__classes_find(options->schema, *label, &class))
      return quern__csv_fail(QUERN_ERROR_DATA, field,
                             quern__classes_expected(options->schema).text);
    *label = (double)class;
  } else if (options->classes > 0 && !(*label >= 0.0 && *label < (double)options->classes)) {
    return quern__csv_fail(QUERN_ERROR_DATA, field, quern__classes_below(options->classes).text);
  }
  return QUERN_OK;
}

static quern_status read_label(const quern__csv_rows *rows, const quern__csv_field *field,
                               quern__csv_column *column, double *label) {
  if (column->kind == QUERN__CSV_UNDECIDED) {
    const bool text = field->length > 0 && !quern__csv_is_number(field);
    column->kind = text ? QUERN__CSV_TEXTS : QUERN__CSV_NUMBERS;
  }
  if (column->kind == QUERN__CSV_NUMBERS) return read_number(rows->options, field, label);
  if (field->length == 0) return quern__csv_fail(QUERN_ERROR_FORMAT, field, "the name of a class");
  size_t number;
  QUERN__FORWARD(
      text_number(field, column, "one of the classes that the model was trained on", &number));
  *label = (double)number;
  return QUERN_OK;
}

static quern_status read_targets(quern__csv_rows *rows, const quern__records *record) {
  const quern__csv_columns *columns = rows->columns;
  if (columns->task == QUERN_TASK_CLASSES) {
    return read_label(rows, &record->fields[columns->targets[0].place], &columns->targets[0],
                      &rows->labels[rows->count]);
  }
  float *target =
      rows->targets != NULL ? rows->targets + rows->count * columns->target_count : NULL;
  for (size_t i = 0; i < columns->target_count; i++) {
    const quern__csv_field *field = &record->fields[columns->targets[i].place];
    QUERN__FORWARD(columns->task == QUERN_TASK_LABELS ? quern__csv_mark(field, &target[i])
                                                      : quern__csv_value(field, &target[i]));
  }
  return QUERN_OK;
}

/* Checks that a column without a name counts the rows, from 0 or 1. */
static quern_status check_index(const quern__csv_rows *rows, const quern__records *record) {
  quern__csv_columns *columns = rows->columns;
  if (columns->index_place == columns->fields) return QUERN_OK;
  const quern__csv_field *field = &record->fields[columns->index_place];
  char expected[24];
  if (rows->count == 0) columns->next_index = field->length == 1 && field->text[0] == '1';
  snprintf(expected, sizeof expected, "%" PRIu64, columns->next_index++);
  if (strlen(expected) == field->length && memcmp(field->text, expected, field->length) == 0)
    return QUERN_OK;
  return quern__csv_fail_hint(
      QUERN_ERROR_FORMAT, field, expected,
      "the column has no name and was taken for the rows' numbers: give it a name, or --exclude 1, "
      "or list the columns with --inputs");
}

quern_status quern__csv_rows_add(quern__csv_rows *rows, const quern__records *record) {
  const quern__csv_columns *columns = rows->columns;
  QUERN__FORWARD(check_index(rows, record));
  QUERN__FORWARD(reserve_row(rows, record));
  float *value = rows->values + rows->count * columns->input_count;
  /* Read from left to right, so that the line's first error is the one reported. */
  size_t input = 0;
  while (input < columns->input_count &&
         (columns->target_count == 0 || columns->inputs[input].place < columns->targets[0].place)) {
    quern__csv_column *column = &columns->inputs[input];
    QUERN__FORWARD(read_input(rows, &record->fields[column->place], column, &value[input++]));
  }
  QUERN__FORWARD(read_targets(rows, record));
  for (; input < columns->input_count; input++) {
    quern__csv_column *column = &columns->inputs[input];
    QUERN__FORWARD(read_input(rows, &record->fields[column->place], column, &value[input]));
  }
  rows->count++;
  return QUERN_OK;
}

/* Missing values before a column's first text were stored as NaN, since the column's kind was
 * unknown. */
static void mark_missing_texts(quern__csv_rows *rows) {
  const quern__csv_columns *columns = rows->columns;
  for (size_t i = 0; i < columns->input_count && rows->has_missing; i++) {
    if (columns->inputs[i].kind != QUERN__CSV_TEXTS) continue;
    float *value = rows->values + i;
    for (size_t row = 0; row < rows->count; row++, value += columns->input_count)
      if (isnan(*value)) *value = -1.0f;
  }
}

/* Sorts the texts of a column, renumbers its rows accordingly, and lists the texts in the schema's
 * column. */
static quern_status settle_texts(quern__csv_rows *rows, quern__csv_column *column, float *values,
                                 double *labels, quern__schema_column *described) {
  size_t *new_numbers;
  QUERN__FORWARD(quern__words_sort(&column->words, &new_numbers));
  const size_t stride = rows->columns->input_count;
  for (size_t row = 0; row < rows->count; row++) {
    if (labels != NULL) labels[row] = (double)new_numbers[(size_t)labels[row]];
    if (values != NULL && values[row * stride] >= 0.0f)
      values[row * stride] = (float)new_numbers[(size_t)values[row * stride]];
  }
  free(new_numbers);
  described->categories = calloc(column->words.count, sizeof *described->categories);
  if (described->categories == NULL) return quern__fail_memory("a schema", column->words.count);
  described->category_count = column->words.count;
  for (size_t i = 0; i < column->words.count; i++) {
    const char *text = column->words.items[i];
    QUERN__FORWARD(quern__schema_copy_text(text, strlen(text), &described->categories[i]));
  }
  return QUERN_OK;
}

static quern_status describe_column(const quern__csv_columns *columns,
                                    const quern__csv_column *column,
                                    quern__schema_column *described) {
  described->place = column->place;
  if (columns->names == NULL) return QUERN_OK;
  const char *name = columns->names[column->place];
  return quern__schema_copy_text(name, strlen(name), &described->name);
}

static quern_status make_schema(quern__csv_rows *rows, quern_schema *schema) {
  quern__csv_columns *columns = rows->columns;
  schema->fields = columns->fields;
  schema->task = columns->task;
  QUERN__FORWARD(quern__schema_columns_create(columns->input_count, &schema->inputs));
  QUERN__FORWARD(quern__schema_columns_create(columns->target_count, &schema->targets));
  mark_missing_texts(rows);
  for (size_t i = 0; i < columns->input_count; i++) {
    quern__csv_column *column = &columns->inputs[i];
    QUERN__FORWARD(describe_column(columns, column, &schema->inputs.items[i]));
    if (column->kind == QUERN__CSV_TEXTS)
      QUERN__FORWARD(settle_texts(rows, column, rows->values + i, NULL, &schema->inputs.items[i]));
  }
  for (size_t i = 0; i < columns->target_count; i++) {
    quern__csv_column *column = &columns->targets[i];
    QUERN__FORWARD(describe_column(columns, column, &schema->targets.items[i]));
    if (column->kind == QUERN__CSV_TEXTS)
      QUERN__FORWARD(settle_texts(rows, column, NULL, rows->labels, &schema->targets.items[i]));
  }
  return QUERN_OK;
}

/* Counts the values per sample, with one per category for a text column. */
static quern_status count_columns(const char *file, const quern__schema_columns *inputs,
                                  size_t *count) {
  *count = 0;
  for (size_t i = 0; i < inputs->count; i++) {
    const size_t categories = inputs->items[i].category_count;
    if (!quern__add(*count, categories > 0 ? categories : 1, count) ||
        *count > QUERN__DIMENSION_LARGEST) {
      return quern__fail(QUERN_ERROR_OVERFLOW, "%s: expected at most %zu values per sample", file,
                         QUERN__DIMENSION_LARGEST);
    }
  }
  return QUERN_OK;
}

static quern_status check_one_hot_size(const quern__csv_rows *rows, size_t columns,
                                       const char *file) {
  char *what = NULL;
  size_t bytes;
  if (!quern__multiply(rows->count, columns, &bytes) ||
      !quern__multiply(bytes, sizeof(float), &bytes))
    bytes = SIZE_MAX;
  if (asprintf(&what, "%s: %zu rows of %zu values, one for each text,", file, rows->count,
               columns) < 0)
    return quern__fail_memory(file, strlen(file));
  const quern_status status = quern__memory_check_host(
      &(quern__demand){what, "leave out columns of many texts with --exclude", bytes});
  free(what);
  return status;
}

static quern_status make_one_hot(quern__csv_rows *rows, const quern__schema_columns *inputs,
                                 size_t columns, const char *file) {
  if (columns == inputs->count) {
    bool any = false;
    for (size_t i = 0; i < inputs->count && !any; i++) any = inputs->items[i].category_count > 0;
    if (!any) return QUERN_OK;
  }
  void *memory = NULL;
  QUERN__FORWARD(check_one_hot_size(rows, columns, file));
  QUERN__FORWARD(resize_memory(file, rows->count, columns, sizeof *rows->values, &memory));
  float *to = memory;
  const float *from = rows->values;
  for (size_t row = 0; row < rows->count; row++) {
    for (size_t i = 0; i < inputs->count; i++, from++) {
      const size_t categories = inputs->items[i].category_count;
      if (categories == 0) {
        *to++ = *from;
        continue;
      }
      for (size_t j = 0; j < categories; j++) *to++ = *from == (float)j ? 1.0f : 0.0f;
    }
  }
  free(rows->values);
  rows->values = memory;
  return QUERN_OK;
}

/* Sets missing values to zero, and has the schema do so for other data. */
static quern_status fill_with_zeros(const quern__csv_rows *rows, quern_dataset *dataset) {
  double *zeros = calloc(dataset->columns, sizeof *zeros);
  if (zeros == NULL) return quern__fail_memory("a schema", dataset->columns * sizeof *zeros);
  dataset->schema->fill = zeros;
  for (size_t i = 0; i < rows->count * dataset->columns; i++)
    if (isnan(rows->values[i])) rows->values[i] = 0.0f;
  return QUERN_OK;
}

/* Sets the labels of the data set, whose rows must be set. */
static quern_status finish_classes(const quern__csv_rows *rows, quern_dataset *dataset) {
  const quern_dataset_options *options = rows->options;
  const bool texts = rows->columns->targets[0].kind == QUERN__CSV_TEXTS;
  if (options->schema == NULL && !texts)
    return quern__dataset_set_class_values(dataset, rows->labels, options);
  if (texts && options->schema == NULL)
    QUERN__FORWARD(quern__classes_check_count(
        dataset, dataset->schema->targets.items[0].category_count, options));
  return quern__dataset_take_classes(dataset, rows->labels);
}

quern_status quern__csv_rows_finish(quern__csv_rows *rows, quern_dataset *dataset) {
  const quern_dataset_options *options = rows->options;
  const char *file = dataset->source;
  const quern__csv_columns *columns = rows->columns;
  quern_schema *schema = dataset->schema;
  QUERN__FORWARD(resize_rows(rows, file, rows->count)); /* frees the unused capacity */
  if (options->schema == NULL)
    QUERN__FORWARD(quern__csv_check_categories(rows->columns, rows->count, file));
  if (options->schema == NULL) QUERN__FORWARD(make_schema(rows, schema));
  const quern__schema_columns *inputs =
      options->schema != NULL ? &options->schema->inputs : &schema->inputs;
  dataset->columns = options->schema != NULL ? options->schema->columns : 0;
  if (options->schema == NULL) QUERN__FORWARD(count_columns(file, inputs, &dataset->columns));
  if (inputs->count > 0) QUERN__FORWARD(make_one_hot(rows, inputs, dataset->columns, file));
  dataset->element = QUERN_ELEMENT_FLOAT32;
  dataset->without_index = columns->index_place < columns->fields;
  dataset->rows = rows->count;
  if (options->schema == NULL && options->missing == QUERN_MISSING_ZERO) {
    QUERN__FORWARD(fill_with_zeros(rows, dataset));
    rows->has_missing = false;
  }
  dataset->values = rows->values;
  dataset->targets = rows->targets;
  rows->values = NULL;
  rows->targets = NULL;
  dataset->has_missing =
      rows->has_missing || (options->schema == NULL && options->missing == QUERN_MISSING_MEAN);
  if (columns->task == QUERN_TASK_CLASSES) return finish_classes(rows, dataset);
  quern__dataset_set_targets(dataset, columns->task, columns->target_count);
  return QUERN_OK;
}

void quern__csv_rows_free(quern__csv_rows *rows) {
  free(rows->values);
  free(rows->labels);
  free(rows->targets);
}

/* Selects columns by name, by number, or by a schema. */
#include "csv_columns.h"

#include "../../base/error.h"
#include "../../base/utf8.h"
#include "../classes.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct table {
  const char *file;
  quern__csv_columns *columns;
} table;

static quern_status copy_names(const quern__records *header, quern__csv_columns *columns) {
  columns->names = calloc(header->count, sizeof *columns->names);
  if (columns->names == NULL) return quern__fail_memory("the header of a table", header->count);
  for (size_t i = 0; i < header->count; i++) {
    const quern__csv_field *field = &header->fields[i];
    if (!quern__is_text(field->text, field->length))
      return quern__csv_fail(QUERN_ERROR_FORMAT, field, "the name of a column in UTF-8");
    QUERN__FORWARD(quern__schema_copy_text(field->text, field->length, &columns->names[i]));
  }
  return QUERN_OK;
}

/* Finds a column by name; *place is `fields` if there is none. Two columns of that name are an
 * error. */
static quern_status find_name(const table *in, const char *name, size_t length, size_t *place) {
  const quern__csv_columns *columns = in->columns;
  *place = columns->fields;
  for (size_t i = 0; columns->names != NULL && i < columns->fields; i++) {
    if (strncmp(columns->names[i], name, length) != 0 || columns->names[i][length] != '\0')
      continue;
    if (*place < columns->fields) {
      return quern__fail(QUERN_ERROR_FORMAT, "%s: columns %zu and %zu are both called \"%.*s\"",
                         in->file, *place + 1, i + 1, (int)length, name);
    }
    *place = i;
  }
  return QUERN_OK;
}

/* Finds a column by name, else by number from 1. */
static quern_status find_column(const table *in, const char *item, size_t length, size_t *place) {
  const size_t fields = in->columns->fields;
  QUERN__FORWARD(find_name(in, item, length, place));
  if (*place < fields) return QUERN_OK;
  size_t number = 0, digits = 0;
  while (digits < length && item[digits] >= '0' && item[digits] <= '9' && number <= fields)
    number = number * 10 + (size_t)(item[digits++] - '0');
  if (digits == length && number >= 1 && number <= fields) {
    *place = number - 1;
    return QUERN_OK;
  }
  return quern__fail(QUERN_ERROR_ARGUMENT,
                     "%s: there is no column \"%.*s\", expected %s or a number from 1 to %zu",
                     in->file, (int)(length < 100 ? length : 100), item,
                     in->columns->names ? "a name of its header" : "(it has no header)", fields);
}

static quern_status make_columns(size_t count, quern__csv_column **result) {
  *result = calloc(count > 0 ? count : 1, sizeof **result);
  return *result != NULL ? QUERN_OK
                         : quern__fail_memory("the columns of a table", count * sizeof **result);
}

/* Finds the columns in a comma-separated option. */
static quern_status find_list(const table *in, const char *list, quern__csv_column **found,
                              size_t *count) {
  size_t items = *list != '\0' ? 1 : 0;
  for (const char *cursor = list; *cursor; cursor++) items += *cursor == ',';
  QUERN__FORWARD(make_columns(items, found));
  for (size_t i = 0; i < items; i++, list++) {
    const size_t length = strcspn(list, ",");
    QUERN__FORWARD(find_column(in, list, length, &(*found)[i].place));
    list += length;
    (*count)++;
  }
  return QUERN_OK;
}

static quern_status check_once(const table *in) {
  const quern__csv_columns *columns = in->columns;
  bool *taken = calloc(columns->fields, sizeof *taken);
  if (taken == NULL) return quern__fail_memory("the columns of a table", columns->fields);
  quern_status status = QUERN_OK;
  for (size_t i = 0; i < columns->input_count + columns->target_count && status == QUERN_OK; i++) {
    const size_t place = i < columns->target_count
                             ? columns->targets[i].place
                             : columns->inputs[i - columns->target_count].place;
    if (taken[place]) {
      status = quern__fail(QUERN_ERROR_ARGUMENT, "%s: column %zu is used twice, expected once",
                           in->file, place + 1);
    }
    taken[place] = true;
  }
  free(taken);
  return status;
}

/* Marks the columns of options->exclude; without it, a first column without a name. That is what
 * pandas and R write for the numbers of the rows. */
static quern_status exclude_columns(const table *in, const quern_dataset_options *options,
                                    bool *taken) {
  quern__csv_columns *columns = in->columns;
  quern__csv_column *excluded = NULL;
  size_t count = 0;
  if (options->exclude == NULL) {
    if (columns->names != NULL && *columns->names[0] == '\0' && !taken[0] && columns->fields > 2)
      columns->index_place = 0;
    taken[0] = taken[0] || columns->index_place == 0;
    return QUERN_OK;
  }
  const quern_status status = find_list(in, options->exclude, &excluded, &count);
  for (size_t i = 0; status == QUERN_OK && i < count; i++) taken[excluded[i].place] = true;
  free(excluded);
  return status;
}

/* Makes all columns but the targets and the excluded ones inputs. */
static quern_status take_others(const table *in, const quern_dataset_options *options) {
  quern__csv_columns *columns = in->columns;
  bool *taken = calloc(columns->fields, sizeof *taken);
  if (taken == NULL) return quern__fail_memory("the columns of a table", columns->fields);
  for (size_t i = 0; i < columns->target_count; i++) taken[columns->targets[i].place] = true;
  quern_status status = exclude_columns(in, options, taken);
  if (status == QUERN_OK) status = make_columns(columns->fields, &columns->inputs);
  for (size_t i = 0; status == QUERN_OK && i < columns->fields; i++)
    if (!taken[i]) columns->inputs[columns->input_count++].place = i;
  free(taken);
  return status;
}

static quern_status choose_by_options(const table *in, const quern_dataset_options *options) {
  quern__csv_columns *columns = in->columns;
  if (options->target != NULL) {
    QUERN__FORWARD(find_list(in, options->target, &columns->targets, &columns->target_count));
  } else {
    QUERN__FORWARD(make_columns(1, &columns->targets));
    columns->targets[columns->target_count++].place =
        options->label == QUERN_LABEL_FIRST ? 0 : columns->fields - 1;
  }
  columns->task = options->task == QUERN_TASK_NONE ? QUERN_TASK_CLASSES : options->task;
  if (columns->target_count == 0) columns->task = QUERN_TASK_NONE;
  if (columns->task == QUERN_TASK_CLASSES && columns->target_count > 1) {
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "%s: %zu target columns, expected one for classes: give --task labels or "
                       "--task regression for several",
                       in->file, columns->target_count);
  }
  if (options->inputs != NULL)
    QUERN__FORWARD(find_list(in, options->inputs, &columns->inputs, &columns->input_count));
  else
    QUERN__FORWARD(take_others(in, options));
  return QUERN_OK;
}

/* Finds a schema's columns by name. *missing is the first that does not exist, or NULL. */
static quern_status match_names(const table *in, const quern__schema_columns *wanted,
                                quern__csv_column *found, const quern__schema_column **missing) {
  *missing = NULL;
  for (size_t i = 0; i < wanted->count; i++) {
    const quern__schema_column *column = &wanted->items[i];
    QUERN__FORWARD(find_name(in, column->name, strlen(column->name), &found[i].place));
    if (found[i].place == in->columns->fields && *missing == NULL) *missing = column;
  }
  return QUERN_OK;
}

static bool have_names(const quern__schema_columns *columns) {
  for (size_t i = 0; i < columns->count; i++)
    if (columns->items[i].name == NULL) return false;
  return columns->count > 0;
}

/* Finds columns by their places in the table that the schema describes; without target columns, the
 * inputs in order. */
static quern_status match_places(const table *in, const quern_schema *schema, size_t inputs,
                                 bool *targets) {
  quern__csv_columns *columns = in->columns;
  const size_t fields = columns->fields;
  const size_t whole = schema->fields > 0 ? schema->fields : inputs + 1;
  *targets = fields == whole;
  if (fields != whole && fields != inputs) {
    return quern__fail(
        QUERN_ERROR_FORMAT,
        "%s: %zu columns, expected %zu as in the training data, or only the %zu inputs", in->file,
        fields, whole, inputs);
  }
  for (size_t i = 0; i < inputs; i++) {
    columns->inputs[i].place =
        fields == whole && schema->fields > 0 ? schema->inputs.items[i].place : i;
  }
  for (size_t i = 0; i < schema->targets.count && *targets; i++)
    columns->targets[i].place = schema->targets.items[i].place;
  return QUERN_OK;
}

static quern_status match_by_name(const table *in, const quern_schema *schema, bool *targets) {
  quern__csv_columns *columns = in->columns;
  const quern__schema_column *missing;
  QUERN__FORWARD(match_names(in, &schema->inputs, columns->inputs, &missing));
  if (missing != NULL) {
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: there is no column \"%.100s\", which the model reads", in->file,
                       missing->name);
  }
  *targets = have_names(&schema->targets);
  if (!*targets) return QUERN_OK;
  QUERN__FORWARD(match_names(in, &schema->targets, columns->targets, &missing));
  *targets = missing == NULL;
  for (size_t i = 0; missing != NULL && i < schema->targets.count; i++) {
    if (columns->targets[i].place == columns->fields) continue;
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: there is a target column \"%.100s\", but no \"%.100s\"", in->file,
                       schema->targets.items[i].name, missing->name);
  }
  return QUERN_OK;
}

/* Finds the columns of a schema. One not made from a table only has a number of values. */
static quern_status match_schema(const table *in, const quern_schema *schema,
                                 quern_csv_label label) {
  quern__csv_columns *columns = in->columns;
  const bool of_table = schema->fields > 0;
  const size_t inputs = of_table ? schema->inputs.count : schema->columns;
  const size_t targets = of_table ? schema->targets.count : 1;
  bool with_targets;
  QUERN__FORWARD(make_columns(inputs, &columns->inputs));
  QUERN__FORWARD(make_columns(targets, &columns->targets));
  if (columns->names != NULL && have_names(&schema->inputs))
    QUERN__FORWARD(match_by_name(in, schema, &with_targets));
  else
    QUERN__FORWARD(match_places(in, schema, inputs, &with_targets));
  if (!of_table && with_targets) {
    columns->targets[0].place = label == QUERN_LABEL_FIRST ? 0 : columns->fields - 1;
    for (size_t i = 0; i < inputs; i++)
      columns->inputs[i].place = i + (label == QUERN_LABEL_FIRST ? 1 : 0);
    with_targets = schema->task == QUERN_TASK_CLASSES || schema->outputs == 1;
    const quern__schema_column *list =
        schema->task == QUERN_TASK_CLASSES ? quern__classes_list(schema) : NULL;
    columns->targets[0].kind =
        list != NULL && list->values == NULL ? QUERN__CSV_TEXTS : QUERN__CSV_NUMBERS;
    columns->targets[0].schema_column = list;
  }
  columns->input_count = inputs;
  columns->target_count = with_targets ? targets : 0;
  columns->task = columns->target_count > 0 ? schema->task : QUERN_TASK_NONE;
  for (size_t i = 0; of_table && i < inputs; i++) {
    const quern__schema_column *column = &schema->inputs.items[i];
    columns->inputs[i].schema_column = column;
    columns->inputs[i].kind = column->category_count > 0 ? QUERN__CSV_TEXTS : QUERN__CSV_NUMBERS;
  }
  for (size_t i = 0; of_table && i < columns->target_count; i++) {
    const quern__schema_column *column = &schema->targets.items[i];
    columns->targets[i].schema_column = column;
    const bool texts = column->category_count > 0 && column->values == NULL;
    columns->targets[i].kind = texts ? QUERN__CSV_TEXTS : QUERN__CSV_NUMBERS;
  }
  return QUERN_OK;
}

quern_status quern__csv_columns_create(const quern__records *first, bool header,
                                       const quern_dataset_options *options,
                                       quern__csv_columns *columns) {
  *columns = (quern__csv_columns){.fields = first->count, .index_place = first->count};
  const table in = {first->lines.stream->name, columns};
  if (header) QUERN__FORWARD(copy_names(first, columns));
  if (options->schema != NULL)
    QUERN__FORWARD(match_schema(&in, options->schema, options->label));
  else
    QUERN__FORWARD(choose_by_options(&in, options));
  if (columns->input_count == 0) {
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: line %" PRIu64 ": %zu column%s, expected at least one input besides "
                       "the target, separated by commas, tabs or semicolons",
                       in.file, first->lines.number, first->count, first->count == 1 ? "" : "s");
  }
  return check_once(&in);
}

static void free_columns(quern__csv_column *columns, size_t count) {
  for (size_t i = 0; columns != NULL && i < count; i++) quern__words_free(&columns[i].words);
  free(columns);
}

void quern__csv_columns_free(quern__csv_columns *columns) {
  for (size_t i = 0; columns->names != NULL && i < columns->fields; i++) free(columns->names[i]);
  free(columns->names);
  free_columns(columns->inputs, columns->input_count);
  free_columns(columns->targets, columns->target_count);
}

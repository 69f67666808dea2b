/* Schemas: creation, copies, comparison and access. */
#include "schema.h"

#include "../base/error.h"
#include "../base/size.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

quern_status quern__schema_create(quern_schema **schema) {
  *schema = calloc(1, sizeof **schema);
  return *schema != NULL ? QUERN_OK : quern__fail_memory("a schema", sizeof **schema);
}

static void free_categories(quern__schema_column *column) {
  for (size_t j = 0; j < column->category_count; j++) free(column->categories[j]);
  free(column->categories);
  free(column->values);
  column->categories = NULL;
  column->values = NULL;
  column->category_count = 0;
}

static void free_columns(quern__schema_columns *columns) {
  for (size_t i = 0; i < columns->count; i++) {
    free_categories(&columns->items[i]);
    free(columns->items[i].name);
  }
  free(columns->items);
}

void quern__schema_free(quern_schema *schema) {
  if (schema == NULL) return;
  free_columns(&schema->inputs);
  free_columns(&schema->targets);
  free(schema->fill);
  free(schema->mean);
  free(schema->deviation);
  free(schema->target_mean);
  free(schema->target_deviation);
  free(schema);
}

quern_status quern__schema_columns_create(size_t count, quern__schema_columns *columns) {
  *columns = (quern__schema_columns){NULL, 0};
  if (count == 0) return QUERN_OK;
  columns->items = calloc(count, sizeof *columns->items);
  if (columns->items == NULL) return quern__fail_memory("a schema", count * sizeof *columns->items);
  columns->count = count;
  return QUERN_OK;
}

quern_status quern__schema_copy_text(const char *text, size_t length, char **copy) {
  *copy = malloc(length + 1);
  if (*copy == NULL) return quern__fail_memory("a text in a schema", length + 1);
  memcpy(*copy, text, length);
  (*copy)[length] = '\0';
  return QUERN_OK;
}

quern_status quern__schema_copy_doubles(const double *from, size_t count, double **to) {
  *to = NULL;
  if (from == NULL) return QUERN_OK;
  size_t bytes;
  if (!quern__multiply(count, sizeof *from, &bytes))
    return quern__fail_memory("a schema", SIZE_MAX);
  *to = malloc(bytes > 0 ? bytes : 1);
  if (*to == NULL) return quern__fail_memory("a schema", bytes);
  memcpy(*to, from, bytes);
  return QUERN_OK;
}

static quern_status make_categories(size_t count, quern__schema_column *column) {
  column->categories = calloc(count, sizeof *column->categories);
  if (column->categories == NULL)
    return quern__fail_memory("a schema", count * sizeof *column->categories);
  column->category_count = count;
  return QUERN_OK;
}

static quern_status copy_categories(const quern__schema_column *from, quern__schema_column *to) {
  if (from->category_count == 0) return QUERN_OK;
  QUERN__FORWARD(make_categories(from->category_count, to));
  for (size_t i = 0; i < from->category_count; i++) {
    const char *text = from->categories[i];
    QUERN__FORWARD(quern__schema_copy_text(text, strlen(text), &to->categories[i]));
  }
  return quern__schema_copy_doubles(from->values, from->category_count, &to->values);
}

quern_status quern__schema_set_values(quern__schema_column *column, double *values, size_t count) {
  char digits[32]; /* whole numbers of at most 16 digits */
  column->values = values;
  QUERN__FORWARD(make_categories(count, column));
  for (size_t i = 0; i < count; i++) {
    /* turns -0 into 0 */
    const int length = snprintf(digits, sizeof digits, "%.0f", values[i] + 0.0);
    QUERN__FORWARD(quern__schema_copy_text(digits, (size_t)length, &column->categories[i]));
  }
  return QUERN_OK;
}

static quern_status copy_column(const quern__schema_column *from, quern__schema_column *to) {
  to->place = from->place;
  if (from->name != NULL)
    QUERN__FORWARD(quern__schema_copy_text(from->name, strlen(from->name), &to->name));
  return copy_categories(from, to);
}

static quern_status copy_columns(const quern__schema_columns *from, quern__schema_columns *to) {
  QUERN__FORWARD(quern__schema_columns_create(from->count, to));
  for (size_t i = 0; i < from->count; i++)
    QUERN__FORWARD(copy_column(&from->items[i], &to->items[i]));
  return QUERN_OK;
}

/* A target that is a column of a table keeps its name and place. */
quern_status quern__schema_set_classes(quern_schema *schema, const quern__schema_column *list,
                                       size_t outputs) {
  quern__schema_columns schema_columns = {NULL, 0};
  quern_status status = QUERN_OK;
  const bool needed = list != NULL || schema->fields > 0;
  if (needed) QUERN__TRY(quern__schema_columns_create(1, &schema_columns));
  if (list != NULL) QUERN__TRY(copy_categories(list, &schema_columns.items[0]));
  if (needed && schema->targets.count > 0) {
    schema_columns.items[0].place = schema->targets.items[0].place;
    schema_columns.items[0].name = schema->targets.items[0].name;
    schema->targets.items[0].name = NULL;
  }
  free_columns(&schema->targets);
  schema->targets = schema_columns;
  schema->outputs = outputs;
  schema_columns = (quern__schema_columns){NULL, 0};
cleanup:
  free_columns(&schema_columns);
  return status;
}

quern_status quern__schema_copy(const quern_schema *from, quern_schema **to) {
  *to = NULL;
  if (from == NULL) return QUERN_OK;
  quern_schema *result;
  QUERN__FORWARD(quern__schema_create(&result));
  quern_status status = QUERN_OK;
  result->task = from->task;
  result->columns = from->columns;
  result->outputs = from->outputs;
  result->fields = from->fields;
  QUERN__TRY(copy_columns(&from->inputs, &result->inputs));
  QUERN__TRY(copy_columns(&from->targets, &result->targets));
  QUERN__TRY(quern__schema_copy_doubles(from->fill, from->columns, &result->fill));
  QUERN__TRY(quern__schema_copy_doubles(from->mean, from->columns, &result->mean));
  QUERN__TRY(quern__schema_copy_doubles(from->deviation, from->columns, &result->deviation));
  QUERN__TRY(quern__schema_copy_doubles(from->target_mean, from->outputs, &result->target_mean));
  QUERN__TRY(
      quern__schema_copy_doubles(from->target_deviation, from->outputs, &result->target_deviation));
  *to = result;
  result = NULL;
cleanup:
  quern__schema_free(result);
  return status;
}

bool quern__schema_has_more(const quern_schema *schema) {
  if (schema == NULL) return false;
  if (schema->task != QUERN_TASK_CLASSES || schema->fill != NULL || schema->mean != NULL ||
      schema->target_mean != NULL)
    return true;
  return schema->inputs.count > 0 || schema->targets.count > 0;
}

static bool same_doubles(const double *a, const double *b, size_t count) {
  if (a == NULL || b == NULL) return a == b;
  for (size_t i = 0; i < count; i++)
    if (a[i] != b[i]) return false;
  return true;
}

bool quern__schema_same_categories(const quern__schema_column *a, const quern__schema_column *b) {
  if (a->category_count != b->category_count || (a->values != NULL) != (b->values != NULL))
    return false;
  for (size_t i = 0; i < a->category_count; i++)
    if (strcmp(a->categories[i], b->categories[i]) != 0) return false;
  return true;
}

static bool has_categories(const quern__schema_columns *columns) {
  for (size_t i = 0; i < columns->count; i++)
    if (columns->items[i].category_count > 0) return true;
  return false;
}

static bool same_texts(const quern__schema_columns *a, const quern__schema_columns *b) {
  if (!has_categories(a) && !has_categories(b)) return true;
  if (a->count != b->count) return false;
  for (size_t i = 0; i < a->count; i++)
    if (!quern__schema_same_categories(&a->items[i], &b->items[i])) return false;
  return true;
}

static bool same_targets(const quern_schema *a, const quern_schema *b) {
  if (a->target_mean != NULL && b->target_mean != NULL && a->outputs != b->outputs) return false;
  return same_doubles(a->target_mean, b->target_mean, a->outputs) &&
         same_doubles(a->target_deviation, b->target_deviation, a->outputs);
}

bool quern__schema_prepares_alike(const quern_schema *a, const quern_schema *b) {
  static const quern_schema nothing;
  if (a == NULL) a = &nothing;
  if (b == NULL) b = &nothing;
  const bool differ_in_size = (a->mean != NULL || a->fill != NULL) &&
                              (b->mean != NULL || b->fill != NULL) && a->columns != b->columns;
  if (differ_in_size) return false;
  if (a->task != QUERN_TASK_NONE && b->task != QUERN_TASK_NONE && !same_targets(a, b)) return false;
  return same_texts(&a->inputs, &b->inputs) && same_doubles(a->fill, b->fill, a->columns) &&
         same_doubles(a->mean, b->mean, a->columns) &&
         same_doubles(a->deviation, b->deviation, a->columns);
}

quern_task quern_schema_task(const quern_schema *schema) {
  return schema->task;
}

const char *quern_schema_class_name(const quern_schema *schema, size_t index) {
  if (schema->task != QUERN_TASK_CLASSES || schema->targets.count == 0) return NULL;
  const quern__schema_column *target = &schema->targets.items[0];
  return index < target->category_count ? target->categories[index] : NULL;
}

const char *quern_schema_target_name(const quern_schema *schema, size_t index) {
  return index < schema->targets.count ? schema->targets.items[index].name : NULL;
}

bool quern_schema_is_standardized(const quern_schema *schema) {
  return schema->mean != NULL;
}

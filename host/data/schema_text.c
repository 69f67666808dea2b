/* Schemas as JSON, for the metadata of a model file:
 *
 *   {"task": "regression", "columns": 3, "outputs": 1, "fields": 3,
 *    "inputs": [{"name": "width", "place": 0},
 *               {"name": "kind", "place": 2, "categories": ["a", "b"]}],
 *    "targets": [{"name": "price", "place": 1}],
 *    "fill": […], "mean": […], "deviation": […], "target_mean": […], "target_deviation": […]}
 *
 * If the labels of classes are not 0 … outputs-1, their target has "categories" (texts) or "values"
 * (whole numbers). Empty lists are omitted. Numbers have the fewest digits that give the same
 * double back. */
#include "schema.h"

#include "../base/error.h"
#include "../base/size.h"
#include "../base/text.h"
#include "classes.h"
#include <cjson/cJSON.h>
#include <errno.h>
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const task_names[] = {"none", "classes", "labels", "regression"};
enum { TASKS = sizeof task_names / sizeof *task_names };

/* --- Writing ---------------------------------------------------------------------------------- */

static bool add_texts(cJSON *object, const char *name, char *const *texts, size_t count) {
  cJSON *list = cJSON_AddArrayToObject(object, name);
  for (size_t i = 0; i < count; i++) {
    cJSON *text = cJSON_CreateString(texts[i]);
    if (cJSON_AddItemToArray(list, text)) continue;
    cJSON_Delete(text);
    return false;
  }
  return list != NULL;
}

/* cJSON would print 15 digits even if they give back a neighboring double. */
static cJSON *create_number(double value) {
  char digits[32];
  for (int precision = 15; precision <= 17; precision++) {
    snprintf(digits, sizeof digits, "%.*g", precision, value);
    if (strtod(digits, NULL) == value) break;
  }
  return cJSON_CreateRaw(digits);
}

static bool add_doubles(cJSON *object, const char *name, const double *numbers, size_t count) {
  if (numbers == NULL) return true;
  cJSON *list = cJSON_AddArrayToObject(object, name);
  for (size_t i = 0; i < count; i++) {
    cJSON *number = create_number(numbers[i]);
    if (cJSON_AddItemToArray(list, number)) continue;
    cJSON_Delete(number);
    return false;
  }
  return list != NULL;
}

static bool add_categories(cJSON *item, const quern__schema_column *column) {
  if (column->category_count == 0) return true;
  return column->values != NULL
             ? add_doubles(item, "values", column->values, column->category_count)
             : add_texts(item, "categories", column->categories, column->category_count);
}

static bool add_columns(cJSON *object, const char *name, const quern__schema_columns *columns) {
  if (columns->count == 0) return true;
  cJSON *list = cJSON_AddArrayToObject(object, name);
  for (size_t i = 0; i < columns->count; i++) {
    const quern__schema_column *column = &columns->items[i];
    cJSON *item = cJSON_CreateObject();
    if (!cJSON_AddItemToArray(list, item)) {
      cJSON_Delete(item);
      return false;
    }
    if (column->name != NULL && cJSON_AddStringToObject(item, "name", column->name) == NULL)
      return false;
    if (cJSON_AddNumberToObject(item, "place", (double)column->place) == NULL) return false;
    if (!add_categories(item, column)) return false;
  }
  return list != NULL;
}

quern_status quern__schema_print(const quern_schema *schema, char **text) {
  *text = NULL;
  locale_t numbers;
  QUERN__FORWARD(quern__c_locale(&numbers));
  const locale_t before = uselocale(numbers);
  cJSON *json = cJSON_CreateObject();
  if (json != NULL && cJSON_AddStringToObject(json, "task", task_names[schema->task]) != NULL &&
      cJSON_AddNumberToObject(json, "columns", (double)schema->columns) != NULL &&
      cJSON_AddNumberToObject(json, "outputs", (double)schema->outputs) != NULL &&
      cJSON_AddNumberToObject(json, "fields", (double)schema->fields) != NULL &&
      add_columns(json, "inputs", &schema->inputs) &&
      add_columns(json, "targets", &schema->targets) &&
      add_doubles(json, "fill", schema->fill, schema->columns) &&
      add_doubles(json, "mean", schema->mean, schema->columns) &&
      add_doubles(json, "deviation", schema->deviation, schema->columns) &&
      add_doubles(json, "target_mean", schema->target_mean, schema->outputs) &&
      add_doubles(json, "target_deviation", schema->target_deviation, schema->outputs))
    *text = cJSON_PrintUnformatted(json);
  cJSON_Delete(json);
  uselocale(before);
  freelocale(numbers);
  return *text != NULL ? QUERN_OK : quern__fail_memory("a schema as text", schema->columns);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static quern_status fail_schema_text(const char *where, const char *field, const char *expected) {
  return quern__fail(QUERN_ERROR_FORMAT, "%s: schema: \"%.100s\": expected %s", where, field,
                     expected);
}

static size_t count_items(const cJSON *list) {
  size_t count = 0;
  for (const cJSON *item = list != NULL ? list->child : NULL; item != NULL; item = item->next)
    count++;
  return count;
}

/* Refuses fields other than the `count` known ones, and duplicates. */
static quern_status check_fields(const char *where, const cJSON *object, const char *const *known,
                                 size_t count) {
  uint32_t seen = 0;
  if (!cJSON_IsObject(object))
    return quern__fail(QUERN_ERROR_FORMAT, "%s: schema: expected an object", where);
  for (const cJSON *field = object->child; field != NULL; field = field->next) {
    size_t i = 0;
    while (i < count && strcmp(field->string, known[i]) != 0) i++;
    if (i == count || (seen >> i & 1))
      return fail_schema_text(where, field->string,
                              i == count ? "only known fields" : "it only once");
    seen |= (uint32_t)1 << i;
  }
  return QUERN_OK;
}

static quern_status read_size(const char *where, const cJSON *object, const char *name,
                              size_t *size) {
  const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, name);
  const double value = cJSON_IsNumber(number) ? number->valuedouble : -1.0;
  if (!(value >= 0.0 && value <= INT_MAX && value == floor(value)))
    return fail_schema_text(where, name, "a whole number up to 2147483647");
  *size = (size_t)value;
  return QUERN_OK;
}

/* Reads a list of `count` numbers, each within the range of a float. *numbers stays unchanged if
 * the list is missing. */
static quern_status read_doubles(const char *where, const cJSON *object, const char *name,
                                 size_t count, double **numbers) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, name);
  if (list == NULL) return QUERN_OK;
  if (!cJSON_IsArray(list) || count_items(list) != count || count == 0)
    return fail_schema_text(where, name, "a number for each column or target");
  *numbers = calloc(count, sizeof **numbers);
  if (*numbers == NULL) return quern__fail_memory(where, count * sizeof **numbers);
  size_t i = 0;
  for (const cJSON *number = list->child; number != NULL; number = number->next) {
    if (!cJSON_IsNumber(number) || !(fabs(number->valuedouble) <= (double)FLT_MAX))
      return fail_schema_text(where, name, "finite numbers, none larger than a float holds");
    (*numbers)[i++] = number->valuedouble;
  }
  return QUERN_OK;
}

static quern_status read_categories(const char *where, const cJSON *item,
                                    quern__schema_column *column) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(item, "categories");
  if (list == NULL) return QUERN_OK;
  const size_t count = count_items(list);
  if (!cJSON_IsArray(list) || count == 0)
    return fail_schema_text(where, "categories", "a list of texts");
  column->categories = calloc(count, sizeof *column->categories);
  if (column->categories == NULL)
    return quern__fail_memory(where, count * sizeof *column->categories);
  column->category_count = count;
  size_t i = 0;
  for (const cJSON *text = list->child; text != NULL; text = text->next, i++) {
    if (!cJSON_IsString(text)) return fail_schema_text(where, "categories", "a list of texts");
    QUERN__FORWARD(quern__schema_copy_text(text->valuestring, strlen(text->valuestring),
                                           &column->categories[i]));
    if (i > 0 && strcmp(column->categories[i - 1], column->categories[i]) >= 0)
      return fail_schema_text(where, "categories", "texts in the order of their bytes, each once");
  }
  return QUERN_OK;
}

static quern_status read_values(const char *where, const cJSON *item,
                                quern__schema_column *column) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(item, "values");
  const size_t count = count_items(list);
  double *values = NULL;
  if (list == NULL) return QUERN_OK;
  if (column->category_count > 0) return fail_schema_text(where, "values", "no categories as well");
  quern_status status = read_doubles(where, item, "values", count, &values);
  for (size_t i = 0; i < count && status == QUERN_OK; i++) {
    if (quern__is_class_value(values[i]) && (i == 0 || values[i - 1] < values[i])) continue;
    status = fail_schema_text(where, "values", "whole numbers that ascend");
  }
  if (status == QUERN_OK) return quern__schema_set_values(column, values, count);
  free(values);
  return status;
}

static quern_status read_columns(const char *where, const cJSON *object, const char *name,
                                 quern__schema_columns *columns) {
  static const char *const known[] = {"name", "place", "categories", "values"};
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, name);
  if (list == NULL) return QUERN_OK;
  if (!cJSON_IsArray(list)) return fail_schema_text(where, name, "a list of columns");
  QUERN__FORWARD(quern__schema_columns_create(count_items(list), columns));
  size_t i = 0;
  for (const cJSON *item = list->child; item != NULL; item = item->next, i++) {
    quern__schema_column *column = &columns->items[i];
    QUERN__FORWARD(check_fields(where, item, known, sizeof known / sizeof *known));
    QUERN__FORWARD(read_size(where, item, "place", &column->place));
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(item, "name");
    if (text != NULL && !cJSON_IsString(text)) return fail_schema_text(where, "name", "a text");
    if (text != NULL) {
      QUERN__FORWARD(
          quern__schema_copy_text(text->valuestring, strlen(text->valuestring), &column->name));
    }
    QUERN__FORWARD(read_categories(where, item, column));
    QUERN__FORWARD(read_values(where, item, column));
  }
  return QUERN_OK;
}

/* Checks that the fields fit one another. */
static quern_status check_whole(const char *where, const quern_schema *schema) {
  size_t columns = 0;
  for (size_t i = 0; i < schema->inputs.count; i++) {
    const quern__schema_column *column = &schema->inputs.items[i];
    if (column->place >= schema->fields)
      return fail_schema_text(where, "place", "a column of the table");
    if (column->values != NULL) return fail_schema_text(where, "values", "them only for classes");
    if (!quern__add(columns, column->category_count > 0 ? column->category_count : 1, &columns))
      return fail_schema_text(where, "inputs", "fewer columns");
  }
  for (size_t i = 0; i < schema->targets.count; i++) {
    const quern__schema_column *column = &schema->targets.items[i];
    /* Without a table there is a target only to list its classes. */
    const bool in_table = schema->fields > 0 ? column->place < schema->fields : column->place == 0;
    if (!in_table) return fail_schema_text(where, "place", "a column of the table");
    if (schema->fields == 0 && column->category_count == 0)
      return fail_schema_text(where, "targets", "its classes");
    if (column->category_count > 0 &&
        (schema->task != QUERN_TASK_CLASSES || column->category_count != schema->outputs))
      return fail_schema_text(where, "categories", "a name for each class");
  }
  if (schema->columns == 0 || (schema->fields > 0) != (schema->inputs.count > 0) ||
      (schema->inputs.count > 0 && columns != schema->columns))
    return fail_schema_text(where, "columns", "as many as the inputs make");
  const size_t targets = schema->task == QUERN_TASK_NONE      ? 0
                         : schema->task == QUERN_TASK_CLASSES ? 1
                                                              : schema->outputs;
  if ((schema->fields > 0 || schema->targets.count > 0) && schema->targets.count != targets)
    return fail_schema_text(where, "targets", "as many as the task has");
  if ((schema->outputs > 0) != (schema->task != QUERN_TASK_NONE))
    return fail_schema_text(where, "outputs", "at least one if there is a task");
  for (size_t i = 0; schema->deviation != NULL && i < schema->columns; i++)
    if (!(schema->deviation[i] > 0.0))
      return fail_schema_text(where, "deviation", "numbers above 0");
  for (size_t i = 0; schema->target_deviation != NULL && i < schema->outputs; i++)
    if (!(schema->target_deviation[i] > 0.0))
      return fail_schema_text(where, "target_deviation", "numbers above 0");
  if ((schema->mean != NULL) != (schema->deviation != NULL))
    return fail_schema_text(where, "mean", "a deviation as well");
  if ((schema->target_mean != NULL) != (schema->target_deviation != NULL))
    return fail_schema_text(where, "target_mean", "a deviation as well");
  if (schema->target_mean != NULL && schema->task != QUERN_TASK_REGRESSION)
    return fail_schema_text(where, "target_mean", "it only for regression");
  return QUERN_OK;
}

static quern_status read_schema(const char *where, const cJSON *json, quern_schema *result) {
  static const char *const known[] = {
      "task", "columns", "outputs",   "fields",      "inputs",          "targets",
      "fill", "mean",    "deviation", "target_mean", "target_deviation"};
  QUERN__FORWARD(check_fields(where, json, known, sizeof known / sizeof *known));
  const cJSON *task = cJSON_GetObjectItemCaseSensitive(json, "task");
  size_t i = 0;
  while (i < TASKS && !(cJSON_IsString(task) && strcmp(task->valuestring, task_names[i]) == 0)) i++;
  if (i == TASKS) return fail_schema_text(where, "task", "none, classes, labels or regression");
  result->task = (quern_task)i;
  QUERN__FORWARD(read_size(where, json, "columns", &result->columns));
  QUERN__FORWARD(read_size(where, json, "outputs", &result->outputs));
  QUERN__FORWARD(read_size(where, json, "fields", &result->fields));
  QUERN__FORWARD(read_columns(where, json, "inputs", &result->inputs));
  QUERN__FORWARD(read_columns(where, json, "targets", &result->targets));
  QUERN__FORWARD(read_doubles(where, json, "fill", result->columns, &result->fill));
  QUERN__FORWARD(read_doubles(where, json, "mean", result->columns, &result->mean));
  QUERN__FORWARD(read_doubles(where, json, "deviation", result->columns, &result->deviation));
  QUERN__FORWARD(read_doubles(where, json, "target_mean", result->outputs, &result->target_mean));
  QUERN__FORWARD(
      read_doubles(where, json, "target_deviation", result->outputs, &result->target_deviation));
  return check_whole(where, result);
}

quern_status quern__schema_parse(const char *where, const char *text, quern_schema **schema) {
  *schema = NULL;
  quern_schema *result = NULL;
  quern_status status = QUERN_OK;
  locale_t numbers;
  QUERN__FORWARD(quern__c_locale(&numbers));
  const locale_t before = uselocale(numbers);
  errno = 0; /* cJSON does not distinguish invalid text from exhausted memory */
  cJSON *json = cJSON_ParseWithOpts(text, NULL, true);
  const bool lost = json == NULL && errno == ENOMEM;
  uselocale(before);
  freelocale(numbers);
  if (lost) return quern__fail_memory(where, strlen(text));
  if (json == NULL) {
    status = quern__fail(QUERN_ERROR_FORMAT, "%s: schema: not valid JSON", where);
    goto cleanup;
  }
  QUERN__TRY(quern__schema_create(&result));
  QUERN__TRY(read_schema(where, json, result));
  *schema = result;
  result = NULL;
cleanup:
  quern__schema_free(result);
  cJSON_Delete(json);
  return status;
}

/* Translates the labels of one data set to the classes of another. */
#include "classes.h"

#include "../base/error.h"
#include "../base/size.h"
#include "words.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_CHARACTERS 12 /* "-2147483648" and a terminating zero */

bool quern__schema_classes_alike(const quern_schema *a, const quern_schema *b) {
  const quern__schema_column *first = quern__classes_list(a), *second = quern__classes_list(b);
  if (first == NULL || second == NULL) return first == second;
  return quern__schema_same_categories(first, second);
}

/* Translates a class of `own` to another schema; false if the other lacks it. */
static bool translate(const quern_schema *own, const quern_schema *schema, size_t class,
                      int32_t *label) {
  const quern__schema_column *from = quern__classes_list(own), *to = quern__classes_list(schema);
  const bool from_texts = from != NULL && from->values == NULL,
             to_texts = to != NULL && to->values == NULL;
  if (from_texts != to_texts) return false;
  if (!from_texts)
    return quern__classes_find(schema, from != NULL ? from->values[class] : (double)class, label);
  const char *text = from->categories[class];
  const size_t place = quern__words_find(to->categories, to->category_count, text, strlen(text));
  *label = (int32_t)place;
  return place < to->category_count;
}

static quern_status fail_class(const quern_dataset *dataset, const quern_schema *schema,
                               int32_t label) {
  const quern__schema_column *list = quern__classes_list(dataset->schema);
  char number[NUMBER_CHARACTERS];
  size_t row = 0;
  while (dataset->labels[row] != label) row++;
  snprintf(number, sizeof number, "%" PRId32, label);
  return quern__fail(QUERN_ERROR_DATA, "%s: row %zu, from 0: label '%.100s', expected %s",
                     dataset->source, row, list ? list->categories[label] : number,
                     quern__classes_expected(schema).text);
}

/* Sets table[class] to the class in `schema`, for each class that some row has. */
static quern_status make_table(const quern_dataset *dataset, const quern_schema *schema,
                               int32_t *table) {
  for (size_t row = 0; row < dataset->rows; row++) {
    const int32_t label = dataset->labels[row];
    if (table[label] >= 0) continue;
    if (!translate(dataset->schema, schema, (size_t)label, &table[label]))
      return fail_class(dataset, schema, label);
  }
  return QUERN_OK;
}

quern_status quern__dataset_share_classes(quern_dataset *dataset, const quern_schema *schema) {
  quern_schema *own = dataset->schema;
  const bool both = own->task == QUERN_TASK_CLASSES && schema->task == QUERN_TASK_CLASSES;
  if (!both || dataset->labels_are_classes || quern__schema_classes_alike(own, schema))
    return QUERN_OK;
  QUERN__FORWARD(quern__dataset_check_idle("prepare", dataset));
  size_t bytes;
  if (!quern__multiply(own->outputs, sizeof(int32_t), &bytes))
    return quern__fail_memory("class labels", SIZE_MAX);
  int32_t *table = malloc(bytes);
  if (table == NULL) return quern__fail_memory("class labels", bytes);
  memset(table, 0xff, bytes);
  quern_status status = QUERN_OK;
  QUERN__TRY(make_table(dataset, schema, table));
  QUERN__TRY(quern__schema_set_classes(own, quern__classes_list(schema), schema->outputs));
  for (size_t row = 0; row < dataset->rows; row++)
    dataset->labels[row] = table[dataset->labels[row]];
cleanup:
  free(table);
  return status;
}

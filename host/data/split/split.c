/* Splits a data set's rows into two data sets, classes in equal parts. */
#include "../../base/error.h"
#include "../../base/size.h"
#include "../../functions/philox.h"
#include "../data.h"
#include "strata.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Copies the `count` rows that `order` lists into a new data set. It keeps the whole schema, so
 * that both parts have all classes as outputs. */
static quern_status take_rows(const quern_dataset *from, const uint32_t *order, size_t count,
                              quern_dataset **dataset) {
  quern_dataset *result;
  QUERN__FORWARD(quern__dataset_new(from->source, &result));
  quern_status status = QUERN_OK;
  /* No product overflows, since the larger original is in memory. */
  const size_t row_bytes = from->columns * quern__element_bytes(from->element);
  result->element = from->element;
  result->rows = count;
  result->columns = from->columns;
  result->has_missing = from->has_missing;
  result->labels_are_classes = from->labels_are_classes;
  result->without_index = from->without_index;
  result->height = from->height;
  result->width = from->width;
  result->scale = from->scale;
  result->offset = from->offset;
  const size_t outputs = from->schema->outputs;
  const size_t target_bytes = outputs * sizeof *result->targets;
  quern__schema_free(result->schema);
  QUERN__TRY(quern__schema_copy(from->schema, &result->schema));
  result->values = malloc(count * row_bytes);
  if (from->labels != NULL) result->labels = malloc(count * sizeof *result->labels);
  if (from->targets != NULL) result->targets = malloc(count * target_bytes);
  if (result->values == NULL || (from->labels != NULL && result->labels == NULL) ||
      (from->targets != NULL && result->targets == NULL)) {
    status = quern__fail_memory("a part of a data set",
                                count * (row_bytes + target_bytes + sizeof *result->labels));
    goto cleanup;
  }
  for (size_t row = 0; row < count; row++) {
    memcpy((char *)result->values + row * row_bytes,
           (const char *)from->values + order[row] * row_bytes, row_bytes);
    if (from->labels != NULL) result->labels[row] = from->labels[order[row]];
    if (from->targets != NULL)
      memcpy(result->targets + row * outputs, from->targets + order[row] * outputs, target_bytes);
  }
  *dataset = result;
  result = NULL;
cleanup:
  quern_dataset_free(result);
  return status;
}

/* Orders the rows: first those to hold out, then the others, each in the order of a shuffle. */
static quern_status order_rows(const quern_dataset *dataset, uint64_t seed, bool by_class,
                               size_t *held, uint32_t *order) {
  const size_t rows = dataset->rows;
  quern__shuffle(seed, QUERN__STREAM_SPLIT, (uint32_t)rows, order);
  if (!by_class || dataset->labels == NULL) return QUERN_OK;
  bool *chosen = calloc(rows, sizeof *chosen);
  uint32_t *shuffled = malloc(rows * sizeof *shuffled); /* no overflow, since `order` exists */
  quern_status status = QUERN_OK;
  if (chosen == NULL || shuffled == NULL) {
    status = quern__fail_memory("a shuffle", rows * sizeof *shuffled);
    goto cleanup;
  }
  memcpy(shuffled, order, rows * sizeof *shuffled);
  QUERN__TRY(quern__strata_choose(dataset->labels, shuffled, rows, *held, chosen, held));
  size_t first = 0, second = *held;
  for (size_t i = 0; i < rows; i++) order[chosen[i] ? first++ : second++] = shuffled[i];
cleanup:
  free(shuffled);
  free(chosen);
  return status;
}

static quern_status check_arguments(const quern_dataset *dataset, double fraction,
                                    quern_dataset **rest, quern_dataset **held_out) {
  if (rest == NULL || held_out == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "split: %s is NULL", rest ? "held_out" : "rest");
  if (rest == held_out) {
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "split: rest and held_out are the same variable, expected two");
  }
  *rest = NULL;
  *held_out = NULL;
  if (dataset == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "split: dataset is NULL");
  if (!(fraction > 0.0 && fraction < 1.0)) {
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "split: fraction %g, expected more than 0 and less than 1", fraction);
  }
  if (dataset->rows >= 2) return QUERN_OK;
  return quern__fail(QUERN_ERROR_SHAPE, "split: %s has 1 row, expected at least 2",
                     dataset->source);
}

quern_status quern__dataset_split(const quern_dataset *dataset, double fraction, uint64_t seed,
                                  bool by_class, quern_dataset **rest, quern_dataset **held_out) {
  QUERN__FORWARD(check_arguments(dataset, fraction, rest, held_out));
  const size_t rows = dataset->rows;
  size_t count = (size_t)round((double)rows * fraction);
  if (count < 1) count = 1;
  if (count > rows - 1) count = rows - 1;

  size_t order_bytes;
  if (!quern__multiply(rows, sizeof(uint32_t), &order_bytes)) {
    return quern__fail(QUERN_ERROR_OVERFLOW, "split: an order of %zu rows does not fit in memory",
                       rows);
  }
  uint32_t *order = malloc(order_bytes);
  if (order == NULL) return quern__fail_memory("a shuffle", order_bytes);

  quern_status status = QUERN_OK;
  quern_dataset *first = NULL;
  QUERN__TRY(order_rows(dataset, seed, by_class, &count, order));
  QUERN__TRY(take_rows(dataset, order, count, &first));
  QUERN__TRY(take_rows(dataset, order + count, rows - count, rest));
  *held_out = first;
  first = NULL;
cleanup:
  quern_dataset_free(first);
  free(order);
  return status;
}

quern_status quern_dataset_split(const quern_dataset *dataset, double fraction, uint64_t seed,
                                 quern_dataset **rest, quern_dataset **held_out) {
  return quern__dataset_split(dataset, fraction, seed, true, rest, held_out);
}

#include "strata.h"

#include "../../base/error.h"
#include "../../base/size.h"
#include <stdlib.h>

/* A row by its class and its position in the order. */
typedef struct entry {
  int32_t label;
  uint32_t position;
} entry;

/* A class: its part of the sorted entries, and how many of them are held out. */
typedef struct stratum {
  size_t first, rows, held;
  double missing;    /* what its share exceeds `held` by */
  uint32_t position; /* of its first row, which decides between equal shares */
} stratum;

static int compare_entries(const void *a, const void *b) {
  const entry *first = a, *second = b;
  if (first->label != second->label) return first->label < second->label ? -1 : 1;
  return first->position < second->position ? -1 : first->position > second->position;
}

static int compare_missing(const void *a, const void *b) {
  const stratum *first = a, *second = b;
  if (first->missing != second->missing) return first->missing > second->missing ? -1 : 1;
  return first->position < second->position ? -1 : first->position > second->position;
}

/* Sets the share of a class, rounded down, but at least one row on either side of two. */
static void share(stratum *class, size_t rows, size_t count) {
  const double wanted = (double)class->rows * (double)count / (double)rows;
  class->held = (size_t)wanted;
  if (class->rows > 1 && class->held == 0) class->held = 1;
  if (class->rows > 1 && class->held == class->rows) class->held--;
  class->missing = wanted - (double)class->held;
}

/* Finds the classes in the sorted entries, and returns how many there are. */
static size_t find_strata(const entry *entries, size_t rows, stratum *strata) {
  size_t classes = 0;
  for (size_t i = 0; i < rows; i++) {
    if (i == 0 || entries[i].label != entries[i - 1].label)
      strata[classes++] = (stratum){.first = i, .position = entries[i].position};
    strata[classes - 1].rows++;
  }
  return classes;
}

/* Gives rows to the classes that miss most, one each, until the sum is `count`. */
static size_t distribute(stratum *strata, size_t classes, size_t count) {
  size_t total = 0;
  for (size_t i = 0; i < classes; i++) total += strata[i].held;
  qsort(strata, classes, sizeof *strata, compare_missing);
  for (size_t i = 0; i < classes && total < count; i++) {
    const size_t most = strata[i].rows > 1 ? strata[i].rows - 1 : 1;
    if (strata[i].held == most) continue;
    strata[i].held++;
    total++;
  }
  return total;
}

quern_status quern__strata_choose(const int32_t *labels, const uint32_t *order, size_t rows,
                                  size_t count, bool *chosen, size_t *total) {
  size_t bytes = 0;
  entry *entries = NULL;
  stratum *strata = NULL;
  quern_status status = QUERN_OK;
  if (quern__multiply(rows, sizeof *entries + sizeof *strata, &bytes)) {
    entries = malloc(rows * sizeof *entries);
    strata = malloc(rows * sizeof *strata);
  }
  if (entries == NULL || strata == NULL) {
    status = quern__fail_memory("the rows of each class", bytes);
    goto cleanup;
  }
  for (size_t i = 0; i < rows; i++) entries[i] = (entry){labels[order[i]], (uint32_t)i};
  qsort(entries, rows, sizeof *entries, compare_entries);
  const size_t classes = find_strata(entries, rows, strata);
  for (size_t i = 0; i < classes; i++) share(&strata[i], rows, count);
  *total = distribute(strata, classes, count);
  for (size_t i = 0; i < classes; i++)
    for (size_t j = 0; j < strata[i].held; j++)
      chosen[entries[strata[i].first + j].position] = true;
cleanup:
  free(strata);
  free(entries);
  return status;
}

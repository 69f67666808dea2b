/* Decides which data sets are resident, and the length of the chunks of the others. */
#include "residency.h"

#include "../../base/error.h"
#include "../../base/size.h"
#include "../../data/dataset.h"
#include "../../data/schema.h"

/* With chunks of this size, the work on a chunk takes far longer than its fixed costs: events, a
 * wait, one more launch of whole steps (docs/measurements.md). */
enum { CHUNK_BYTES = 4 << 20 };
enum { LINE = 64 };

quern__sample_size quern__sample_size_of(const quern_dataset *dataset, bool learns) {
  const size_t count = dataset->targets != NULL ? dataset->schema->outputs : 1;
  /* an int32_t has the same size */
  return (quern__sample_size){.columns = dataset->columns,
                              .element = quern__element_bytes(dataset->element),
                              .label = learns ? count * sizeof(float) : 0};
}

size_t quern__values_padded(size_t value_bytes) {
  return quern__divide_up(value_bytes, LINE) * LINE;
}

bool quern__chunk_bytes(const quern__sample_size *size, size_t rows, size_t *bytes) {
  size_t values, label;
  return quern__multiply(size->columns, size->element, &values) &&
         quern__multiply(values, rows, &values) && values <= SIZE_MAX - LINE &&
         quern__multiply(rows, size->label, &label) &&
         quern__add(quern__values_padded(values), label, bytes);
}

/* Bytes of `count` chunks of `rows` samples and of the order of one; SIZE_MAX on overflow. */
static size_t bytes_of(const quern__residency_request *set, size_t count, size_t rows) {
  size_t chunk, all, order;
  const bool fits = quern__chunk_bytes(&set->size, rows, &chunk) &&
                    quern__multiply(chunk, count, &all) &&
                    quern__multiply(rows, sizeof(uint32_t), &order) && quern__add(all, order, &all);
  return fits ? all : SIZE_MAX;
}

static bool fits_buffer(const quern__residency_request *set, size_t rows, size_t allocation) {
  size_t chunk;
  return quern__chunk_bytes(&set->size, rows, &chunk) && (allocation == 0 || chunk <= allocation);
}

static void make_resident(quern__residency_request *set) {
  set->residency = (quern__residency){0, 0};
  set->bytes = set->rows > 0 ? bytes_of(set, 1, set->rows) : 0;
}

static void make_streamed(quern__residency_request *set, size_t units) {
  set->residency = (quern__residency){units * set->unit, units * set->span};
  set->bytes = bytes_of(set, 2, units * set->unit);
}

/* Finds by bisection the largest number of units whose chunks fit, at least 1. */
static size_t units_in_chunk(const quern__residency_request *set, const quern__data_limits *limits,
                             size_t budget) {
  size_t least = 1, most = set->units;
  while (least < most) {
    const size_t half = least + (most - least + 1) / 2, rows = half * set->unit;
    size_t chunk;
    const bool good = fits_buffer(set, rows, limits->allocation) &&
                      bytes_of(set, 2, rows) <= budget &&
                      quern__chunk_bytes(&set->size, rows, &chunk) && chunk <= CHUNK_BYTES;
    if (good)
      least = half;
    else
      most = half - 1;
  }
  return least;
}

/* The least memory that the data set needs. */
static size_t least_bytes(const quern__residency_request *set, const quern__data_limits *limits) {
  if (set->rows == 0) return 0;
  const size_t whole = bytes_of(set, 1, set->rows), turns = bytes_of(set, 2, set->unit);
  return whole < turns && fits_buffer(set, set->rows, limits->allocation) ? whole : turns;
}

static void place_one(quern__residency_request *set, const quern__data_limits *limits,
                      size_t budget) {
  make_resident(set);
  if (set->bytes <= budget && fits_buffer(set, set->rows, limits->allocation)) return;
  make_streamed(set, units_in_chunk(set, limits, budget));
}

static size_t clamp(size_t least, size_t value, size_t most) {
  return value < least ? least : value > most ? most : value;
}

quern_status quern__place(const quern__data_limits *limits, quern__residency_request *train,
                          quern__residency_request *test) {
  make_resident(train);
  make_resident(test);
  size_t all;
  const bool fits = quern__add(train->bytes, test->bytes, &all) && all <= limits->bytes;
  if (fits && fits_buffer(train, train->rows, limits->allocation) &&
      fits_buffer(test, test->rows, limits->allocation))
    return QUERN_OK;

  quern__residency_request *small = test->bytes < train->bytes ? test : train,
                           *large = small == test ? train : test;
  const size_t least_small = least_bytes(small, limits), least_large = least_bytes(large, limits);
  size_t least;
  if (!quern__add(least_small, least_large, &least)) least = SIZE_MAX;
  if (limits->bytes < least && limits->strict)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "train: a data memory of %zu bytes, expected at least %zu: two batches of "
                       "%zu samples%s%s, one in use and one being sent",
                       limits->bytes, least, train->unit,
                       train->span > train->unit ? " for this rank" : "",
                       test->rows > 0 ? " from each data set" : "");
  const size_t bytes = limits->bytes > least ? limits->bytes : least;
  place_one(small, limits, clamp(least_small, bytes / 2, bytes - least_large));
  place_one(large, limits, bytes - small->bytes);
  return QUERN_OK;
}

quern__residency quern__residency_once(const quern_dataset *dataset, bool learns, size_t allocation,
                                       size_t batch) {
  quern__residency_request set = {.size = quern__sample_size_of(dataset, learns),
                                  .rows = dataset->rows,
                                  .unit = batch,
                                  .span = batch,
                                  .units = quern__divide_up(dataset->rows, batch)};
  const quern__data_limits limits = {.bytes = SIZE_MAX, .allocation = allocation};
  make_streamed(&set, units_in_chunk(&set, &limits, SIZE_MAX));
  return set.residency.chunk_rows < dataset->rows ? set.residency : (quern__residency){0, 0};
}

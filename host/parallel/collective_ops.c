#include "collective_ops.h"

#include "../base/error.h"
#include "../base/size.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

quern_status quern__collective_check(const quern_collective *collective) {
  if (collective == NULL) return QUERN_OK;
  const size_t least = offsetof(quern_collective, abandon);
  if (collective->size < least)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "collective: a table of %zu bytes, expected at least %zu", collective->size,
                       least);
  if (collective->rank >= collective->ranks)
    return quern__fail(QUERN_ERROR_ARGUMENT, "collective: rank %zu of %zu, expected a lower rank",
                       collective->rank, collective->ranks);
  if (collective->all_reduce_start == NULL || collective->all_reduce_wait == NULL ||
      collective->all_gather == NULL || collective->broadcast == NULL ||
      collective->barrier == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "collective: a required member of the table is NULL");
  return QUERN_OK;
}

static quern_status allocate_gathered(const quern_collective *collective, size_t bytes,
                                      void **all) {
  size_t total;
  if (bytes > INT32_MAX || !quern__multiply(collective->ranks, bytes, &total))
    return quern__fail(QUERN_ERROR_OVERFLOW,
                       "collective: %zu bytes from each of %zu ranks are too many", bytes,
                       collective->ranks);
  *all = malloc(total > 0 ? total : 1);
  return *all != NULL ? QUERN_OK : quern__fail_memory("collective", total);
}

static quern_status gather_all(const quern_collective *collective, const void *mine, size_t bytes,
                               void **all) {
  QUERN__FORWARD(allocate_gathered(collective, bytes, all));
  const quern_status status = collective->all_gather(collective->state, mine, bytes, *all);
  if (status != QUERN_OK) free(*all);
  return status;
}

quern_status quern__collective_sum(const quern_collective *collective, double *values,
                                   size_t count) {
  if (collective == NULL) return QUERN_OK;
  void *gathered;
  QUERN__FORWARD(gather_all(collective, values, count * sizeof *values, &gathered));
  const double *all = gathered;
  for (size_t i = 0; i < count; i++) {
    values[i] = 0.0;
    for (size_t r = 0; r < collective->ranks; r++) values[i] += all[r * count + i];
  }
  free(gathered);
  return QUERN_OK;
}

quern_status quern__collective_reduce_test(const quern_collective *collective, void *request,
                                           bool *done) {
  *done = true;
  return QUERN__COLLECTIVE_HAS(collective, all_reduce_test)
             ? collective->all_reduce_test(collective->state, request, done)
             : QUERN_OK;
}

static bool has_memory(const quern_collective *collective) {
  return QUERN__COLLECTIVE_HAS(collective, memory_create) &&
         QUERN__COLLECTIVE_HAS(collective, memory_free);
}

quern_status quern__collective_memory_create(const quern_collective *collective, size_t bytes,
                                             void **memory) {
  enum { ALIGNMENT = 4096 };
  size_t padded;
  *memory = NULL;
  if (!quern__add(bytes, ALIGNMENT - 1, &padded))
    return quern__fail(QUERN_ERROR_OVERFLOW, "collective: %zu bytes overflow", bytes);
  padded -= padded % ALIGNMENT;
  if (has_memory(collective)) return collective->memory_create(collective->state, padded, memory);
  *memory = aligned_alloc(ALIGNMENT, padded);
  if (*memory == NULL) return quern__fail_memory("collective", padded);
  memset(*memory, 0, padded);
  return QUERN_OK;
}

void quern__collective_memory_free(const quern_collective *collective, void *memory) {
  if (memory == NULL) return;
  if (has_memory(collective))
    collective->memory_free(collective->state, memory);
  else
    free(memory);
}

quern_status quern__collective_any(const quern_collective *collective, bool *flag) {
  double count = *flag;
  QUERN__FORWARD(quern__collective_sum(collective, &count, 1));
  *flag = count > 0.0;
  return QUERN_OK;
}

/* One rank's outcome; small, since every rank gathers all of them. */
typedef struct report {
  int32_t status;
  char error[508];
} report;

quern_status quern__collective_status(const quern_collective *collective, quern_status status) {
  if (collective == NULL) return status;
  report mine = {.status = (int32_t)status};
  if (status != QUERN_OK) strncpy(mine.error, quern_last_error(), sizeof mine.error - 1);
  void *gathered;
  QUERN__FORWARD(gather_all(collective, &mine, sizeof mine, &gathered));
  const report *all = gathered;
  size_t r = 0;
  while (r < collective->ranks && all[r].status == QUERN_OK) r++;
  quern_status agreed = QUERN_OK;
  if (r < collective->ranks) {
    agreed = (quern_status)all[r].status;
    quern__set_error("rank %zu of %zu: %s", r, collective->ranks, all[r].error);
  }
  free(gathered);
  return agreed;
}

void quern__collective_abandon(const quern_collective *collective) {
  if (collective == NULL || !QUERN__COLLECTIVE_HAS(collective, abandon)) return;
  char *message = quern__remember_error();
  collective->abandon(collective->state, message != NULL ? message : "");
  if (message != NULL) quern__restore_error(message);
}

static uint64_t sum_shares(const uint32_t *shares, size_t ranks) {
  uint64_t sum = 0;
  for (size_t r = 0; r < ranks; r++) sum += shares != NULL ? shares[r] : 1;
  return sum;
}

quern_status quern__shares_check(const uint32_t *shares, size_t ranks) {
  if (shares == NULL) return QUERN_OK;
  const uint64_t sum = sum_shares(shares, ranks);
  if (sum > 0 && sum <= UINT32_MAX) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT,
                     "train: shares of %zu ranks add up to %" PRIu64 ", expected 1 to %" PRIu32,
                     ranks, sum, UINT32_MAX);
}

/* floor(count before / all) without the product, which may overflow; before <= all <=
 * UINT32_MAX. */
static size_t scale_count(size_t count, uint64_t before, uint64_t all) {
  return (size_t)(count / all * before + count % all * before / all);
}

void quern__collective_part(const quern_collective *collective, const uint32_t *shares,
                            size_t count, size_t *begin, size_t *own) {
  *begin = 0;
  *own = count;
  if (collective == NULL) return;
  const uint64_t all = sum_shares(shares, collective->ranks);
  *begin = scale_count(count, sum_shares(shares, collective->rank), all);
  *own = scale_count(count, sum_shares(shares, collective->rank + 1), all) - *begin;
}

size_t quern__collective_largest_part(const quern_collective *collective, const uint32_t *shares,
                                      size_t count) {
  if (collective == NULL) return count;
  const uint64_t all = sum_shares(shares, collective->ranks),
                 mine = shares != NULL ? shares[collective->rank] : 1;
  const size_t most = scale_count(count, mine, all) + (count % all * mine % all != 0);
  return most > 0 ? most : 1;
}

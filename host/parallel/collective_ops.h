/* What ranks settle with each other, on top of a collective's table. Each call is every rank's, and
 * where `collective` is NULL there is one rank, and nothing to settle. */
#ifndef QUERN_HOST_PARALLEL_COLLECTIVE_OPS_H
#define QUERN_HOST_PARALLEL_COLLECTIVE_OPS_H

#include <quern/collective.h>
#include <stdbool.h>
#include <stdint.h>

/* QUERN_ERROR_ARGUMENT where the table is no collective. */
quern_status quern__collective_check(const quern_collective *collective);

/* The members of the table; there must be a collective. A broadcast is from rank 0. */
static inline quern_status quern__collective_gather(const quern_collective *collective,
                                                    const void *mine, size_t bytes, void *all) {
  return collective->all_gather(collective->state, mine, bytes, all);
}
static inline quern_status quern__collective_broadcast(const quern_collective *collective,
                                                       void *data, size_t bytes) {
  return collective->broadcast(collective->state, data, bytes, 0);
}
static inline quern_status quern__collective_reduce(const quern_collective *collective,
                                                    float *values, size_t count, void **request) {
  return collective->all_reduce_start(collective->state, values, count, request);
}
static inline quern_status quern__collective_reduced(const quern_collective *collective,
                                                     void *request) {
  return collective->all_reduce_wait(collective->state, request);
}

/* Whether a table has a member that came later than `abandon`, or that one. */
#define QUERN__COLLECTIVE_HAS(collective, member)                                                  \
  ((collective)->size >= offsetof(quern_collective, member) + sizeof(collective)->member &&        \
   (collective)->member != NULL)

/* Whether a reduction is over, and waiting for it will not wait; true where the table cannot tell.
 */
quern_status quern__collective_is_reduced(const quern_collective *collective, void *request,
                                          bool *done);

/* Zeros whose address is a multiple of 4096: the engine's own memory where it has such. Every rank
 * calls, with the same size. NULL may be freed. */
quern_status quern__collective_memory_create(const quern_collective *collective, size_t bytes,
                                             void **memory);
void quern__collective_memory_free(const quern_collective *collective, void *memory);

/* values[i] = Σ_r of each rank's values[i], added in the order of ranks. */
quern_status quern__collective_sum(const quern_collective *collective, double *values,
                                   size_t count);

/* Whether it is so on any rank. */
quern_status quern__collective_any(const quern_collective *collective, bool *flag);

/* The status of the first rank that failed, QUERN_OK where none did; quern_last_error is then that
 * rank's on all, with its number. */
quern_status quern__collective_status(const quern_collective *collective, quern_status status);

/* Tells the others that this rank goes, with quern_last_error, which stays. */
void quern__collective_abandon(const quern_collective *collective);

/* The part of `count` samples that is this rank's: its share of them, of `shares` [ranks], or as
 * much as any other's where that is NULL. */
void quern__collective_part(const quern_collective *collective, const uint32_t *shares,
                            size_t count, size_t *begin, size_t *own);

/* The most that this rank's part of any number up to `count` has, and 1 at least, so that a plan
 * can be made of it. */
size_t quern__collective_largest_part(const quern_collective *collective, const uint32_t *shares,
                                      size_t count);

/* QUERN_ERROR_ARGUMENT where shares, unless NULL, are no division among so many ranks: all of them
 * 0, or a sum past UINT32_MAX. */
quern_status quern__shares_check(const uint32_t *shares, size_t ranks);

#endif

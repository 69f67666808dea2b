/* Operations on the table of a collective. Every rank must make the same calls. `collective` may be
 * NULL, unless stated otherwise: there is one rank, and nothing to exchange. */
#ifndef QUERN_HOST_PARALLEL_COLLECTIVE_OPS_H
#define QUERN_HOST_PARALLEL_COLLECTIVE_OPS_H

#include <quern/collective.h>
#include <stdbool.h>
#include <stdint.h>

/* QUERN_ERROR_ARGUMENT: the table is incomplete or its ranks are invalid. */
quern_status quern__collective_check(const quern_collective *collective);

/* The members of the table; `collective` must not be NULL. A broadcast is from rank 0. */
static inline quern_status quern__collective_gather(const quern_collective *collective,
                                                    const void *mine, size_t bytes, void *all) {
  return collective->all_gather(collective->state, mine, bytes, all);
}
static inline quern_status quern__collective_broadcast(const quern_collective *collective,
                                                       void *data, size_t bytes) {
  return collective->broadcast(collective->state, data, bytes, 0);
}
static inline quern_status quern__collective_reduce_start(const quern_collective *collective,
                                                          float *values, size_t count,
                                                          void **request) {
  return collective->all_reduce_start(collective->state, values, count, request);
}
static inline quern_status quern__collective_reduce_wait(const quern_collective *collective,
                                                         void *request) {
  return collective->all_reduce_wait(collective->state, request);
}

/* True if the table has this member, which is `abandon` or one added after it. */
#define QUERN__COLLECTIVE_HAS(collective, member)                                                  \
  ((collective)->size >= offsetof(quern_collective, member) + sizeof(collective)->member &&        \
   (collective)->member != NULL)

/* Sets *done if waiting for the reduction would return at once, or if the table lacks the
 * test. */
quern_status quern__collective_reduce_test(const quern_collective *collective, void *request,
                                           bool *done);

/* Allocates zeroed memory at a multiple of 4096: the engine's own if it offers any. Every rank must
 * call this with the same size. NULL may be freed. */
quern_status quern__collective_memory_create(const quern_collective *collective, size_t bytes,
                                             void **memory);
void quern__collective_memory_free(const quern_collective *collective, void *memory);

/* Sets values[i] to the sum of every rank's values[i], added in rank order. */
quern_status quern__collective_sum(const quern_collective *collective, double *values,
                                   size_t count);

/* Sets *flag if it is set on any rank. */
quern_status quern__collective_any(const quern_collective *collective, bool *flag);

/* Returns the status of the first rank that failed, or QUERN_OK. On failure quern_last_error is
 * that rank's message on all ranks, with its number. */
quern_status quern__collective_status(const quern_collective *collective, quern_status status);

/* Reports to the others that this rank fails, with quern_last_error, which is kept. */
void quern__collective_abandon(const quern_collective *collective);

/* Computes this rank's part of `count` samples, in proportion to its share of `shares` [ranks].
 * shares NULL: equal parts. */
void quern__collective_part(const quern_collective *collective, const uint32_t *shares,
                            size_t count, size_t *begin, size_t *own);

/* Computes the largest part that this rank gets of any number of samples up to `count`; at least 1,
 * so that a plan can be created for it. */
size_t quern__collective_largest_part(const quern_collective *collective, const uint32_t *shares,
                                      size_t count);

/* QUERN_ERROR_ARGUMENT: the shares are all 0, or their sum exceeds UINT32_MAX. shares NULL is
 * accepted. */
quern_status quern__shares_check(const uint32_t *shares, size_t ranks);

#endif

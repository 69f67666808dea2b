/* Collectives: what several ranks that train one network together ask of whatever carries their
 * numbers.
 *
 * A rank is one participant: a process under MPI (mpi.h, of libquern-mpi), or a thread of one
 * process (below). Each has a context, a plan and a trainer of its own; train.h says what they do
 * together. Another engine implements this table. */
#ifndef QUERN_COLLECTIVE_H
#define QUERN_COLLECTIVE_H

#include <quern/status.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The table. Every rank makes the same calls in the same order, with the same sizes; a call is of
 * one thread at a time.
 *
 *  - Memory is the host's. A call that returns is done with it; all_reduce_start is not, until its
 *    wait returns.
 *  - Results have the same bits on every rank, and the same from run to run with as many ranks:
 *    sums are taken in an order that depends on nothing else.
 *  - A failure returns its status after quern_fail() (backend.h) has said what a person needs:
 *    QUERN_ERROR_COLLECTIVE where another rank has failed, is gone, or does not answer in the time
 *    that the engine gives it, with that rank's number. The collective then is of no more use, and
 *    every later call fails at once.
 *  - Nothing ends a process. */
typedef struct quern_collective {
  /* sizeof(quern_collective), so that the table can grow: members past it are taken for NULL */
  size_t size;
  const char *name;   /* what carries the numbers, for people: "mpi", "threads". Static */
  void *state;        /* handed to each call */
  size_t rank, ranks; /* 0 <= rank < ranks */

  /* Begins values[i] = Σ_r values_r[i] over all ranks r, for 0 <= i < count <= INT32_MAX. Several
   * may be under way, and are waited for in the order in which they began. *request is the engine's
   * until the wait, which every start must be followed by. */
  quern_status (*all_reduce_start)(void *state, float *values, size_t count, void **request);
  quern_status (*all_reduce_wait)(void *state, void *request);

  /* all [ranks][bytes] = what each rank has at `mine`, in the order of ranks; bytes <= INT32_MAX,
   * and `mine` apart from `all`. */
  quern_status (*all_gather)(void *state, const void *mine, size_t bytes, void *all);

  /* Copies `bytes` at `data` from rank `root` to all others. */
  quern_status (*broadcast)(void *state, void *data, size_t bytes, size_t root);

  /* Returns when every rank has called it. */
  quern_status (*barrier)(void *state);

  /* Says that this rank fails, and why: calls that others wait in, and all to come, fail with
   * QUERN_ERROR_COLLECTIVE and that line. Returns soon, whoever answers; what was started here is
   * given up, and its memory is free. May be NULL: others then find out by their time-out. */
  void (*abandon)(void *state, const char *why);

  /* Whether all_reduce_wait would return without waiting, which it then must still be called for.
   * Does what this rank has to do for what is under way, and waits for no one. May be NULL: the
   * caller then waits. */
  quern_status (*all_reduce_test)(void *state, void *request, bool *done);

  /* Both or neither: host memory that the engine adds up with fewer copies than any other, since
   * other ranks of the host can reach it, or a network's adapter can. Zeros, whose address is a
   * multiple of 4096. Where values lie in it, they lie at the same place in that of the same
   * memory_create on every rank. memory_free waits for no one; what is not freed is with the
   * collective. NULL: any memory is as good. */
  quern_status (*memory_create)(void *state, size_t bytes, void **memory);
  void (*memory_free)(void *state, void *memory);
} quern_collective;

/* --- Threads of one process ------------------------------------------------------------------- */

/* Ranks that are threads: several devices in one process. */
typedef struct quern_thread_group quern_thread_group;

/* A group of so many ranks. A rank that waits longer than `timeout` seconds for another fails; 0:
 * it waits for ever. The caller owns *group. */
QUERN_API quern_status quern_thread_group_create(size_t ranks, double timeout,
                                                 quern_thread_group **group);

/* The collective of one rank, the group's own, for one thread to use; NULL past the end. */
QUERN_API const quern_collective *quern_thread_group_at(quern_thread_group *group, size_t rank);

/* When no thread uses it any more. NULL is accepted. */
QUERN_API void quern_thread_group_free(quern_thread_group *group);

#ifdef __cplusplus
}
#endif
#endif

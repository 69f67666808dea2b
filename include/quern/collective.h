/* Collectives: the communication between ranks that train one network together.
 *
 * A rank is one participant: a process under MPI (mpi.h, of libquern-mpi), or a thread of one
 * process (below). Each has its own context, plan and trainer; train.h says what they do together.
 * Other engines can implement this table. */
#ifndef QUERN_COLLECTIVE_H
#define QUERN_COLLECTIVE_H

#include <quern/status.h>
#include <quern/types.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The table. Every rank makes the same calls in the same order with the same sizes, from one thread
 * at a time.
 *
 *  - Memory is host memory. A call is done with it on return, except for all_reduce_start, which
 *    uses it until its wait returns.
 *  - Results are bit-identical on every rank, and from run to run with the same number of ranks:
 *    the order of summation depends on nothing else.
 *  - On failure a call passes a message for the user to quern_fail() (backend.h) and returns its
 *    status: QUERN_ERROR_COLLECTIVE, with the number of the rank, if another rank has failed,
 *    ended, or not answered within the engine's time-out. The collective is then unusable, and
 *    every later call fails at once.
 *  - No call ends the process. */
typedef struct quern_collective {
  /* sizeof(quern_collective), so that the table can grow: members past it count as NULL */
  size_t size;
  const char *name;   /* name of the engine for messages: "mpi", "threads". Static */
  void *state;        /* passed to each call */
  size_t rank, ranks; /* 0 <= rank < ranks */

  /* Starts values[i] = Σ_r values_r[i] over all ranks r, for 0 <= i < count <= INT32_MAX. Several
   * may be in flight; wait for them in the order in which they were started. *request belongs to
   * the engine until the wait, which must follow every start. */
  quern_status (*all_reduce_start)(void *state, float *values, size_t count, void **request);
  quern_status (*all_reduce_wait)(void *state, void *request);

  /* all [ranks][bytes] = `mine` of each rank, in rank order; bytes <= INT32_MAX. `mine` must not
   * overlap `all`. */
  quern_status (*all_gather)(void *state, const void *mine, size_t bytes, void *all);

  /* Copies `bytes` at `data` from rank `root` to all others. */
  quern_status (*broadcast)(void *state, void *data, size_t bytes, size_t root);

  /* Returns when every rank has called it. */
  quern_status (*barrier)(void *state);

  /* Reports that this rank fails, and why: pending and later calls of other ranks fail with
   * QUERN_ERROR_COLLECTIVE and that message. Returns soon, whether or not others answer. Reductions
   * started here are abandoned, and their memory may be freed. May be NULL: others then fail by
   * their time-out. */
  void (*abandon)(void *state, const char *why);

  /* Sets *done if all_reduce_wait, which must still be called, would return without waiting.
   * Advances this rank's part of the reductions in flight without waiting. May be NULL: the caller
   * then waits. */
  quern_status (*all_reduce_test)(void *state, void *request, bool *done);

  /* Optional, both or neither. Allocates host memory that this engine can reduce with fewer copies,
   * e.g. shared between ranks of one host or registered with a network adapter. It is zeroed, and
   * its address is a multiple of 4096. Values in it must be at the same offset, in memory of the
   * same memory_create call, on every rank. memory_free does not wait; memory not freed by it is
   * freed with the collective. NULL: all memory performs alike. */
  quern_status (*memory_create)(void *state, size_t bytes, void **memory);
  void (*memory_free)(void *state, void *memory);
} quern_collective;

/* --- Threads of one process ------------------------------------------------------------------- */

/* Ranks that are threads: several devices in one process. */
typedef struct quern_thread_group quern_thread_group;

/* Creates a group of `ranks` ranks. A rank that waits longer than `timeout` seconds for another
 * fails; 0: no limit. The caller owns *group. */
QUERN_API quern_status quern_thread_group_create(size_t ranks, double timeout,
                                                 quern_thread_group **group);

/* Returns the collective of one rank, for one thread to use; NULL past the end. Owned by the
 * group. */
QUERN_API const quern_collective *quern_thread_group_at(quern_thread_group *group, size_t rank);

/* Frees a group that no thread uses any more. NULL is accepted. */
QUERN_API void quern_thread_group_free(quern_thread_group *group);

#ifdef __cplusplus
}
#endif
#endif

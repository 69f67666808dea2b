/* The internals of the collective over MPI, which uses only the public API of libquern.
 *
 * All communication is point to point, so that a rank that does not answer is known by its number.
 * MPI uses buffers of the collective wherever it may still access them after a failure, so that the
 * caller's memory is the caller's again. */
#ifndef QUERN_HOST_MPI_STATE_H
#define QUERN_HOST_MPI_STATE_H

#include <quern/mpi.h>
#include <stdbool.h>
#include <stdint.h>

/* Longest time-out in seconds; adding it to the clock cannot overflow. */
#define QUERN__MPI_LONGEST 1e9

/* Tags of messages. Those of one tag between two ranks arrive in the order in which they were
 * sent. */
enum {
  QUERN__MPI_PARTS = 1,
  QUERN__MPI_SUMS,
  QUERN__MPI_EXCHANGE,
  QUERN__MPI_BROADCAST,
  QUERN__MPI_NEWS,
  QUERN__MPI_ASK, /* asks whether the receiver waits too */
  QUERN__MPI_HERE /* answers that it does */
};

typedef struct quern__mpi_news {
  int32_t rank;
  char why[508];
} quern__mpi_news;

/* Memory shared by the ranks of one host: each has a part of its own and can access the others'. */
typedef struct quern__mpi_shared {
  MPI_Win window; /* MPI_WIN_NULL: memory of this process only */
  size_t bytes;
  /* [ranks], owned: address of each rank's part in this process; NULL for other hosts */
  char **parts;
  bool used;
  struct quern__mpi_shared *next;
} quern__mpi_shared;

/* An all-reduce in flight: a reduce-scatter, then an all-gather, by direct messages. Each rank adds
 * up one range: it sends every other rank that rank's range, receives its own range from all, adds,
 * and sends the sums to all. Between ranks that share memory, messages are empty and only signal
 * that a part or a sum is ready. */
typedef struct quern__mpi_reduction {
  float *values; /* the caller's; sums are received there */
  size_t count;
  size_t capacity; /* floats that `sent` has room for */
  /* For ranks that do not share memory, owned. sent: a copy of `values`, later the sums of this
   * rank's range [count]; received: their parts of this range [ranks][own]. */
  float *sent, *received;
  /* the memory that contains `values`, `offset` bytes into each rank's part; or NULL */
  const quern__mpi_shared *shared;
  size_t offset;
  /* [4][ranks], owned: parts received, parts sent, sums received, sums sent */
  MPI_Request *requests;
  bool summed, done;
  struct quern__mpi_reduction *next;
} quern__mpi_reduction;

struct quern_mpi {
  quern_collective table;
  MPI_Comm communicator; /* a duplicate of the caller's */
  double timeout;
  size_t local_rank, local_ranks;
  quern__mpi_reduction *reductions; /* in flight, oldest first */
  quern__mpi_reduction *spare;      /* for reuse */
  const float **parts;              /* [ranks]: addends */
  float **sums;                     /* [ranks]: results */
  MPI_Comm host;                    /* the ranks of this host */
  int *host_ranks;                  /* [ranks]: each rank's number there, or MPI_UNDEFINED */
  quern__mpi_shared *shared;        /* all that were allocated */
  MPI_Request *requests;            /* [2][ranks]: receives and sends of the blocking call */
  char *carried;                    /* the buffer of those messages */
  size_t carried_bytes;
  quern__mpi_news received, sent;
  MPI_Request news_request, *news_sends; /* news_sends [ranks] */
  /* [ranks]: has answered, since this rank asked, that it waits too */
  bool *answered;
  bool broken;
  char why[sizeof((quern__mpi_news *)0)->why + 64];
};

/* Like quern_mpi_create, for a rank that reports this version. */
quern_status quern__mpi_create_as(MPI_Comm communicator, double timeout, const char *version,
                                  quern_mpi **mpi);

/* Checks the code of an MPI call. On failure the collective is broken, with MPI's error text. */
quern_status quern__mpi_check(quern_mpi *mpi, const char *call, int code);

/* Breaks the collective for good because of that rank, reports it to all others if `reports`, and
 * fails. If it is broken already, fails with the first reason. */
quern_status quern__mpi_break(quern_mpi *mpi, size_t rank, const char *why, bool reports);
quern_status quern__mpi_broken(const quern_mpi *mpi);

/* Waits for the requests [2][ranks] of the call `what`, or, if they are NULL, until `reduction` is
 * done. All reductions advance meanwhile. Fails at the time-out, and when another rank reports a
 * failure. */
quern_status quern__mpi_wait(quern_mpi *mpi, const char *what, MPI_Request *requests,
                             quern__mpi_reduction *reduction);

/* Advances every reduction as far as possible without waiting. */
quern_status quern__mpi_progress(quern_mpi *mpi);

/* Fails if another rank has reported a failure. Answers ranks that ask. */
quern_status quern__mpi_receive_news(quern_mpi *mpi);

/* Called after a failure: cancels the receives of all reductions. */
void quern__mpi_cancel_reductions(quern_mpi *mpi);
void quern__mpi_reductions_free(quern_mpi *mpi);

/* Finds the ranks of this host, which may share memory. */
quern_status quern__mpi_find_host(quern_mpi *mpi);

/* Finds the shared memory that contains `bytes` at `values`, and their offset in this rank's part.
 * Returns NULL if none does. */
const quern__mpi_shared *quern__mpi_shared_at(const quern_mpi *mpi, const void *values,
                                              size_t bytes, size_t *offset);

/* Makes this rank's writes visible to the others after its next message, and theirs to this
 * rank. */
void quern__mpi_shared_sync(const quern__mpi_shared *shared);

/* Frees all shared memory, if every rank of the host calls this, and the host's communicator. */
void quern__mpi_shared_free(quern_mpi *mpi);

quern_status quern__mpi_reserve(quern_mpi *mpi, size_t bytes);

/* Members of the table. */
quern_status quern__mpi_all_reduce_start(void *state, float *values, size_t count, void **request);
quern_status quern__mpi_all_reduce_wait(void *state, void *request);
quern_status quern__mpi_all_reduce_test(void *state, void *request, bool *done);
quern_status quern__mpi_memory_create(void *state, size_t bytes, void **memory);
void quern__mpi_memory_free(void *state, void *memory);
quern_status quern__mpi_all_gather(void *state, const void *mine, size_t bytes, void *all);
quern_status quern__mpi_broadcast(void *state, void *data, size_t bytes, size_t root);
quern_status quern__mpi_barrier(void *state);
void quern__mpi_abandon(void *state, const char *why);

#endif

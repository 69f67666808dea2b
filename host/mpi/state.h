/* The inside of the collective over MPI, which uses libquern's public API alone.
 *
 * All goes by messages from rank to rank, so that who does not answer is known by number, and
 * through memory of its own where MPI may still read or write after a failure: what the caller gave
 * is the caller's again. */
#ifndef QUERN_HOST_MPI_STATE_H
#define QUERN_HOST_MPI_STATE_H

#include <quern/mpi.h>
#include <stdbool.h>
#include <stdint.h>

/* The longest time-out in seconds: one that can be reached. */
#define QUERN__MPI_LONGEST 1e9

/* Of a message: those of one kind between two ranks come in the order in which they were sent. */
enum {
  QUERN__MPI_PARTS = 1,
  QUERN__MPI_SUMS,
  QUERN__MPI_EXCHANGE,
  QUERN__MPI_BROADCAST,
  QUERN__MPI_NEWS,
  QUERN__MPI_ASK, /* whether the other waits too */
  QUERN__MPI_HERE /* it does */
};

/* That a rank fails. */
typedef struct quern__mpi_news {
  int32_t rank;
  char why[508];
} quern__mpi_news;

/* Memory that the ranks of one host share: each has a part of its own, and reaches those of the
 * others. */
typedef struct quern__mpi_shared {
  MPI_Win window; /* MPI_WIN_NULL: the memory is of this process alone */
  size_t bytes;
  /* [ranks], owned: where each rank's part lies here; NULL for those of other hosts */
  char **parts;
  bool used;
  struct quern__mpi_shared *next;
} quern__mpi_shared;

/* A reduction under way. Each rank adds up a range of its own: it sends every other rank that one's
 * range, gets its own from all, adds, and sends the sum to all. Where values lie in shared memory,
 * ranks of one host read and write each other's, and their messages are of no length: that a part,
 * or a sum, is there. */
typedef struct quern__mpi_reduction {
  float *values; /* the caller's; sums are received there */
  size_t count;
  size_t capacity; /* floats that sent has room for */
  /* For ranks that do not share memory, owned: what `values` had, and the sums of this rank's range
   * [count]; theirs [ranks][own]. */
  float *sent, *received;
  /* where values lie, `offset` bytes into each rank's part; or NULL */
  const quern__mpi_shared *shared;
  size_t offset;
  /* [4][ranks], owned: parts received, parts sent, sums received, sums sent */
  MPI_Request *requests;
  bool summed, done;
  struct quern__mpi_reduction *next;
} quern__mpi_reduction;

struct quern_mpi {
  quern_collective table;
  MPI_Comm communicator; /* its own */
  double timeout;
  size_t local_rank, local_ranks;
  quern__mpi_reduction *reductions; /* under way, oldest first */
  quern__mpi_reduction *spare;      /* for the next */
  const float **parts;              /* [ranks]: what is added up, */
  float **sums;                     /* [ranks]: and to where */
  MPI_Comm host;                    /* the ranks of this host */
  int *host_ranks;                  /* [ranks]: each one's rank there, or MPI_UNDEFINED */
  quern__mpi_shared *shared;        /* all that was made */
  MPI_Request *requests;            /* [2][ranks]: received and sent by the call that waits */
  char *carried;                    /* what is in those messages */
  size_t carried_bytes;
  quern__mpi_news received, sent;
  MPI_Request hearing, *saying; /* saying [ranks] */
  bool *answered;               /* [ranks]: who waits too, since this rank asked */
  bool broken;
  char why[sizeof((quern__mpi_news *)0)->why + 64];
};

/* quern_mpi_create of a rank that says it has this version. */
quern_status quern__mpi_create_as(MPI_Comm communicator, double timeout, const char *version,
                                  quern_mpi **mpi);

/* The status of an MPI call: where it failed the collective is broken, and the error is what MPI
 * says. */
quern_status quern__mpi_check(quern_mpi *mpi, const char *call, int code);

/* Breaks the collective for good because of that rank, says so to all where `tells`, and fails; or
 * fails as it broke before. */
quern_status quern__mpi_break(quern_mpi *mpi, size_t rank, const char *why, bool tells);
quern_status quern__mpi_broken(const quern_mpi *mpi);

/* Waits for the requests [2][ranks] of the call `what`, or, where they are NULL, until `reduction`
 * is done; meanwhile all reductions go on. Fails when the time is over, and when another rank says
 * that it fails. */
quern_status quern__mpi_wait(quern_mpi *mpi, const char *what, MPI_Request *requests,
                             quern__mpi_reduction *reduction);

/* Takes every reduction as far as it goes without a wait. */
quern_status quern__mpi_progress(quern_mpi *mpi);

/* Fails where another rank has said that it does; answers those that ask. */
quern_status quern__mpi_receive_news(quern_mpi *mpi);

/* After a failure: of no reduction is anything received any more. */
void quern__mpi_give_up(quern_mpi *mpi);
void quern__mpi_reductions_free(quern_mpi *mpi);

/* Finds the ranks of this host, who may share memory. */
quern_status quern__mpi_find_host(quern_mpi *mpi);

/* The shared memory in which `bytes` at `values` lie, and where in this rank's part; NULL: in none.
 */
const quern__mpi_shared *quern__mpi_shared_at(const quern_mpi *mpi, const void *values,
                                              size_t bytes, size_t *offset);

/* What this rank wrote is seen by the others after their next message from here; and the other way
 * round. */
void quern__mpi_shared_sync(const quern__mpi_shared *shared);

/* Lets go of all of it, where every rank of the host comes to do so; and of the host's
 * communicator. */
void quern__mpi_shared_free(quern_mpi *mpi);

/* Room for that much in `carried`. */
quern_status quern__mpi_carry(quern_mpi *mpi, size_t bytes);

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

/* Creating a collective over MPI, and freeing it. */
#include "state.h"

#include <quern/backend.h>
#include <quern/version.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

static bool is_usable(void) {
  int begun = 0, ended = 0;
  return MPI_Initialized(&begun) == MPI_SUCCESS && begun && MPI_Finalized(&ended) == MPI_SUCCESS &&
         !ended;
}

/* Duplicates the communicator with a time limit, which MPI_Comm_dup lacks. */
static quern_status duplicate(quern_mpi *mpi, MPI_Comm communicator) {
  MPI_Request request;
  const double until = MPI_Wtime() + mpi->timeout;
  int done = 0, code = MPI_Comm_idup(communicator, &mpi->communicator, &request);
  while (code == MPI_SUCCESS && !done) {
    code = MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (code == MPI_SUCCESS && !done && mpi->timeout > 0 && MPI_Wtime() >= until) {
      mpi->broken = true; /* MPI may still write to it */
      return quern_fail(QUERN_ERROR_COLLECTIVE,
                        "mpi: not all of %zu ranks created the collective within %g s",
                        mpi->table.ranks, mpi->timeout);
    }
    if (!done) sched_yield();
  }
  if (code == MPI_SUCCESS) code = MPI_Comm_set_errhandler(mpi->communicator, MPI_ERRORS_RETURN);
  return code == MPI_SUCCESS
             ? QUERN_OK
             : quern_fail(QUERN_ERROR_COLLECTIVE, "mpi: the communicator could not be duplicated");
}

/* The caller's communicator may have an error handler that ends the process. */
static quern_status duplicate_quietly(quern_mpi *mpi, MPI_Comm communicator) {
  MPI_Errhandler before;
  if (MPI_Comm_get_errhandler(communicator, &before) != MPI_SUCCESS)
    return quern_fail(QUERN_ERROR_ARGUMENT, "mpi: the communicator is not valid");
  MPI_Comm_set_errhandler(communicator, MPI_ERRORS_RETURN);
  int rank = 0, ranks = 0;
  quern_status status = QUERN_ERROR_ARGUMENT;
  if (MPI_Comm_rank(communicator, &rank) == MPI_SUCCESS &&
      MPI_Comm_size(communicator, &ranks) == MPI_SUCCESS) {
    mpi->table.rank = (size_t)rank;
    mpi->table.ranks = (size_t)ranks;
    status = duplicate(mpi, communicator);
  } else {
    status = quern_fail(status, "mpi: the communicator has no rank or no size");
  }
  MPI_Comm_set_errhandler(communicator, before);
  MPI_Errhandler_free(&before);
  return status;
}

/* Every rank checks this first, since later messages depend on the version. */
static quern_status compare_versions(quern_mpi *mpi, const char *version) {
  char mine[32] = "";
  strncpy(mine, version, sizeof mine - 1);
  char *all = malloc(mpi->table.ranks * sizeof mine);
  if (all == NULL) return quern_fail(QUERN_ERROR_OUT_OF_MEMORY, "mpi: no host memory");
  quern_status status = quern__mpi_all_gather(mpi, mine, sizeof mine, all);
  size_t r = 0;
  while (status == QUERN_OK && r < mpi->table.ranks &&
         memcmp(all + r * sizeof mine, all, sizeof mine) == 0)
    r++;
  if (status == QUERN_OK && r < mpi->table.ranks)
    status = quern_fail(QUERN_ERROR_COLLECTIVE,
                        "mpi: rank %zu of %zu has quern %.31s, but rank 0 has quern %.31s", r,
                        mpi->table.ranks, all + r * sizeof mine, all);
  free(all);
  return status;
}

static quern_status allocate_mpi(quern_mpi *mpi) {
  const size_t ranks = mpi->table.ranks;
  mpi->parts = calloc(ranks, sizeof *mpi->parts);
  mpi->sums = calloc(ranks, sizeof *mpi->sums);
  mpi->requests = malloc(2 * ranks * sizeof *mpi->requests);
  mpi->news_sends = malloc(ranks * sizeof *mpi->news_sends);
  mpi->answered = calloc(ranks, sizeof *mpi->answered);
  if (mpi->answered == NULL || mpi->parts == NULL || mpi->sums == NULL || mpi->requests == NULL ||
      mpi->news_sends == NULL)
    return quern_fail(QUERN_ERROR_OUT_OF_MEMORY, "mpi: no host memory for %zu ranks", ranks);
  for (size_t r = 0; r < 2 * ranks; r++) mpi->requests[r] = MPI_REQUEST_NULL;
  for (size_t r = 0; r < ranks; r++) mpi->news_sends[r] = MPI_REQUEST_NULL;
  return quern__mpi_check(mpi, "MPI_Irecv",
                          MPI_Irecv(&mpi->received, (int)sizeof mpi->received, MPI_BYTE,
                                    MPI_ANY_SOURCE, QUERN__MPI_NEWS, mpi->communicator,
                                    &mpi->news_request));
}

quern_status quern__mpi_create_as(MPI_Comm communicator, double timeout, const char *version,
                                  quern_mpi **mpi) {
  *mpi = NULL;
  if (!is_usable())
    return quern_fail(QUERN_ERROR_ARGUMENT, "mpi: MPI is not initialized or is finalized, expected "
                                            "a call between MPI_Init and MPI_Finalize");
  if (communicator == MPI_COMM_NULL)
    return quern_fail(QUERN_ERROR_ARGUMENT, "mpi: the communicator is not valid");
  if (!(timeout >= 0 && timeout <= QUERN__MPI_LONGEST))
    return quern_fail(QUERN_ERROR_ARGUMENT, "mpi: a time-out of %g s, expected 0 to %g", timeout,
                      QUERN__MPI_LONGEST);
  quern_mpi *result = calloc(1, sizeof *result);
  if (result == NULL) return quern_fail(QUERN_ERROR_OUT_OF_MEMORY, "mpi: no host memory");
  result->timeout = timeout;
  result->communicator = result->host = MPI_COMM_NULL;
  result->news_request = MPI_REQUEST_NULL;
  result->table = (quern_collective){.size = sizeof result->table,
                                     .name = "mpi",
                                     .state = result,
                                     .all_reduce_start = quern__mpi_all_reduce_start,
                                     .all_reduce_wait = quern__mpi_all_reduce_wait,
                                     .all_gather = quern__mpi_all_gather,
                                     .broadcast = quern__mpi_broadcast,
                                     .barrier = quern__mpi_barrier,
                                     .abandon = quern__mpi_abandon,
                                     .all_reduce_test = quern__mpi_all_reduce_test,
                                     .memory_create = quern__mpi_memory_create,
                                     .memory_free = quern__mpi_memory_free};
  quern_status status = duplicate_quietly(result, communicator);
  if (status == QUERN_OK) status = allocate_mpi(result);
  if (status == QUERN_OK) status = compare_versions(result, version);
  if (status == QUERN_OK) status = quern__mpi_find_host(result);
  if (status != QUERN_OK) {
    quern_mpi_free(result);
    return status;
  }
  *mpi = result;
  return QUERN_OK;
}

quern_status quern_mpi_create(MPI_Comm communicator, double timeout, quern_mpi **mpi) {
  if (mpi == NULL) return quern_fail(QUERN_ERROR_ARGUMENT, "mpi: the result pointer is NULL");
  return quern__mpi_create_as(communicator, timeout, quern_version(), mpi);
}

const quern_collective *quern_mpi_collective(const quern_mpi *mpi) {
  return &mpi->table;
}

void quern_mpi_local(const quern_mpi *mpi, size_t *rank, size_t *ranks) {
  *rank = mpi->local_rank;
  *ranks = mpi->local_ranks;
}

void quern_mpi_free(quern_mpi *mpi) {
  if (mpi == NULL) return;
  quern__mpi_shared_free(mpi);
  quern__mpi_reductions_free(mpi);
  if (mpi->broken) return; /* MPI may still access the rest */
  if (mpi->news_request != MPI_REQUEST_NULL) {
    MPI_Cancel(&mpi->news_request);
    MPI_Wait(&mpi->news_request, MPI_STATUS_IGNORE);
  }
  if (mpi->communicator != MPI_COMM_NULL) MPI_Comm_free(&mpi->communicator);
  free(mpi->carried);
  free(mpi->news_sends);
  free(mpi->answered);
  free(mpi->requests);
  free(mpi->host_ranks);
  free(mpi->sums);
  free(mpi->parts);
  free(mpi);
}

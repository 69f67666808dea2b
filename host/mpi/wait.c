/* Waiting, and what becomes of it where someone does not come. */
#include "state.h"

#include <quern/backend.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

size_t quern__mpi_missing(const quern_mpi *mpi, MPI_Request *requests, size_t rows) {
  for (size_t i = 0; i < rows * mpi->table.ranks; i++) {
    int done = 0;
    if (MPI_Test(&requests[i], &done, MPI_STATUS_IGNORE) != MPI_SUCCESS || !done) return i % mpi->table.ranks;
  }
  return mpi->table.rank;
}

quern_status quern__mpi_broken(const quern_mpi *mpi) {
  return quern_fail(QUERN_ERROR_COLLECTIVE, "%s", mpi->why);
}

/* Messages this short are away once they are sent; who does not take one is not waited for. */
static void tell_all(quern_mpi *mpi) {
  for (size_t r = 0; r < mpi->table.ranks; r++)
    if (r != mpi->table.rank)
      MPI_Isend(&mpi->said, (int)sizeof mpi->said, MPI_BYTE, (int)r, QUERN__MPI_NEWS, mpi->communicator,
                &mpi->saying[r]);
  int done = 0;
  for (const double until = MPI_Wtime() + 0.1; !done && MPI_Wtime() < until;)
    if (MPI_Testall((int)mpi->table.ranks, mpi->saying, &done, MPI_STATUSES_IGNORE) != MPI_SUCCESS) return;
}

quern_status quern__mpi_break(quern_mpi *mpi, size_t rank, const char *why, bool tells) {
  if (mpi->broken) return quern__mpi_broken(mpi);
  mpi->broken = true;
  snprintf(mpi->why, sizeof mpi->why, "rank %zu of %zu: %s", rank, mpi->table.ranks, why);
  if (tells) {
    mpi->said = (quern__mpi_news){.rank = (int32_t)rank};
    snprintf(mpi->said.why, sizeof mpi->said.why, "%s", why);
    tell_all(mpi);
  }
  quern__mpi_give_up(mpi);
  return quern__mpi_broken(mpi);
}

quern_status quern__mpi_check(quern_mpi *mpi, const char *call, int code) {
  if (code == MPI_SUCCESS) return QUERN_OK;
  char said[MPI_MAX_ERROR_STRING] = "", why[sizeof mpi->said.why];
  int length;
  MPI_Error_string(code, said, &length);
  snprintf(why, sizeof why, "%s failed: %s", call, said);
  return quern__mpi_break(mpi, mpi->table.rank, why, true);
}

/* What another rank says of a failure. */
static quern_status hear(quern_mpi *mpi) {
  int heard = 0;
  if (mpi->hearing == MPI_REQUEST_NULL) return QUERN_OK;
  const quern_status status =
      quern__mpi_check(mpi, "MPI_Test", MPI_Test(&mpi->hearing, &heard, MPI_STATUS_IGNORE));
  if (status != QUERN_OK || !heard) return status;
  mpi->heard.why[sizeof mpi->heard.why - 1] = '\0';
  return quern__mpi_break(mpi, (size_t)mpi->heard.rank, mpi->heard.why, false);
}

static quern_status give_up(quern_mpi *mpi, const char *what, MPI_Request *requests,
                            quern__mpi_reduction *reduction) {
  /* Reductions go on in their order: the oldest is what this one waits for. */
  quern__mpi_reduction *oldest = mpi->reductions;
  while (oldest != NULL && oldest != reduction && oldest->done) oldest = oldest->next;
  const size_t missing =
      reduction == NULL ? quern__mpi_missing(mpi, requests, 2) : quern__mpi_missing(mpi, oldest->requests, 4);
  char why[200];
  snprintf(why, sizeof why, "did not answer within %g s in %s", mpi->timeout, what);
  return quern__mpi_break(mpi, missing, why, true);
}

quern_status quern__mpi_wait(quern_mpi *mpi, const char *what, MPI_Request *requests,
                             quern__mpi_reduction *reduction) {
  const double until = MPI_Wtime() + mpi->timeout;
  for (;;) {
    int done = 0;
    quern_status status = quern__mpi_progress(mpi);
    if (status == QUERN_OK && reduction == NULL)
      status = quern__mpi_check(mpi, "MPI_Testall",
                                MPI_Testall(2 * (int)mpi->table.ranks, requests, &done, MPI_STATUSES_IGNORE));
    if (status != QUERN_OK) return status;
    if (done || (reduction != NULL && reduction->done)) return QUERN_OK;
    status = hear(mpi);
    if (status != QUERN_OK) return status;
    if (mpi->timeout > 0 && MPI_Wtime() >= until) return give_up(mpi, what, requests, reduction);
    sched_yield(); /* whoever is waited for may need this core */
  }
}

void quern__mpi_abandon(void *state, const char *why) {
  quern_mpi *mpi = state;
  quern__mpi_break(mpi, mpi->table.rank, why, true);
}

/* Waiting, time-outs, and reports of failures. */
#include "state.h"

#include <quern/backend.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

quern_status quern__mpi_broken(const quern_mpi *mpi) {
  return quern_fail(QUERN_ERROR_COLLECTIVE, "%s", mpi->why);
}

/* Messages this short are delivered soon after they are sent. A rank that does not take one is not
 * waited for. */
static void report_all(quern_mpi *mpi) {
  for (size_t r = 0; r < mpi->table.ranks; r++)
    if (r != mpi->table.rank)
      MPI_Isend(&mpi->sent, (int)sizeof mpi->sent, MPI_BYTE, (int)r, QUERN__MPI_NEWS,
                mpi->communicator, &mpi->news_sends[r]);
  int done = 0;
  for (const double until = MPI_Wtime() + 0.1; !done && MPI_Wtime() < until;)
    if (MPI_Testall((int)mpi->table.ranks, mpi->news_sends, &done, MPI_STATUSES_IGNORE) !=
        MPI_SUCCESS)
      return;
}

quern_status quern__mpi_break(quern_mpi *mpi, size_t rank, const char *why, bool reports) {
  if (mpi->broken) return quern__mpi_broken(mpi);
  mpi->broken = true;
  snprintf(mpi->why, sizeof mpi->why, "rank %zu of %zu: %s", rank, mpi->table.ranks, why);
  if (reports) {
    mpi->sent = (quern__mpi_news){.rank = (int32_t)rank};
    snprintf(mpi->sent.why, sizeof mpi->sent.why, "%s", why);
    report_all(mpi);
  }
  quern__mpi_cancel_reductions(mpi);
  return quern__mpi_broken(mpi);
}

quern_status quern__mpi_check(quern_mpi *mpi, const char *call, int code) {
  if (code == MPI_SUCCESS) return QUERN_OK;
  char message[MPI_MAX_ERROR_STRING] = "", why[sizeof mpi->sent.why];
  int length;
  MPI_Error_string(code, message, &length);
  snprintf(why, sizeof why, "%s failed: %s", call, message);
  return quern__mpi_break(mpi, mpi->table.rank, why, true);
}

/* Sends an empty message. If the receiver no longer runs it never arrives, and nothing waits for
 * it. */
static void send_empty(quern_mpi *mpi, int rank, int tag) {
  MPI_Request request;
  if (MPI_Isend(NULL, 0, MPI_BYTE, rank, tag, mpi->communicator, &request) == MPI_SUCCESS)
    MPI_Request_free(&request);
}

static bool receive_empty(quern_mpi *mpi, int tag, int *rank) {
  int found = 0;
  MPI_Status status;
  if (MPI_Iprobe(MPI_ANY_SOURCE, tag, mpi->communicator, &found, &status) != MPI_SUCCESS || !found)
    return false;
  *rank = status.MPI_SOURCE;
  return MPI_Recv(NULL, 0, MPI_BYTE, *rank, tag, mpi->communicator, MPI_STATUS_IGNORE) ==
         MPI_SUCCESS;
}

/* Handles reports of failures, and questions and answers about waiting. */
quern_status quern__mpi_receive_news(quern_mpi *mpi) {
  int received = 0, rank;
  const quern_status status =
      quern__mpi_check(mpi, "MPI_Test", MPI_Test(&mpi->news_request, &received, MPI_STATUS_IGNORE));
  if (status != QUERN_OK) return status;
  if (received) {
    mpi->received.why[sizeof mpi->received.why - 1] = '\0';
    return quern__mpi_break(mpi, (size_t)mpi->received.rank, mpi->received.why, false);
  }
  while (receive_empty(mpi, QUERN__MPI_ASK, &rank)) send_empty(mpi, rank, QUERN__MPI_HERE);
  while (receive_empty(mpi, QUERN__MPI_HERE, &rank)) mpi->answered[rank] = true;
  return QUERN_OK;
}

/* The requests that are waited for: those given, or those of the oldest reduction that is not done,
 * since reductions advance in order. */
static MPI_Request *awaited(const quern_mpi *mpi, MPI_Request *requests, size_t *count) {
  const quern__mpi_reduction *oldest = mpi->reductions;
  *count = 2 * mpi->table.ranks;
  if (requests != NULL) return requests;
  while (oldest->done) oldest = oldest->next;
  *count = 4 * mpi->table.ranks;
  return oldest->requests;
}

static bool is_missing(MPI_Request *request) {
  int done = 0;
  return MPI_Test(request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS || !done;
}

static void ask_all(quern_mpi *mpi) {
  memset(mpi->answered, 0, mpi->table.ranks * sizeof *mpi->answered);
  for (size_t r = 0; r < mpi->table.ranks; r++)
    if (r != mpi->table.rank) send_empty(mpi, (int)r, QUERN__MPI_ASK);
}

/* Breaks the collective and blames the first rank with a missing message that does not wait itself,
 * or, if all wait, the first with a missing message. */
static quern_status blame_missing(quern_mpi *mpi, const char *what, MPI_Request *given) {
  size_t count, first = SIZE_MAX, silent = SIZE_MAX;
  MPI_Request *requests = awaited(mpi, given, &count);
  for (size_t i = 0; i < count; i++) {
    const size_t r = i % mpi->table.ranks;
    if (!is_missing(&requests[i])) continue;
    if (first == SIZE_MAX) first = r;
    if (silent == SIZE_MAX && !mpi->answered[r]) silent = r;
  }
  /* A rank that is waited for may itself wait for another. */
  for (size_t r = 0; r < mpi->table.ranks && silent == SIZE_MAX; r++)
    if (r != mpi->table.rank && !mpi->answered[r]) silent = r;
  if (silent == SIZE_MAX) silent = first != SIZE_MAX ? first : mpi->table.rank;
  char why[200];
  snprintf(why, sizeof why, "did not answer within %g s in %s", mpi->timeout, what);
  return quern__mpi_break(mpi, silent, why, true);
}

/* Seconds after the time-out in which ranks that wait too may say so: a busy machine answers
 * late. */
#define ANSWER_SECONDS 1.0

/* True if no answer still to come would change the result: at most one rank has not said that it
 * waits. */
static bool blame_is_certain(const quern_mpi *mpi) {
  size_t silent = 0;
  for (size_t r = 0; r < mpi->table.ranks; r++) silent += r != mpi->table.rank && !mpi->answered[r];
  return silent <= 1;
}

/* A rank that is waited for may need this core, so after a while this leaves most of it. */
static void pause_between(double waited) {
  if (waited < 0.25)
    sched_yield();
  else
    nanosleep(&(const struct timespec){0, 50000}, NULL);
}

quern_status quern__mpi_wait(quern_mpi *mpi, const char *what, MPI_Request *requests,
                             quern__mpi_reduction *reduction) {
  const double begun = MPI_Wtime();
  double until = begun + mpi->timeout;
  bool asked = false;
  for (unsigned polls = 0;; polls++) {
    int done = 0;
    quern_status status = quern__mpi_progress(mpi);
    if (status == QUERN_OK && reduction == NULL)
      status = quern__mpi_check(
          mpi, "MPI_Testall",
          MPI_Testall(2 * (int)mpi->table.ranks, requests, &done, MPI_STATUSES_IGNORE));
    if (status != QUERN_OK) return status;
    if (done || (reduction != NULL && reduction->done)) return QUERN_OK;
    /* seldom, since it is slower than what is waited for */
    if (polls % 16 == 15) status = quern__mpi_receive_news(mpi);
    if (status != QUERN_OK) return status;
    const double now = MPI_Wtime();
    if (asked && (now >= until || blame_is_certain(mpi))) return blame_missing(mpi, what, requests);
    if (!asked && mpi->timeout > 0 && now >= until) {
      ask_all(mpi);
      asked = true;
      until = now + ANSWER_SECONDS;
    }
    pause_between(now - begun);
  }
}

void quern__mpi_abandon(void *state, const char *why) {
  quern_mpi *mpi = state;
  (void)quern__mpi_break(mpi, mpi->table.rank, why, true);
}

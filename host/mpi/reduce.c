/* All-reduce: every range is sent to one rank, which adds it up in rank order and sends the sums to
 * all. Ranks that share the memory access it directly instead. */
#include "state.h"

#include "../parallel/sum.h"
#include <quern/backend.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_IN, PARTS_OUT, SUMS_IN, SUMS_OUT, ROWS };

static MPI_Request *requests_of(const quern_mpi *mpi, quern__mpi_reduction *reduction, size_t row) {
  return reduction->requests + row * mpi->table.ranks;
}

static void reduction_free(quern__mpi_reduction *reduction) {
  if (reduction == NULL) return;
  free(reduction->requests);
  free(reduction->received);
  free(reduction->sent);
  free(reduction);
}

/* True if that rank can access this rank's values. */
static bool reaches(const quern__mpi_reduction *reduction, size_t rank) {
  return reduction->shared != NULL && reduction->shared->parts[rank] != NULL;
}

static float *values_of(const quern__mpi_reduction *reduction, size_t rank) {
  return (float *)(void *)(reduction->shared->parts[rank] + reduction->offset);
}

/* Returns a reduction with room to send `count` numbers. A used one is preferred if it is large
 * enough, since its pages are mapped. */
static quern_status take_reduction(quern_mpi *mpi, size_t count, quern__mpi_reduction **obtained) {
  const size_t ranks = mpi->table.ranks;
  quern__mpi_reduction *reduction = mpi->spare;
  if (reduction != NULL) mpi->spare = reduction->next;
  if (reduction != NULL && reduction->capacity < count) {
    reduction_free(reduction);
    reduction = NULL;
  }
  if (reduction == NULL && (reduction = calloc(1, sizeof *reduction)) != NULL) {
    /* Parts differ in length by at most one. */
    reduction->capacity = count;
    reduction->sent = malloc((count > 0 ? count : 1) * sizeof *reduction->sent);
    reduction->received = malloc((count + ranks) * sizeof *reduction->received);
    reduction->requests = malloc(ROWS * ranks * sizeof(MPI_Request));
  }
  if (reduction == NULL || reduction->sent == NULL || reduction->received == NULL ||
      reduction->requests == NULL) {
    reduction_free(reduction);
    return quern_fail(QUERN_ERROR_OUT_OF_MEMORY,
                      "mpi: no host memory to add up %zu numbers of %zu ranks", count, ranks);
  }
  for (size_t i = 0; i < ROWS * ranks; i++) reduction->requests[i] = MPI_REQUEST_NULL;
  reduction->next = NULL;
  reduction->summed = reduction->done = false;
  *obtained = reduction;
  return QUERN_OK;
}

/* The part that rank r adds up: its first element and its length. */
static size_t part_of(const quern_mpi *mpi, const quern__mpi_reduction *reduction, size_t r,
                      int *length) {
  const size_t begin = quern__part_begin(reduction->count, r, mpi->table.ranks);
  *length = (int)(quern__part_begin(reduction->count, r + 1, mpi->table.ranks) - begin);
  return begin;
}

/* Posts all receives at once, so that every message has a buffer when it arrives. */
static quern_status post_receives(quern_mpi *mpi, quern__mpi_reduction *reduction) {
  int own, length;
  part_of(mpi, reduction, mpi->table.rank, &own);
  for (size_t r = 0; r < mpi->table.ranks; r++) {
    if (r == mpi->table.rank) continue;
    const bool reached = reaches(reduction, r);
    const size_t begin = part_of(mpi, reduction, r, &length);
    float *part = reached ? NULL : reduction->received + r * (size_t)own;
    quern_status status =
        quern__mpi_check(mpi, "MPI_Irecv",
                         MPI_Irecv(part, reached ? 0 : own, MPI_FLOAT, (int)r, QUERN__MPI_PARTS,
                                   mpi->communicator, &requests_of(mpi, reduction, PARTS_IN)[r]));
    if (status == QUERN_OK)
      status = quern__mpi_check(mpi, "MPI_Irecv",
                                MPI_Irecv(reduction->values + begin, reached ? 0 : length,
                                          MPI_FLOAT, (int)r, QUERN__MPI_SUMS, mpi->communicator,
                                          &requests_of(mpi, reduction, SUMS_IN)[r]));
    if (status != QUERN_OK) return status;
  }
  return QUERN_OK;
}

/* Sends every other rank its own part, or this rank's sums. Starts with the next rank, so that not
 * all send to the same one. */
static quern_status send_range(quern_mpi *mpi, quern__mpi_reduction *reduction, bool sums) {
  const size_t ranks = mpi->table.ranks, rank = mpi->table.rank;
  MPI_Request *requests = requests_of(mpi, reduction, sums ? SUMS_OUT : PARTS_OUT);
  if (reduction->shared != NULL) quern__mpi_shared_sync(reduction->shared);
  for (size_t k = 1; k < ranks; k++) {
    const size_t r = (rank + k) % ranks;
    int length;
    const size_t begin = part_of(mpi, reduction, sums ? rank : r, &length);
    const bool reached = reaches(reduction, r);
    if (!sums && !reached && length > 0)
      memcpy(reduction->sent + begin, reduction->values + begin, (size_t)length * sizeof(float));
    const quern_status status = quern__mpi_check(
        mpi, "MPI_Isend",
        MPI_Isend(reached ? NULL : reduction->sent + begin, reached ? 0 : length, MPI_FLOAT, (int)r,
                  sums ? QUERN__MPI_SUMS : QUERN__MPI_PARTS, mpi->communicator, &requests[r]));
    if (status != QUERN_OK) return status;
  }
  return QUERN_OK;
}

quern_status quern__mpi_all_reduce_start(void *state, float *values, size_t count, void **request) {
  quern_mpi *mpi = state;
  *request = NULL;
  if (mpi->broken) return quern__mpi_broken(mpi);
  if (count > INT32_MAX)
    return quern_fail(QUERN_ERROR_OVERFLOW, "mpi: a sum of %zu numbers, expected at most %d", count,
                      INT32_MAX);
  quern__mpi_reduction *reduction = NULL;
  size_t offset = 0;
  const quern__mpi_shared *shared =
      quern__mpi_shared_at(mpi, values, count * sizeof *values, &offset);
  const bool all_share = shared != NULL && mpi->local_ranks == mpi->table.ranks;
  quern_status status = take_reduction(mpi, all_share ? 0 : count, &reduction);
  if (status != QUERN_OK) return status;
  reduction->values = values;
  reduction->count = count;
  reduction->shared = shared;
  reduction->offset = offset;
  quern__mpi_reduction **end = &mpi->reductions;
  while (*end != NULL) end = &(*end)->next;
  *end = reduction;
  status = post_receives(mpi, reduction);
  if (status == QUERN_OK) status = send_range(mpi, reduction, false);
  if (status == QUERN_OK) status = quern__mpi_progress(mpi);
  if (status == QUERN_OK) *request = reduction;
  return status; /* after a failure it stays in the list until the collective is freed */
}

/* Called when all of this rank's range has arrived: adds it up into all memory it can access and
 * sends the sums to the rest. Sums are written to other ranks, not read by them, so that a rank's
 * memory is unused once its messages have arrived. */
static quern_status add_parts(quern_mpi *mpi, quern__mpi_reduction *reduction) {
  int own;
  size_t sums = 0;
  const size_t begin = part_of(mpi, reduction, mpi->table.rank, &own), length = (size_t)own;
  if (reduction->shared != NULL) quern__mpi_shared_sync(reduction->shared);
  for (size_t r = 0; r < mpi->table.ranks; r++) {
    float *part = r == mpi->table.rank ? reduction->values + begin : NULL;
    if (part == NULL && reaches(reduction, r)) part = values_of(reduction, r) + begin;
    mpi->parts[r] = part != NULL ? part : reduction->received + r * length;
    if (part != NULL) mpi->sums[sums++] = part;
  }
  quern__sum_parts(mpi->parts, mpi->table.ranks, length, mpi->sums, sums);
  if (sums < mpi->table.ranks && length > 0)
    memcpy(reduction->sent + begin, reduction->values + begin, length * sizeof(float));
  reduction->summed = true;
  return send_range(mpi, reduction, true);
}

/* A rank's messages of one tag arrive in the order in which they were sent, and are received in the
 * order of reductions. So sums are sent in that order too. */
quern_status quern__mpi_progress(quern_mpi *mpi) {
  const int ranks = (int)mpi->table.ranks;
  for (quern__mpi_reduction *item = mpi->reductions; item != NULL; item = item->next) {
    int done = item->done;
    if (!item->summed) {
      const quern_status status = quern__mpi_check(
          mpi, "MPI_Testall",
          MPI_Testall(ranks, requests_of(mpi, item, PARTS_IN), &done, MPI_STATUSES_IGNORE));
      if (status != QUERN_OK || !done) return status;
      const quern_status added = add_parts(mpi, item);
      if (added != QUERN_OK) return added;
    }
    if (!item->done) {
      const quern_status status =
          quern__mpi_check(mpi, "MPI_Testall",
                           MPI_Testall(ROWS * ranks, item->requests, &done, MPI_STATUSES_IGNORE));
      if (status != QUERN_OK) return status;
      item->done = done != 0;
    }
  }
  return QUERN_OK;
}

quern_status quern__mpi_all_reduce_test(void *state, void *request, bool *done) {
  quern_mpi *mpi = state;
  const quern__mpi_reduction *reduction = request;
  *done = false;
  if (mpi->broken) return quern__mpi_broken(mpi);
  quern_status status = quern__mpi_progress(mpi);
  if (status == QUERN_OK) status = quern__mpi_receive_news(mpi);
  *done = reduction->done;
  return status;
}

quern_status quern__mpi_all_reduce_wait(void *state, void *request) {
  quern_mpi *mpi = state;
  quern__mpi_reduction *reduction = request;
  /* the reduction is canceled, and stays in the list */
  if (mpi->broken) return quern__mpi_broken(mpi);
  const quern_status status = quern__mpi_wait(mpi, "an all-reduce", NULL, reduction);
  if (status != QUERN_OK) return status;
  quern__mpi_reduction **link = &mpi->reductions;
  while (*link != reduction) link = &(*link)->next;
  *link = reduction->next;
  reduction->next = mpi->spare;
  mpi->spare = reduction;
  return QUERN_OK;
}

/* A canceled receive ends at once, whether or not others answer. One whose message has arrived in
 * part gets a second to complete. */
void quern__mpi_cancel_reductions(quern_mpi *mpi) {
  static const size_t rows[] = {PARTS_IN, SUMS_IN};
  const double until = MPI_Wtime() + 1.0;
  for (quern__mpi_reduction *item = mpi->reductions; item != NULL; item = item->next)
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
      for (size_t r = 0; r < mpi->table.ranks; r++) {
        MPI_Request *request = &requests_of(mpi, item, rows[i])[r];
        int done = *request == MPI_REQUEST_NULL;
        if (!done && MPI_Cancel(request) != MPI_SUCCESS) continue;
        while (!done && MPI_Test(request, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS &&
               MPI_Wtime() < until) {
        }
      }
}

/* Buffers that MPI may still access after a failure are not freed. */
void quern__mpi_reductions_free(quern_mpi *mpi) {
  for (quern__mpi_reduction *item = mpi->reductions, *next; item != NULL; item = next) {
    int done = 0;
    next = item->next;
    if (MPI_Testall(ROWS * (int)mpi->table.ranks, item->requests, &done, MPI_STATUSES_IGNORE) ==
            MPI_SUCCESS &&
        done)
      reduction_free(item);
  }
  for (quern__mpi_reduction *spare = mpi->spare, *next; spare != NULL; spare = next) {
    next = spare->next;
    reduction_free(spare);
  }
}

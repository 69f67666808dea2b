/* The blocking calls: all-gather, broadcast, barrier. */
#include "state.h"

#include <quern/backend.h>
#include <stdlib.h>
#include <string.h>

quern_status quern__mpi_reserve(quern_mpi *mpi, size_t bytes) {
  if (bytes <= mpi->carried_bytes) return QUERN_OK;
  char *room = realloc(mpi->carried, bytes);
  if (room == NULL)
    return quern_fail(QUERN_ERROR_OUT_OF_MEMORY, "mpi: no host memory for %zu bytes", bytes);
  mpi->carried = room;
  mpi->carried_bytes = bytes;
  return QUERN_OK;
}

/* Sends `bytes` at the end of mpi->carried [ranks + 1][bytes] to all other ranks, and receives
 * theirs before it, in rank order. */
static quern_status exchange_all(quern_mpi *mpi, const char *what, int bytes) {
  const size_t ranks = mpi->table.ranks, rank = mpi->table.rank, length = (size_t)bytes;
  for (size_t k = 1; k < ranks; k++) {
    const size_t to = (rank + k) % ranks, from = (rank + ranks - k) % ranks;
    quern_status status =
        quern__mpi_check(mpi, "MPI_Irecv",
                         MPI_Irecv(mpi->carried + from * length, bytes, MPI_BYTE, (int)from,
                                   QUERN__MPI_EXCHANGE, mpi->communicator, &mpi->requests[from]));
    if (status == QUERN_OK)
      status = quern__mpi_check(mpi, "MPI_Isend",
                                MPI_Isend(mpi->carried + ranks * length, bytes, MPI_BYTE, (int)to,
                                          QUERN__MPI_EXCHANGE, mpi->communicator,
                                          &mpi->requests[ranks + to]));
    if (status != QUERN_OK) return status;
  }
  return quern__mpi_wait(mpi, what, mpi->requests, NULL);
}

quern_status quern__mpi_all_gather(void *state, const void *mine, size_t bytes, void *all) {
  quern_mpi *mpi = state;
  const size_t ranks = mpi->table.ranks;
  if (mpi->broken) return quern__mpi_broken(mpi);
  if (bytes > INT32_MAX || bytes > SIZE_MAX / (ranks + 1))
    return quern_fail(QUERN_ERROR_OVERFLOW, "mpi: an all-gather of %zu bytes, expected at most %d",
                      bytes, INT32_MAX);
  quern_status status = quern__mpi_reserve(mpi, (ranks + 1) * bytes);
  if (status != QUERN_OK) return status;
  if (bytes > 0) memcpy(mpi->carried + ranks * bytes, mine, bytes);
  status = exchange_all(mpi, "an all-gather", (int)bytes);
  if (status != QUERN_OK || bytes == 0) return status;
  memcpy(mpi->carried + mpi->table.rank * bytes, mine, bytes);
  memcpy(all, mpi->carried, ranks * bytes);
  return QUERN_OK;
}

quern_status quern__mpi_barrier(void *state) {
  quern_mpi *mpi = state;
  return mpi->broken ? quern__mpi_broken(mpi) : exchange_all(mpi, "a barrier", 0);
}

/* Sends a piece down a binomial tree, with ranks counted from the root: each rank receives it from
 * the rank without its lowest one-bit, and sends it to those with one more bit below that. */
static quern_status send_down_tree(quern_mpi *mpi, int bytes, size_t root) {
  const size_t ranks = mpi->table.ranks, place = (mpi->table.rank + ranks - root) % ranks;
  size_t bit = 1;
  while (bit < ranks && (place & bit) == 0) bit <<= 1;
  quern_status status = QUERN_OK;
  if (place > 0) {
    const size_t parent = (place - bit + root) % ranks;
    status =
        quern__mpi_check(mpi, "MPI_Irecv",
                         MPI_Irecv(mpi->carried, bytes, MPI_BYTE, (int)parent, QUERN__MPI_BROADCAST,
                                   mpi->communicator, &mpi->requests[parent]));
    if (status == QUERN_OK) status = quern__mpi_wait(mpi, "a broadcast", mpi->requests, NULL);
  }
  for (bit >>= 1; bit > 0 && status == QUERN_OK; bit >>= 1) {
    if (place + bit >= ranks) continue;
    const size_t child = (place + bit + root) % ranks;
    status =
        quern__mpi_check(mpi, "MPI_Isend",
                         MPI_Isend(mpi->carried, bytes, MPI_BYTE, (int)child, QUERN__MPI_BROADCAST,
                                   mpi->communicator, &mpi->requests[ranks + child]));
  }
  return status == QUERN_OK ? quern__mpi_wait(mpi, "a broadcast", mpi->requests, NULL) : status;
}

quern_status quern__mpi_broadcast(void *state, void *data, size_t bytes, size_t root) {
  quern_mpi *mpi = state;
  enum { PIECE = 1 << 20 }; /* buffer size on each rank */
  if (mpi->broken) return quern__mpi_broken(mpi);
  if (root >= mpi->table.ranks)
    return quern_fail(QUERN_ERROR_ARGUMENT,
                      "mpi: a broadcast from rank %zu of %zu, expected a lower rank", root,
                      mpi->table.ranks);
  quern_status status = quern__mpi_reserve(mpi, bytes < PIECE ? bytes : PIECE);
  /* A missing rank is detected by its number here. In the tree, ranks would blame the one they wait
   * for, which may itself wait for the missing one. */
  if (status == QUERN_OK) status = exchange_all(mpi, "a broadcast", 0);
  for (size_t position = 0; position < bytes && status == QUERN_OK; position += PIECE) {
    const size_t here = bytes - position < PIECE ? bytes - position : PIECE;
    if (mpi->table.rank == root) memcpy(mpi->carried, (char *)data + position, here);
    status = send_down_tree(mpi, (int)here, root);
    if (status == QUERN_OK) memcpy((char *)data + position, mpi->carried, here);
  }
  return status;
}

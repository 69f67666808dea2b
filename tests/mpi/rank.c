/* test_mpi_rank CASE: one rank of test_faults.c. It prints the results of its calls. Rank 0 then
 * ends all ranks, because some cannot end by themselves. */
#include "mpi/state.h"

#include <quern/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool is_case(char **argv, const char *name) {
  return strcmp(argv[1], name) == 0;
}

/* After a failure the caller owns its buffer again: other ranks' numbers must not arrive in it any
 * more. */
static quern_status reduce(const quern_collective *c, size_t count) {
  float *values = malloc(count * sizeof *values);
  for (size_t i = 0; values != NULL && i < count; i++) values[i] = 1.0f;
  void *request = NULL;
  quern_status status = c->all_reduce_start(c->state, values, count, &request);
  if (status == QUERN_OK) status = c->all_reduce_wait(c->state, request);
  free(values);
  return status;
}

enum { COUNT = 1000003, FEW = 9 };

/* Stops in a reduction when rank 0 has its numbers and rank 1 has not, so rank 0 waits for rank 1,
 * which waits. The numbers are so few that MPI sends them to this rank without its help. */
static void stop_half_way(const quern_collective *c) {
  const quern_mpi *mpi = c->state;
  const float part[FEW / 3] = {0};
  MPI_Send(part, FEW / 3, MPI_FLOAT, 0, QUERN__MPI_PARTS, mpi->communicator);
  pause();
}

static quern_status run(char **argv, const quern_collective *c) {
  const bool last = c->rank + 1 == c->ranks;
  if (is_case(argv, "missing") && last) pause();
  if (is_case(argv, "half") && last) stop_half_way(c);
  if (is_case(argv, "abandoned") && last) {
    c->abandon(c->state, "the device is gone");
    return QUERN_OK;
  }
  if (is_case(argv, "barrier") && last) pause();
  if (is_case(argv, "broadcast") && last) pause();
  if (is_case(argv, "barrier")) return c->barrier(c->state);
  static char bytes[3000000];
  if (is_case(argv, "broadcast")) return c->broadcast(c->state, bytes, sizeof bytes, 0);
  return reduce(c, is_case(argv, "half") ? FEW : COUNT);
}

int main(int argc, char **argv) {
  if (argc != 2 || MPI_Init(NULL, NULL) != MPI_SUCCESS) return 1;
  int rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  quern_mpi *mpi;
  if (is_case(argv, "stranger")) { /* outside the command, which first agrees on its options */
    int mine = 0, all[2];
    MPI_Allgather(&mine, 1, MPI_INT, all, 1, MPI_INT, MPI_COMM_WORLD);
  }
  if (is_case(argv, "absent") && rank == 2) pause();
  /* Ranks of a busy machine are late; a missing rank is waited for one second. */
  const char *version = (is_case(argv, "version") || is_case(argv, "stranger")) && rank == 1
                            ? "0.0.9"
                            : quern_version();
  quern_status status =
      quern__mpi_create_as(MPI_COMM_WORLD, is_case(argv, "absent") ? 1.0 : 30.0, version, &mpi);
  if (status == QUERN_OK) {
    mpi->timeout = is_case(argv, "abandoned") ? 0 : 0.5;
    if (is_case(argv, "half") && rank == 1) mpi->timeout = 20; /* rank 0 detects it */
    status = run(argv, quern_mpi_collective(mpi));
  }
  printf("rank %d: status %d: %s\n", rank, (int)status,
         status != QUERN_OK ? quern_last_error() : "");
  /* Every later call fails at once in the same way. */
  if (mpi != NULL && status == QUERN_ERROR_COLLECTIVE) {
    const quern_collective *c = quern_mpi_collective(mpi);
    if (c->barrier(c->state) != QUERN_ERROR_COLLECTIVE || reduce(c, 10) != QUERN_ERROR_COLLECTIVE)
      printf("rank %d: a later call did not fail\n", rank);
  }
  fflush(stdout);
  quern_mpi_free(mpi);
  nanosleep(&(struct timespec){0, 300000000}, NULL); /* the others print theirs */
  MPI_Abort(MPI_COMM_WORLD, 3);
}

/* A program outside quern's tree: its ranks add numbers over MPI, and rank 0 prints the sum. */
#include <quern/mpi.h>
#include <quern/quern.h>
#include <stdio.h>

/* Rank r passes (r + 1) (i + 1) for each i, so every rank's numbers are in every sum. */
static quern_status add_up(const quern_collective *c, float values[5]) {
  void *request;
  for (int i = 0; i < 5; i++) values[i] = (float)(c->rank + 1) * (float)(i + 1);
  const quern_status status = c->all_reduce_start(c->state, values, 5, &request);
  return status == QUERN_OK ? c->all_reduce_wait(c->state, request) : status;
}

int main(int argc, char **argv) {
  quern_mpi *mpi = NULL;
  float values[5];
  if (MPI_Init(&argc, &argv) != MPI_SUCCESS) return 1;
  if (quern_mpi_create(MPI_COMM_WORLD, 60, &mpi) != QUERN_OK ||
      add_up(quern_mpi_collective(mpi), values) != QUERN_OK) {
    fprintf(stderr, "%s\n", quern_last_error());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  const quern_collective *c = quern_mpi_collective(mpi);
  if (c->rank == 0)
    printf("quern %s, %zu ranks: %g %g %g %g %g\n", quern_version(), c->ranks, (double)values[0],
           (double)values[1], (double)values[2], (double)values[3], (double)values[4]);
  quern_mpi_free(mpi);
  MPI_Finalize();
  return 0;
}

/* quern_bench_rank [--quick]: one of the ranks that collective.c starts under MPI. Rank 0 writes
 * the rows to stdout. */
#include "collective.h"

#include <quern/mpi.h>
#include <stdlib.h>
#include <string.h>

static cli_exit said(int code) {
  return code == MPI_SUCCESS ? CLI_OK : cli_fail("MPI failed with %d", code);
}

static cli_exit all_reduce(float *values, size_t count) {
  return said(MPI_Allreduce(MPI_IN_PLACE, values, (int)count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD));
}

static cli_exit all_reduce_nonblocking(float *values, size_t count) {
  MPI_Request request;
  const cli_exit result = said(MPI_Iallreduce(MPI_IN_PLACE, values, (int)count, MPI_FLOAT, MPI_SUM,
                                              MPI_COMM_WORLD, &request));
  return result != CLI_OK ? result : said(MPI_Wait(&request, MPI_STATUS_IGNORE));
}

int main(int argc, char **argv) {
  static const reduction_rivals rivals = {all_reduce, all_reduce_nonblocking};
  const measure_effort effort =
      argc > 1 && strcmp(argv[1], "--quick") == 0 ? MEASURE_QUICK : MEASURE_FULL;
  quern_mpi *mpi = NULL;
  reduction_row *rows = calloc(reduction_count, sizeof *rows);
  size_t measured;
  if (rows == NULL) return (int)cli_fail_memory();
  if (MPI_Init(&argc, &argv) != MPI_SUCCESS) return (int)cli_fail("MPI could not be initialized");
  cli_exit result =
      quern_mpi_create(MPI_COMM_WORLD, 60, &mpi) == QUERN_OK ? CLI_OK : cli_fail_library();
  if (result == CLI_OK)
    result = reduction_measure(quern_mpi_collective(mpi), &rivals, effort, rows, &measured);
  if (result == CLI_OK && quern_mpi_collective(mpi)->rank == 0)
    for (size_t i = 0; i < measured; i++) collective_write_row(stdout, &rows[i]);
  free(rows);
  if (result != CLI_OK) MPI_Abort(MPI_COMM_WORLD, (int)result);
  quern_mpi_free(mpi);
  return MPI_Finalize();
}

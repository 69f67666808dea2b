/* Ranks that are processes under MPI: the collective of libquern-mpi, which this header alone
 * needs.
 *
 *   MPI_Init(&argc, &argv);
 *   quern_mpi *mpi;
 *   quern_mpi_create(MPI_COMM_WORLD, 60, &mpi);
 *   options.collective = quern_mpi_collective(mpi);      then quern_train, on every rank
 *   …
 *   quern_mpi_free(mpi);
 *   MPI_Finalize();
 *
 * Built where quern's build found MPI: pkg-config quern-mpi, or find_package(quern COMPONENTS mpi)
 * and quern::mpi. */
#ifndef QUERN_MPI_H
#define QUERN_MPI_H

#define OMPI_SKIP_MPICXX  1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>
#include <quern/collective.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct quern_mpi quern_mpi;

/* A collective of the communicator's processes, on a duplicate of it: every one of them calls. MPI
 * is the caller's to initialize, before, and to finalize, after quern_mpi_free; it may have been
 * initialized for one thread. A rank that waits longer than `timeout` seconds for another fails,
 * here too, after a moment (a second at most) in which who waits as well is told from who does not
 * answer; 0: it waits for ever. Sums are taken by quern, in the order of ranks: MPI carries numbers
 * and adds none. QUERN_ERROR_COLLECTIVE where a rank has another version of quern. The caller owns
 * *mpi. */
QUERN_API quern_status quern_mpi_create(MPI_Comm communicator, double timeout, quern_mpi **mpi);

/* The table, which is *mpi's own. */
QUERN_API const quern_collective *quern_mpi_collective(const quern_mpi *mpi);

/* Which process of this host it is, and how many of them the host has: for a rank to choose a
 * device by. */
QUERN_API void quern_mpi_local(const quern_mpi *mpi, size_t *rank, size_t *ranks);

/* NULL is accepted. Every rank calls, and waits for those of its host with which it shares memory,
 * as long as the time-out lets it. After a failure it leaves to the end of the process what MPI
 * still holds, since letting go of it would wait for ranks that are gone; MPI_Finalize would too,
 * and MPI_Abort is the program's to call. */
QUERN_API void quern_mpi_free(quern_mpi *mpi);

#ifdef __cplusplus
}
#endif
#endif

/* Ranks that are processes under MPI: the collective of libquern-mpi, which only this header needs.
 *
 *   MPI_Init(&argc, &argv);
 *   quern_mpi *mpi;
 *   quern_mpi_create(MPI_COMM_WORLD, 60, &mpi);
 *   options.collective = quern_mpi_collective(mpi);      then quern_train, on every rank
 *   …
 *   quern_mpi_free(mpi);
 *   MPI_Finalize();
 *
 * Built if quern's build found MPI: pkg-config quern-mpi, or find_package(quern COMPONENTS mpi) and
 * quern::mpi. */
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

/* Creates a collective of the communicator's processes, on a duplicate of it. Every process must
 * call this. The caller initializes MPI before and finalizes it after quern_mpi_free;
 * initialization for one thread is enough. quern computes sums in rank order; MPI only transports
 * data. The caller owns *mpi.
 * A rank that waits longer than `timeout` seconds for another fails, here too; 0: no limit. It
 * first takes up to a second to distinguish ranks that also wait from those that do not answer.
 * QUERN_ERROR_COLLECTIVE: among others, a rank has another version of quern. */
QUERN_API quern_status quern_mpi_create(MPI_Comm communicator, double timeout, quern_mpi **mpi);

/* Returns the table. Owned by mpi. */
QUERN_API const quern_collective *quern_mpi_collective(const quern_mpi *mpi);

/* Returns the index of this process among those of its host, and their number, so that a rank can
 * choose a device. */
QUERN_API void quern_mpi_local(const quern_mpi *mpi, size_t *rank, size_t *ranks);

/* Frees the collective. Every rank must call this. Waits, up to the time-out, for the ranks of its
 * host with which it shares memory. NULL is accepted. After a failure, MPI resources stay allocated
 * until the process ends, since freeing them would wait for ranks that have ended. MPI_Finalize
 * would wait too; calling MPI_Abort is up to the program. */
QUERN_API void quern_mpi_free(quern_mpi *mpi);

#ifdef __cplusplus
}
#endif
#endif

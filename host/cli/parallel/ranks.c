#include "ranks.h"

#include "../text/digits.h"

#include <errno.h>
#include <quern/quern.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef QUERN_WITH_MPI
#include <quern/mpi.h>
#endif

/* From the launcher's environment, before MPI is initialized: whether there is a launcher, this
 * rank, and the number of ranks, 0 if unknown. */
typedef struct launched {
  bool found;
  size_t rank, ranks;
} launched;

static size_t number_of(const char *name) {
  const char *text = getenv(name);
  uint64_t number;
  const char *end;
  return text != NULL && cli_parse_whole(text, SIZE_MAX, &number, &end) ? (size_t)number : 0;
}

/* Open MPI, MPICH and derivatives, and others with PMIx; Slurm's srun is one of the last two. */
static launched find_launcher(void) {
  static const struct {
    const char *rank, *ranks;
  } known[] = {{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
               {"PMI_RANK", "PMI_SIZE"},
               {"PMIX_RANK", "SLURM_NTASKS"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (getenv(known[i].rank) != NULL)
      return (launched){true, number_of(known[i].rank), number_of(known[i].ranks)};
  return (launched){.ranks = 1};
}

static struct {
  size_t rank, ranks;
  bool joined; /* MPI is initialized */
#ifdef QUERN_WITH_MPI
  bool silent; /* other ranks no longer answer */
  quern_mpi *mpi;
#endif
} self = {.ranks = 1};

size_t cli_ranks_local(void) {
  size_t rank = 0;
#ifdef QUERN_WITH_MPI
  size_t ranks;
  if (self.mpi != NULL) quern_mpi_local(self.mpi, &rank, &ranks);
#endif
  return rank;
}

bool cli_ranks_are_launched(void) {
  return self.joined;
}

size_t cli_ranks_count(void) {
  return self.ranks;
}

bool cli_ranks_is_first(void) {
  return self.rank == 0;
}

#ifndef QUERN_WITH_MPI

bool cli_ranks_begin(bool joins, cli_exit *result) {
  const launched by = find_launcher();
  *result = CLI_OK;
  if (!by.found || by.ranks == 1) return true;
  if (by.rank > 0) {
    *result = joins ? CLI_FAILED : CLI_OK;
    return false;
  }
  if (!joins) return true;
  *result = cli_fail("a launcher started several processes, but this quern was built without MPI");
  return false;
}

cli_exit cli_ranks_connect(double timeout) {
  (void)timeout;
  return CLI_OK;
}

const quern_collective *cli_ranks_collective(void) {
  return NULL;
}

cli_exit cli_ranks_agree(cli_exit result) {
  return result;
}

int cli_ranks_most(int mine) {
  return mine;
}

cli_exit cli_ranks_end(cli_exit result) {
  return result;
}

#else

static cli_exit join(const launched *by) {
  int level, rank = 0, ranks = 0;
  if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) != MPI_SUCCESS)
    return cli_fail("MPI could not be initialized");
  self.joined = true;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  self.rank = (size_t)rank;
  self.ranks = (size_t)ranks;
  /* Each process would train by itself, and all would write the same files. */
  if (by->ranks > 0 && by->ranks != self.ranks) {
    if (by->rank > 0) return CLI_FAILED; /* each takes itself for rank 0 */
    return cli_fail("the launcher started %zu ranks, but MPI counts %zu: use the launcher of the "
                    "MPI that quern was built with",
                    by->ranks, self.ranks);
  }
  if (self.rank == 0) return CLI_OK;
  cli_fail_hold();
  return freopen("/dev/null", "w", stdout) != NULL ? CLI_OK
                                                   : cli_fail("/dev/null: %s", strerror(errno));
}

bool cli_ranks_begin(bool joins, cli_exit *result) {
  const launched by = find_launcher();
  *result = CLI_OK;
  if (!by.found) return true;
  if (!joins) return by.rank == 0;
  *result = join(&by);
  return *result == CLI_OK;
}

cli_exit cli_ranks_connect(double timeout) {
  if (self.ranks == 1) return CLI_OK;
  if (quern_mpi_create(MPI_COMM_WORLD, timeout, &self.mpi) == QUERN_OK) return CLI_OK;
  self.silent = true;
  return cli_fail_library();
}

const quern_collective *cli_ranks_collective(void) {
  return self.mpi != NULL ? quern_mpi_collective(self.mpi) : NULL;
}

/* Gathers a number of each rank; false if they no longer answer. */
static bool gather(int mine, int *all) {
  if (self.silent) return false;
  const quern_collective *collective = cli_ranks_collective();
  if (collective == NULL)
    self.silent = MPI_Allgather(&mine, 1, MPI_INT, all, 1, MPI_INT, MPI_COMM_WORLD) != MPI_SUCCESS;
  else
    self.silent = collective->all_gather(collective->state, &mine, sizeof mine, all) != QUERN_OK;
  return !self.silent;
}

cli_exit cli_ranks_agree(cli_exit result) {
  if (self.ranks == 1) return result;
  int *all = malloc(self.ranks * sizeof *all);
  if (all == NULL) {
    self.silent = true;
    return cli_fail_memory();
  }
  if (!gather((int)result, all)) {
    /* A rank that failed by itself has printed why. */
    if (result == CLI_OK) result = cli_fail_library();
  } else {
    size_t r = 0;
    while (r < self.ranks && all[r] == CLI_OK) r++;
    if (r == self.rank && r > 0) cli_fail_release(self.rank, self.ranks);
    result = r < self.ranks ? (cli_exit)all[r] : CLI_OK;
  }
  free(all);
  return result;
}

int cli_ranks_most(int mine) {
  int *all = self.ranks > 1 ? malloc(self.ranks * sizeof *all) : NULL;
  if (all != NULL && gather(mine, all))
    for (size_t r = 0; r < self.ranks; r++)
      if (all[r] > mine) mine = all[r];
  free(all);
  return mine;
}

/* One rank prints it: rank 0 or, if that one is lost, the next, later; by then all are ended. */
static void end_all(cli_exit result) {
  if (self.rank > 0) {
    nanosleep(&(struct timespec){self.rank == 1 ? 1 : 2, 0}, NULL);
    cli_fail_release(self.rank, self.ranks);
  }
  fflush(NULL);
  nanosleep(&(struct timespec){0, 200000000},
            NULL); /* a launcher may end ranks before it reads their output */
  MPI_Abort(MPI_COMM_WORLD, (int)result);
}

cli_exit cli_ranks_end(cli_exit result) {
  if (!self.joined) return result;
  if (self.silent) end_all(result != CLI_OK ? result : CLI_FAILED);
  quern_mpi_free(self.mpi);
  fflush(stdout); /* once another rank has ended with a failure, the launcher may end this one */
  MPI_Finalize();
  return result;
}

#endif

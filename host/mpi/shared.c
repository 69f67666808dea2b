/* Memory shared by the ranks of one host, through an MPI window: results need no message to reach
 * the others. */
#include "state.h"

#include <quern/backend.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096 };

static quern_status find_host_ranks(quern_mpi *mpi) {
  const int ranks = (int)mpi->table.ranks;
  MPI_Group all, here;
  int *numbers = malloc(mpi->table.ranks * sizeof *numbers);
  mpi->host_ranks = malloc(mpi->table.ranks * sizeof *mpi->host_ranks);
  if (numbers == NULL || mpi->host_ranks == NULL) {
    free(numbers);
    return quern_fail(QUERN_ERROR_OUT_OF_MEMORY, "mpi: no host memory for %d ranks", ranks);
  }
  for (int r = 0; r < ranks; r++) numbers[r] = r;
  int code = MPI_Comm_group(mpi->communicator, &all);
  if (code == MPI_SUCCESS) {
    code = MPI_Comm_group(mpi->host, &here);
    if (code == MPI_SUCCESS) {
      code = MPI_Group_translate_ranks(all, ranks, numbers, here, mpi->host_ranks);
      MPI_Group_free(&here);
    }
    MPI_Group_free(&all);
  }
  free(numbers);
  return quern__mpi_check(mpi, "MPI_Group_translate_ranks", code);
}

quern_status quern__mpi_find_host(quern_mpi *mpi) {
  int rank = 0, ranks = 1;
  int code =
      MPI_Comm_split_type(mpi->communicator, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &mpi->host);
  if (code == MPI_SUCCESS) code = MPI_Comm_set_errhandler(mpi->host, MPI_ERRORS_RETURN);
  if (code == MPI_SUCCESS) code = MPI_Comm_rank(mpi->host, &rank);
  if (code == MPI_SUCCESS) code = MPI_Comm_size(mpi->host, &ranks);
  mpi->local_rank = (size_t)rank;
  mpi->local_ranks = (size_t)ranks;
  const quern_status status = quern__mpi_check(mpi, "MPI_Comm_split_type", code);
  return status == QUERN_OK ? find_host_ranks(mpi) : status;
}

static char *align_to_page(char *cursor) {
  return cursor + (PAGE - (uintptr_t)cursor % PAGE) % PAGE;
}

/* Opens a window with a part for each rank of this host. *opened is false, on all of them, if one
 * of them failed. */
static quern_status open_window(quern_mpi *mpi, quern__mpi_shared *shared, bool *opened) {
  void *own = NULL;
  MPI_Info info;
  int code = MPI_Info_create(&info), any_failed = 0;
  if (code == MPI_SUCCESS) {
    MPI_Info_set(info, "alloc_shared_noncontig", "true"); /* so that each part starts at a page */
    code = MPI_Win_allocate_shared((MPI_Aint)(shared->bytes + PAGE), 1, info, mpi->host, &own,
                                   &shared->window);
    MPI_Info_free(&info);
  }
  int failed = code != MPI_SUCCESS;
  const quern_status status = quern__mpi_check(
      mpi, "MPI_Allreduce", MPI_Allreduce(&failed, &any_failed, 1, MPI_INT, MPI_MAX, mpi->host));
  *opened = status == QUERN_OK && any_failed == 0;
  if (code == MPI_SUCCESS && !*opened && status == QUERN_OK) MPI_Win_free(&shared->window);
  if (!*opened) shared->window = MPI_WIN_NULL;
  return status;
}

static quern_status find_parts(quern_mpi *mpi, quern__mpi_shared *shared) {
  MPI_Win_set_errhandler(shared->window, MPI_ERRORS_RETURN);
  for (size_t r = 0; r < mpi->table.ranks; r++) {
    MPI_Aint bytes;
    int unit, code;
    void *part;
    if (mpi->host_ranks[r] == MPI_UNDEFINED) continue;
    code = MPI_Win_shared_query(shared->window, mpi->host_ranks[r], &bytes, &unit, &part);
    const quern_status status = quern__mpi_check(mpi, "MPI_Win_shared_query", code);
    if (status != QUERN_OK) return status;
    shared->parts[r] = align_to_page(part);
  }
  return quern__mpi_check(mpi, "MPI_Win_lock_all",
                          MPI_Win_lock_all(MPI_MODE_NOCHECK, shared->window));
}

static quern_status create_shared(quern_mpi *mpi, size_t bytes, quern__mpi_shared *shared) {
  bool opened = false;
  shared->bytes = bytes;
  shared->window = MPI_WIN_NULL;
  shared->parts = calloc(mpi->table.ranks, sizeof *shared->parts);
  if (shared->parts == NULL)
    return quern_fail(QUERN_ERROR_OUT_OF_MEMORY, "mpi: no host memory for %zu ranks",
                      mpi->table.ranks);
  if (mpi->local_ranks > 1) {
    /* Opening a window waits without a limit, so a missing rank is detected first. */
    quern_status status = quern__mpi_barrier(mpi);
    if (status == QUERN_OK) status = open_window(mpi, shared, &opened);
    if (status == QUERN_OK && opened) status = find_parts(mpi, shared);
    if (status != QUERN_OK || opened) return status;
  }
  /* Used for a rank alone on its host, or if the window could not be opened (a container's /dev/shm
   * is small): messages carry the values. */
  shared->parts[mpi->table.rank] = aligned_alloc(PAGE, bytes);
  return shared->parts[mpi->table.rank] != NULL
             ? QUERN_OK
             : quern_fail(QUERN_ERROR_OUT_OF_MEMORY, "mpi: no host memory for %zu bytes", bytes);
}

/* Reuses freed memory, in the same way on every rank: freeing a window would need all ranks at
 * once. */
static quern__mpi_shared *find_unused(const quern_mpi *mpi, size_t bytes) {
  quern__mpi_shared *item = mpi->shared;
  while (item != NULL && (item->used || item->bytes < bytes)) item = item->next;
  return item;
}

quern_status quern__mpi_memory_create(void *state, size_t bytes, void **memory) {
  quern_mpi *mpi = state;
  *memory = NULL;
  if (mpi->broken) return quern__mpi_broken(mpi);
  if (bytes > PTRDIFF_MAX - PAGE)
    return quern_fail(QUERN_ERROR_OVERFLOW, "mpi: %zu bytes overflow", bytes);
  bytes = bytes > 0 ? (bytes + PAGE - 1) / PAGE * PAGE : PAGE;
  quern__mpi_shared *shared = find_unused(mpi, bytes);
  if (shared == NULL) {
    shared = calloc(1, sizeof *shared);
    if (shared == NULL) return quern_fail(QUERN_ERROR_OUT_OF_MEMORY, "mpi: no host memory");
    const quern_status status = create_shared(mpi, bytes, shared);
    if (status != QUERN_OK) {
      free(shared->parts); /* the collective is broken: MPI keeps its part of a window */
      free(shared);
      return status;
    }
    shared->next = mpi->shared;
    mpi->shared = shared;
  }
  shared->used = true;
  *memory = shared->parts[mpi->table.rank];
  memset(*memory, 0, bytes);
  return QUERN_OK;
}

void quern__mpi_memory_free(void *state, void *memory) {
  const quern_mpi *mpi = state;
  for (quern__mpi_shared *item = mpi->shared; item != NULL; item = item->next)
    if (item->parts[mpi->table.rank] == memory) item->used = false;
}

const quern__mpi_shared *quern__mpi_shared_at(const quern_mpi *mpi, const void *values,
                                              size_t bytes, size_t *offset) {
  const uintptr_t address = (uintptr_t)values;
  for (const quern__mpi_shared *item = mpi->shared; item != NULL; item = item->next) {
    const uintptr_t begin = (uintptr_t)item->parts[mpi->table.rank];
    if (item->window == MPI_WIN_NULL || address < begin || address - begin > item->bytes ||
        bytes > item->bytes - (address - begin))
      continue;
    *offset = address - begin;
    return item;
  }
  return NULL;
}

void quern__mpi_shared_sync(const quern__mpi_shared *shared) {
  MPI_Win_sync(shared->window);
}

void quern__mpi_shared_free(quern_mpi *mpi) {
  bool waits = mpi->shared != NULL && mpi->local_ranks > 1 && !mpi->broken;
  if (waits) /* a missing rank breaks the collective, and MPI keeps its windows */
    (void)quern__mpi_barrier(mpi);
  for (quern__mpi_shared *item = mpi->shared, *next; item != NULL; item = next) {
    next = item->next;
    if (item->window == MPI_WIN_NULL) {
      free(item->parts[mpi->table.rank]);
    } else if (!mpi->broken) {
      MPI_Win_unlock_all(item->window);
      MPI_Win_free(&item->window);
    }
    free(item->parts);
    free(item);
  }
  mpi->shared = NULL;
  if (!mpi->broken && mpi->host != MPI_COMM_NULL) MPI_Comm_free(&mpi->host);
}

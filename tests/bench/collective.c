/* The time of all-reduces by size and ranks, over MPI and among threads, compared with MPI's own,
 * and a cost model fitted to it. */
#include "collective.h"
#include "bench.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

enum { MOST_RANKS = 4 };

static const char *const keys[REDUCTION_WAYS] = {"shared", "quern", "own_work", "mpi_allreduce",
                                                 "mpi_iallreduce"};

/* --- Ranks that are threads --- */

typedef struct thread_rank {
  pthread_t thread;
  const quern_collective *collective;
  measure_effort effort;
  reduction_row *rows; /* of rank 0 */
  size_t measured;
  cli_exit result;
} thread_rank;

static void *run_thread(void *state) {
  static const reduction_rivals none = {NULL, NULL};
  thread_rank *self = state;
  const quern_collective *c = self->collective;
  self->result = reduction_measure(c, &none, self->effort, self->rows, &self->measured);
  if (self->result != CLI_OK) c->abandon(c->state, "the bench ends here");
  return NULL;
}

static cli_exit measure_threads(const yardstick *bench, size_t ranks, reduction_row *rows,
                                size_t *measured) {
  thread_rank is[MOST_RANKS] = {0};
  quern_thread_group *group = NULL;
  if (quern_thread_group_create(ranks, 60, &group) != QUERN_OK) return cli_fail_library();
  cli_exit result = CLI_OK;
  size_t begun = 0;
  for (; result == CLI_OK && begun < ranks; begun++) {
    thread_rank *each = &is[begun];
    const quern_collective *c = quern_thread_group_at(group, begun);
    *each =
        (thread_rank){.collective = c, .effort = bench->effort, .rows = begun == 0 ? rows : NULL};
    if (pthread_create(&each->thread, NULL, run_thread, each) == 0) continue;
    c->abandon(c->state, "a thread could not be created");
    result = cli_fail("a thread could not be created");
    break;
  }
  for (size_t r = 0; r < begun; r++) {
    pthread_join(is[r].thread, NULL);
    if (result == CLI_OK) result = is[r].result;
  }
  *measured = is[0].measured;
  quern_thread_group_free(group);
  return result;
}

/* --- Ranks that are processes --- */

#ifdef QUERN_BENCH_RANK
static cli_exit measure_mpi(const yardstick *bench, size_t ranks, reduction_row *rows,
                            size_t *measured) {
  char line[4096];
  const int length = snprintf(line, sizeof line, "%s -n %zu '%s' %s", QUERN_BENCH_MPIEXEC, ranks,
                              QUERN_BENCH_RANK, bench->effort.small_only ? "--quick" : "");
  if (length < 0 || (size_t)length >= sizeof line)
    return cli_fail("the line that starts the ranks is too long");
  FILE *out = popen(line, "r");
  if (out == NULL) return cli_fail_memory();
  *measured = 0;
  while (*measured < reduction_count && collective_read_row(out, &rows[*measured])) ++*measured;
  const int status = pclose(out);
  if (status == 0 && *measured > 0) return CLI_OK;
  return cli_fail("%zu ranks under MPI failed: %s", ranks, line);
}
#endif

/* --- The table --- */

static void print_size(size_t bytes) {
  if (bytes < 1024)
    printf("  %6zu B  ", bytes);
  else if (bytes < 1024 * 1024)
    printf("  %6zu KiB", bytes / 1024);
  else
    printf("  %6zu MiB", bytes / (1024 * 1024));
}

static void print_time(measure_summary rate, size_t bytes) {
  if (isfinite(rate.median))
    printf(" %9.1f +-%3.0f%% %6.2f", 1e6 / rate.median, measure_spread(rate),
           1e-9 * (double)bytes * rate.median);
  else
    printf(" %22s", "");
}

static void print_row(const reduction_row *row) {
  print_size(row->bytes);
  print_time(row->rate[REDUCTION_SHARED], row->bytes);
  print_time(row->rate[REDUCTION_QUERN], row->bytes);
  printf(" %9.1f", 1e6 / row->rate[REDUCTION_OWN_WORK].median);
  for (size_t way = REDUCTION_MPI; way < REDUCTION_WAYS; way++)
    if (isfinite(row->rate[way].median))
      printf(" %9.1f %6.2fx %6.2fx", 1e6 / row->rate[way].median, row->shared_takes[way].median,
             row->quern_takes[way].median);
  printf("\n");
}

static cJSON *add_fit(yardstick *bench, cJSON *object, const char *name, reduction_line line) {
  cJSON *fit = cli_json_object(&bench->json, object, name);
  cli_json_number(&bench->json, fit, "start_seconds", line.start);
  cli_json_number(&bench->json, fit, "seconds_per_byte", line.per_byte);
  cli_json_number(&bench->json, fit, "worst_error", line.worst);
  return fit;
}

static void print_line(const char *name, reduction_line line) {
  printf("  %-13s %.2f us + n / %.2f GB/s, off by %.0f%% at most\n", name, 1e6 * line.start,
         1e-9 / line.per_byte, 100 * line.worst);
}

/* The parameters of docs/scaling.md: by messages T = 2 (N - 1) alpha + 2 (N - 1) / N n beta + n
 * gamma, in shared memory T = start + n sigma. Threads share memory. */
static void print_fits(yardstick *bench, size_t ranks, const reduction_row *rows, size_t count,
                       cJSON *object) {
  const reduction_line any = reduction_fit(rows, count, REDUCTION_QUERN);
  const bool shares = isfinite(rows->rate[REDUCTION_SHARED].median);
  cJSON *fit = add_fit(bench, object, "fit", any);
  if (shares) {
    const reduction_line shared = reduction_fit(rows, count, REDUCTION_SHARED);
    add_fit(bench, object, "fit_shared", shared);
    print_line("shared:", shared);
  }
  print_line(shares ? "by messages:" : "fitted:", any);
  if (!shares) return;
  const reduction_line own = reduction_fit(rows, count, REDUCTION_OWN_WORK);
  const double messages = 2.0 * ((double)ranks - 1.0), alpha = any.start / messages,
               beta = (any.per_byte - own.per_byte) * (double)ranks / messages;
  printf("  so alpha %.2f us, 1 / beta %.2f GB/s, 1 / gamma %.2f GB/s\n", 1e6 * alpha, 1e-9 / beta,
         1e-9 / own.per_byte);
  cli_json_number(&bench->json, fit, "alpha_seconds", alpha);
  cli_json_number(&bench->json, fit, "beta_seconds_per_byte", beta);
  cli_json_number(&bench->json, fit, "gamma_seconds_per_byte", own.per_byte);
}

static void add_rows(yardstick *bench, const reduction_row *rows, size_t count, cJSON *object) {
  cJSON *list = cli_json_list(&bench->json, object, "sizes");
  for (size_t i = 0; i < count; i++) {
    cJSON *size = cli_json_object(&bench->json, list, NULL);
    cli_json_number(&bench->json, size, "bytes", (double)rows[i].bytes);
    for (size_t way = 0; way < REDUCTION_WAYS; way++) {
      cJSON *each = cli_json_object(&bench->json, size, keys[way]);
      bench_add(bench, each, "per_second", rows[i].rate[way]);
      bench_add(bench, each, "shared_takes_times_as_long", rows[i].shared_takes[way]);
      bench_add(bench, each, "quern_takes_times_as_long", rows[i].quern_takes[way]);
    }
  }
}

typedef cli_exit (*measure)(const yardstick *bench, size_t ranks, reduction_row *rows,
                            size_t *measured);

static cli_exit bench_ranks(yardstick *bench, const char *name, measure run, size_t ranks,
                            cJSON *list) {
  reduction_row *rows = calloc(reduction_count, sizeof *rows);
  size_t count;
  if (rows == NULL) return cli_fail_memory();
  cli_exit result = run(bench, ranks, rows, &count);
  if (result == CLI_OK) {
    cJSON *object = cli_json_object(&bench->json, list, NULL);
    cli_json_text(&bench->json, object, "collective", name);
    cli_json_number(&bench->json, object, "ranks", (double)ranks);
    printf("%s, %zu rank%s\n", name, ranks, ranks == 1 ? "" : "s");
    for (size_t i = 0; i < count; i++) print_row(&rows[i]);
    add_rows(bench, rows, count, object);
    print_fits(bench, ranks, rows, count, object);
  }
  free(rows);
  return result;
}

cli_exit bench_collective(yardstick *bench) {
  cJSON *list = cli_json_list(&bench->json, bench->json.root, "collective");
  cli_exit result = CLI_OK;
  printf("\nall-reduces of n bytes, in memory that ranks share and in any other: us, and n over "
         "that in GB/s; what a rank copies\n"
         "and adds in the latter; and MPI's own, which promise no order: how many times as long "
         "quern takes in either memory\n"
         "  %10s %9s %5s %6s %9s %5s %6s %9s %9s %7s %7s %9s %7s %7s\n",
         "n", "shared", "", "GB/s", "any", "", "GB/s", "own work", "Allreduce", "shared", "any",
         "Iallreduce", "shared", "any");
#ifdef QUERN_BENCH_RANK
  for (size_t ranks = 1; result == CLI_OK && ranks <= MOST_RANKS; ranks++)
    result = bench_ranks(bench, "MPI", measure_mpi, ranks, list);
#else
  printf("MPI was not found when this was built: ranks as threads alone\n");
#endif
  for (size_t ranks = 2; result == CLI_OK && ranks <= MOST_RANKS; ranks++)
    result = bench_ranks(bench, "threads", measure_threads, ranks, list);
  return result;
}

/* All-reduces by size and ranks, over MPI and among threads: how long they take, beside MPI's own, and what a cost model makes of it. */
#include "collective.h"
#include "bench.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { MOST_RANKS = 4 };

static const reduction_way ways[] = {REDUCTION_QUERN, REDUCTION_OWN_WORK, REDUCTION_MPI,
                                     REDUCTION_MPI_NONBLOCKING};
static const char *const keys[] = {"quern", "own_work", "mpi_allreduce", "mpi_iallreduce"};

/* --- Ranks that are threads --------------------------------------------------------------------------- */

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
  thread_rank *is = state;
  const quern_collective *c = is->collective;
  is->result = reduction_measure(c, &none, is->effort, is->rows, &is->measured);
  if (is->result != CLI_OK) c->abandon(c->state, "the bench ends here");
  return NULL;
}

static cli_exit measure_threads(const yardstick *bench, size_t ranks, reduction_row *rows, size_t *measured) {
  thread_rank is[MOST_RANKS] = {0};
  quern_thread_group *group = NULL;
  if (quern_thread_group_create(ranks, 60, &group) != QUERN_OK) return cli_fail_library();
  cli_exit result = CLI_OK;
  size_t begun = 0;
  for (; result == CLI_OK && begun < ranks; begun++) {
    thread_rank *each = &is[begun];
    const quern_collective *c = quern_thread_group_at(group, begun);
    *each = (thread_rank){.collective = c, .effort = bench->effort, .rows = begun == 0 ? rows : NULL};
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

/* --- Ranks that are processes ------------------------------------------------------------------------- */

#ifdef QUERN_BENCH_RANK
static cli_exit measure_mpi(const yardstick *bench, size_t ranks, reduction_row *rows, size_t *measured) {
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

/* --- The table ---------------------------------------------------------------------------------------- */

static void print_size(size_t bytes) {
  if (bytes < 1024)
    printf("  %6zu B  ", bytes);
  else if (bytes < 1024 * 1024)
    printf("  %6zu KiB", bytes / 1024);
  else
    printf("  %6zu MiB", bytes / (1024 * 1024));
}

static void print_row(const reduction_row *row) {
  print_size(row->bytes);
  const measure_summary quern = row->rate[REDUCTION_QUERN];
  printf(" %10.1f +-%3.0f%% %8.2f %10.1f", 1e6 / quern.median, measure_spread(quern),
         1e-9 * (double)row->bytes * quern.median, 1e6 / row->rate[REDUCTION_OWN_WORK].median);
  for (size_t way = REDUCTION_MPI; way < REDUCTION_WAYS; way++)
    if (isfinite(row->rate[way].median))
      printf(" %10.1f %6.2fx (%.2f to %.2f)", 1e6 / row->rate[way].median, row->quicker[way].median,
             row->quicker[way].low, row->quicker[way].high);
  printf("\n");
}

/* T = 2 (N - 1) alpha + 2 (N - 1) / N n beta + n gamma: docs/scaling.md. */
static void print_fit(yardstick *bench, size_t ranks, const reduction_row *rows, size_t count,
                      cJSON *object) {
  const reduction_line all = reduction_fit(rows, count, REDUCTION_QUERN),
                       own = reduction_fit(rows, count, REDUCTION_OWN_WORK);
  const double messages = 2.0 * ((double)ranks - 1.0);
  printf("  fitted: %.2f us + n / %.2f GB/s, off by %.0f%% at most; own work n / %.2f GB/s", 1e6 * all.start,
         1e-9 / all.per_byte, 100 * all.worst, 1e-9 / own.per_byte);
  cJSON *fit = cli_json_object(&bench->json, object, "fit");
  cli_json_number(&bench->json, fit, "start_seconds", all.start);
  cli_json_number(&bench->json, fit, "seconds_per_byte", all.per_byte);
  cli_json_number(&bench->json, fit, "worst_error", all.worst);
  cli_json_number(&bench->json, fit, "gamma_seconds_per_byte", own.per_byte);
  if (ranks > 1) {
    const double alpha = all.start / messages;
    const double beta = (all.per_byte - own.per_byte) * (double)ranks / messages;
    printf(": alpha %.2f us, 1 / beta %.2f GB/s, 1 / gamma %.2f GB/s", 1e6 * alpha, 1e-9 / beta,
           1e-9 / own.per_byte);
    cli_json_number(&bench->json, fit, "alpha_seconds", alpha);
    cli_json_number(&bench->json, fit, "beta_seconds_per_byte", beta);
  }
  printf("\n");
}

static void add_rows(yardstick *bench, const reduction_row *rows, size_t count, cJSON *object) {
  cJSON *list = cli_json_list(&bench->json, object, "sizes");
  for (size_t i = 0; i < count; i++) {
    cJSON *size = cli_json_object(&bench->json, list, NULL);
    cli_json_number(&bench->json, size, "bytes", (double)rows[i].bytes);
    for (size_t k = 0; k < REDUCTION_WAYS; k++) {
      cJSON *way = cli_json_object(&bench->json, size, keys[k]);
      bench_add(bench, way, "per_second", rows[i].rate[ways[k]]);
      bench_add(bench, way, "quern_takes_times_as_long", rows[i].quicker[ways[k]]);
    }
  }
}

typedef cli_exit (*measure)(const yardstick *bench, size_t ranks, reduction_row *rows, size_t *measured);

static cli_exit bench_ranks(yardstick *bench, const char *name, measure run, size_t ranks, cJSON *list) {
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
    print_fit(bench, ranks, rows, count, object);
  }
  free(rows);
  return result;
}

cli_exit bench_collective(yardstick *bench) {
  cJSON *list = cli_json_list(&bench->json, bench->json.root, "collective");
  cli_exit result = CLI_OK;
  printf("\nall-reduces of n bytes: us, n over that in GB/s, us of what a rank copies and adds in it, and "
         "MPI's own, which promise\n"
         "no order, in us and how many times as long quern takes\n"
         "  %10s %10s %5s %8s %10s %10s %24s %24s\n",
         "n", "quern", "", "GB/s", "own work", "Allreduce", "", "Iallreduce");
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

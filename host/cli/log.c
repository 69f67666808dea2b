/* Writing the log of a training. */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static cli_exit form_of(const char *path, cli_log_form *form) {
  static const struct {
    const char *ending;
    cli_log_form form;
  } endings[] = {{".csv", CLI_LOG_CSV},
                 {".jsonl", CLI_LOG_JSON_LINES},
                 {".ndjson", CLI_LOG_JSON_LINES},
                 {".json", CLI_LOG_JSON_LINES}};
  const char *dot = strrchr(path, '.');
  for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings; i++) {
    if (strcasecmp(dot, endings[i].ending) != 0) continue;
    *form = endings[i].form;
    return CLI_OK;
  }
  return cli_fail("the log %s: expected a name that ends with .csv, or with .jsonl for JSON lines", path);
}

static cli_exit fail_file(const cli_log *log, const char *what) {
  return cli_fail("the log %s cannot be %s: %s", log->path, what, strerror(errno));
}

cli_exit cli_log_open(const char *path, bool resumed, cli_log *log) {
  *log = (cli_log){.path = path, .began = now()};
  cli_exit result = form_of(path, &log->form);
  if (result != CLI_OK) return result;
  /* Nothing is taken away before the first new row is there. */
  const int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  log->file = descriptor >= 0 ? fdopen(descriptor, "r+") : NULL;
  if (log->file == NULL) {
    result = fail_file(log, "written");
    if (descriptor >= 0) close(descriptor);
    return result;
  }
  log->fresh = true;
  log->resumed = resumed;
  if (!resumed) return CLI_OK;
  cli_log_rows rows;
  result = cli_log_read(path, &rows);
  if (result == CLI_OK && rows.count > 0 && rows.form != log->form)
    result =
        cli_fail("the log %s cannot be gone on with: its rows are not of the form that its name says", path);
  cli_log_rows_free(&rows);
  return result;
}

/* Whether a log of this task has the field. */
static bool has(const cli_log *log, int tasks) {
  return (tasks >> log->task & 1) != 0;
}

static void print_header(FILE *file, const cli_log *log) {
  const char *comma = "";
#define PRINT(name, tasks)                                                                                   \
  if (has(log, tasks)) {                                                                                     \
    fprintf(file, "%s" #name, comma);                                                                        \
    comma = ",";                                                                                             \
  }
  CLI_LOG_FIELDS(PRINT)
#undef PRINT
  fputc('\n', file);
}

/* Rows go under the columns that are there. */
static cli_exit check_header(cli_log *log) {
  char *expected = NULL, *found = NULL;
  size_t size = 0, room = 0;
  FILE *text = open_memstream(&expected, &size);
  if (text == NULL) return cli_fail_memory();
  print_header(text, log);
  const bool good = fclose(text) == 0 && fseeko(log->file, 0, SEEK_SET) == 0 &&
                    getline(&found, &room, log->file) > 0 && strcmp(found, expected) == 0;
  const cli_exit result = good ? CLI_OK
                               : cli_fail("the log %s cannot be gone on with: its columns are not %s",
                                          log->path, strtok(expected, "\n"));
  free(expected);
  free(found);
  return result;
}

/* What stays of a file that is gone on with: the rows before the epoch. *end is the byte behind them. */
static cli_exit keep_rows(cli_log *log, size_t epoch, size_t *end) {
  cli_log_rows rows;
  const cli_exit result = cli_log_read(log->path, &rows);
  size_t kept = 0;
  while (kept < rows.count && rows.items[kept].epoch < (double)epoch) kept++;
  *end = kept > 0 ? rows.ends[kept - 1] : rows.begin;
  if (kept > 0 && isfinite(rows.items[kept - 1].seconds)) log->began -= rows.items[kept - 1].seconds;
  cli_log_rows_free(&rows);
  return result == CLI_OK && kept > 0 && log->form == CLI_LOG_CSV ? check_header(log) : result;
}

/* Takes away what is of an earlier training, or of epochs that are trained again. */
static cli_exit begin(cli_log *log, size_t epoch) {
  size_t end = 0;
  const cli_exit result = log->resumed ? keep_rows(log, epoch, &end) : CLI_OK;
  if (result != CLI_OK) return result;
  struct stat about;
  /* A device or a pipe keeps nothing that could be cut. */
  if (fstat(fileno(log->file), &about) != 0 ||
      (S_ISREG(about.st_mode) && ftruncate(fileno(log->file), (off_t)end) != 0))
    return fail_file(log, "cut");
  if (S_ISREG(about.st_mode) && fseeko(log->file, (off_t)end, SEEK_SET) != 0)
    return fail_file(log, "written");
  if (end == 0 && log->form == CLI_LOG_CSV) print_header(log->file, log);
  return CLI_OK;
}

static void print_csv(const cli_log *log, const cli_log_row *row) {
  const char *comma = "";
#define PRINT(name, tasks)                                                                                   \
  if (has(log, tasks)) {                                                                                     \
    fputs(comma, log->file);                                                                                 \
    if (isfinite(row->name)) fprintf(log->file, "%.9g", row->name);                                          \
    comma = ",";                                                                                             \
  }
  CLI_LOG_FIELDS(PRINT)
#undef PRINT
  fputc('\n', log->file);
}

static void print_json(const cli_log *log, const cli_log_row *row) {
  char before = '{';
#define PRINT(name, tasks)                                                                                   \
  if (has(log, tasks)) {                                                                                     \
    fprintf(log->file, "%c\"" #name "\":", before);                                                          \
    if (isfinite(row->name))                                                                                 \
      fprintf(log->file, "%.9g", row->name);                                                                 \
    else                                                                                                     \
      fputs("null", log->file);                                                                              \
    before = ',';                                                                                            \
  }
  CLI_LOG_FIELDS(PRINT)
#undef PRINT
  fputs("}\n", log->file);
}

static cli_exit add(cli_log *log, const cli_log_row *row) {
  if (log->form == CLI_LOG_CSV)
    print_csv(log, row);
  else
    print_json(log, row);
  return fflush(log->file) == 0 ? CLI_OK : fail_file(log, "written");
}

cli_exit cli_log_epoch(cli_log *log, const quern_epoch *epoch, double learning_rate) {
  if (log->path == NULL || log->failed) return CLI_OK;
  const quern_metrics *test = &epoch->test;
  log->task = test->task;
  cli_exit result = log->fresh ? begin(log, epoch->epoch) : CLI_OK;
  log->fresh = false;
  const cli_log_row row = {.epoch = (double)epoch->epoch,
                           .step = (double)epoch->epoch * (double)epoch->steps,
                           .train_loss = epoch->train_loss,
                           .test_loss = test->loss,
                           .test_accuracy = test->accuracy,
                           .test_exact_match = test->exact_match,
                           .test_label_accuracy = test->label_accuracy,
                           .test_f1 = test->f1,
                           .test_mean_squared_error = test->mean_squared_error,
                           .test_mean_absolute_error = test->mean_absolute_error,
                           .test_r_squared = test->r_squared,
                           .learning_rate = learning_rate,
                           .samples_per_second = epoch->train_samples_per_second,
                           .seconds = now() - log->began};
  if (result == CLI_OK) result = add(log, &row);
  log->failed = result != CLI_OK;
  return result;
}

cli_exit cli_log_close(cli_log *log) {
  if (log->file != NULL && fclose(log->file) != 0 && !log->failed) {
    log->failed = true;
    fail_file(log, "written");
  }
  log->file = NULL;
  return log->failed ? CLI_FAILED : CLI_OK;
}

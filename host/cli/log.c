/* Writing the log of a training. */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COMMA_NAME(name) "," #name
static const char comma_names[] = CLI_LOG_FIELDS(COMMA_NAME);

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

/* What stays of a file that is gone on with: the rows before the epoch. *end is the byte behind them. */
static cli_exit keep_rows(cli_log *log, size_t epoch, size_t *end) {
  cli_log_rows rows;
  const cli_exit result = cli_log_read(log->path, &rows);
  size_t kept = 0;
  while (kept < rows.count && rows.items[kept].epoch < (double)epoch) kept++;
  *end = kept > 0 ? rows.ends[kept - 1] : rows.begin;
  if (kept > 0 && isfinite(rows.items[kept - 1].seconds)) log->began -= rows.items[kept - 1].seconds;
  cli_log_rows_free(&rows);
  return result;
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
  if (end == 0 && log->form == CLI_LOG_CSV) fprintf(log->file, "%s\n", comma_names + 1);
  return CLI_OK;
}

static void print_csv(FILE *file, const cli_log_row *row) {
  const char *comma = "";
#define PRINT(name)                                                                                          \
  fputs(comma, file);                                                                                        \
  if (isfinite(row->name)) fprintf(file, "%.9g", row->name);                                                 \
  comma = ",";
  CLI_LOG_FIELDS(PRINT)
#undef PRINT
  fputc('\n', file);
}

static void print_json(FILE *file, const cli_log_row *row) {
  char before = '{';
#define PRINT(name)                                                                                          \
  fprintf(file, "%c\"" #name "\":", before);                                                                 \
  if (isfinite(row->name))                                                                                   \
    fprintf(file, "%.9g", row->name);                                                                        \
  else                                                                                                       \
    fputs("null", file);                                                                                     \
  before = ',';
  CLI_LOG_FIELDS(PRINT)
#undef PRINT
  fputs("}\n", file);
}

static cli_exit add(cli_log *log, const cli_log_row *row) {
  if (log->form == CLI_LOG_CSV)
    print_csv(log->file, row);
  else
    print_json(log->file, row);
  return fflush(log->file) == 0 ? CLI_OK : fail_file(log, "written");
}

cli_exit cli_log_epoch(cli_log *log, const quern_epoch *epoch, double learning_rate) {
  if (log->path == NULL || log->failed) return CLI_OK;
  cli_exit result = log->fresh ? begin(log, epoch->epoch) : CLI_OK;
  log->fresh = false;
  const cli_log_row row = {.epoch = (double)epoch->epoch,
                           .step = (double)epoch->epoch * (double)epoch->steps,
                           .train_loss = epoch->train_loss,
                           .test_loss = epoch->tested ? epoch->test.loss : (double)NAN,
                           .test_accuracy = epoch->tested ? epoch->test.accuracy : (double)NAN,
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

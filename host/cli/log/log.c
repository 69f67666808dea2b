/* Writes the log of a training. */
#include "log.h"

#include "../base/clock.h"
#include "../base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

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
  return cli_fail("the log %s: expected a name that ends with .csv, or with .jsonl for JSON lines",
                  path);
}

static cli_exit fail_file(const cli_log *log, const char *what) {
  return cli_fail("the log %s cannot be %s: %s", log->path, what, strerror(errno));
}

static bool is_there(const cli_log *log) {
  return access(log->path, F_OK) == 0;
}

cli_exit cli_log_open(const char *path, bool resumed, cli_log *log) {
  *log = (cli_log){
      .path = path, .descriptor = -1, .fresh = true, .resumed = resumed, .began = cli_seconds()};
  cli_exit result = form_of(path, &log->form);
  if (result != CLI_OK || !resumed || !is_there(log)) return result;
  cli_log_rows rows;
  result = cli_log_read(path, &rows);
  if (result == CLI_OK && rows.count > 0 && rows.form != log->form)
    result = cli_fail(
        "the log %s cannot be continued: its rows are not in the format of its ending", path);
  cli_log_rows_free(&rows);
  return result;
}

/* True if a log of this task has the field. */
static bool has(const cli_log *log, int tasks) {
  return (tasks >> log->task & 1) != 0;
}

static void print_header(FILE *file, const cli_log *log) {
  const char *comma = "";
#define PRINT(name, tasks)                                                                         \
  if (has(log, tasks)) {                                                                           \
    fprintf(file, "%s" #name, comma);                                                              \
    comma = ",";                                                                                   \
  }
  CLI_LOG_FIELDS(PRINT)
#undef PRINT
  fputc('\n', file);
}

/* Checks that the columns of a file are those of the rows. */
static cli_exit check_header(const cli_log *log) {
  const char *why;
  char *found = NULL;
  size_t room = 0;
  cli_draft expected;
  const bool opened = cli_draft_open(&expected);
  if (opened) print_header(expected.stream, log);
  cli_exit result = cli_draft_finish(&expected) ? CLI_OK : cli_fail_memory();
  FILE *file = result == CLI_OK ? cli_input_open(log->path, &why) : NULL;
  const bool good =
      file != NULL && getline(&found, &room, file) > 0 && strcmp(found, expected.text) == 0;
  if (result == CLI_OK && !good)
    result = cli_fail("the log %s cannot be continued: its columns are not %s", log->path,
                      strtok(expected.text, "\n"));
  if (file != NULL) fclose(file);
  free(found);
  cli_draft_free(&expected);
  return result;
}

/* The rows to keep of a file that is continued: those before the epoch. *end is the byte behind
 * them. */
static cli_exit keep_rows(cli_log *log, size_t epoch, size_t *end) {
  cli_log_rows rows;
  const cli_exit result = cli_log_read(log->path, &rows);
  size_t kept = 0;
  while (kept < rows.count && rows.items[kept].epoch < (double)epoch) kept++;
  *end = kept > 0 ? rows.ends[kept - 1] : rows.begin;
  if (kept > 0 && isfinite(rows.items[kept - 1].seconds))
    log->began -= rows.items[kept - 1].seconds;
  cli_log_rows_free(&rows);
  return result == CLI_OK && kept > 0 && log->form == CLI_LOG_CSV ? check_header(log) : result;
}

static void print_csv(FILE *file, const cli_log *log, const cli_log_row *row) {
  const char *comma = "";
#define PRINT(name, tasks)                                                                         \
  if (has(log, tasks)) {                                                                           \
    fputs(comma, file);                                                                            \
    if (isfinite(row->name)) fprintf(file, "%.9g", row->name);                                     \
    comma = ",";                                                                                   \
  }
  CLI_LOG_FIELDS(PRINT)
#undef PRINT
  fputc('\n', file);
}

static void print_json(FILE *file, const cli_log *log, const cli_log_row *row) {
  char before = '{';
#define PRINT(name, tasks)                                                                         \
  if (has(log, tasks)) {                                                                           \
    fprintf(file, "%c\"" #name "\":", before);                                                     \
    if (isfinite(row->name))                                                                       \
      fprintf(file, "%.9g", row->name);                                                            \
    else                                                                                           \
      fputs("null", file);                                                                         \
    before = ',';                                                                                  \
  }
  CLI_LOG_FIELDS(PRINT)
#undef PRINT
  fputs("}\n", file);
}

static void print_row(FILE *file, const cli_log *log, const cli_log_row *row) {
  if (log->form == CLI_LOG_CSV)
    print_csv(file, log, row);
  else
    print_json(file, log, row);
}

/* The first `bytes` bytes of the file. */
static cli_exit copy_beginning(const cli_log *log, size_t bytes, FILE *to) {
  char buffer[4096];
  const char *why = "it has become shorter";
  FILE *file = bytes > 0 ? cli_input_open(log->path, &why) : NULL;
  while (file != NULL && bytes > 0) {
    const size_t got = fread(buffer, 1, bytes < sizeof buffer ? bytes : sizeof buffer, file);
    if (got == 0) break;
    fwrite(buffer, 1, got, to);
    bytes -= got;
  }
  if (file != NULL) fclose(file);
  return bytes == 0 ? CLI_OK : cli_fail("the log %s cannot be read: %s", log->path, why);
}

static cli_exit print_first(cli_log *log, cli_log_row *row, FILE *file) {
  size_t end = 0;
  cli_exit result =
      log->resumed && is_there(log) ? keep_rows(log, (size_t)row->epoch, &end) : CLI_OK;
  if (result == CLI_OK) result = copy_beginning(log, end, file);
  if (end == 0 && log->form == CLI_LOG_CSV) print_header(file, log);
  row->seconds = cli_seconds() - log->began; /* plus those of the rows that are kept */
  print_row(file, log, row);
  return result;
}

/* Replaces the old file, without rows of an earlier training or of epochs that are trained again.
 */
static cli_exit begin_log(cli_log *log, cli_log_row *row) {
  cli_draft rows;
  cli_exit result = cli_draft_open(&rows) ? CLI_OK : cli_fail_memory();
  if (result == CLI_OK) result = print_first(log, row, rows.stream);
  if (result == CLI_OK) result = cli_file_write(log->path, &rows);
  cli_draft_free(&rows);
  if (result != CLI_OK) return result;
  log->descriptor = open(log->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK);
  return log->descriptor >= 0 ? CLI_OK : fail_file(log, "written");
}

/* A row that is written in part is removed again. */
static cli_exit append(const cli_log *log, const char *bytes, size_t size) {
  struct stat about;
  if (fstat(log->descriptor, &about) != 0) return fail_file(log, "written");
  while (size > 0) {
    const ssize_t written = write(log->descriptor, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      const int cut = ftruncate(log->descriptor, about.st_size);
      (void)cut; /* readers skip half a row at the end */
      errno = error;
      return fail_file(log, "written");
    }
    bytes += written;
    size -= (size_t)written;
  }
  return CLI_OK;
}

static cli_exit add_log(const cli_log *log, const cli_log_row *row) {
  cli_draft line;
  const bool opened = cli_draft_open(&line);
  if (opened) print_row(line.stream, log, row);
  const cli_exit result =
      cli_draft_finish(&line) ? append(log, line.text, line.length) : cli_fail_memory();
  cli_draft_free(&line);
  return result;
}

cli_exit cli_log_epoch(cli_log *log, const quern_epoch *epoch, double learning_rate) {
  if (log->path == NULL || log->failed) return CLI_OK;
  const quern_metrics *test = &epoch->test;
  log->task = test->task;
  cli_log_row row = {.epoch = (double)epoch->epoch,
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
                     .seconds = cli_seconds() - log->began};
  const cli_exit result = log->fresh ? begin_log(log, &row) : add_log(log, &row);
  log->fresh = false;
  log->failed = result != CLI_OK;
  return result;
}

cli_exit cli_log_close(cli_log *log) {
  /* Some network file systems report a failed write only here. */
  if (log->path != NULL && log->descriptor >= 0 && close(log->descriptor) != 0 && errno != EINTR &&
      !log->failed) {
    log->failed = true;
    (void)fail_file(log, "written");
  }
  log->descriptor = -1;
  return log->failed ? CLI_FAILED : CLI_OK;
}

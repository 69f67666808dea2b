/* The log of a training: a row per epoch, as CSV with a header line or as JSON lines. */
#ifndef QUERN_CLI_LOG_LOG_H
#define QUERN_CLI_LOG_LOG_H

#include "../base/file.h"

#include <quern/train.h>
#include <stdio.h>

/* NaN: not known. X(name, tasks): in the order of the columns; a log has those of its task. */
#define CLI_LOG_FIELDS(X)                                                                          \
  X(epoch, CLI_LOG_ALL)                                                                            \
  X(step, CLI_LOG_ALL) /* of the whole training */                                                 \
  X(train_loss, CLI_LOG_ALL)                                                                       \
  X(test_loss, CLI_LOG_ALL)                                                                        \
  X(test_accuracy, CLI_LOG_CLASSES)                                                                \
  X(test_exact_match, CLI_LOG_LABELS)                                                              \
  X(test_label_accuracy, CLI_LOG_LABELS)                                                           \
  X(test_f1, CLI_LOG_LABELS)                                                                       \
  X(test_mean_squared_error, CLI_LOG_REGRESSION)                                                   \
  X(test_mean_absolute_error, CLI_LOG_REGRESSION)                                                  \
  X(test_r_squared, CLI_LOG_REGRESSION)                                                            \
  X(learning_rate, CLI_LOG_ALL)                                                                    \
  X(samples_per_second, CLI_LOG_ALL)                                                               \
  /* since the training began, with the tests and earlier runs */                                  \
  X(seconds, CLI_LOG_ALL)

enum {
  CLI_LOG_CLASSES = 1 << QUERN_TASK_CLASSES,
  CLI_LOG_LABELS = 1 << QUERN_TASK_LABELS,
  CLI_LOG_REGRESSION = 1 << QUERN_TASK_REGRESSION,
  CLI_LOG_ALL = CLI_LOG_CLASSES | CLI_LOG_LABELS | CLI_LOG_REGRESSION
};

typedef struct cli_log_row {
#define CLI_LOG_MEMBER(name, tasks) double name;
  CLI_LOG_FIELDS(CLI_LOG_MEMBER)
#undef CLI_LOG_MEMBER
} cli_log_row;

typedef enum cli_log_form { CLI_LOG_CSV, CLI_LOG_JSON_LINES } cli_log_form;

/* --- Writing
 * -------------------------------------------------------------------------------------------------
 */

typedef struct cli_log {
  const char *path; /* NULL: no log */
  cli_log_form form;
  int descriptor; /* the file, to append to; -1 before the first row */
  bool resumed;   /* keeps the file's rows of earlier epochs */
  quern_task task;
  bool fresh;   /* nothing is written yet */
  double began; /* seconds of a clock, less those of earlier runs */
  bool failed;  /* a row could not be written */
} cli_log;

/* Opens a log in the form of the path's ending: ".csv", or ".jsonl", ".ndjson" or ".json" for an
 * object per line. A resumed training continues an existing file; else the file is replaced.
 * Nothing is written before the first row. The caller closes *log, whatever this returns. */
cli_exit cli_log_open(const char *path, bool resumed, cli_log *log);

/* Adds the row of an epoch to the file. Rows of this epoch and later ones, from a run that got
 * beyond its last checkpoint, are replaced. The first row is written, with all rows before it, as a
 * file that replaces the old one; other rows are appended whole or not at all. The first failure is
 * printed; later rows are skipped silently, and training continues. */
cli_exit cli_log_epoch(cli_log *log, const quern_epoch *epoch, double learning_rate);

/* Returns CLI_FAILED if a row was lost. */
cli_exit cli_log_close(cli_log *log);

/* --- Reading
 * -------------------------------------------------------------------------------------------------
 */

typedef struct cli_log_rows {
  cli_log_row *items; /* owned */
  size_t *ends;       /* owned: the byte behind each row */
  size_t count;
  size_t begin; /* the first byte behind the header */
  cli_log_form form;
} cli_log_rows;

/* Reads a log of either form. Missing columns are NaN in every row, unknown ones are skipped; only
 * "epoch" is required. A last line that is cut short, by a run that was killed, is skipped. The
 * caller frees *rows. */
cli_exit cli_log_read(const char *path, cli_log_rows *rows);
void cli_log_rows_free(cli_log_rows *rows);

#endif

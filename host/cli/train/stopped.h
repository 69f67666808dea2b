/* The report of an interrupted training. */
#ifndef QUERN_CLI_TRAIN_STOPPED_H
#define QUERN_CLI_TRAIN_STOPPED_H

#include "../base/fail.h"

#include <quern/quern.h>

typedef struct cli_stopped {
  const quern_epoch *epoch;
  int signal;             /* the signal that stopped it */
  const char *model;      /* the model that was saved; NULL: none */
  const char *checkpoint; /* NULL: none */
  char *const *arguments; /* the command line behind "train"; ends with NULL */
} cli_stopped;

/* Prints where training stopped, what was saved, and the command that continues from the
 * checkpoint: this program, "train", the arguments without --resume, and --resume with the
 * checkpoint, quoted for a shell. Returns the exit code. */
cli_exit cli_report_stopped(const cli_stopped *stopped);

#endif

/* What is said of training that was interrupted. */
#ifndef QUERN_CLI_TRAIN_STOPPED_H
#define QUERN_CLI_TRAIN_STOPPED_H

#include "../base/fail.h"

#include <quern/quern.h>

typedef struct cli_stopped {
  const quern_epoch *epoch;
  int signal;             /* the first that was noted */
  const char *model;      /* saved with what was learned; NULL: none */
  const char *checkpoint; /* NULL: none was asked for */
  char *const *arguments; /* of the command behind "train"; ends with NULL */
} cli_stopped;

/* Says where training stood, what was saved, and the command that goes on from the checkpoint: this
 * program, "train", the arguments without any --resume, and --resume with the checkpoint, each as a
 * shell reads it. Returns the exit code. */
cli_exit cli_report_stopped(const cli_stopped *stopped);

#endif

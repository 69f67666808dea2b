/* The progress of training for people: a line per epoch, and on a terminal one within it that is
 * overwritten. */
#ifndef QUERN_CLI_LOG_PROGRESS_H
#define QUERN_CLI_LOG_PROGRESS_H

#include "metrics.h"

#include <quern/train.h>
#include <stdio.h>

typedef struct cli_progress {
  FILE *stream;
  bool live;            /* the stream is a terminal that can overwrite a line */
  bool shown;           /* such a line is shown */
  size_t rows;          /* training samples per epoch */
  cli_headline score;   /* on the test set, after the last epoch; NaN: not known */
  double drawn;         /* when the line was drawn, in seconds of a clock */
  double began;         /* when this epoch began */
  double epoch_seconds; /* the duration of the last epoch with its test; NaN: none yet */
} cli_progress;

void cli_progress_begin(cli_progress *progress, FILE *stream, size_t rows);

/* Redraws the line, at most ten times a second; nothing without a terminal. */
void cli_progress_show(cli_progress *progress, const quern_progress *current);

/* Prints an epoch's summary over the progress line. On a terminal it is as brief as the width
 * requires. */
void cli_progress_epoch(cli_progress *progress, const quern_epoch *epoch);

/* Clears the progress line. */
void cli_progress_end(cli_progress *progress);

#endif

/* How training goes, for people: a line an epoch, and on a terminal one within it that is written
 * over. */
#ifndef QUERN_CLI_LOG_PROGRESS_H
#define QUERN_CLI_LOG_PROGRESS_H

#include "metrics.h"

#include <quern/train.h>
#include <stdio.h>

typedef struct cli_progress {
  FILE *stream;
  bool live;            /* the stream is a terminal that can write a line over */
  bool shown;           /* such a line stands there */
  size_t rows;          /* training samples an epoch */
  cli_headline score;   /* on the test set, after the last epoch; NaN where that is not known */
  double drawn;         /* when it was drawn last, in seconds of a clock */
  double began;         /* when this epoch began */
  double epoch_seconds; /* what the last epoch took with its test; NaN before the end of one */
} cli_progress;

void cli_progress_begin(cli_progress *progress, FILE *stream, size_t rows);

/* Draws the line anew, at most ten times a second; nothing where there is no terminal. */
void cli_progress_show(cli_progress *progress, const quern_progress *current);

/* The epoch's one line, over what stood there. On a terminal it is worded as briefly as its width
 * asks for. */
void cli_progress_epoch(cli_progress *progress, const quern_epoch *epoch);

/* Takes the line away, for whatever is printed next. */
void cli_progress_end(cli_progress *progress);

#endif

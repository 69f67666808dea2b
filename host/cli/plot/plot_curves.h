/* Loss and accuracy of one or more trainings, drawn over their epochs. */
#ifndef QUERN_CLI_PLOT_PLOT_CURVES_H
#define QUERN_CLI_PLOT_PLOT_CURVES_H

#include "../log/log.h"

typedef struct cli_plot_run {
  const char *name; /* in the legend */
  cli_log_rows rows;
} cli_plot_run;

/* Draws the losses, and, where a run knows its accuracy, that beside them. Each run has a color;
 * what is of the training data is dashed. Where a value is not known, the line has a gap. `title`
 * may be NULL. */
cli_exit cli_plot_curves(const cli_plot_run *runs, size_t count, const char *title,
                         const char *path);

#endif

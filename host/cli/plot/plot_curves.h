/* The picture of losses and metrics of trainings over their epochs. */
#ifndef QUERN_CLI_PLOT_PLOT_CURVES_H
#define QUERN_CLI_PLOT_PLOT_CURVES_H

#include "../log/log.h"

typedef struct cli_plot_run {
  const char *name; /* in the legend */
  cli_log_rows rows;
} cli_plot_run;

/* Draws the losses and, beside them, the test metrics of the runs. Each run has a color; training
 * data is dashed. A line has a gap at unknown values. `title` may be NULL. */
cli_exit cli_plot_curves(const cli_plot_run *runs, size_t count, const char *title,
                         const char *path);

#endif

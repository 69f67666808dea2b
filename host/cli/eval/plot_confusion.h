/* The picture of a confusion matrix. */
#ifndef QUERN_CLI_EVAL_PLOT_CONFUSION_H
#define QUERN_CLI_EVAL_PLOT_CONFUSION_H

#include "confusion.h"

/* Draws the matrix: a row for each class, a column for each predicted class. A cell is as dark as
 * its share of the row's samples, and has their number if it fits. */
cli_exit cli_plot_confusion(const cli_confusion *confusion, const cli_names *names,
                            const char *title, const char *path);

#endif

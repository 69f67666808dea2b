/* Which classes a model takes for which, drawn. */
#ifndef QUERN_CLI_EVAL_PLOT_CONFUSION_H
#define QUERN_CLI_EVAL_PLOT_CONFUSION_H

#include "confusion.h"

/* Draws the matrix: a row for each class, a column for each that it is taken for, each cell as dark
 * as its share of the row's samples, with their number in it where there is room. */
cli_exit cli_plot_confusion(const cli_confusion *confusion, const cli_names *names,
                            const char *title, const char *path);

#endif

/* Axes: ranges, round ticks, and their labels. */
#ifndef QUERN_CLI_PLOT_AXIS_H
#define QUERN_CLI_PLOT_AXIS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct cli_range {
  double least, most; /* least > most: nothing yet */
} cli_range;

#define CLI_RANGE_EMPTY                                                                            \
  { 1.0, 0.0 }

/* True if an axis can show the number: it and differences of two such numbers are finite. */
#define CLI_AXIS_LARGEST 1e300
bool cli_axis_shows(double value);

/* Extends the range to a number; skips one that an axis cannot show. */
void cli_range_add(cli_range *range, double value);

/* from tick to tick: 1, 2 or 5 times a power of ten */
typedef struct cli_axis {
  cli_range range;
  double first, step; /* of the ticks; the step is above 0 */
  size_t ticks;
} cli_axis;

/* Returns an axis over the range, which must not be empty, with at most `most` ticks, at whole
 * numbers only if asked for. A rounded axis begins and ends at ticks, which may be two more; others
 * have ticks within the range. A range too narrow for distinct labels is widened. */
cli_axis cli_axis_over(cli_range range, size_t most, bool whole, bool rounded);

double cli_axis_tick(const cli_axis *axis, size_t index);

/* Formats a tick with the decimals of the step, or with an exponent if that is shorter. */
typedef struct cli_label {
  char text[32];
} cli_label;
cli_label cli_axis_label(const cli_axis *axis, size_t index);

/* Returns the position along the axis, 0 … 1. */
double cli_axis_place(const cli_axis *axis, double value);

#endif

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

/* Whether an axis can show the number: it is finite, and differences of two such numbers are finite
 * too. */
#define CLI_AXIS_LARGEST 1e300
bool cli_axis_shows(double value);

/* Takes a number in that an axis can show; others are left out. */
void cli_range_add(cli_range *range, double value);

/* From one tick to the next, 1, 2 or 5 times a power of ten. */
typedef struct cli_axis {
  cli_range range;
  double first, step; /* of the ticks; the step is above 0 */
  size_t ticks;
} cli_axis;

/* An axis over the range, which must not be empty, with at most `most` ticks, and none but whole
 * numbers if asked for. A rounded axis begins and ends at ticks, which may be two more; others have
 * ticks within the range. A range too narrow for its numbers to be told apart is widened. */
cli_axis cli_axis_over(cli_range range, size_t most, bool whole, bool rounded);

double cli_axis_tick(const cli_axis *axis, size_t index);

/* As many decimals as the step needs; with an exponent where that is shorter. */
typedef struct cli_label {
  char text[32];
} cli_label;
cli_label cli_axis_label(const cli_axis *axis, size_t index);

/* 0 … 1 along the axis. */
double cli_axis_place(const cli_axis *axis, double value);

#endif

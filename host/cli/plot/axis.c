#include "axis.h"

#include <math.h>
#include <stdio.h>

/* A range below this share of its numbers, or below the least, is too narrow for distinct ticks. */
static const double narrowest = 1e-9, least_width = 1e-300;

bool cli_axis_shows(double value) {
  return fabs(value) <= CLI_AXIS_LARGEST; /* false for NaN */
}

void cli_range_add(cli_range *range, double value) {
  if (!cli_axis_shows(value)) return;
  if (range->least > range->most) {
    *range = (cli_range){value, value};
    return;
  }
  range->least = fmin(range->least, value);
  range->most = fmax(range->most, value);
}

/* The smallest round step with which `most` ticks cover `width`. */
static double round_step(double width, size_t most) {
  static const double rounds[] = {1.0, 2.0, 5.0, 10.0};
  const double rough = width / (double)(most > 1 ? most - 1 : 1);
  const double power = pow(10.0, floor(log10(rough)));
  size_t i = 0;
  while (i < 3 && rounds[i] * power < rough * (1.0 - 1e-9)) i++;
  return rounds[i] * power;
}

static double largest_of(cli_range range) {
  return fmax(fabs(range.least), fabs(range.most));
}

/* Widens a range of equal or nearly equal numbers on both sides. */
static cli_range widened(cli_range range, bool whole) {
  const double largest = largest_of(range), needed = fmax(narrowest * largest, least_width);
  if (range.most - range.least >= needed) return range;
  const double part = 0.1 * largest, usual = whole ? 0.5 : part,
               room = usual >= needed ? usual : part;
  return room >= least_width ? (cli_range){range.least - room, range.most + room}
                             : (cli_range){range.least - 1.0, range.most + 1.0};
}

/* The number of ticks up to the end; at most the axis's. */
static size_t count_ticks(double first, double end, double step, size_t most) {
  const double steps = floor((end - first) / step + 1e-9);
  return steps >= 0.0 ? (size_t)fmin(steps, (double)most) + 1 : 0;
}

cli_axis cli_axis_over(cli_range range, size_t most, bool whole, bool rounded) {
  range = widened(range, whole);
  double step = round_step(range.most - range.least, most);
  if (whole && step < 1.0) step = 1.0;
  cli_axis axis = {range, 0.0, step, 0};
  if (rounded)
    axis.range =
        (cli_range){step * floor(range.least / step + 1e-9), step * ceil(range.most / step - 1e-9)};
  axis.first = step * ceil(axis.range.least / step - 1e-9);
  axis.ticks = count_ticks(axis.first, axis.range.most, step, most + 1);
  return axis;
}

double cli_axis_tick(const cli_axis *axis, size_t index) {
  const double tick = axis->first + axis->step * (double)index;
  return fabs(tick) < 1e-9 * axis->step ? 0.0 : tick;
}

cli_label cli_axis_label(const cli_axis *axis, size_t index) {
  cli_label label;
  const double tick = cli_axis_tick(axis, index), largest = largest_of(axis->range);
  const double digits = -floor(log10(axis->step) + 1e-9);
  if (largest >= 1e9 || digits > 5.0 || (largest >= 1e6 && digits > 0.0))
    snprintf(label.text, sizeof label.text, "%.3g", tick);
  else
    snprintf(label.text, sizeof label.text, "%.*f", digits > 0.0 ? (int)digits : 0, tick);
  return label;
}

double cli_axis_place(const cli_axis *axis, double value) {
  return (value - axis->range.least) / (axis->range.most - axis->range.least);
}

/* Decides if a gauge grows: the slope of a line through its samples that ignores single jumps. */
#ifndef QUERN_TESTS_SOAK_TREND_H
#define QUERN_TESTS_SOAK_TREND_H

#include <stdbool.h>
#include <stddef.h>

typedef struct soak_series {
  double *rounds, *values; /* owned; `count` of each */
  size_t count, room;
} soak_series;

/* False where memory is out. */
bool soak_series_add(soak_series *series, double round, double value);
void soak_series_free(soak_series *series);

/* The growth per round: the median of the slopes from each sample of the first half to its
 * counterpart in the second (Theil's incomplete method). A cache that grows once, and an outlier,
 * change it little; a leak in every round changes each slope. Needs at least two samples. False if
 * memory is out. */
bool soak_series_slope(const soak_series *series, double *slope);

#endif

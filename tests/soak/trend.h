/* Whether a gauge grows: a line through its samples that single jumps do not move. */
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

/* The growth a round: the median of the slopes from each sample of the first half to its like in
 * the second (Theil's incomplete method). A cache that grows once, and a sample that is off, move
 * it little; what every round leaves behind moves each of the slopes. Wants at least two samples.
 * False where memory is out. */
bool soak_series_slope(const soak_series *series, double *slope);

#endif

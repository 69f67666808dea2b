/* Theil's incomplete method: trend.h. */
#include "trend.h"

#include <stdlib.h>

bool soak_series_add(soak_series *series, double round, double value) {
  if (series->count == series->room) {
    const size_t room = series->room > 0 ? series->room * 2 : 64;
    double *rounds = realloc(series->rounds, room * sizeof *rounds);
    if (rounds == NULL) return false;
    series->rounds = rounds;
    double *values = realloc(series->values, room * sizeof *values);
    if (values == NULL) return false;
    series->values = values;
    series->room = room;
  }
  series->rounds[series->count] = round;
  series->values[series->count++] = value;
  return true;
}

void soak_series_free(soak_series *series) {
  free(series->rounds);
  free(series->values);
  *series = (soak_series){0};
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

bool soak_series_slope(const soak_series *series, double *slope) {
  const size_t pairs = series->count / 2, apart = series->count - pairs;
  double *slopes = malloc(pairs * sizeof *slopes);
  if (slopes == NULL) return false;
  for (size_t i = 0; i < pairs; i++)
    slopes[i] = (series->values[i + apart] - series->values[i]) /
                (series->rounds[i + apart] - series->rounds[i]);
  qsort(slopes, pairs, sizeof *slopes, by_value);
  *slope = (slopes[(pairs - 1) / 2] + slopes[pairs / 2]) / 2.0;
  free(slopes);
  return true;
}

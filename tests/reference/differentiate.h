/* Derivatives by finite differences, for the tests of gradients: central differences at steps h,
 * h/2, h/4, extrapolated twice (Romberg). The error is estimated from the last two extrapolations
 * and the function's own rounding. Only the rounding of stored floats is added, propagated through
 * the op: no tolerance is a guess. */
#ifndef QUERN_TESTS_DIFFERENTIATE_H
#define QUERN_TESTS_DIFFERENTIATE_H

#include "reference_test.h"

#include "functions/philox.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

typedef double (*function)(const void *context, const double *point);

typedef struct derivative {
  double value, error;
} derivative;

#define STEP 0x1p-8
/* Bounds of a function below: the number of its roundings, and its largest partial result. */
#define OPERATIONS 256
#define MAGNITUDE  64

static inline double central(function f, const void *context, double *point, size_t i,
                             double step) {
  const double kept = point[i];
  point[i] = kept + step;
  const double above = f(context, point);
  point[i] = kept - step;
  const double below = f(context, point);
  point[i] = kept;
  return (above - below) / (2 * step);
}

static inline derivative differentiate(function f, const void *context, double *point, size_t i) {
  const double first = central(f, context, point, i, STEP);
  const double second = central(f, context, point, i, STEP / 2);
  const double third = central(f, context, point, i, STEP / 4);
  const double coarse = (4 * second - first) / 3, fine = (4 * third - second) / 3;
  const double rounding = OPERATIONS * (DBL_EPSILON / 2) * MAGNITUDE / (STEP / 4) * 2;
  return (derivative){(16 * fine - coarse) / 15, fabs(fine - coarse) + rounding};
}

/* Floats in [-bound, bound), the same in double. */
static inline void randomize(uint32_t stream, float bound, size_t count, float *values,
                             double *same) {
  quern__philox_uniform(2024, stream, -bound, bound * 0x1p-23f, count, values);
  for (size_t i = 0; i < count; i++) same[i] = values[i];
}

#endif

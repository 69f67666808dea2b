/* The tolerance of results. Comparisons are written so that NaN fails. */
#include "bound.h"

#include <quern/verify.h>

#include <float.h>
#include <math.h>
#include <string.h>

double quern_verify_error(double got, double expected, double allowed) {
  if (isnan(expected)) return isnan(got) ? 0 : INFINITY;
  if (got == expected) return 0;
  const double error = fabs(got - expected);
  if (!(error <= DBL_MAX) || !(allowed > 0) || !(allowed <= DBL_MAX)) return INFINITY;
  return error / allowed;
}

double quern__bound_allowed(const quern__bound *bound, const float *expected, size_t i) {
  if (bound->kind != QUERN__CLOSE) return 0;
  const double magnitude =
      fabs((double)(bound->magnitude != NULL ? bound->magnitude[i] : expected[i]));
  return bound->absolute + bound->terms * (double)FLT_EPSILON * magnitude;
}

static double error_of(const quern__bound *bound, const float *got, const float *expected,
                       size_t i) {
  if (bound->kind == QUERN__BITS && !isnan(expected[i]))
    return memcmp(&got[i], &expected[i], sizeof *got) == 0 ? 0 : INFINITY;
  return quern_verify_error((double)got[i], (double)expected[i],
                            quern__bound_allowed(bound, expected, i));
}

quern__deviation quern__bound_measure(const quern__bound *bound, const float *got,
                                      const float *expected, size_t count) {
  quern__deviation found = {0};
  for (size_t i = 0; i < count; i++) {
    if (isnan(expected[i])) found.nans++;
    const double error = error_of(bound, got, expected, i);
    if (error > found.worst) found.worst = error;
    if (error <= 1) continue;
    if (found.wrong++ == 0) found.first = i;
  }
  return found;
}

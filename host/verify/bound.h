/* When a device's result is right: the one rule of verification, tuning and tests. */
#ifndef QUERN_HOST_VERIFY_BOUND_H
#define QUERN_HOST_VERIFY_BOUND_H

#include <stddef.h>

typedef enum quern__bound_kind {
  QUERN__CLOSE, /* |got - expected| <= absolute + terms · eps · magnitude, eps = 2^-23 */
  QUERN__EXACT, /* the same value: sums of whole numbers */
  QUERN__BITS   /* the same bits: copies, generators */
} quern__bound_kind;

/* terms is the length K of the longest sum behind an element, plus the few roundings beside it.
 * magnitude is the sum of the absolute values of what was summed, Σ|x||w|, one for each element;
 * NULL stands for |expected|. `nans` is how many elements must be NaN: there `got` must be NaN, and
 * nowhere else. */
typedef struct quern__bound {
  quern__bound_kind kind;
  double terms;
  double absolute;
  const float *magnitude;
  size_t nans;
} quern__bound;

typedef struct quern__deviation {
  double worst;        /* the largest error over its bound, as quern_verify_error has it */
  size_t wrong, first; /* elements that are off, and the first of them */
  size_t nans;         /* elements of the expected values */
} quern__deviation;

/* How far element i may be from expected[i]. */
double quern__bound_allowed(const quern__bound *bound, const float *expected, size_t i);

quern__deviation quern__bound_measure(const quern__bound *bound, const float *got,
                                      const float *expected, size_t count);

#endif

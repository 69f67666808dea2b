/* The tolerance of a device's results: one rule for verification, tuning and tests. */
#ifndef QUERN_HOST_VERIFY_BOUND_H
#define QUERN_HOST_VERIFY_BOUND_H

#include <stddef.h>

typedef enum quern__bound_kind {
  QUERN__CLOSE, /* |got - expected| <= absolute + terms · eps · magnitude, eps = 2^-23 */
  QUERN__EXACT, /* equal values: sums of whole numbers */
  QUERN__BITS   /* equal bits: copies, random numbers */
} quern__bound_kind;

/* `terms` is the length K of the longest sum in an element, plus its other roundings. `magnitude`
 * is the sum of the absolute values of the terms, Σ|x||w|, for each element; NULL: |expected|.
 * `nans` elements are expected to be NaN, and must be NaN on the device; no other element may
 * be. */
typedef struct quern__bound {
  quern__bound_kind kind;
  double terms;
  double absolute;
  const float *magnitude;
  size_t nans;
} quern__bound;

typedef struct quern__deviation {
  double worst;        /* the largest error divided by its bound, see quern_verify_error */
  size_t wrong, first; /* number of elements out of bounds; index of the first */
  size_t nans;         /* NaN among the expected values */
} quern__deviation;

/* The largest error allowed for element i. */
double quern__bound_allowed(const quern__bound *bound, const float *expected, size_t i);

quern__deviation quern__bound_measure(const quern__bound *bound, const float *got,
                                      const float *expected, size_t count);

#endif

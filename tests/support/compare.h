/* When a device's result is right. */
#ifndef QUERN_TESTS_COMPARE_H
#define QUERN_TESTS_COMPARE_H

#include <stddef.h>

typedef enum test_kind {
  TEST_CLOSE, /* |got - expected| <= absolute + terms · eps · magnitude, eps = 2^-23 */
  TEST_EXACT, /* the same value: sums of whole numbers */
  TEST_BITS   /* the same bits: copies, generators */
} test_kind;

/* terms is the length K of the longest sum behind an element, plus the few roundings beside it. magnitude is
 * the sum of the absolute values of what was summed, Σ|x||w|, one for each element; NULL stands for
 * |expected|. `nans` is how many elements must be NaN: there `got` must be NaN, and nowhere else. */
typedef struct test_bound {
  test_kind kind;
  double terms;
  double absolute;
  const float *magnitude;
  size_t nans;
} test_bound;

/* `count` elements, `columns` in a row, of the tensor `name` in the case `title`. A failure prints the first
 * wrong element, both values and the bound, and how many are wrong. An infinity is right only where the same
 * one is expected. */
void test_assert_close(const char *title, const char *name, const float *got, const float *expected,
                       size_t count, size_t columns, test_bound bound);

#endif

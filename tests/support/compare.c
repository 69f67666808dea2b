/* When a device's result is right. */
#include "compare.h"

#include "test.h"
#include <float.h>
#include <math.h>

#include <stdbool.h>
#include <string.h>

static double allowed(const test_bound *bound, const float *expected, size_t i) {
  if (bound->kind != TEST_CLOSE) return 0;
  double magnitude = fabs(bound->magnitude != NULL ? bound->magnitude[i] : expected[i]);
  return bound->absolute + bound->terms * FLT_EPSILON * magnitude;
}

static bool right(float got, float expected, double tolerance, test_kind kind) {
  if (kind == TEST_BITS && !isnan(expected)) return memcmp(&got, &expected, sizeof got) == 0;
  if (isnan(expected)) return isnan(got);
  if (isinf(expected)) return got == expected;
  return isfinite(tolerance) && fabs((double)got - (double)expected) <= tolerance;
}

void test_assert_close(const char *title, const char *name, const float *got, const float *expected,
                       size_t count, size_t columns, test_bound bound) {
  size_t wrong = 0, first = 0, nans = 0;
  for (size_t i = 0; i < count; i++) {
    if (isnan(expected[i])) nans++;
    if (right(got[i], expected[i], allowed(&bound, expected, i), bound.kind)) continue;
    if (wrong++ == 0) first = i;
  }
  if (nans != bound.nans) {
    print_error("%s: the reference's %s has %zu NaN, expected %zu\n", title, name, nans, bound.nans);
    fail();
  }
  if (wrong == 0) return;
  double tolerance = allowed(&bound, expected, first);
  print_error(
      "%s: %s[%zu,%zu] is %.9g, expected %.9g within %.3g, off by %.3g; %zu of %zu elements are wrong\n",
      title, name, first / columns, first % columns, (double)got[first], (double)expected[first], tolerance,
      fabs((double)got[first] - (double)expected[first]), wrong, count);
  fail();
}

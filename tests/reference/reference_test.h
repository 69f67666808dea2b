/* Shared by the tests of the reference, which call its table directly. Its memory is the host's, so
 * plain arrays serve as buffers, and an address sanitizer detects every access past their end. */
#ifndef QUERN_TESTS_REFERENCE_TEST_H
#define QUERN_TESTS_REFERENCE_TEST_H

#include "test.h"

#include "device/backend.h"

#include <math.h>

/* Half the distance between neighboring floats, relative: the error of rounding. */
#define FLOAT_ROUNDING 0x1p-24

#define TABLE (&quern__reference_backend)

static inline quern_span span_of(const void *memory) {
  return (quern_span){.memory = (void *)(uintptr_t)memory, .offset = 0};
}

static const quern_span none = {NULL, 0};

/* Test setup and teardown: *state is an open reference. */
static inline int open_reference(void **state) {
  const quern_device_info info = {
      .kind = QUERN_DEVICE_REFERENCE, .backend = "reference", .memory = 1u << 30};
  return TABLE->open(&info, NULL, state) == QUERN_OK ? 0 : -1;
}

static inline int close_reference(void **state) {
  TABLE->close(*state);
  return 0;
}

#define REFERENCE_TEST(test) cmocka_unit_test_setup_teardown(test, open_reference, close_reference)

/* |got - want| <= tolerance, where NaN fails. */
#define assert_near(got, want, tolerance)                                                          \
  assert_near_at((got), (want), (tolerance), #got, __FILE__, __LINE__)
static inline void assert_near_at(double got, double want, double tolerance, const char *what,
                                  const char *file, int line) {
  if (fabs(got - want) <= tolerance) return;
  print_error("%s is %.9g, expected %.9g within %.3g (off by %.3g)\n", what, got, want, tolerance,
              got - want);
  _fail(file, line);
}

/* A number in a float's normal range, or 0: off by its rounding at most. */
#define assert_rounded(got, want) assert_near((got), (want), FLOAT_ROUNDING *fabs((double)(want)))

#endif

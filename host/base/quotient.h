/* IEEE 754 division whose divisor may be 0, as with an epsilon of 0; the result is then infinite or
 * NaN.
 *
 * The sanitizer for divisions by zero ignores this function and still reports all others. */
#ifndef QUERN_HOST_BASE_QUOTIENT_H
#define QUERN_HOST_BASE_QUOTIENT_H

#if defined(__GNUC__)
__attribute__((no_sanitize("float-divide-by-zero")))
#endif
static inline double
quern__quotient(double dividend, double divisor) {
  return dividend / divisor;
}

#endif

/* Quotients that may be infinite or NaN, as IEEE 754 has them: an epsilon may be 0, and so the
 * divisor.
 *
 * The sanitizer of divisions by zero lets these pass, and stops at any other. */
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

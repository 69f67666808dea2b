/* Arithmetic on sizes that reports overflow. */
#ifndef QUERN_HOST_BASE_SIZE_H
#define QUERN_HOST_BASE_SIZE_H

#include "checked.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *result = a · b or a + b; false, with *result unchanged, on overflow. */
QUERN__CHECKED static inline bool quern__multiply(size_t a, size_t b, size_t *result) {
  if (b != 0 && a > SIZE_MAX / b) return false;
  *result = a * b;
  return true;
}

QUERN__CHECKED static inline bool quern__add(size_t a, size_t b, size_t *result) {
  if (a > SIZE_MAX - b) return false;
  *result = a + b;
  return true;
}

static inline size_t quern__divide_up(size_t a, size_t b) {
  return a / b + (a % b != 0);
}

#endif

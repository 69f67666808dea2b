/* The numbers of a dropout mask with probability p, the same for every op and backend. */
#ifndef QUERN_HOST_FUNCTIONS_DROPOUT_H
#define QUERN_HOST_FUNCTIONS_DROPOUT_H

#include <stdint.h>

/* A random word below it drops. */
static inline uint32_t quern__dropout_threshold(float p) {
  return (uint32_t)((double)p * 0x1p32);
}

/* The factor of kept values. */
static inline float quern__dropout_scale(float p) {
  return (float)(1.0 / (1.0 - (double)p));
}

#endif

/* Inputs for verification: random, and the same in every run, since each case takes a stream of its
 * own. */
#ifndef QUERN_HOST_VERIFY_VALUES_H
#define QUERN_HOST_VERIFY_VALUES_H

#include "../base/checked.h"
#include <stddef.h>
#include <stdint.h>

typedef struct quern__values {
  uint32_t stream;
  uint64_t index;
} quern__values;

/* The next stream, from its beginning. */
void quern__values_next(quern__values *values);

/* The next 32 bits; a number below `bound`. */
uint32_t quern__values_word(quern__values *values);
uint32_t quern__values_below(quern__values *values, uint32_t bound);

/* The following make `count` elements that the caller frees; NULL where memory is out. Floats
 * uniform in [low, high); whole numbers low … high as floats; numbers 0 … bound-1, fit for labels
 * and for indices; bytes; a copy of what is there. */
float *quern__values_floats(quern__values *values, size_t count, float low, float high);
float *quern__values_whole(quern__values *values, size_t count, int low, int high);
int32_t *quern__values_labels(quern__values *values, size_t count, size_t bound);
uint8_t *quern__values_bytes(quern__values *values, size_t count);
QUERN__CHECKED void *quern__values_copy(const void *from, size_t count, size_t size);

#endif

/* Random inputs for verification, the same in every run: each case uses a stream of its own. */
#ifndef QUERN_HOST_VERIFY_VALUES_H
#define QUERN_HOST_VERIFY_VALUES_H

#include "../base/checked.h"
#include <stddef.h>
#include <stdint.h>

typedef struct quern__values {
  uint32_t stream;
  uint64_t index;
} quern__values;

/* Starts the next stream. */
void quern__values_next(quern__values *values);

/* The next 32 bits; a number below `bound`. */
uint32_t quern__values_word(quern__values *values);
uint32_t quern__values_below(quern__values *values, uint32_t bound);

/* Allocate `count` elements, which the caller frees; NULL without memory. Floats are uniform in
 * [low, high); whole numbers are low … high, as floats; labels, also for use as indices, are 0 …
 * bound - 1; copy duplicates `from`. */
float *quern__values_floats(quern__values *values, size_t count, float low, float high);
float *quern__values_whole(quern__values *values, size_t count, int low, int high);
int32_t *quern__values_labels(quern__values *values, size_t count, size_t bound);
uint8_t *quern__values_bytes(quern__values *values, size_t count);
QUERN__CHECKED void *quern__values_copy(const void *from, size_t count, size_t size);

#endif

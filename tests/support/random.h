/* Random inputs for tests, the same in every run: each case takes a stream of its own. */
#ifndef QUERN_TESTS_RANDOM_H
#define QUERN_TESTS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct test_random {
  uint32_t stream;
  uint64_t index;
} test_random;

/* The next 32 bits; a number below `bound`. */
uint32_t test_random_word(test_random *random);
uint32_t test_random_below(test_random *random, uint32_t bound);

/* `count` floats uniform in [low, high), or whole numbers low … high stored as floats. The caller frees them.
 */
float *test_random_floats(test_random *random, size_t count, float low, float high);
float *test_random_whole(test_random *random, size_t count, int low, int high);

/* `count` numbers 0 … bound-1, fit for labels and for indices. The caller frees them. */
int32_t *test_random_labels(test_random *random, size_t count, size_t bound);

uint8_t *test_random_bytes(test_random *random, size_t count);

#endif

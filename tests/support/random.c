/* Random inputs for tests. */
#include "random.h"

#include "philox.h"
#include "test.h"

enum { SEED = 20240607 };

uint32_t test_random_word(test_random *random) {
  return quern__philox_word(SEED, random->stream, random->index++);
}

uint32_t test_random_below(test_random *random, uint32_t bound) {
  return quern__philox_below(SEED, random->stream, &random->index, bound);
}

float *test_random_floats(test_random *random, size_t count, float low, float high) {
  float *made = test_alloc(count, sizeof *made);
  for (size_t i = 0; i < count; i++)
    made[i] = low + (high - low) * (float)(test_random_word(random) >> 8) * 0x1p-24f;
  return made;
}

float *test_random_whole(test_random *random, size_t count, int low, int high) {
  float *made = test_alloc(count, sizeof *made);
  for (size_t i = 0; i < count; i++)
    made[i] = (float)(low + (int)test_random_below(random, (uint32_t)(high - low + 1)));
  return made;
}

int32_t *test_random_labels(test_random *random, size_t count, size_t bound) {
  int32_t *made = test_alloc(count, sizeof *made);
  for (size_t i = 0; i < count; i++) made[i] = (int32_t)test_random_below(random, (uint32_t)bound);
  return made;
}

uint8_t *test_random_bytes(test_random *random, size_t count) {
  uint8_t *made = test_alloc(count, sizeof *made);
  for (size_t i = 0; i < count; i++) made[i] = (uint8_t)test_random_below(random, 256);
  return made;
}

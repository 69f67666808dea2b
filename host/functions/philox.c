/* Philox4x32-10, and draws from it: integers below a bound, uniform floats, shuffles. */
#include "philox.h"

#include <math.h>

/* Multipliers and key increments from table 2 of the paper. */
#define MULTIPLIER_0 0xD2511F53u
#define MULTIPLIER_1 0xCD9E8D57u
#define WEYL_0       0x9E3779B9u
#define WEYL_1       0xBB67AE85u
#define ROUNDS       10

void quern__philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < ROUNDS; round++) {
    const uint64_t product0 = (uint64_t)MULTIPLIER_0 * c0;
    const uint64_t product1 = (uint64_t)MULTIPLIER_1 * c2;
    c0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)product1;
    c2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)product0;
    k0 += WEYL_0;
    k1 += WEYL_1;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/* Returns words 4 block … 4 block + 3 of a sequence. */
static void block_words(uint64_t seed, uint32_t stream, uint64_t block, uint32_t words[4]) {
  const uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), stream, 0};
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  quern__philox(counter, key, words);
}

uint32_t quern__philox_word(uint64_t seed, uint32_t stream, uint64_t index) {
  uint32_t words[4];
  block_words(seed, stream, index / 4, words);
  return words[index % 4];
}

/* The high word of word · bound is below bound. Rejecting the 2^32 mod bound smallest low words
 * makes all results equally likely. */
uint32_t quern__philox_below(uint64_t seed, uint32_t stream, uint64_t *index, uint32_t bound) {
  const uint32_t rejected = (uint32_t)(0u - bound) % bound;
  uint64_t product;
  do {
    product = (uint64_t)quern__philox_word(seed, stream, (*index)++) * bound;
  } while ((uint32_t)product < rejected);
  return (uint32_t)(product >> 32);
}

void quern__philox_uniform(uint64_t seed, uint32_t stream, float low, float scale, size_t count,
                           float *out) {
  uint32_t words[4];
  for (size_t i = 0; i < count; i++) {
    if (i % 4 == 0) block_words(seed, stream, i / 4, words);
    out[i] = fmaf((float)(words[i % 4] >> 8), scale, low);
  }
}

void quern__shuffle(uint64_t seed, uint32_t stream, uint32_t count, uint32_t *order) {
  for (uint32_t i = 0; i < count; i++) order[i] = i;
  uint64_t index = 0;
  for (uint32_t left = count; left > 1; left--) {
    const uint32_t chosen = quern__philox_below(seed, stream, &index, left);
    const uint32_t last = order[left - 1];
    order[left - 1] = order[chosen];
    order[chosen] = last;
  }
}

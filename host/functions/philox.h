/* Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3" (SC 2011). kernels/core/philox.cl is its OpenCL version. */
#ifndef QUERN_HOST_FUNCTIONS_PHILOX_H
#define QUERN_HOST_FUNCTIONS_PHILOX_H

#include <stddef.h>
#include <stdint.h>

/* Computes ten rounds of counter[4] under key[2] into out[4]. */
void quern__philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Returns word `index` of the sequence of `seed` and `stream`: word index%4 of philox({index/4 low,
 * index/4 high, stream, 0}, {seed low, seed high}). */
uint32_t quern__philox_word(uint64_t seed, uint32_t stream, uint64_t index);

/* Returns a uniformly distributed integer below `bound` > 0 (Lemire 2019, with rejection). Uses
 * words of the sequence from *index, and advances *index past them. */
uint32_t quern__philox_below(uint64_t seed, uint32_t stream, uint64_t *index, uint32_t bound);

/* The formula of quern_random_uniform, with scale = (high - low) 2^-24. */
void quern__philox_uniform(uint64_t seed, uint32_t stream, float low, float scale, size_t count,
                           float *out);

/* Streams that quern itself uses, besides 0, 1, 2, … for the layers. */
#define QUERN__STREAM_SHUFFLE 0x80000000u /* + the epoch, from 1 */
#define QUERN__STREAM_SPLIT   0xC0000000u

/* Fills order[0 … count-1] with a permutation of 0 … count-1 that depends only on seed and stream
 * (Fisher-Yates). */
void quern__shuffle(uint64_t seed, uint32_t stream, uint32_t count, uint32_t *order);

#endif

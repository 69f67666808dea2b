/* Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3" (SC 2011). kernels/core/philox.cl holds its twin. */
#ifndef QUERN_HOST_FUNCTIONS_PHILOX_H
#define QUERN_HOST_FUNCTIONS_PHILOX_H

#include <stddef.h>
#include <stdint.h>

/* Ten rounds over counter[4] under key[2], into out[4]. */
void quern__philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Word `index` of the sequence of `seed` and `stream`: word index%4 of philox({index/4 low, index/4
 * high, stream, 0}, {seed low, seed high}). */
uint32_t quern__philox_word(uint64_t seed, uint32_t stream, uint64_t index);

/* A number below `bound` (> 0), every one equally likely, drawn from words of the sequence from
 * *index on, which moves past those used (Lemire 2019, with rejection). */
uint32_t quern__philox_below(uint64_t seed, uint32_t stream, uint64_t *index, uint32_t bound);

/* The formula of quern_random_uniform, with scale = (high - low) 2^-24. */
void quern__philox_uniform(uint64_t seed, uint32_t stream, float low, float scale, size_t count,
                           float *out);

/* Streams of a seed that quern itself uses beyond the layers' 0, 1, 2, …: shuffles and splits. */
#define QUERN__STREAM_SHUFFLE 0x80000000u /* + the epoch, counted from 1 */
#define QUERN__STREAM_SPLIT   0xC0000000u

/* Fills order[0 … count-1] with a permutation of 0 … count-1 that depends on seed and stream alone
 * (Fisher-Yates). */
void quern__shuffle(uint64_t seed, uint32_t stream, uint32_t count, uint32_t *order);

#endif

/* The one order in which numbers of ranks are added. Every engine includes this header, so that
 * libquern-mpi needs only the public API. */
#ifndef QUERN_HOST_PARALLEL_SUM_H
#define QUERN_HOST_PARALLEL_SUM_H

#include <stddef.h>
#include <string.h>

/* outs[k][i] = Σ_r parts[r][i] for every k < out_count, r ascending, in double and rounded once:
 * exact to half a unit in the last place for any number of ranks. An `out` may be one of the
 * parts. */
static inline void quern__sum_parts(const float *const *parts, size_t ranks, size_t count,
                                    float *const *outs, size_t out_count) {
  enum { BLOCK = 512 }; /* fits a core's first-level cache in double */
  double sum[BLOCK];
  for (size_t begin = 0; begin < count; begin += BLOCK) {
    const size_t n = count - begin < BLOCK ? count - begin : BLOCK;
    if (ranks == 2) { /* a float sum of two equals the rounded double sum, in half the time */
      float two[BLOCK];
      for (size_t i = 0; i < n; i++) two[i] = parts[0][begin + i] + parts[1][begin + i];
      for (size_t k = 0; k < out_count; k++) memcpy(outs[k] + begin, two, n * sizeof *two);
      continue;
    }
    for (size_t i = 0; i < n; i++) sum[i] = (double)parts[0][begin + i];
    for (size_t r = 1; r < ranks; r++) {
      const float *part = parts[r] + begin;
      for (size_t i = 0; i < n; i++) sum[i] += (double)part[i];
    }
    for (size_t k = 0; k < out_count; k++)
      for (size_t i = 0; i < n; i++) outs[k][begin + i] = (float)sum[i];
  }
}

/* The first element of a rank's part of `count`; the end for rank `ranks`. Parts differ in length
 * by at most one. */
static inline size_t quern__part_begin(size_t count, size_t rank, size_t ranks) {
  return count / ranks * rank + count % ranks * rank / ranks;
}

#endif

/* Measurements: candidates run in turn. Shared by `quern bench` and tests/bench. */
#ifndef QUERN_CLI_BENCH_MEASURE_H
#define QUERN_CLI_BENCH_MEASURE_H

#include "../base/clock.h"
#include "../base/fail.h"

#include <stdint.h>

/* One thing to time. Zero it, set `run` and `state`, and pass it to measure_rounds. */
typedef struct measure_candidate {
  /* Does the work `times` times, waits for its end, and sets the seconds it took. */
  cli_exit (*run)(void *state, size_t times, double *seconds);
  void *state;
  double *seconds; /* owned; per run, for each round */
} measure_candidate;

/* How long and how often. */
typedef struct measure_effort {
  size_t rounds;
  double round_seconds; /* the length of a candidate's part of a round */
  bool small_only;      /* leaves out large sizes */
} measure_effort;

#define MEASURE_FULL                                                                               \
  (measure_effort) {                                                                               \
    9, 0.04, false                                                                                 \
  }
#define MEASURE_QUICK                                                                              \
  (measure_effort) {                                                                               \
    3, 0.005, true                                                                                 \
  }

/* The median, and the quartiles around it. */
typedef struct measure_summary {
  double median, low, high;
} measure_summary;

/* Warms each candidate up and finds how often it runs per round. Then they run in turn, round by
 * round, so that other load on the machine affects all alike. The caller frees the candidates'
 * times, also on failure. */
cli_exit measure_rounds(measure_candidate *candidates, size_t count, measure_effort effort);
void measure_candidate_free(measure_candidate *candidate);

/* Computes a rate, scale / seconds, over the rounds; NaN if the times are NULL. */
cli_exit measure_rate(const measure_candidate *candidate, double scale, size_t rounds,
                      measure_summary *summary);

/* How many times faster `candidate` was than `rival`: the ratio of each round, then the median. */
cli_exit measure_ratio(const measure_candidate *candidate, const measure_candidate *rival,
                       size_t rounds, measure_summary *summary);

/* Half the distance between the quartiles, in percent of the median. */
double measure_spread(measure_summary summary);

/* Returns the n-th number of a fixed sequence in [-1, 1); each `stream` has its own. */
float measure_value(uint64_t stream, uint64_t n);

/* Returns `count` of them, times `scale`; NULL if memory is out. The caller frees them. */
float *measure_values(uint64_t stream, size_t count, float scale);

#endif

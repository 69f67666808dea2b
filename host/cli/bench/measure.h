/* Measuring: candidates that take turns, and what their times say. Shared by `quern bench` and
 * tests/bench. */
#ifndef QUERN_CLI_BENCH_MEASURE_H
#define QUERN_CLI_BENCH_MEASURE_H

#include "../base/clock.h"
#include "../base/fail.h"

#include <stdint.h>

/* One thing to time. Zero it, set `run` and `state`, then hand it to measure_rounds. */
typedef struct measure_candidate {
  /* Does the work `times` times, waits for the end, and tells the seconds that this took. */
  cli_exit (*run)(void *state, size_t times, double *seconds);
  void *state;
  double *seconds; /* owned; for one time, round by round */
} measure_candidate;

/* How long and how often. */
typedef struct measure_effort {
  size_t rounds;
  double round_seconds; /* each candidate's part of a round lasts about as long */
  bool small_only;      /* leaves out what is large */
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

/* Warms each candidate up and finds out how often it runs in a round; then they take turns, round
 * by round, so that whatever else the machine does meets all of them alike. The caller frees the
 * candidates' times, also on failure. */
cli_exit measure_rounds(measure_candidate *candidates, size_t count, measure_effort effort);
void measure_candidate_free(measure_candidate *candidate);

/* scale / seconds over the rounds: a rate. NULL times give NaN. */
cli_exit measure_rate(const measure_candidate *candidate, double scale, size_t rounds,
                      measure_summary *summary);

/* How many times faster `candidate` was than `rival`: the ratio of each round, then the median. */
cli_exit measure_ratio(const measure_candidate *candidate, const measure_candidate *rival,
                       size_t rounds, measure_summary *summary);

/* Half the distance between the quartiles, in percent of the median. */
double measure_spread(measure_summary summary);

/* The n-th of a fixed sequence of numbers in [-1, 1); a `stream` has its own. */
float measure_value(uint64_t stream, uint64_t n);

/* `count` of them, times `scale`. The caller frees; NULL where memory is out. */
float *measure_values(uint64_t stream, size_t count, float scale);

#endif

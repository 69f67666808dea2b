#include "measure.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

/* Threads of the previous candidate spin for a while: the next waits until they have stopped. */
static const struct timespec settle = {.tv_nsec = 3000000};

/* Finds how often a candidate runs per round. The first run is not counted: it may build programs.
 */
static cli_exit calibrate(const measure_candidate *candidate, double round_seconds, size_t *times) {
  enum { MOST = 1 << 24 };
  double seconds;
  *times = 1;
  cli_exit result = candidate->run(candidate->state, 1, &seconds);
  while (result == CLI_OK) {
    result = candidate->run(candidate->state, *times, &seconds);
    if (seconds >= round_seconds / 2 || *times >= MOST) break;
    double more = seconds > 0 ? round_seconds / seconds : 10;
    *times = (size_t)ceil((double)*times * fmin(more, 10));
  }
  return result;
}

cli_exit measure_rounds(measure_candidate *candidates, size_t count, measure_effort effort) {
  size_t *times = calloc(count, sizeof *times);
  cli_exit result = times == NULL ? cli_fail_memory() : CLI_OK;
  for (size_t i = 0; result == CLI_OK && i < count; i++) {
    candidates[i].seconds = calloc(effort.rounds, sizeof *candidates[i].seconds);
    result = candidates[i].seconds == NULL
                 ? cli_fail_memory()
                 : calibrate(&candidates[i], effort.round_seconds, &times[i]);
  }
  for (size_t round = 0; result == CLI_OK && round < effort.rounds; round++) {
    for (size_t i = 0; result == CLI_OK && i < count; i++) {
      double seconds = 0, warm;
      nanosleep(&settle, NULL);
      result = candidates[i].run(candidates[i].state, 1, &warm);
      if (result == CLI_OK) result = candidates[i].run(candidates[i].state, times[i], &seconds);
      /* Rates and ratios divide by it, so it is no less than the clock's resolution. */
      candidates[i].seconds[round] = fmax(seconds, 1e-9) / (double)times[i];
    }
  }
  free(times);
  return result;
}

void measure_candidate_free(measure_candidate *candidate) {
  free(candidate->seconds);
  candidate->seconds = NULL;
}

static int by_value(const void *left, const void *right) {
  const double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

/* The quantile of sorted values. */
static double quantile(const double *sorted, size_t count, double share) {
  double place = share * (double)(count - 1);
  size_t below = (size_t)place;
  size_t above = below + 1 < count ? below + 1 : below;
  return sorted[below] + (place - (double)below) * (sorted[above] - sorted[below]);
}

/* over[i] / under[i], or scale / under[i] if `over` is NULL. */
static cli_exit summarize(const double *over, double scale, const double *under, size_t rounds,
                          measure_summary *summary) {
  *summary = (measure_summary){NAN, NAN, NAN};
  if (under == NULL) return CLI_OK;
  double *sorted = malloc(rounds * sizeof *sorted);
  if (sorted == NULL) return cli_fail_memory();
  for (size_t i = 0; i < rounds; i++) sorted[i] = (over != NULL ? over[i] : scale) / under[i];
  qsort(sorted, rounds, sizeof *sorted, by_value);
  *summary = (measure_summary){quantile(sorted, rounds, 0.5), quantile(sorted, rounds, 0.25),
                               quantile(sorted, rounds, 0.75)};
  free(sorted);
  return CLI_OK;
}

cli_exit measure_rate(const measure_candidate *candidate, double scale, size_t rounds,
                      measure_summary *summary) {
  return summarize(NULL, scale, candidate->seconds, rounds, summary);
}

cli_exit measure_ratio(const measure_candidate *candidate, const measure_candidate *rival,
                       size_t rounds, measure_summary *summary) {
  if (rival->seconds == NULL) return summarize(NULL, 1, NULL, rounds, summary);
  return summarize(rival->seconds, 1, candidate->seconds, rounds, summary);
}

double measure_spread(measure_summary summary) {
  return 50 * (summary.high - summary.low) / summary.median;
}

/* The finisher of SplitMix64 (Steele, Lea and Flood 2014). */
float measure_value(uint64_t stream, uint64_t n) {
  uint64_t bits = (stream << 40) + (n + 1) * UINT64_C(0x9E3779B97F4A7C15);
  bits = (bits ^ (bits >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  bits = (bits ^ (bits >> 27)) * UINT64_C(0x94D049BB133111EB);
  bits ^= bits >> 31;
  return (float)(bits >> 40) * 0x1p-23f - 1.0f;
}

float *measure_values(uint64_t stream, size_t count, float scale) {
  float *values = malloc(count * sizeof *values);
  for (size_t i = 0; values != NULL && i < count; i++) values[i] = scale * measure_value(stream, i);
  return values;
}

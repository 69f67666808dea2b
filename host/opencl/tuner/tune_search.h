/* The search for a part's best parameters. It does not depend on devices: a judge verifies and
 * times. */
#ifndef QUERN_HOST_OPENCL_TUNER_TUNE_SEARCH_H
#define QUERN_HOST_OPENCL_TUNER_TUNE_SEARCH_H

#include "../tuning_field.h"
#include <quern/tune.h>

/* The effort of a search. */
typedef struct quern__tune_effort {
  size_t most;           /* most candidates per part */
  size_t screen_rounds;  /* rounds of timing a candidate */
  size_t confirm_rounds; /* rounds of timing the winner again */
  double round_seconds;  /* of each shape in a round, about */
  bool small_only;       /* without the large shapes */
  /* for tests, or NULL: returns the seconds of a run in place of the clock */
  double (*pretend)(const quern__cl_tuning *row);
} quern__tune_effort;

typedef struct quern__tune_judge {
  /* Builds the row and compares the part's products with the reference. QUERN_ERROR_DATA: the
   * candidate is wrong. Other failures: it does not run, except for lack of host memory and a lost
   * device, which end the search. */
  quern_status (*verify)(void *state, const quern__cl_tuning *row);
  /* Times a verified row, alternating with the part's start. ratios[round] is how many times faster
   * it was, *gflops its median rate. */
  quern_status (*time)(void *state, const quern__cl_tuning *row, size_t rounds, double *ratios,
                       double *gflops);
  void *state;
} quern__tune_judge;

/* The result of a search. */
typedef struct quern__tune_outcome {
  quern__cl_tuning best; /* the start if nothing was clearly faster */
  bool changed;
  double ratio; /* how many times faster; 1 if nothing changed */
  size_t tried, wrong, failed;
} quern__tune_outcome;

/* Searches around *start. Fails if the start itself is wrong. */
quern_status quern__tune_search(quern__tuning_part part, const quern__cl_tuning *start,
                                quern__cl_limits limits, const quern__tune_effort *effort,
                                const quern__tune_judge *judge, const quern_tune_options *options,
                                quern__tune_outcome *outcome);

/* True if the ratios show a clear win: see tune_search.c. Sorts them and sets *median. */
bool quern__tune_wins(double *ratios, size_t rounds, double *median);

/* The quantile `share`, from 0 to 1, of sorted values. */
double quern__tune_quantile(const double *sorted, size_t count, double share);
void quern__tune_sort(double *values, size_t count);

#endif

/* The search for a part's best parameters. It knows nothing of devices: a judge verifies and times.
 */
#ifndef QUERN_HOST_OPENCL_TUNER_TUNE_SEARCH_H
#define QUERN_HOST_OPENCL_TUNER_TUNE_SEARCH_H

#include "../tuning_field.h"
#include <quern/tune.h>

/* How much a search does. */
typedef struct quern__tune_effort {
  size_t most;           /* candidates of a part */
  size_t screen_rounds;  /* of timing a candidate */
  size_t confirm_rounds; /* of timing the winner once more */
  double round_seconds;  /* each shape of a round lasts about as long */
  bool small_only;       /* leaves the large shapes out */
  /* for tests, or NULL: the seconds of a run, whatever the clock says */
  double (*pretend)(const quern__cl_tuning *row);
} quern__tune_effort;

typedef struct quern__tune_judge {
  /* Builds the row and compares what the part's products give with the reference. Any failure but
   * no host memory and a lost device condemns the candidate: QUERN_ERROR_DATA that it is wrong,
   * another that it does not run. */
  quern_status (*verify)(void *state, const quern__cl_tuning *row);
  /* Times a row that was verified, in turns with the row that the part starts from: ratios[round]
   * is how many times faster it was, *gflops the median of its rate. */
  quern_status (*time)(void *state, const quern__cl_tuning *row, size_t rounds, double *ratios,
                       double *gflops);
  void *state;
} quern__tune_judge;

/* What a search found. */
typedef struct quern__tune_outcome {
  quern__cl_tuning best; /* the row it started from where nothing beat that beyond doubt */
  bool changed;
  double ratio; /* how many times faster; 1 where nothing changed */
  size_t tried, wrong, failed;
} quern__tune_outcome;

/* Searches around *start, whose parameters must be verified and right themselves: else this fails.
 */
quern_status quern__tune_search(quern__tuning_part part, const quern__cl_tuning *start,
                                quern__cl_limits limits, const quern__tune_effort *effort,
                                const quern__tune_judge *judge, const quern_tune_options *options,
                                quern__tune_outcome *outcome);

/* Whether rounds of ratios show a win beyond doubt: see tune_search.c. Sorts them; *median gets
 * their median. */
bool quern__tune_wins(double *ratios, size_t rounds, double *median);

/* The value at a share of the way through sorted values. */
double quern__tune_quantile(const double *sorted, size_t count, double share);
void quern__tune_sort(double *values, size_t count);

#endif

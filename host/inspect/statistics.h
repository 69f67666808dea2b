/* Mean, standard deviation and range of a tensor. */
#ifndef QUERN_HOST_INSPECT_STATISTICS_H
#define QUERN_HOST_INSPECT_STATISTICS_H

#include "../format/safetensors/safetensors.h"
#include <quern/inspect.h>

/* Running mean and sum of squared differences from it: B. P. Welford, "Note on a method for
 * calculating corrected sums of squares and products", 1962. Starts as {0}. */
typedef struct quern__statistics_tally {
  size_t finite;
  double mean, squares;
} quern__statistics_tally;

/* Adds a number. Before the first, mean, deviation, least and most of `info` must be NaN. */
void quern__statistics_add(double value, quern__statistics_tally *tally, quern_tensor_info *info);
void quern__statistics_finish(const quern__statistics_tally *tally, quern_tensor_info *info);

/* Sets mean, deviation, least, most and not_finite over `count` elements of the tensor from
 * `first`. */
quern_status quern__statistics(const quern__safetensors *file, const quern__tensor_entry *entry,
                               size_t first, size_t count, quern_tensor_info *info);

#endif

/* Chooses held-out rows by class. */
#ifndef QUERN_HOST_DATA_STRATA_H
#define QUERN_HOST_DATA_STRATA_H

#include <quern/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Marks about `count` of the rows, chosen[i] for the row order[i]. A class with n of the `rows` has
 * n · count / rows of them marked, rounded down or up so that the sum is `count`, and the first of
 * them in `order`. A class with two rows or more has at least one marked and one unmarked row, even
 * if that changes the sum. Sets *total to the sum. `chosen` must be all false. */
quern_status quern__strata_choose(const int32_t *labels, const uint32_t *order, size_t rows,
                                  size_t count, bool *chosen, size_t *total);

#endif

/* Shares: the proportion of each batch that each rank processes. */
#ifndef QUERN_HOST_PARALLEL_SHARES_H
#define QUERN_HOST_PARALLEL_SHARES_H

#include <quern/network.h>
#include <quern/train.h>

/* Writes the shares as text, such as "51,13"; NULL if the options have none. The caller frees
 * *text. */
quern_status quern__shares_print(const quern_train_options *options, char **text);

/* Reads the `count` shares of a checkpoint. *found is false if it has none, or those of another
 * number of ranks. QUERN_ERROR_FORMAT: the file is invalid. */
quern_status quern__shares_read(const char *path, size_t count, uint32_t *shares, bool *found);

/* Divides `whole` into whole numbers in proportion to weights [count], by largest remainders. Of
 * equal remainders the first wins, so that the same weights give the same shares on every rank.
 * Weights are finite, not negative and not all 0. */
quern_status quern__shares_divide(const double *weights, size_t count, uint32_t whole,
                                  uint32_t *shares);

/* Measures the speed of each rank's device and computes shares [ranks] that add up to `batch` and
 * take every rank the same time. Every rank must call this, with the collective of the options and
 * a context of its own; all get the same shares. */
quern_status quern__shares_measure(quern_context *context, const quern_network *network,
                                   const quern_train_options *options, uint32_t batch,
                                   uint32_t *shares);

#endif

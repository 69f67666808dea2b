/* Shares: how much of each batch each rank takes. */
#ifndef QUERN_HOST_PARALLEL_SHARES_H
#define QUERN_HOST_PARALLEL_SHARES_H

#include <quern/network.h>
#include <quern/train.h>

/* *text gets "51,13", the caller's to free, or NULL where the options have no shares. */
quern_status quern__shares_print(const quern_train_options *options, char **text);

/* The `count` shares that a checkpoint has; *there is false where it has none, or those of another
 * number of ranks. QUERN_ERROR_FORMAT where it is no file to read them from. */
quern_status quern__shares_read(const char *path, size_t count, uint32_t *shares, bool *there);

/* Whole parts of `whole` in proportion to the weights [count], by largest remainders, the first of
 * equals first: so that all who have the same weights have the same parts. Weights are finite, not
 * negative and not all 0. */
quern_status quern__shares_divide(const double *weights, size_t count, uint32_t whole,
                                  uint32_t *shares);

/* Every rank calls, with the collective of the options, a device of its own, and a batch of `batch`
 * samples: shares [ranks] that add up to it, by which all take as long; the same on all. */
quern_status quern__shares_measure(quern_context *context, const quern_network *network,
                                   const quern_train_options *options, uint32_t batch,
                                   uint32_t *shares);

#endif

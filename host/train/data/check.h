/* Whether a data set is one for a network. */
#ifndef QUERN_HOST_TRAIN_DATA_CHECK_H
#define QUERN_HOST_TRAIN_DATA_CHECK_H

#include <quern/dataset.h>
#include <quern/network.h>

/* What the data must be for any use of the network. */
quern_status quern__check_samples(const quern_network *network, const quern_dataset *dataset);

/* What is to be predicted, and whether the loss can be taken of it. */
quern_status quern__check_targets(const quern_network *network, const quern_dataset *dataset);

/* Whether the labels of the data are numbered as those of `schema`, of other data or of a network.
 */
quern_status quern__check_classes(const quern_schema *schema, const quern_dataset *dataset);

/* The same of data that a network is measured on. One without a schema has class numbers. */
quern_status quern__check_measured(const quern_network *network, const quern_dataset *dataset);

#endif

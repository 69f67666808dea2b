/* Checks that a data set fits a network. */
#ifndef QUERN_HOST_TRAIN_DATA_CHECK_H
#define QUERN_HOST_TRAIN_DATA_CHECK_H

#include <quern/dataset.h>
#include <quern/network.h>

/* Checks the inputs. */
quern_status quern__check_samples(const quern_network *network, const quern_dataset *dataset);

/* Checks the labels or targets, and that the network's loss accepts them. */
quern_status quern__check_targets(const quern_network *network, const quern_dataset *dataset);

/* Checks that the labels are numbered as in `schema`, which belongs to other data or to a
 * network. */
quern_status quern__check_classes(const quern_schema *schema, const quern_dataset *dataset);

/* The same for data that a network is evaluated on. Without a schema, the network needs class
 * numbers as labels. */
quern_status quern__check_measured(const quern_network *network, const quern_dataset *dataset);

#endif

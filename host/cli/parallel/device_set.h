/* Devices that train together, and the share of each batch for each. */
#ifndef QUERN_CLI_PARALLEL_DEVICE_SET_H
#define QUERN_CLI_PARALLEL_DEVICE_SET_H

#include "../base/json.h"
#include "../command/options.h"

#include <quern/quern.h>
#include <stdio.h>

typedef struct cli_device_set {
  quern_context **contexts; /* [count], owned */
  size_t count;
  uint32_t *shares; /* [count], owned; NULL for one device */
} cli_device_set;

/* Opens the devices of --device, and prints them on `out`: those of quern_device_list_find_all.
 * Under a launcher each rank opens one of them: cli_ranks_open_device. */
cli_exit cli_device_set_open(const char *text, bool shares_device, FILE *out, cli_device_set *set);

/* Sets the shares, those given or else those of quern_train_shares, and prints them on `out`. */
cli_exit cli_device_set_share(cli_device_set *set, const cli_counts *given,
                              const quern_network *network, const quern_dataset *train,
                              const quern_train_options *options, FILE *out);

/* Adds the first device (cli_json_device) and "devices", a list with each device, its residency and
 * its share, null for one device. */
void cli_device_set_json(cli_json *json, const cli_device_set *set,
                         const quern_data_residency *residency);

void cli_device_set_close(cli_device_set *set);

#endif

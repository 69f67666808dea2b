/* Devices that train together, and how much of each batch each takes. */
#ifndef QUERN_CLI_PARALLEL_DEVICE_SET_H
#define QUERN_CLI_PARALLEL_DEVICE_SET_H

#include "../base/json.h"
#include "../command/options.h"

#include <quern/quern.h>
#include <stdio.h>

typedef struct cli_device_set {
  quern_context **contexts; /* [count], owned */
  size_t count;
  uint32_t *shares; /* [count], owned; NULL where there is one device */
} cli_device_set;

/* Opens the devices of `text`: what cli_open_device takes, or several such separated by commas, or
 * "all": every device but emulators and the reference, which are left out unless nothing else is
 * there. Names them on `people`. No device is there twice. Where there are several ranks each has
 * one of them: cli_ranks_open_device. */
cli_exit cli_device_set_open(const char *text, bool shares_device, FILE *out, cli_device_set *set);

/* Settles the shares, those given or, where there are none, those of quern_train_shares, and names
 * them on `people`. */
cli_exit cli_device_set_share(cli_device_set *set, const cli_counts *given,
                              const quern_network *network, const quern_dataset *train,
                              const quern_train_options *options, FILE *out);

/* cli_json_device of the first, and "devices", a list of what each is, how its data lie, at[its
 * place], and its share: null where there is one. */
void cli_device_set_json(cli_json *json, const cli_device_set *set,
                         const quern_data_residency *placement);

void cli_device_set_close(cli_device_set *set);

#endif

/* Where the data of a training lie, on every device that trains. */
#ifndef QUERN_CLI_PARALLEL_RESIDENCY_H
#define QUERN_CLI_PARALLEL_RESIDENCY_H

#include "device_set.h"

typedef struct cli_residency {
  /* [count], owned: of each of the team's devices, or of each rank of a launcher */
  quern_data_residency *placement;
  size_t count;
} cli_residency;

/* With the team's shares, which are settled. Every rank's. */
cli_exit cli_residency_find(const cli_device_set *set, const quern_network *network,
                            const quern_dataset *train, const quern_dataset *test,
                            const quern_train_options *options, cli_residency *found);

/* A line where it is not all of the data on all devices. */
void cli_residency_print(const cli_residency *placement, FILE *out);

/* "train_chunk" and "test_chunk" of one: samples, 0 where they are resident. */
void cli_residency_json(cli_json *json, cJSON *object, const quern_data_residency *placement);

void cli_residency_free(cli_residency *placement);

#endif

/* Which data each device of a training streams. */
#ifndef QUERN_CLI_PARALLEL_RESIDENCY_H
#define QUERN_CLI_PARALLEL_RESIDENCY_H

#include "device_set.h"

typedef struct cli_residency {
  /* [count], owned: of each device, or of each rank of a launcher */
  quern_data_residency *list;
  size_t count;
} cli_residency;

/* Finds it, with the shares that are set. All ranks call it. */
cli_exit cli_residency_find(const cli_device_set *set, const quern_network *network,
                            const quern_dataset *train, const quern_dataset *test,
                            const quern_train_options *options, cli_residency *found);

/* Prints a line if a device streams data. */
void cli_residency_print(const cli_residency *residency, FILE *out);

/* Adds "train_chunk" and "test_chunk": samples, 0 if resident. */
void cli_residency_json(cli_json *json, cJSON *object, const quern_data_residency *residency);

void cli_residency_free(cli_residency *residency);

#endif

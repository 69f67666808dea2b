#include "placement.h"

#include "describe.h"
#include "ranks.h"

#include <stdlib.h>

static cli_exit make_room(size_t count, cli_placement *found) {
  found->at = calloc(count, sizeof *found->at);
  if (found->at == NULL) return cli_fail_memory();
  found->count = count;
  for (size_t i = 0; i < count; i++) found->at[i] = (quern_data_placement)QUERN_DATA_PLACEMENT_INIT;
  return CLI_OK;
}

/* Of the devices of this process, each as the rank that it is to be. */
static cli_exit find_of_team(const cli_team *team, const quern_network *network,
                             const quern_dataset *train, const quern_dataset *test,
                             const quern_train_options *given, cli_placement *found) {
  quern_train_options options = *given;
  quern_thread_group *group;
  if (quern_thread_group_create(team->count, 0.0, &group) != QUERN_OK) return cli_fail_library();
  options.shares = team->shares;
  cli_exit result = make_room(team->count, found);
  for (size_t i = 0; result == CLI_OK && i < team->count; i++) {
    options.collective = quern_thread_group_at(group, i);
    if (quern_trainer_placement(team->contexts[i], network, train, test, &options, &found->at[i]) ==
        QUERN_OK)
      continue;
    quern_device_info info;
    quern_context_describe(team->contexts[i], &info);
    result = cli_fail("%s: %s", info.name, quern_last_error());
  }
  quern_thread_group_free(group);
  return result;
}

/* Of one device, and of those of other ranks, where there are any. */
static cli_exit find_of_ranks(const cli_team *team, const quern_network *network,
                              const quern_dataset *train, const quern_dataset *test,
                              const quern_train_options *options, cli_placement *found) {
  const quern_collective *collective = options->collective;
  quern_data_placement mine = QUERN_DATA_PLACEMENT_INIT;
  cli_exit result = CLI_OK;
  if (quern_trainer_placement(team->contexts[0], network, train, test, options, &mine) != QUERN_OK)
    result = cli_fail_library();
  result = cli_ranks_agree(result);
  if (result == CLI_OK)
    result = cli_ranks_agree(make_room(collective != NULL ? collective->ranks : 1, found));
  if (result != CLI_OK) return result;
  found->at[0] = mine;
  if (collective != NULL &&
      collective->all_gather(collective->state, &mine, sizeof mine, found->at) != QUERN_OK)
    return cli_fail_library();
  return CLI_OK;
}

cli_exit cli_placement_find(const cli_team *team, const quern_network *network,
                            const quern_dataset *train, const quern_dataset *test,
                            const quern_train_options *options, cli_placement *found) {
  return team->count > 1 ? find_of_team(team, network, train, test, options, found)
                         : find_of_ranks(team, network, train, test, options, found);
}

/* Of the chunks of one data set on all devices: how many stream it, and from how many samples to
 * how many. */
typedef struct chunks {
  size_t count, least, most;
} chunks;

static void add_chunk(chunks *all, size_t samples) {
  if (samples == 0) return;
  if (all->count == 0 || samples < all->least) all->least = samples;
  if (samples > all->most) all->most = samples;
  all->count++;
}

static void print_chunks(FILE *people, const char *what, const chunks *of, size_t devices) {
  fprintf(people, "%s data ", what);
  if (of->count == 0) {
    fputs("whole", people);
    return;
  }
  fprintf(people, "in chunks of %s", cli_grouped((double)of->least).text);
  if (of->most > of->least) fprintf(people, " to %s", cli_grouped((double)of->most).text);
  fputs(" samples", people);
  if (of->count < devices)
    fprintf(people, " on %zu of them, whole on %zu", of->count, devices - of->count);
}

void cli_placement_print(const cli_placement *placement, FILE *people) {
  const size_t devices = placement->count;
  chunks train = {0}, test = {0};
  size_t bytes = 0;
  for (size_t i = 0; i < devices; i++) {
    const quern_data_placement *at = &placement->at[i];
    add_chunk(&train, at->train_chunk);
    add_chunk(&test, at->test_chunk);
    if (at->bytes > bytes) bytes = at->bytes;
  }
  if (train.count == 0 && test.count == 0) return;
  fputs("streaming", people);
  if (devices > 1) fprintf(people, " to %zu devices", devices);
  fputs(": ", people);
  print_chunks(people, "training", &train, devices);
  fputs(", ", people);
  print_chunks(people, "test", &test, devices);
  fprintf(people, ", in %.1f MiB of %s\n", (double)bytes / (1 << 20),
          devices > 1 ? "each at most" : "the device");
}

void cli_placement_json(cli_json *json, cJSON *object, const quern_data_placement *at) {
  cli_json_number(json, object, "train_chunk", (double)at->train_chunk);
  cli_json_number(json, object, "test_chunk", (double)at->test_chunk);
}

void cli_placement_free(cli_placement *placement) {
  free(placement->at);
  *placement = (cli_placement){NULL, 0};
}

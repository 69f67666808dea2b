#include "residency.h"

#include "../data/describe.h"
#include "ranks.h"

#include <stdlib.h>

static cli_exit make_room(size_t count, cli_residency *found) {
  found->list = calloc(count, sizeof *found->list);
  if (found->list == NULL) return cli_fail_memory();
  found->count = count;
  for (size_t i = 0; i < count; i++) found->list[i] = quern_data_residency_default();
  return CLI_OK;
}

/* Finds it for the devices of this process, each as its future rank. */
static cli_exit find_in_set(const cli_device_set *set, const quern_network *network,
                            const quern_dataset *train, const quern_dataset *test,
                            const quern_train_options *given, cli_residency *found) {
  quern_train_options options = *given;
  quern_thread_group *group;
  if (quern_thread_group_create(set->count, 0.0, &group) != QUERN_OK) return cli_fail_library();
  options.shares = set->shares;
  cli_exit result = make_room(set->count, found);
  for (size_t i = 0; result == CLI_OK && i < set->count; i++) {
    options.collective = quern_thread_group_at(group, i);
    if (quern_trainer_residency(set->contexts[i], network, train, test, &options,
                                &found->list[i]) == QUERN_OK)
      continue;
    quern_device_info info;
    quern_context_describe(set->contexts[i], &info);
    result = cli_fail("%s: %s", info.name, quern_last_error());
  }
  quern_thread_group_free(group);
  return result;
}

/* Finds it for one device, and gathers that of other ranks, if any. */
static cli_exit find_of_ranks(const cli_device_set *set, const quern_network *network,
                              const quern_dataset *train, const quern_dataset *test,
                              const quern_train_options *options, cli_residency *found) {
  const quern_collective *collective = options->collective;
  quern_data_residency mine = quern_data_residency_default();
  cli_exit result = CLI_OK;
  if (quern_trainer_residency(set->contexts[0], network, train, test, options, &mine) != QUERN_OK)
    result = cli_fail_library();
  result = cli_ranks_agree(result);
  if (result == CLI_OK)
    result = cli_ranks_agree(make_room(collective != NULL ? collective->ranks : 1, found));
  if (result != CLI_OK) return result;
  found->list[0] = mine;
  if (collective != NULL &&
      collective->all_gather(collective->state, &mine, sizeof mine, found->list) != QUERN_OK)
    return cli_fail_library();
  return CLI_OK;
}

cli_exit cli_residency_find(const cli_device_set *set, const quern_network *network,
                            const quern_dataset *train, const quern_dataset *test,
                            const quern_train_options *options, cli_residency *found) {
  return set->count > 1 ? find_in_set(set, network, train, test, options, found)
                        : find_of_ranks(set, network, train, test, options, found);
}

/* The chunks of a data set over all devices: how many stream it, and the smallest and largest
 * chunk. */
typedef struct chunks {
  size_t count, least, most;
} chunks;

static void add_chunk(chunks *all, size_t samples) {
  if (samples == 0) return;
  if (all->count == 0 || samples < all->least) all->least = samples;
  if (samples > all->most) all->most = samples;
  all->count++;
}

static void print_chunks(FILE *out, const char *what, const chunks *self, size_t devices) {
  fprintf(out, "%s data ", what);
  if (self->count == 0) {
    fputs("whole", out);
    return;
  }
  fprintf(out, "in chunks of %s", cli_grouped((double)self->least).text);
  if (self->most > self->least) fprintf(out, " to %s", cli_grouped((double)self->most).text);
  fputs(" samples", out);
  if (self->count < devices)
    fprintf(out, " on %zu of them, whole on %zu", self->count, devices - self->count);
}

void cli_residency_print(const cli_residency *residency, FILE *out) {
  const size_t devices = residency->count;
  chunks train = {0}, test = {0};
  size_t bytes = 0;
  for (size_t i = 0; i < devices; i++) {
    const quern_data_residency *current = &residency->list[i];
    add_chunk(&train, current->train_chunk);
    add_chunk(&test, current->test_chunk);
    if (current->bytes > bytes) bytes = current->bytes;
  }
  if (train.count == 0 && test.count == 0) return;
  fputs("streaming", out);
  if (devices > 1) fprintf(out, " to %zu devices", devices);
  fputs(": ", out);
  print_chunks(out, "training", &train, devices);
  fputs(", ", out);
  print_chunks(out, "test", &test, devices);
  fprintf(out, ", in %.1f MiB of %s\n", (double)bytes / (1 << 20),
          devices > 1 ? "each at most" : "the device");
}

void cli_residency_json(cli_json *json, cJSON *object, const quern_data_residency *current) {
  cli_json_number(json, object, "train_chunk", (double)current->train_chunk);
  cli_json_number(json, object, "test_chunk", (double)current->test_chunk);
}

void cli_residency_free(cli_residency *residency) {
  free(residency->list);
  *residency = (cli_residency){NULL, 0};
}

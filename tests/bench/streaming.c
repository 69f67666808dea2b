/* Epochs over streamed data, compared with resident data. Both must learn the same bits. */
#include "../support/plain_options.h"
#include "bench.h"

#include "network/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  SAMPLES = 16384,
  ROOM = 1 << 16 /* of the chunks, for their order and targets */
};

/* 0: resident. */
static const size_t chunks_kib[] = {0, 1024, 2048, 4096};
enum { CANDIDATES = sizeof chunks_kib / sizeof *chunks_kib };

typedef struct streaming {
  quern_network *network;
  quern_dataset *data;
  quern_trainer *trainers[CANDIDATES];
  size_t chunk[CANDIDATES]; /* samples */
  measure_candidate candidates[CANDIDATES];
} streaming;

/* An epoch is longer than a normal round, so there are more of them. */
static measure_effort effort_of(const yardstick *bench) {
  measure_effort effort = bench->effort;
  effort.rounds *= 3;
  return effort;
}

static cli_exit run_epochs(void *trainer, size_t times, double *seconds) {
  const double start = cli_seconds();
  quern_epoch epoch;
  for (size_t i = 0; i < times; i++)
    if (quern_trainer_epoch(trainer, &epoch) != QUERN_OK) return cli_fail_library();
  *seconds = cli_seconds() - start;
  return CLI_OK;
}

static cli_exit create_data(const measure_network *network, quern_dataset **data) {
  const size_t inputs = network->units[0], outputs = network->units[measure_layer_count(network)];
  float *values = measure_values(1, SAMPLES * inputs, 1.0f);
  int32_t *labels = malloc(SAMPLES * sizeof *labels);
  cli_exit result = values != NULL && labels != NULL ? CLI_OK : cli_fail_memory();
  for (size_t i = 0; result == CLI_OK && i < SAMPLES; i++) labels[i] = (int32_t)(i * 7 % outputs);
  if (result == CLI_OK &&
      quern_dataset_from_floats(values, labels, SAMPLES, inputs, data) != QUERN_OK)
    result = cli_fail_library();
  free(values);
  free(labels);
  return result;
}

static cli_exit add(yardstick *bench, const measure_network *network, size_t i, streaming *self) {
  quern_train_options options = plain_train_options();
  quern_data_residency placement = quern_data_residency_default();
  options.batch = network->batch;
  options.epochs = SIZE_MAX;
  options.data_memory = chunks_kib[i] == 0 ? SIZE_MAX : (2 * chunks_kib[i] << 10) + ROOM;
  if (quern_trainer_residency(bench->context, self->network, self->data, NULL, &options,
                              &placement) != QUERN_OK ||
      quern_trainer_create(bench->context, self->network, self->data, NULL, &options,
                           &self->trainers[i]) != QUERN_OK)
    return cli_fail_library();
  self->chunk[i] = placement.train_chunk;
  self->candidates[i] = (measure_candidate){run_epochs, self->trainers[i], NULL};
  return CLI_OK;
}

/* One epoch of each trainer, and whether it learned the same as the first. */
static cli_exit verify(const streaming *self, const measure_network *network) {
  quern_network *learned[2] = {NULL, NULL};
  double seconds;
  cli_exit result = CLI_OK;
  for (size_t i = 0; result == CLI_OK && i < CANDIDATES; i++) {
    quern_network **into = &learned[i > 0];
    if (*into == NULL) result = measure_create_network(network, into);
    if (result == CLI_OK) result = run_epochs(self->trainers[i], 1, &seconds);
    if (result == CLI_OK && quern_trainer_download(self->trainers[i], *into) != QUERN_OK)
      result = cli_fail_library();
    if (i > 0 && result == CLI_OK &&
        memcmp(learned[0]->parameters, learned[1]->parameters,
               learned[0]->shape.flat_count * sizeof(float)) != 0)
      result = cli_fail("%s: data in chunks of %zu samples give other weights", network->name,
                        self->chunk[i]);
  }
  quern_network_free(learned[0]);
  quern_network_free(learned[1]);
  return result;
}

static cli_exit print_rows(yardstick *bench, const measure_network *network, const streaming *self,
                           cJSON *list) {
  const size_t rounds = effort_of(bench).rounds;
  for (size_t i = 0; i < CANDIDATES; i++) {
    measure_summary rate, ratio;
    cli_exit result = measure_rate(&self->candidates[i], SAMPLES, rounds, &rate);
    if (result == CLI_OK)
      result = measure_ratio(&self->candidates[i], &self->candidates[0], rounds, &ratio);
    if (result != CLI_OK) return result;
    cJSON *object = cli_json_object(&bench->json, list, NULL);
    cli_json_text(&bench->json, object, "network", network->name);
    cli_json_number(&bench->json, object, "batch", (double)network->batch);
    cli_json_number(&bench->json, object, "chunk_samples", (double)self->chunk[i]);
    bench_add(bench, object, "samples_per_second", rate);
    bench_add(bench, object, "streamed_over_resident", ratio);
    printf("  %-17s %5zu  %8zu %9.0f +-%2.0f%% %6.3f (%.3f to %.3f)\n", network->name,
           network->batch, self->chunk[i], rate.median, measure_spread(rate), ratio.median,
           ratio.low, ratio.high);
  }
  return CLI_OK;
}

static cli_exit bench_network(yardstick *bench, const measure_network *network, cJSON *list) {
  streaming self = {0};
  cli_exit result = measure_create_network(network, &self.network);
  if (result == CLI_OK) result = create_data(network, &self.data);
  for (size_t i = 0; result == CLI_OK && i < CANDIDATES; i++)
    result = add(bench, network, i, &self);
  if (result == CLI_OK) result = verify(&self, network);
  if (result == CLI_OK) result = measure_rounds(self.candidates, CANDIDATES, effort_of(bench));
  if (result == CLI_OK) result = print_rows(bench, network, &self, list);
  for (size_t i = 0; i < CANDIDATES; i++) {
    measure_candidate_free(&self.candidates[i]);
    quern_trainer_free(self.trainers[i]);
  }
  quern_dataset_free(self.data);
  quern_network_free(self.network);
  return result;
}

cli_exit bench_streaming(yardstick *bench) {
  cli_exit result = CLI_OK;
  cJSON *list = cli_json_list(&bench->json, bench->json.root, "streaming");
  printf("\nepochs over %d samples of floats, resident (0) or streamed, samples/s\n  %-17s %5s  "
         "%8s %15s %s\n",
         SAMPLES, "network", "batch", "chunk", "quern", "of resident");
  for (size_t i = 0; result == CLI_OK && i < measure_network_count; i++) {
    const measure_network *network = &measure_networks[i];
    enum { WIDE = 1024 }; /* with more arithmetic than this, data do not matter */
    if (network->units[0] == 784 && network->units[1] < WIDE &&
        (!bench->effort.small_only || measure_network_is_small(network)))
      result = bench_network(bench, network, list);
  }
  return result;
}

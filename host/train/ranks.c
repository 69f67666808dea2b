/* A trainer as one of several ranks. */
#include "../base/error.h"
#include "../device/context.h"
#include "../parallel/shares.h"
#include "identity.h"
#include "trainer.h"
#include <inttypes.h>
#include <quern/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* losses per reduction */
enum { MAX_LOSSES = 1 << 18 };

/* One rank's text: its beginning, for messages, and a checksum of all of it. */
typedef struct rank_text {
  uint64_t bytes;
  uint32_t sum;
  char text[200];
} rank_text;

/* Gathers the texts of all ranks. The caller frees *all. */
static quern_status gather_texts(const quern_collective *collective, const char *text,
                                 rank_text **all) {
  rank_text mine = {.bytes = strlen(text)};
  mine.sum = (uint32_t)crc32(0, (const unsigned char *)text, (uInt)mine.bytes);
  strncpy(mine.text, text, sizeof mine.text - 1);
  *all = malloc(collective->ranks * sizeof **all);
  if (*all == NULL) return quern__fail_memory("trainer", collective->ranks * sizeof **all);
  const quern_status status = quern__collective_gather(collective, &mine, sizeof mine, *all);
  if (status != QUERN_OK) free(*all);
  return status;
}

/* The first rank whose text differs from rank 0's, or `ranks`. */
static size_t first_different(const rank_text *all, size_t ranks) {
  size_t r = 1;
  while (r < ranks && all[r].bytes == all[0].bytes && all[r].sum == all[0].sum &&
         strcmp(all[r].text, all[0].text) == 0)
    r++;
  return r;
}

/* Fails on every rank if one has another text. */
static quern_status compare_texts(const quern_collective *collective, const char *name,
                                  const char *text) {
  rank_text *all;
  QUERN__FORWARD(gather_texts(collective, text, &all));
  const size_t ranks = collective->ranks, r = first_different(all, ranks);
  quern_status status = QUERN_OK;
  if (r < ranks)
    status = quern__fail(
        QUERN_ERROR_COLLECTIVE,
        "train: rank %zu of %zu differs from rank 0: its %s is \"%s\", but rank 0's is \"%s\"", r,
        ranks, name, all[r].text, all[0].text);
  free(all);
  return status;
}

/* Compares what determines the results, and what determines the sequence of calls. */
static quern_status compare_trainings(quern_trainer *trainer) {
  const quern_collective *collective = trainer->options.collective;
  const quern_train_options *options = &trainer->options;
  quern__identity identity = {{NULL}};
  quern__metadata_pair pairs[QUERN__IDENTITY_COUNT];
  char text[200], *shares = NULL;
  quern_status status;
  QUERN__TRY(compare_texts(collective, "version of quern", QUERN_VERSION));
  QUERN__TRY(quern__collective_status(collective, quern__identity_create(trainer, &identity)));
  quern__identity_pairs(&identity, pairs);
  for (size_t i = 0; i < QUERN__IDENTITY_COUNT; i++)
    QUERN__TRY(compare_texts(collective, quern__identity_name(i), pairs[i].value));
  snprintf(text, sizeof text, "%zu", options->epochs);
  QUERN__TRY(compare_texts(collective, "number of epochs", text));
  snprintf(text, sizeof text, "%zu samples", trainer->test.rows);
  QUERN__TRY(compare_texts(collective, "test set", text));
  snprintf(text, sizeof text, "%s, every %zu steps",
           options->checkpoint != NULL ? "requested" : "none", options->checkpoint_every);
  QUERN__TRY(compare_texts(collective, "checkpoint", text));
  QUERN__TRY(
      compare_texts(collective, "resumption", options->resume != NULL ? "requested" : "none"));
  QUERN__TRY(quern__collective_status(collective, quern__shares_print(options, &shares)));
  QUERN__TRY(compare_texts(collective, "shares", shares != NULL ? shares : "none"));
cleanup:
  free(shares);
  quern__identity_free(&identity);
  return status;
}

/* Finds out whether ranks have different devices, which may round differently. */
static quern_status compare_devices(quern_trainer *trainer) {
  const quern_collective *collective = trainer->options.collective;
  quern_device_info info;
  quern_context_describe(trainer->context, &info);
  quern__text text = {0};
  char *device;
  quern__text_print(&text, "%s, %s, %s, %s", info.backend, info.platform, info.name, info.driver);
  QUERN__FORWARD(quern__text_close(&text, &device));
  rank_text *all;
  const quern_status status = gather_texts(collective, device, &all);
  free(device);
  if (status != QUERN_OK) return status;
  trainer->mixed = first_different(all, collective->ranks) < collective->ranks;
  free(all);
  return QUERN_OK;
}

/* Copies rank 0's range of floats to every device. */
static quern_status broadcast_range(const quern_trainer *trainer, quern_buffer *buffer) {
  const quern_collective *collective = trainer->options.collective;
  const size_t bytes = trainer->plan->shape.flat_count * sizeof(float);
  quern_status status;
  float *values = malloc(bytes);
  if (values == NULL) return quern__fail_memory("trainer", bytes);
  if (collective->rank == 0) QUERN__TRY(quern_buffer_read(buffer, 0, bytes, values, QUERN_WAIT));
  QUERN__TRY(quern__collective_broadcast(collective, values, bytes));
  status =
      collective->rank == 0 ? QUERN_OK : quern_buffer_write(buffer, 0, bytes, values, QUERN_WAIT);
cleanup:
  free(values);
  return status;
}

static quern_status broadcast_training_state(const quern_trainer *trainer) {
  const quern__training_state *state = &trainer->state;
  for (size_t i = 0; i < state->count; i++)
    QUERN__FORWARD(broadcast_range(trainer, state->tensors[i].buffer));
  return QUERN_OK;
}

quern_status quern__ranks_create_reducer(quern_trainer *trainer, const quern_network *network,
                                         quern_status status) {
  const quern_collective *collective = trainer->options.collective;
  if (collective == NULL) return status;
  QUERN__FORWARD(quern__collective_status(collective, status));
  return quern__ranks_fail(trainer,
                           quern__reducer_create(collective, &network->shape, &trainer->reducer));
}

quern_status quern__ranks_begin(quern_trainer *trainer, quern_status status) {
  const quern_collective *collective = trainer->options.collective;
  if (collective == NULL) return status;
  QUERN__FORWARD(quern__collective_status(collective, status));
  QUERN__FORWARD(compare_trainings(trainer));
  QUERN__FORWARD(quern__ranks_fail(trainer, compare_devices(trainer)));
  return quern__ranks_fail(trainer, broadcast_training_state(trainer));
}

/* Clears the losses of all samples from `first` on. */
static quern_status clear_losses(const quern_trainer *trainer, size_t first) {
  const size_t rows = trainer->train.rows;
  if (first == rows) return QUERN_OK;
  return quern_fill(trainer->context, 0.0f,
                    quern_vector(trainer->tally.losses, first, rows - first));
}

quern_status quern__ranks_begin_epoch(quern_trainer *trainer) {
  if (trainer->options.collective == NULL) return QUERN_OK;
  QUERN__FORWARD(clear_losses(trainer, quern__trainer_samples_of(trainer, trainer->step)));
  return trainer->mixed ? broadcast_training_state(trainer) : QUERN_OK;
}

/* Adds zeros to the sums of a batch in which this rank has no samples. */
static quern_status queue_no_gradients(quern_plan *plan, size_t samples,
                                       const quern__bucket_watch *watch) {
  plan->step_samples = samples;
  QUERN__FORWARD(quern__plan_normalize_no_samples(plan, QUERN__PASS_TRAINING));
  QUERN__FORWARD(quern__plan_normalize_no_samples_back(plan));
  for (size_t i = plan->gradients.count; i-- > 0;) {
    const quern__bucket *bucket = &plan->gradients.list[i];
    QUERN__FORWARD(quern_fill(plan->context, 0.0f, quern_vector(bucket->memory, 0, bucket->count)));
    QUERN__FORWARD(watch->queued(watch->user, i));
  }
  return QUERN_OK;
}

quern_status quern__ranks_step(quern_trainer *trainer, size_t first, size_t n) {
  const quern_collective *collective = trainer->options.collective;
  quern_plan *plan = trainer->plan;
  quern__whole_batch whole = {.samples = n};
  size_t own;
  quern_tensor x;
  quern__targets targets = {.labels = quern_none()};
  quern__collective_part(collective, trainer->options.shares, n, &whole.first, &own);
  first += whole.first;
  if (own > 0)
    QUERN__FORWARD(
        quern__data_source_gather(&trainer->train, first, own, &trainer->batch, &x, &targets));
  if (plan->has_class_weights) {
    if (own > 0) QUERN__FORWARD(quern__plan_label_weight(plan, targets.labels, &whole.weight));
    QUERN__FORWARD(quern__collective_sum(collective, &whole.weight, 1));
  }
  const quern__bucket_watch watch = quern__reducer_watch(trainer->reducer);
  QUERN__FORWARD(own > 0 ? quern__plan_gradients(plan, x, &targets, &whole,
                                                 quern_vector(trainer->tally.losses, first, own),
                                                 &watch)
                         : queue_no_gradients(plan, n, &watch));
  return quern__reduce(trainer->reducer, plan, &trainer->reducing);
}

quern_status quern__ranks_merge_losses(const quern_trainer *trainer, float *losses, size_t count) {
  const quern_collective *collective = trainer->options.collective;
  for (size_t begin = 0; collective != NULL && begin < count; begin += MAX_LOSSES) {
    const size_t n = count - begin < MAX_LOSSES ? count - begin : MAX_LOSSES;
    void *request;
    QUERN__FORWARD(quern__collective_reduce_start(collective, losses + begin, n, &request));
    QUERN__FORWARD(quern__collective_reduce_wait(collective, request));
  }
  return QUERN_OK;
}

/* A position in the training. */
typedef struct position {
  uint64_t epoch, step, updates, best_epoch;
  double best_loss;
} position;

/* Divides the losses of completed steps, which rank 0 has read: each rank keeps those of its own
 * samples, so that their sum has the same bits as without the interruption. */
static quern_status divide_losses(quern_trainer *trainer) {
  const quern_collective *collective = trainer->options.collective;
  const size_t count = quern__trainer_samples_of(trainer, trainer->step),
               bytes = count * sizeof(float);
  if (count == 0) return QUERN_OK;
  float *losses = malloc(bytes);
  if (losses == NULL) return quern__fail_memory("trainer", bytes);
  quern_status status;
  if (collective->rank == 0)
    QUERN__TRY(quern_buffer_read(trainer->tally.losses, 0, bytes, losses, QUERN_WAIT));
  QUERN__TRY(quern__collective_broadcast(collective, losses, bytes));
  for (size_t first = 0; first < count; first += trainer->options.batch) {
    const size_t n =
        count - first < trainer->options.batch ? count - first : trainer->options.batch;
    size_t begin, own;
    quern__collective_part(collective, trainer->options.shares, n, &begin, &own);
    for (size_t i = 0; i < n; i++)
      if (i < begin || i >= begin + own) losses[first + i] = 0.0f;
  }
  status = quern_buffer_write(trainer->tally.losses, 0, bytes, losses, QUERN_WAIT);
cleanup:
  free(losses);
  return status;
}

static quern_status share_position(quern_trainer *trainer) {
  const quern_collective *collective = trainer->options.collective;
  position pos = {trainer->epoch, trainer->step, trainer->plan->optimizer_steps,
                  trainer->best.epoch, trainer->best.loss};
  QUERN__FORWARD(quern__collective_broadcast(collective, &pos, sizeof pos));
  trainer->epoch = (size_t)pos.epoch;
  trainer->step = (size_t)pos.step;
  trainer->plan->optimizer_steps = trainer->plan->steps_taken = pos.updates;
  trainer->best.epoch = (size_t)pos.best_epoch;
  trainer->best.loss = pos.best_loss;
  trainer->begun = false;
  QUERN__FORWARD(broadcast_training_state(trainer));
  if (pos.best_epoch > 0) QUERN__FORWARD(broadcast_range(trainer, trainer->best.parameters));
  return divide_losses(trainer);
}

quern_status quern__ranks_resume(quern_trainer *trainer, quern_status status) {
  const quern_collective *collective = trainer->options.collective;
  if (collective == NULL) return status;
  QUERN__FORWARD(quern__collective_status(collective, status));
  return quern__ranks_fail(trainer, share_position(trainer));
}

quern_status quern__ranks_fail(const quern_trainer *trainer, quern_status status) {
  if (status != QUERN_OK && status != QUERN_ERROR_NOT_FINITE)
    quern__collective_abandon(trainer->options.collective);
  return status;
}

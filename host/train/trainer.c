/* Creates and frees trainers. */
#include "trainer.h"

#include "../device/normalization.h"
#include "../functions/optimizer.h"

#include "../base/error.h"
#include "../data/dataset.h"
#include "../device/context.h"
#include "data/check.h"
#include <stdlib.h>
#include <string.h>

size_t quern__trainer_rows(const quern_dataset *train, const quern_dataset *test) {
  return test != NULL && test->rows > train->rows ? test->rows : train->rows;
}

size_t quern__trainer_batch(const quern_train_options *options, const quern_dataset *train,
                            const quern_dataset *test) {
  const size_t rows = quern__trainer_rows(train, test);
  return options->batch < rows ? options->batch : rows;
}

size_t quern__trainer_size(const quern_train_options *options, const quern_dataset *train,
                           const quern_dataset *test) {
  return quern__collective_largest_part(options->collective, options->shares,
                                        quern__trainer_batch(options, train, test));
}

quern__shard quern__trainer_train_shard(const quern_train_options *options, size_t rows) {
  return quern__shard_of(options->collective, options->shares, rows, options->batch);
}

quern__shard quern__trainer_test_shard(const quern_train_options *options, size_t rows) {
  return quern__shard_of(options->collective, options->shares, rows, rows);
}

/* A plan updates in place, unless gradients must be clipped or summed first, or the context does
 * not support it. context NULL: one that does. */
quern_plan_mode quern__trainer_mode(const quern_train_options *options,
                                    const quern_context *context) {
  const bool in_place =
      context == NULL || quern__has_dense_backward_update(context, &options->optimizer);
  return options->clip_norm > 0.0f || options->collective != NULL || !in_place
             ? QUERN_PLAN_GRADIENTS
             : QUERN_PLAN_TRAINING;
}

static quern_status copy_class_weights(quern_trainer *trainer, const quern_network *network) {
  if (trainer->options.class_weights == NULL) return QUERN_OK;
  const size_t bytes = quern_network_outputs(network) * sizeof(float);
  trainer->class_weights = malloc(bytes);
  if (trainer->class_weights == NULL) return quern__fail_memory("trainer", bytes);
  memcpy(trainer->class_weights, trainer->options.class_weights, bytes);
  trainer->options.class_weights = trainer->class_weights;
  return QUERN_OK;
}

/* Batch normalization across ranks needs the backend's partial-statistics ops. */
static quern_status check_batch_normalization_of_ranks(const quern_trainer *trainer) {
  if (trainer->options.collective == NULL || quern__has_batch_norm_parts(trainer->context))
    return QUERN_OK;
  return quern__fail(QUERN_ERROR_UNSUPPORTED,
                     "train: batch normalization on %zu ranks needs ops that the backend of %s "
                     "lacks: use layer normalization, or one rank",
                     trainer->options.collective->ranks, trainer->context->info.name);
}

/* A single sample has no variance, so a step of one is rejected before training starts. */
static quern_status check_batch_normalization(const quern_trainer *trainer, size_t rows) {
  const size_t batch = trainer->options.batch, last = rows % batch != 0 ? rows % batch : batch;
  if (last > 1) return check_batch_normalization_of_ranks(trainer);
  return quern__fail(QUERN_ERROR_ARGUMENT,
                     "train: batch normalization needs at least 2 samples per step, but with %zu "
                     "samples in batches of %zu the last batch has one: use another batch size",
                     rows, batch);
}

static quern_status copy_shares(quern_trainer *trainer) {
  if (trainer->options.shares == NULL) return QUERN_OK;
  const size_t bytes = trainer->options.collective->ranks * sizeof *trainer->shares;
  trainer->shares = malloc(bytes);
  if (trainer->shares == NULL) return quern__fail_memory("trainer", bytes);
  memcpy(trainer->shares, trainer->options.shares, bytes);
  trainer->options.shares = trainer->shares;
  return QUERN_OK;
}

static quern_status copy_text(const char **text, char **copy) {
  if (*text == NULL) return QUERN_OK;
  *copy = strdup(*text);
  if (*copy == NULL) return quern__fail_memory("trainer", strlen(*text) + 1);
  *text = *copy;
  return QUERN_OK;
}

static quern_status copy_texts(quern_trainer *trainer) {
  QUERN__FORWARD(copy_text(&trainer->options.checkpoint, &trainer->checkpoint));
  return copy_text(&trainer->options.resume, &trainer->resume);
}

static quern_status create_plan_of_rank(quern_trainer *trainer, const quern_network *network) {
  quern__buckets buckets = {.count = 0};
  QUERN__FORWARD(
      quern__reducer_buckets(trainer->reducer, trainer->context, &network->shape, &buckets));
  const quern_status status = quern__plan_create_with_buckets(
      trainer->context, network, trainer->size, &buckets, &trainer->plan);
  quern__buckets_free(&buckets);
  return status == QUERN_OK ? quern__plan_set_collective(trainer->plan, trainer->options.collective)
                            : status;
}

static quern_status create_plan(quern_trainer *trainer, const quern_network *network, size_t rows) {
  const float clip_norm = trainer->options.clip_norm;
  const quern_plan_mode mode = quern__trainer_mode(&trainer->options, trainer->context);
  if (trainer->options.collective == NULL)
    QUERN__FORWARD(
        quern_plan_create(trainer->context, network, trainer->size, mode, &trainer->plan));
  else
    QUERN__FORWARD(create_plan_of_rank(trainer, network));
  if (clip_norm > 0.0f) QUERN__FORWARD(quern_plan_set_clip_norm(trainer->plan, clip_norm));
  const float smoothing = trainer->options.label_smoothing;
  if (smoothing > 0.0f) QUERN__FORWARD(quern_plan_set_label_smoothing(trainer->plan, smoothing));
  if (trainer->class_weights != NULL)
    QUERN__FORWARD(quern_plan_set_class_weights(trainer->plan, trainer->class_weights));
  QUERN__FORWARD(quern_plan_set_dropout_seed(trainer->plan, trainer->options.seed));
  quern__plan_expect_steps(trainer->plan, quern__train_all_steps(&trainer->options, rows));
  QUERN__FORWARD(quern_plan_set_optimizer(trainer->plan, &trainer->options.optimizer));
  QUERN__FORWARD(quern__training_state_create(trainer->plan, &trainer->state));
  return trainer->options.patience > 0 ? quern__best_create(trainer->plan, &trainer->best)
                                       : QUERN_OK;
}

/* Allocates the optimizer's numbers for each step of an epoch. */
static quern_status create_updates(quern_trainer *trainer) {
  const size_t steps = quern__trainer_steps_per_epoch(trainer),
               bytes = steps * sizeof *trainer->updates;
  trainer->updates = malloc(bytes); /* fits: fewer steps than samples, which are in memory */
  if (trainer->updates == NULL) return quern__fail_memory("trainer", bytes);
  return quern__buffer_create_touched(trainer->context, bytes, &trainer->update_rows);
}

/* Resident training data is complete on every rank, since it is shuffled; streamed data is sent in
 * every epoch, and only the rank's own samples. */
static quern_status create_train(quern_trainer *trainer, const quern_network *network,
                                 const quern_dataset *train, quern__residency residency) {
  const bool resident = residency.chunk_rows == 0;
  const quern__shard shard = resident ? quern__shard_of(NULL, NULL, train->rows, train->rows)
                                      : quern__trainer_train_shard(&trainer->options, train->rows);
  return quern__data_source_create(trainer->context, network, train, true, residency, shard,
                                   &trainer->train);
}

static quern_status create_test(quern_trainer *trainer, const quern_network *network,
                                const quern_dataset *train, const quern_dataset *test,
                                quern__residency residency) {
  const quern__shard shard = quern__trainer_test_shard(&trainer->options, test->rows);
  QUERN__FORWARD(quern__data_source_create(trainer->context, network, test, true, residency, shard,
                                           &trainer->test));
  QUERN__FORWARD(quern__check_classes(train->schema, test));
  if (trainer->test.task == trainer->train.task) return QUERN_OK;
  return quern__fail(QUERN_ERROR_DATA,
                     "trainer: the task of %s differs from the training data's task", test->source);
}

/* Creates the data sources, and sets what depends on the data. */
static quern_status create_sources(quern_trainer *result, const quern_network *network,
                                   const quern_dataset *train, const quern_dataset *test) {
  if (result->options.patience > 0 && test == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "train: a patience of %zu epochs needs test data",
                       result->options.patience);
  QUERN__FORWARD(copy_shares(result));
  QUERN__FORWARD(copy_texts(result));
  result->size = quern__trainer_size(&result->options, train, test);
  result->options.batch = quern__trainer_batch(&result->options, train, test);
  QUERN__FORWARD(quern__train_check_rates(&result->options, train->rows));
  if (quern__shape_normalizes(&network->shape, QUERN_NORMALIZATION_BATCH))
    QUERN__FORWARD(check_batch_normalization(result, train->rows));
  quern__data data;
  QUERN__FORWARD(
      quern__trainer_place_data(result->context, network, train, test, &result->options, &data));
  QUERN__FORWARD(create_train(result, network, train, data.train.residency));
  return test != NULL ? create_test(result, network, train, test, data.test.residency) : QUERN_OK;
}

/* Creates everything else on this rank. */
static quern_status create_parts(quern_trainer *result, const quern_network *network,
                                 const quern_dataset *train, const quern_dataset *test) {
  QUERN__FORWARD(copy_class_weights(result, network));
  QUERN__FORWARD(create_plan(result, network, train->rows));
  QUERN__FORWARD(create_updates(result));
  QUERN__FORWARD(quern__batch_create(result->context, result->size, train->columns,
                                     result->train.target_count, &result->batch));
  QUERN__FORWARD(
      quern__tally_create(result->context, quern__trainer_rows(train, test), &result->tally));
  result->order = malloc(train->rows * sizeof *result->order);
  if (result->order == NULL)
    return quern__fail_memory("sample order", train->rows * sizeof *result->order);
  /* Memory that the device cannot provide is detected here, not in the first epoch. */
  return quern_context_finish(result->context);
}

quern_status quern_trainer_create(quern_context *context, const quern_network *network,
                                  const quern_dataset *train, const quern_dataset *test,
                                  const quern_train_options *options, quern_trainer **trainer) {
  if (trainer == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "trainer: the result pointer is NULL");
  *trainer = NULL;
  if (context == NULL || network == NULL || train == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "trainer: the context, the network or the training data is NULL");
  quern_trainer *result = calloc(1, sizeof *result);
  if (result == NULL) return quern__fail_memory("trainer", sizeof *result);
  result->context = context;
  result->slice = 1;
  quern__context_hold(context);
  quern_status status;
  QUERN__TRY(quern__train_options_read(options, train->rows, &result->options));
  QUERN__TRY(
      quern__ranks_create_reducer(result, network, create_sources(result, network, train, test)));
  QUERN__TRY(quern__ranks_begin(result, create_parts(result, network, train, test)));
  *trainer = result;
  return QUERN_OK;
cleanup:
  quern_trainer_free(result);
  return status;
}

uint64_t quern__trainer_best_steps(const quern_trainer *trainer) {
  return (uint64_t)trainer->best.epoch * quern__trainer_steps_per_epoch(trainer);
}

quern_status quern__trainer_check_idle(const char *what, const quern_trainer *trainer) {
  if (!trainer->running) return QUERN_OK;
  return quern__fail(QUERN_ERROR_BUSY,
                     "%s: called by a function of the trainer's options during a step", what);
}

void quern_trainer_free(quern_trainer *trainer) {
  if (trainer == NULL) return;
  if (trainer->running) {
    trainer->abandoned = true;
    return;
  }
  free(trainer->order);
  free(trainer->class_weights);
  free(trainer->shares);
  free(trainer->checkpoint);
  free(trainer->resume);
  free(trainer->updates);
  quern_buffer_free(trainer->update_rows);
  quern__best_free(&trainer->best);
  quern__tally_free(&trainer->tally);
  quern__batch_free(&trainer->batch);
  quern__training_state_free(&trainer->state);
  quern_plan_free(trainer->plan);
  quern__reducer_free(trainer->reducer); /* after the plan, which uses its buckets */
  quern__data_source_free(&trainer->train);
  quern__data_source_free(&trainer->test);
  quern__context_release(trainer->context);
  free(trainer);
}

quern_status quern_trainer_download(quern_trainer *trainer, quern_network *network) {
  if (trainer == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "trainer download: the trainer is NULL");
  return quern_plan_download(trainer->plan, network);
}

quern_status quern_trainer_download_best(quern_trainer *trainer, quern_network *network) {
  if (trainer == NULL || network == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "trainer download best: the trainer or the network is NULL");
  if (trainer->best.epoch == 0)
    return quern__fail(QUERN_ERROR_ARGUMENT, "trainer download best: no epoch was tested with a "
                                             "patience, expected options.patience and an epoch");
  if (!quern__shape_equal(&trainer->plan->shape, &network->shape))
    return quern__fail(QUERN_ERROR_SHAPE,
                       "trainer download best: the network's shape differs from the trainer's");
  network->batches = trainer->plan->batches_offset + quern__trainer_best_steps(trainer);
  return quern_buffer_read(trainer->best.parameters, 0,
                           trainer->plan->shape.flat_count * sizeof(float), network->parameters,
                           QUERN_WAIT);
}

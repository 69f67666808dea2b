/* The trainer: epochs over a plan, with the data on the device and no wait inside one. */
#include "../context.h"
#include "../dataset.h"
#include "../error.h"
#include "../philox.h"
#include "measure.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct quern_trainer {
  quern_context *context; /* held */
  quern_train_options options;
  quern_plan *plan;
  quern__resident train, test; /* test.rows is 0 where there is none */
  quern__batch batch;
  quern__tally tally;
  uint32_t *order; /* [train.rows]: the epoch's shuffle, on its way to the device */
  size_t epoch;    /* how many are done */
};

/* The caller's options over the defaults, for callers built against an older and shorter struct. */
static quern_status read_options(const quern_train_options *given, quern_train_options *options) {
  *options = (quern_train_options)QUERN_TRAIN_OPTIONS_INIT;
  if (given != NULL) {
    if (given->size < sizeof given->size || given->size > sizeof *options)
      return quern__fail(
          QUERN_ERROR_ARGUMENT,
          "train: options of %zu bytes, expected at most %zu: start from QUERN_TRAIN_OPTIONS_INIT",
          given->size, sizeof *options);
    memcpy(options, given, given->size);
  }
  if (options->epochs == 0) return quern__fail(QUERN_ERROR_ARGUMENT, "train: 0 epochs, expected at least 1");
  if (options->batch == 0)
    return quern__fail(QUERN_ERROR_ARGUMENT, "train: a batch of 0 samples, expected at least 1");
  if (!isfinite(options->sgd.learning_rate) || options->sgd.learning_rate < 0.0f)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "train: a learning rate of %g, expected a finite number, not negative",
                       (double)options->sgd.learning_rate);
  if (!isfinite(options->sgd.weight_decay) || options->sgd.weight_decay < 0.0f)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "train: a weight decay of %g, expected a finite number, not negative",
                       (double)options->sgd.weight_decay);
  return QUERN_OK;
}

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

quern_status quern_trainer_create(quern_context *context, const quern_network *network,
                                  const quern_dataset *train, const quern_dataset *test,
                                  const quern_train_options *options, quern_trainer **trainer) {
  if (trainer == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "trainer: the result pointer is NULL");
  *trainer = NULL;
  if (context == NULL || network == NULL || train == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "trainer: the context, the network or the training data is NULL");
  quern_trainer *made = calloc(1, sizeof *made);
  if (made == NULL) return quern__fail_memory("trainer", sizeof *made);
  made->context = context;
  quern__context_hold(context);
  quern_status status;
  QUERN__TRY(read_options(options, &made->options));
  size_t rows = larger(train->rows, test != NULL ? test->rows : 0);
  if (made->options.batch > rows) made->options.batch = rows;
  QUERN__TRY(quern__resident_create(context, network, train, &made->train));
  if (test != NULL) QUERN__TRY(quern__resident_create(context, network, test, &made->test));
  QUERN__TRY(quern_plan_create(context, network, made->options.batch, QUERN_PLAN_TRAINING, &made->plan));
  QUERN__TRY(quern__batch_create(context, made->options.batch, train->columns, &made->batch));
  QUERN__TRY(quern__tally_create(context, rows, &made->tally));
  made->order = malloc(train->rows * sizeof *made->order);
  if (made->order == NULL) {
    status = quern__fail_memory("sample order", train->rows * sizeof *made->order);
    goto cleanup;
  }
  *trainer = made;
  return QUERN_OK;
cleanup:
  quern_trainer_free(made);
  return status;
}

void quern_trainer_free(quern_trainer *trainer) {
  if (trainer == NULL) return;
  free(trainer->order);
  quern__tally_free(&trainer->tally);
  quern__batch_free(&trainer->batch);
  quern_plan_free(trainer->plan);
  quern__resident_free(&trainer->train);
  quern__resident_free(&trainer->test);
  quern__context_release(trainer->context);
  free(trainer);
}

/* Queues every step of the epoch, without a wait. */
static quern_status queue_steps(quern_trainer *trainer) {
  const quern__resident *train = &trainer->train;
  QUERN__FORWARD(quern_buffer_write(train->order, 0, train->rows * sizeof *trainer->order, trainer->order,
                                    QUERN_NO_WAIT));
  if (quern__plan_has_steps(trainer->plan)) {
    const quern__samples samples = quern__resident_samples(train, &trainer->batch, trainer->options.batch);
    return quern__plan_steps(trainer->plan, &samples, trainer->options.sgd,
                             quern_vector(trainer->tally.losses, 0, train->rows));
  }
  for (size_t first = 0; first < train->rows; first += trainer->options.batch) {
    size_t left = train->rows - first;
    size_t n = left < trainer->options.batch ? left : trainer->options.batch;
    quern_tensor x, labels;
    QUERN__FORWARD(quern__resident_gather(train, first, n, &trainer->batch, &x, &labels));
    QUERN__FORWARD(quern_plan_step(trainer->plan, x, labels, trainer->options.sgd,
                                   quern_vector(trainer->tally.losses, first, n)));
  }
  return QUERN_OK;
}

quern_status quern_trainer_epoch(quern_trainer *trainer, quern_epoch *epoch) {
  if (trainer == NULL || epoch == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "trainer epoch: the trainer or the result pointer is NULL");
  const quern__resident *train = &trainer->train;
  *epoch = (quern_epoch){.epoch = trainer->epoch + 1, .epochs = trainer->options.epochs};
  double start = quern__seconds();
  quern__shuffle(trainer->options.seed, QUERN__STREAM_SHUFFLE + (uint32_t)epoch->epoch, (uint32_t)train->rows,
                 trainer->order);
  quern_status status = queue_steps(trainer);
  if (status == QUERN_OK) status = quern__tally_mean_loss(&trainer->tally, train->rows, &epoch->train_loss);
  if (status != QUERN_OK) {
    quern__context_settle(trainer->context); /* the order may still be on its way to the device */
    return status;
  }
  epoch->train_samples_per_second = (double)train->rows / (quern__seconds() - start);
  trainer->epoch++;
  if (trainer->test.rows == 0) return QUERN_OK;
  epoch->tested = true;
  return quern__measure(trainer->plan, &trainer->test, &trainer->batch, trainer->options.batch,
                        &trainer->tally, &epoch->test);
}

quern_status quern_trainer_download(quern_trainer *trainer, quern_network *network) {
  if (trainer == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "trainer download: the trainer is NULL");
  return quern_plan_download(trainer->plan, network);
}

quern_status quern_train(quern_context *context, quern_network *network, const quern_dataset *train,
                         const quern_dataset *test, const quern_train_options *options, quern_epoch *last) {
  quern_trainer *trainer;
  QUERN__FORWARD(quern_trainer_create(context, network, train, test, options, &trainer));
  quern_status status = QUERN_OK;
  quern_epoch epoch;
  bool go_on = true;
  while (go_on && trainer->epoch < trainer->options.epochs) {
    QUERN__TRY(quern_trainer_epoch(trainer, &epoch));
    if (last != NULL) *last = epoch;
    if (trainer->options.on_epoch != NULL) go_on = trainer->options.on_epoch(&epoch, trainer->options.user);
  }
  QUERN__TRY(quern_trainer_download(trainer, network));
cleanup:
  quern_trainer_free(trainer);
  return status;
}

/* Training from the first epoch to the last: the loop around a trainer, and its checkpoints. */
#include "../base/error.h"
#include "../data/dataset.h"
#include "../network/network.h"
#include "trainer.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Steps to the next checkpoint within an epoch. */
static size_t steps_to_checkpoint(const quern_trainer *trainer) {
  const size_t every = trainer->options.checkpoint_every;
  if (trainer->options.checkpoint == NULL || every == 0) return SIZE_MAX;
  return every - (size_t)(trainer->plan->optimizer_steps % every);
}

/* True if a checkpoint is due at the trainer's position, which is not the end of the training. */
static bool checkpoint_is_due(const quern_trainer *trainer, const quern_epoch *epoch) {
  const size_t every = trainer->options.checkpoint_every;
  if (every == 0) return epoch->step == epoch->steps;
  return trainer->plan->optimizer_steps % every == 0;
}

/* Runs until all epochs are done, or a function of the options or the patience ends it. */
static quern_status run_epochs(quern_trainer *trainer, quern_epoch *epoch) {
  const quern_train_options *options = &trainer->options;
  bool continues = true;
  while (continues && trainer->epoch < options->epochs) {
    QUERN__FORWARD(quern_trainer_steps(trainer, steps_to_checkpoint(trainer), epoch));
    if (epoch->step == epoch->steps && options->on_epoch != NULL)
      continues = options->on_epoch(epoch, options->user);
    if (epoch->out_of_patience) continues = false;
    if (options->stop != NULL && options->stop(options->user)) continues = false;
    bool stops = !continues;
    QUERN__FORWARD(quern__collective_any(options->collective, &stops));
    continues = !stops;
    const bool ends = !continues || trainer->epoch == options->epochs;
    if (options->checkpoint != NULL && (ends || checkpoint_is_due(trainer, epoch)))
      QUERN__FORWARD(quern_trainer_save(trainer, options->checkpoint));
  }
  return QUERN_OK;
}

/* Describes a training that was complete when it was resumed. */
static quern_status describe_complete(quern_trainer *trainer, quern_epoch *epoch) {
  const size_t steps = quern__trainer_steps_per_epoch(trainer);
  *epoch = (quern_epoch){.epoch = trainer->epoch,
                         .epochs = trainer->options.epochs,
                         .train_loss = NAN,
                         .train_samples_per_second = NAN,
                         .step = steps,
                         .steps = steps};
  epoch->best_epoch = trainer->best.epoch;
  epoch->out_of_patience = quern__trainer_out_of_patience(trainer);
  return trainer->test.rows == 0 ? QUERN_OK : quern__trainer_test(trainer, epoch);
}

/* With a patience, copies the best parameters into the plan and tests them. */
static quern_status choose_best(quern_trainer *trainer, quern_epoch *epoch) {
  if (trainer->best.epoch == 0) return QUERN_OK;
  epoch->best_epoch = trainer->best.epoch;
  QUERN__FORWARD(quern__best_restore(&trainer->best, trainer->plan));
  trainer->plan->steps_taken = quern__trainer_best_steps(trainer);
  return quern__trainer_test(trainer, epoch);
}

/* Copies the parameters into the network if all are finite. */
static quern_status download_network(const quern_trainer *trainer, quern_network *network) {
  const size_t bytes = network->shape.flat_count * sizeof(float);
  float *parameters = malloc(bytes);
  if (parameters == NULL) return quern__fail_memory("train", bytes);
  quern_status status;
  QUERN__TRY(quern_buffer_read(trainer->plan->parameters, 0, bytes, parameters, QUERN_WAIT));
  QUERN__TRY(quern__trainer_check_parameters(trainer, parameters));
  memcpy(network->parameters, parameters, bytes);
  network->batches = trainer->plan->batches_offset + trainer->plan->steps_taken;
cleanup:
  free(parameters);
  return status;
}

quern_status quern__train_into(quern_context *context, const quern_network *network,
                               const quern_dataset *train, const quern_dataset *test,
                               const quern_train_options *options, quern_network *result,
                               quern_epoch *last) {
  quern_trainer *trainer = NULL;
  quern_status status;
  quern_epoch epoch;
  /* A function of the options may free these, which are needed at the end. */
  quern__dataset_hold(train);
  quern__network_hold(result);
  QUERN__TRY(quern_trainer_create(context, network, train, test, options, &trainer));
  if (trainer->options.resume != NULL)
    QUERN__TRY(quern_trainer_resume(trainer, trainer->options.resume));
  if (trainer->epoch == trainer->options.epochs || quern__trainer_out_of_patience(trainer))
    QUERN__TRY(describe_complete(trainer, &epoch));
  else
    QUERN__TRY(run_epochs(trainer, &epoch));
  QUERN__TRY(choose_best(trainer, &epoch));
  if (result != NULL) {
    QUERN__TRY(download_network(trainer, result));
    QUERN__TRY(quern_network_set_schema(result, quern_dataset_schema(train)));
  }
  if (last != NULL) *last = epoch;
cleanup:
  quern_trainer_free(trainer);
  quern__dataset_release(train);
  quern_network_free(result);
  return status;
}

quern_status quern_train(quern_context *context, quern_network *network, const quern_dataset *train,
                         const quern_dataset *test, const quern_train_options *options,
                         quern_epoch *last) {
  return quern__train_into(context, network, train, test, options, network, last);
}

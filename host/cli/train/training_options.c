/* The options for the library, and the functions that it calls. */
#include "session.h"

#include "../base/interrupt.h"
#include "../parallel/ranks.h"
#include "recipe.h"

#include <math.h>

static void add_epoch(train_session *run, const quern_epoch *epoch) {
  cJSON *object = cli_json_object(&run->json, run->epochs, NULL);
  cli_json_number(&run->json, object, "epoch", (double)epoch->epoch);
  cli_json_number(&run->json, object, "train_loss", epoch->train_loss);
  cli_json_metrics(&run->json, object, "test_", &epoch->test);
  cli_json_number(&run->json, object, "samples_per_second", epoch->train_samples_per_second);
}

static bool on_epoch(const quern_epoch *epoch, void *user) {
  train_session *run = user;
  if (run->measured++ > 0) run->seconds_a_sample += 1.0 / epoch->train_samples_per_second;
  cli_profile_add(&run->profile, epoch);
  cli_progress_epoch(&run->progress, epoch);
  /* The learning rate of the epoch's last step. */
  const quern_optimizer current =
      quern_schedule_at(&run->schedule, &run->optimizer, (uint64_t)epoch->epoch * epoch->steps - 1);
  /* A lost row is printed at once, and makes the command fail at its end. */
  (void)cli_log_epoch(&run->log, epoch, current.learning_rate);
  if (run->settings->json) add_epoch(run, epoch);
  return true;
}

void cli_training_on_progress(const quern_progress *current, void *user) {
  train_session *run = user;
  cli_progress_show(&run->progress, current);
}

static bool is_interrupted(void *user) {
  (void)user;
  cli_interrupt_watch_again();
  return cli_interrupt_signal() != 0;
}

/* The batch first, since the schedule's options count epochs; then the schedule, from which the log
 * has its learning rates. The data set has rows and the struct is the library's, so neither call
 * fails. */
static void resolve(quern_train_options *training, train_session *run) {
  const size_t rows = quern_dataset_rows(run->train);
  quern_train_options first = *training;
  (void)quern_train_options_resolve(&first, rows);
  training->batch = first.batch;
  training->schedule =
      cli_recipe_schedule(run->settings, rows / first.batch + (rows % first.batch != 0));
  (void)quern_train_options_resolve(training, rows);
  run->batch = training->batch;
  run->optimizer = training->optimizer;
  run->schedule = training->schedule;
}

quern_train_options cli_training_options(train_session *run) {
  const train_settings *settings = run->settings;
  quern_train_options training = quern_train_options_default();
  training.epochs = settings->epochs;
  training.batch = settings->batch;
  training.optimizer = cli_recipe_optimizer(settings);
  resolve(&training, run);
  training.patience = settings->patience;
  training.seed = settings->seed;
  training.on_epoch = on_epoch;
  training.user = run;
  training.stop = is_interrupted;
  training.clip_norm = isnan(settings->clip_norm) ? 0.0f : (float)settings->clip_norm;
  training.checkpoint = settings->checkpoint;
  training.checkpoint_every = settings->checkpoint_every;
  training.resume = settings->resume;
  training.data_memory = settings->data_memory;
  if (!isnan(settings->label_smoothing))
    training.label_smoothing = (float)settings->label_smoothing;
  training.class_weights = run->class_weights;
  training.collective = cli_ranks_collective();
  return training;
}

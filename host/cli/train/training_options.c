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
  /* The rate of the epoch's last step. */
  const quern_optimizer current =
      quern_schedule_at(&run->schedule, &run->optimizer, (uint64_t)epoch->epoch * epoch->steps - 1);
  /* A row that is lost is said at once, and makes the command fail at its end. */
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

quern_train_options cli_training_options(train_session *run) {
  const train_settings *settings = run->settings;
  quern_train_options training = quern_train_options_default();
  training.epochs = settings->epochs;
  const size_t rows = quern_dataset_rows(run->train), batch = cli_recipe_batch(settings, rows),
               steps = rows / batch + (rows % batch != 0);
  training.batch = batch;
  run->optimizer = cli_recipe_optimizer(settings);
  run->schedule = cli_recipe_schedule(settings, steps);
  /* What quern_train makes of 0, so that the log can tell the rate. */
  const uint64_t all = (uint64_t)settings->epochs * steps;
  run->schedule.steps = all > run->schedule.warmup ? all - run->schedule.warmup : 1;
  training.optimizer = run->optimizer;
  training.schedule = run->schedule;
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

/* The steps of an epoch: shuffle, queue, measure. */
#include "../functions/optimizer.h"

#include "../base/clock.h"
#include "../base/error.h"
#include "../base/size.h"
#include "../device/context.h"
#include "../functions/philox.h"
#include "trainer.h"
#include <math.h>
#include <stdlib.h>

/* Bounds in seconds of the time between two waits within an epoch: short enough to stop soon, long
 * enough that waits cost little. */
#define SHORTEST_SLICE 0.05
#define LONGEST_SLICE  0.2

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

size_t quern__trainer_steps_per_epoch(const quern_trainer *trainer) {
  return quern__train_steps_per_epoch(&trainer->options, trainer->train.rows);
}

size_t quern__trainer_samples_of(const quern_trainer *trainer, size_t steps) {
  return steps < quern__trainer_steps_per_epoch(trainer) ? steps * trainer->options.batch
                                                         : trainer->train.rows;
}

/* Computes the optimizer's numbers for each step of the next epoch and queues their upload. */
static quern_status schedule_updates(quern_trainer *trainer) {
  const size_t steps = quern__trainer_steps_per_epoch(trainer);
  const quern_train_options *options = &trainer->options;
  for (size_t s = 0; s < steps; s++) {
    const uint64_t done = (uint64_t)trainer->epoch * steps + s;
    const quern_optimizer current =
        quern_schedule_at(&options->schedule, &options->optimizer, done);
    trainer->updates[s] = quern__optimizer_step(&current, done + 1);
  }
  if (!quern__plan_has_steps(trainer->plan)) return QUERN_OK;
  return quern_buffer_write(trainer->update_rows, 0, steps * sizeof *trainer->updates,
                            trainer->updates, QUERN_NO_WAIT);
}

/* Shuffles for the next epoch and copies the training state, from which a loss that is not finite
 * is searched for at the epoch's end. */
static quern_status begin_epoch(quern_trainer *trainer) {
  const size_t rows = trainer->train.rows;
  quern__shuffle(trainer->options.seed, QUERN__STREAM_SHUFFLE + (uint32_t)(trainer->epoch + 1),
                 (uint32_t)rows, trainer->order);
  QUERN__FORWARD(quern__data_source_begin(&trainer->train, trainer->order));
  QUERN__FORWARD(schedule_updates(trainer));
  QUERN__FORWARD(quern__ranks_begin_epoch(trainer));
  QUERN__FORWARD(quern__training_state_save(&trainer->state, trainer->plan));
  trainer->kept_step = trainer->step;
  trainer->seconds = 0.0;
  trainer->samples = 0;
  trainer->reducing = (quern__reducing){.seconds = 0.0};
  trainer->loss_reported = 0.0;
  trainer->samples_reported = 0;
  trainer->begun = true;
  return QUERN_OK;
}

/* Queues `count` whole steps from `step` on; their samples must be available at once. */
static quern_status queue_whole(quern_trainer *trainer, size_t step, size_t count, size_t first,
                                size_t end) {
  quern__samples samples;
  QUERN__FORWARD(quern__data_source_samples(&trainer->train, first, end - first, &trainer->batch,
                                            trainer->options.batch, &samples));
  return quern__plan_steps(trainer->plan, &samples, trainer->updates + step,
                           quern_vector(trainer->update_rows, step, count),
                           quern_vector(trainer->tally.losses, first, end - first));
}

static quern_status queue_step(quern_trainer *trainer, size_t first, size_t end) {
  const size_t n = end - first;
  const quern_optimizer current = quern_schedule_at(
      &trainer->options.schedule, &trainer->options.optimizer, trainer->plan->optimizer_steps);
  QUERN__FORWARD(quern_plan_set_optimizer(trainer->plan, &current));
  if (trainer->options.collective != NULL) return quern__ranks_step(trainer, first, n);
  quern_tensor x;
  quern__targets targets;
  QUERN__FORWARD(
      quern__data_source_gather(&trainer->train, first, n, &trainer->batch, &x, &targets));
  return quern__plan_step(trainer->plan, x, &targets,
                          quern_vector(trainer->tally.losses, first, n));
}

quern_status quern__trainer_queue(quern_trainer *trainer, size_t count) {
  const bool whole = quern__plan_has_steps(trainer->plan);
  for (const size_t end = trainer->step + count; trainer->step < end;) {
    const size_t step = trainer->step, first = quern__trainer_samples_of(trainer, step);
    size_t steps = 1;
    if (whole) {
      const size_t last =
          quern__data_source_reach(&trainer->train, first, quern__trainer_samples_of(trainer, end));
      steps = quern__divide_up(last - first, trainer->options.batch);
      QUERN__FORWARD(queue_whole(trainer, step, steps, first, last));
    } else {
      QUERN__FORWARD(queue_step(trainer, first, quern__trainer_samples_of(trainer, step + 1)));
    }
    trainer->step += steps;
  }
  return QUERN_OK;
}

/* Sums only the losses since the last report, so that a report costs the same throughout the
 * epoch. */
static quern_status report_progress(quern_trainer *trainer, size_t first_step, double start) {
  const size_t done = quern__trainer_samples_of(trainer, trainer->step);
  if (trainer->samples_reported > done) { /* moved back to before a bad step */
    trainer->samples_reported = 0;
    trainer->loss_reported = 0.0;
  }
  const size_t reported = trainer->samples_reported;
  double mean;
  QUERN__FORWARD(quern__tally_mean_loss(&trainer->tally, reported, done - reported, &mean));
  QUERN__FORWARD(quern__collective_sum(trainer->options.collective, &mean, 1));
  trainer->loss_reported += mean * (double)(done - reported);
  trainer->samples_reported = done;
  const size_t here = trainer->samples + done - quern__trainer_samples_of(trainer, first_step);
  const quern_progress progress = {
      .epoch = trainer->epoch + 1,
      .epochs = trainer->options.epochs,
      .step = trainer->step,
      .steps = quern__trainer_steps_per_epoch(trainer),
      .train_loss = trainer->loss_reported / (double)done,
      .train_samples_per_second = (double)here / (trainer->seconds + quern__seconds() - start)};
  if (trainer->options.on_progress != NULL)
    trainer->options.on_progress(&progress, trainer->options.user);
  return QUERN_OK;
}

/* True if any rank is to stop. */
static quern_status must_stop(const quern_trainer *trainer, bool *stopped) {
  const quern_train_options *options = &trainer->options;
  *stopped = trainer->abandoned || (options->stop != NULL && options->stop(options->user));
  return quern__collective_any(options->collective, stopped);
}

/* Chooses the length of the next slice, and whether to report progress. Both depend on sums over
 * all ranks, so that ranks take the same steps. */
static quern_status end_slice(quern_trainer *trainer, double seconds, double now, bool *reports) {
  const quern_train_options *options = &trainer->options;
  *reports = options->on_progress != NULL && now - trainer->reported >= SHORTEST_SLICE;
  if (options->collective != NULL) {
    double both[] = {seconds / (double)options->collective->ranks, *reports};
    QUERN__FORWARD(quern__collective_sum(options->collective, both, 2));
    seconds = both[0];
    *reports = both[1] > 0.0;
  }
  if (seconds < SHORTEST_SLICE && trainer->slice <= SIZE_MAX / 2) trainer->slice *= 2;
  if (seconds > LONGEST_SLICE && trainer->slice > 1) trainer->slice /= 2;
  return QUERN_OK;
}

/* Queues up to `count` steps. With `stop`, on_progress or a collective, it queues them in slices
 * and waits for each but the last, for which the caller waits. */
static quern_status run_slices(quern_trainer *trainer, size_t count, double begin) {
  const quern_train_options *options = &trainer->options;
  const size_t first_step = trainer->step;
  if (options->stop == NULL && options->on_progress == NULL && options->collective == NULL)
    return quern__trainer_queue(trainer, count);
  while (count > 0) {
    bool stopped, reports;
    QUERN__FORWARD(must_stop(trainer, &stopped));
    if (stopped) break;
    if (count <= trainer->slice) return quern__trainer_queue(trainer, count);
    const double start = quern__seconds();
    QUERN__FORWARD(quern__trainer_queue(trainer, trainer->slice));
    QUERN__FORWARD(quern__data_source_ahead(&trainer->train));
    QUERN__FORWARD(quern_context_finish(trainer->context));
    const double end = quern__seconds();
    count -= trainer->slice;
    QUERN__FORWARD(end_slice(trainer, end - start, end, &reports));
    if (!reports) continue;
    QUERN__FORWARD(report_progress(trainer, first_step, begin));
    trainer->reported = end;
  }
  return QUERN_OK;
}

/* Computes the mean of the epoch's losses. Unless it is finite, searches for the step that went
 * wrong. */
static quern_status mean_loss(quern_trainer *trainer, double *mean) {
  QUERN__FORWARD(quern__tally_mean_loss(&trainer->tally, 0, trainer->train.rows, mean));
  QUERN__FORWARD(quern__collective_sum(trainer->options.collective, mean, 1));
  if (isfinite(*mean)) return QUERN_OK;
  float *losses;
  QUERN__FORWARD(quern__trainer_losses(trainer, &losses)); /* names the step */
  free(losses);
  return QUERN_OK;
}

/* Queues up to `count` steps and waits for them, so that the time measured is theirs. At the end of
 * the epoch computes the mean loss. */
static quern_status take_steps(quern_trainer *trainer, size_t count, double start, double *loss) {
  if (!trainer->begun) QUERN__FORWARD(begin_epoch(trainer));
  const size_t all = quern__trainer_steps_per_epoch(trainer);
  QUERN__FORWARD(run_slices(trainer, smaller(count, all - trainer->step), start));
  return trainer->step == all ? mean_loss(trainer, loss) : quern_context_finish(trainer->context);
}

/* Takes up to `steps` steps and, after the last of an epoch, tests it. */
static quern_status run_steps(quern_trainer *trainer, size_t steps, quern_epoch *epoch) {
  const size_t all = quern__trainer_steps_per_epoch(trainer);
  *epoch = (quern_epoch){.epoch = trainer->epoch + 1,
                         .epochs = trainer->options.epochs,
                         .steps = all,
                         .best_epoch = trainer->best.epoch};
  const double start = quern__seconds();
  const size_t before = trainer->step;
  const quern_status status = take_steps(trainer, steps, start, &epoch->train_loss);
  epoch->step = trainer->step;
  if (status != QUERN_OK) {
    quern__context_settle(trainer->context); /* the copy of the order may not be finished */
    return quern__ranks_fail(trainer, status);
  }
  const bool whole = trainer->step == all;
  trainer->seconds += quern__seconds() - start;
  trainer->samples += quern__trainer_samples_of(trainer, trainer->step) -
                      quern__trainer_samples_of(trainer, before);
  if (!whole) return QUERN_OK;

  epoch->train_samples_per_second = (double)trainer->samples / trainer->seconds;
  epoch->train_seconds = trainer->seconds;
  epoch->reduction_seconds = trainer->reducing.seconds;
  epoch->reduction_exposed_seconds = trainer->reducing.exposed;
  trainer->epoch++;
  trainer->step = 0;
  trainer->begun = false;
  if (trainer->test.rows > 0)
    QUERN__FORWARD(quern__ranks_fail(trainer, quern__trainer_test(trainer, epoch)));
  if (trainer->options.patience == 0) return QUERN_OK;
  QUERN__FORWARD(
      quern__best_update(&trainer->best, trainer->plan, trainer->epoch, epoch->test.loss));
  epoch->best_epoch = trainer->best.epoch;
  epoch->out_of_patience = quern__trainer_out_of_patience(trainer);
  return QUERN_OK;
}

quern_status quern_trainer_steps(quern_trainer *trainer, size_t steps, quern_epoch *epoch) {
  if (trainer == NULL || epoch == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "trainer steps: the trainer or the result pointer is NULL");
  QUERN__FORWARD(quern__trainer_check_idle("trainer steps", trainer));
  trainer->running = true;
  const quern_status status = run_steps(trainer, steps, epoch);
  trainer->running = false;
  if (trainer->abandoned) quern_trainer_free(trainer);
  return status;
}

quern_status quern__trainer_test(quern_trainer *trainer, quern_epoch *epoch) {
  epoch->tested = true;
  return quern__measure(trainer->plan, &trainer->test, &trainer->batch, trainer->size,
                        &trainer->tally, trainer->options.collective, trainer->options.shares,
                        &epoch->test);
}

bool quern__trainer_out_of_patience(const quern_trainer *trainer) {
  const size_t patience = trainer->options.patience;
  return patience > 0 && trainer->epoch - trainer->best.epoch >= patience;
}

quern_status quern_trainer_epoch(quern_trainer *trainer, quern_epoch *epoch) {
  return quern_trainer_steps(trainer, SIZE_MAX, epoch);
}

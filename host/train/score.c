/* Metrics of labels and regressions. */
#include "../base/error.h"
#include "measure.h"
#include <math.h>
#include <stdlib.h>

quern_status quern__score_create(quern_task task, quern_loss loss, size_t count,
                                 quern__score *score) {
  /* A probability of one half is a logit of 0. */
  *score = (quern__score){
      .task = task, .threshold = loss == QUERN_LOSS_BINARY ? 0.0f : 0.5f, .count = count};
  score->sums = calloc(count, sizeof *score->sums);
  return score->sums != NULL ? QUERN_OK
                             : quern__fail_memory("metrics", count * sizeof *score->sums);
}

void quern__score_free(quern__score *score) {
  free(score->sums);
  *score = (quern__score){0};
}

void quern__score_add(quern__score *score, const float *outputs, const float *targets,
                      const double *scale, size_t n) {
  for (size_t row = 0; row < n; row++) {
    bool exact = true;
    for (size_t i = 0; i < score->count; i++, outputs++, targets++) {
      quern__target_sums *sums = &score->sums[i];
      const double unit = scale != NULL ? scale[i] : 1.0;
      const double target = unit * (double)*targets,
                   error = unit * ((double)*outputs - (double)*targets);
      const bool predicted = *outputs > score->threshold, expected = *targets > 0.5f;
      if (score->samples == 0) sums->shift = target;
      sums->sum += target - sums->shift;
      sums->squares += (target - sums->shift) * (target - sums->shift);
      sums->errors += error * error;
      sums->absolute += fabs(error);
      sums->both += predicted && expected;
      sums->predicted += predicted;
      sums->expected += expected;
      /* A NaN is never correct. */
      const bool correct = predicted == expected && !isnan(*outputs);
      sums->correct += correct;
      exact = exact && correct;
    }
    score->samples++;
    score->exact += exact;
  }
}

/* Converts sums about one shift to sums about another. */
static void move_shift(quern__target_sums *sums, double samples, double shift) {
  const double difference = sums->shift - shift;
  sums->squares += 2.0 * difference * sums->sum + samples * difference * difference;
  sums->sum += samples * difference;
  sums->shift = shift;
}

void quern__score_merge(quern__score *score, const quern__score *other) {
  if (other->samples == 0) return;
  for (size_t i = 0; i < score->count; i++) {
    quern__target_sums *sums = &score->sums[i], added = other->sums[i];
    if (score->samples == 0) sums->shift = added.shift;
    move_shift(&added, (double)other->samples, sums->shift);
    sums->sum += added.sum;
    sums->squares += added.squares;
    sums->errors += added.errors;
    sums->absolute += added.absolute;
    sums->both += added.both;
    sums->predicted += added.predicted;
    sums->expected += added.expected;
    sums->correct += added.correct;
  }
  score->samples += other->samples;
  score->exact += other->exact;
}

static double ratio(double part, double whole) {
  return whole > 0.0 ? part / whole : (double)NAN;
}

static void finish_labels(const quern__score *score, quern_metrics *metrics) {
  size_t correct = 0, both = 0, either = 0;
  for (size_t i = 0; i < score->count; i++) {
    correct += score->sums[i].correct;
    both += score->sums[i].both;
    either += score->sums[i].predicted + score->sums[i].expected;
  }
  metrics->exact_match = ratio((double)score->exact, (double)score->samples);
  metrics->label_accuracy = ratio((double)correct, (double)score->samples * (double)score->count);
  metrics->f1 = ratio(2.0 * (double)both, (double)either);
}

static void finish_regression(const quern__score *score, quern_metrics *metrics) {
  const double n = (double)score->samples, count = (double)score->count;
  double errors = 0.0, absolute = 0.0, explained = 0.0;
  for (size_t i = 0; i < score->count; i++) {
    const quern__target_sums *sums = &score->sums[i];
    const double variation = sums->squares - sums->sum * sums->sum / n;
    errors += sums->errors;
    absolute += sums->absolute;
    explained += 1.0 - ratio(sums->errors, variation);
  }
  metrics->mean_squared_error = errors / (n * count);
  metrics->mean_absolute_error = absolute / (n * count);
  metrics->r_squared = explained / count;
}

void quern__score_finish(const quern__score *score, quern_metrics *metrics) {
  if (score->task == QUERN_TASK_LABELS)
    finish_labels(score, metrics);
  else
    finish_regression(score, metrics);
}

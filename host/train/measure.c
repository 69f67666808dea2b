/* Loss and metrics over a data set. */
#include "measure.h"

#include "../context.h"
#include "../error.h"
#include <math.h>
#include <stdlib.h>
#include <time.h>

double quern__seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

quern_status quern__tally_create(quern_context *context, size_t rows, quern__tally *tally) {
  *tally = (quern__tally){.context = context};
  quern_status status;
  QUERN__TRY(quern__buffer_create_touched(context, rows * sizeof(float), &tally->losses));
  QUERN__TRY(quern__buffer_create_touched(context, sizeof(float), &tally->sum));
  QUERN__TRY(quern__buffer_create_touched(context, sizeof(int32_t), &tally->correct));
  return QUERN_OK;
cleanup:
  quern__tally_free(tally);
  return status;
}

void quern__tally_free(quern__tally *tally) {
  quern_buffer_free(tally->losses);
  quern_buffer_free(tally->sum);
  quern_buffer_free(tally->correct);
  *tally = (quern__tally){0};
}

quern_status quern__tally_mean_loss(const quern__tally *tally, size_t first, size_t rows, double *mean) {
  float sum;
  QUERN__FORWARD(
      quern_sum(tally->context, quern_vector(tally->losses, first, rows), quern_vector(tally->sum, 0, 1)));
  QUERN__FORWARD(quern_buffer_read(tally->sum, 0, sizeof sum, &sum, QUERN_WAIT));
  *mean = (double)sum / (double)rows;
  return QUERN_OK;
}

/* Everything that a task does not have is NaN. */
static quern_metrics no_metrics(const quern__feed *feed) {
  return (quern_metrics){.samples = feed->rows,
                         .loss = NAN,
                         .accuracy = NAN,
                         .samples_per_second = NAN,
                         .task = feed->task,
                         .exact_match = NAN,
                         .label_accuracy = NAN,
                         .f1 = NAN,
                         .mean_squared_error = NAN,
                         .mean_absolute_error = NAN,
                         .r_squared = NAN};
}

/* How many of a set's rows the batch at `first` takes. */
static size_t batch_rows(const quern__feed *feed, size_t first, size_t size) {
  return feed->rows - first < size ? feed->rows - first : size;
}

/* Classes: nothing is waited for but the count, at the end. */
static quern_status measure_classes(quern_plan *plan, quern__feed *feed, const quern__batch *batch,
                                    size_t size, const quern__tally *tally, quern_metrics *metrics) {
  static const int32_t zero = 0;
  quern_tensor correct = quern_vector(tally->correct, 0, 1);
  QUERN__FORWARD(quern_buffer_write(tally->correct, 0, sizeof zero, &zero, QUERN_NO_WAIT));
  for (size_t first = 0; first < feed->rows; first += size) {
    const size_t n = batch_rows(feed, first, size);
    quern_tensor x;
    quern__truth truth;
    QUERN__FORWARD(quern__feed_gather(feed, first, n, batch, &x, &truth));
    QUERN__FORWARD(
        quern_plan_evaluate(plan, x, truth.labels, quern_vector(tally->losses, first, n), correct));
  }
  int32_t count;
  QUERN__FORWARD(quern_buffer_read(tally->correct, 0, sizeof count, &count, QUERN_WAIT));
  metrics->accuracy = (double)count / (double)feed->rows;
  return QUERN_OK;
}

/* Targets: outputs and targets of each batch come to the host. */
static quern_status measure_targets(quern_plan *plan, quern__feed *feed, const quern__batch *batch,
                                    size_t size, const quern__tally *tally, quern_metrics *metrics) {
  const size_t k = feed->target_count, bytes = size * k * sizeof(float); /* fits, as the batch does */
  quern__score score = {0};
  quern_status status = QUERN_OK;
  float *outputs = malloc(bytes), *targets = malloc(bytes);
  if (outputs == NULL || targets == NULL) {
    status = quern__fail_memory("metrics", 2 * bytes);
    goto cleanup;
  }
  QUERN__TRY(quern__score_create(feed->task, plan->shape.loss, k, &score));
  for (size_t first = 0; first < feed->rows; first += size) {
    const size_t n = batch_rows(feed, first, size);
    quern_tensor x;
    quern__truth truth;
    QUERN__TRY(quern__feed_gather(feed, first, n, batch, &x, &truth));
    QUERN__TRY(quern_plan_evaluate_targets(plan, x, truth.targets, quern_vector(tally->losses, first, n)));
    const quern_tensor z = quern__plan_output(plan, plan->shape.layer_count - 1, n);
    QUERN__TRY(
        quern_buffer_read(z.buffer, z.offset * sizeof(float), n * k * sizeof(float), outputs, QUERN_WAIT));
    QUERN__TRY(quern_buffer_read(batch->targets, 0, n * k * sizeof(float), targets, QUERN_WAIT));
    quern__score_add(&score, outputs, targets, feed->target_scale, n);
  }
  quern__score_finish(&score, metrics);
cleanup:
  quern__score_free(&score);
  free(outputs);
  free(targets);
  return status;
}

quern_status quern__measure(quern_plan *plan, quern__feed *feed, const quern__batch *batch, size_t size,
                            const quern__tally *tally, quern_metrics *metrics) {
  const double start = quern__seconds();
  *metrics = no_metrics(feed);
  QUERN__FORWARD(feed->target_count > 0 ? measure_targets(plan, feed, batch, size, tally, metrics)
                                        : measure_classes(plan, feed, batch, size, tally, metrics));
  QUERN__FORWARD(quern__tally_mean_loss(tally, 0, feed->rows, &metrics->loss));
  metrics->samples_per_second = (double)feed->rows / (quern__seconds() - start);
  return QUERN_OK;
}

/* Loss and metrics of a data set. */
#include "measure.h"

#include "../base/clock.h"
#include "../base/error.h"
#include "../device/context.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Computes the mean in double on the host, a piece at a time; the sum cannot overflow. */
static quern_status mean_on_host(const quern__tally *tally, size_t first, size_t rows,
                                 double *mean) {
  enum { PIECE = 1 << 16 };
  const size_t capacity = rows < PIECE ? rows : PIECE;
  quern_status status = QUERN_OK;
  double sum = 0.0;
  float *losses = malloc(capacity * sizeof *losses);
  if (losses == NULL) return quern__fail_memory("losses", capacity * sizeof *losses);
  for (size_t done = 0, n; done < rows; done += n) {
    n = rows - done < capacity ? rows - done : capacity;
    QUERN__TRY(quern_buffer_read(tally->losses, (first + done) * sizeof *losses, n * sizeof *losses,
                                 losses, QUERN_WAIT));
    for (size_t i = 0; i < n; i++) sum += (double)losses[i];
  }
  *mean = sum / (double)rows;
cleanup:
  free(losses);
  return status;
}

/* The device adds in float, so finite losses may have an infinite sum, which the host adds
 * again. */
quern_status quern__tally_mean_loss(const quern__tally *tally, size_t first, size_t rows,
                                    double *mean) {
  float sum;
  QUERN__FORWARD(quern_sum(tally->context, quern_vector(tally->losses, first, rows),
                           quern_vector(tally->sum, 0, 1)));
  QUERN__FORWARD(quern_buffer_read(tally->sum, 0, sizeof sum, &sum, QUERN_WAIT));
  if (!isfinite(sum)) return mean_on_host(tally, first, rows, mean);
  *mean = (double)sum / (double)rows;
  return QUERN_OK;
}

/* Metrics that a task does not have are NaN. */
static quern_metrics no_metrics(const quern__data_source *source) {
  return (quern_metrics){.samples = source->rows,
                         .loss = NAN,
                         .accuracy = NAN,
                         .samples_per_second = NAN,
                         .task = source->task,
                         .exact_match = NAN,
                         .label_accuracy = NAN,
                         .f1 = NAN,
                         .mean_squared_error = NAN,
                         .mean_absolute_error = NAN,
                         .r_squared = NAN};
}

/* The samples from `begin` to `end` of a data set, in batches of `size`. */
typedef struct sample_range {
  quern__data_source *source;
  const quern__batch *batch;
  const quern__tally *tally;
  size_t begin, end, size;
} sample_range;

/* Gathers the batch at `first`. *n gets its number of samples, *losses the tensor of their
 * losses. */
static quern_status gather_batch(const sample_range *range, size_t first, size_t *n,
                                 quern_tensor *x, quern__targets *targets, quern_tensor *losses) {
  const size_t reach = quern__data_source_reach(range->source, first, range->end) - first;
  *n = reach < range->size ? reach : range->size;
  *losses = quern_vector(range->tally->losses, first, *n);
  return quern__data_source_gather(range->source, first, *n, range->batch, x, targets);
}

/* Measures a data set of classes. Waits only for the count, at the end. */
static quern_status measure_classes(quern_plan *plan, const sample_range *range,
                                    double *correct_count) {
  static const int32_t zero = 0;
  quern_buffer *counter = range->tally->correct;
  const quern_tensor correct = quern_vector(counter, 0, 1);
  QUERN__FORWARD(quern_buffer_write(counter, 0, sizeof zero, &zero, QUERN_NO_WAIT));
  for (size_t first = range->begin, n; first < range->end; first += n) {
    quern_tensor x, losses;
    quern__targets targets;
    QUERN__FORWARD(gather_batch(range, first, &n, &x, &targets, &losses));
    QUERN__FORWARD(quern_plan_evaluate(plan, x, targets.labels, losses, correct));
  }
  uint32_t count; /* has the size of an int32_t, and counts fewer than 2^32 samples */
  QUERN__FORWARD(quern_buffer_read(counter, 0, sizeof count, &count, QUERN_WAIT));
  *correct_count = (double)count;
  return QUERN_OK;
}

/* Measures a data set of targets. Waits for each batch's outputs and targets. */
static quern_status measure_targets(quern_plan *plan, const sample_range *range,
                                    quern__score *score) {
  /* fits, since the batch does */
  const size_t k = range->source->target_count, bytes = range->size * k * sizeof(float);
  quern_status status = QUERN_OK;
  float *outputs = malloc(bytes), *targets = malloc(bytes);
  if (outputs == NULL || targets == NULL) {
    status = quern__fail_memory("metrics", 2 * bytes);
    goto cleanup;
  }
  for (size_t first = range->begin, n; first < range->end; first += n) {
    quern_tensor x, losses;
    quern__targets expected;
    QUERN__TRY(gather_batch(range, first, &n, &x, &expected, &losses));
    QUERN__TRY(quern_plan_evaluate_targets(plan, x, expected.targets, losses));
    const quern_tensor z = quern__plan_output(plan, plan->shape.layer_count - 1, n);
    QUERN__TRY(quern_buffer_read(z.buffer, z.offset * sizeof(float), n * k * sizeof(float), outputs,
                                 QUERN_WAIT));
    QUERN__TRY(
        quern_buffer_read(range->batch->targets, 0, n * k * sizeof(float), targets, QUERN_WAIT));
    quern__score_add(score, outputs, targets, range->source->target_scale, n);
  }
cleanup:
  free(outputs);
  free(targets);
  return status;
}

/* Adds up the scores of all ranks, in rank order. */
static quern_status merge_scores(const quern_collective *collective, quern__score *score) {
  if (collective == NULL) return QUERN_OK;
  const size_t ranks = collective->ranks, counts[] = {score->samples, score->exact},
               bytes = score->count * sizeof *score->sums;
  quern_status status;
  size_t(*all_counts)[2] = malloc(ranks * sizeof *all_counts);
  quern__target_sums *all = malloc(ranks * bytes);
  if (all_counts == NULL || all == NULL) {
    status = quern__fail_memory("metrics", ranks * (bytes + sizeof *all_counts));
    goto cleanup;
  }
  QUERN__TRY(quern__collective_gather(collective, counts, sizeof counts, all_counts));
  QUERN__TRY(quern__collective_gather(collective, score->sums, bytes, all));
  score->samples = score->exact = 0;
  memset(score->sums, 0, bytes);
  for (size_t r = 0; r < ranks; r++)
    quern__score_merge(score, &(const quern__score){.count = score->count,
                                                    .samples = all_counts[r][0],
                                                    .exact = all_counts[r][1],
                                                    .sums = all + r * score->count});
cleanup:
  free(all);
  free(all_counts);
  return status;
}

static quern_status score_targets(quern_plan *plan, const sample_range *range,
                                  const quern_collective *collective, quern_metrics *metrics) {
  const quern__data_source *source = range->source;
  quern__score score = {0};
  quern_status status;
  QUERN__TRY(quern__score_create(source->task, plan->shape.loss, source->target_count, &score));
  QUERN__TRY(measure_targets(plan, range, &score));
  QUERN__TRY(merge_scores(collective, &score));
  quern__score_finish(&score, metrics);
cleanup:
  quern__score_free(&score);
  return status;
}

quern_status quern__measure(quern_plan *plan, quern__data_source *source, const quern__batch *batch,
                            size_t size, const quern__tally *tally,
                            const quern_collective *collective, const uint32_t *shares,
                            quern_metrics *metrics) {
  const double start = quern__seconds(), rows = (double)source->rows;
  size_t begin, own;
  quern__collective_part(collective, shares, source->rows, &begin, &own);
  const sample_range range = {source, batch, tally, begin, begin + own, size};
  *metrics = no_metrics(source);
  double correct_count = NAN, mean = 0.0;
  QUERN__FORWARD(source->target_count > 0 ? score_targets(plan, &range, collective, metrics)
                                          : measure_classes(plan, &range, &correct_count));
  if (own > 0) QUERN__FORWARD(quern__tally_mean_loss(tally, begin, own, &mean));
  if (collective != NULL) {
    double sums[] = {mean * (double)own, correct_count};
    QUERN__FORWARD(quern__collective_sum(collective, sums, 2));
    mean = sums[0] / rows;
    correct_count = sums[1];
  }
  metrics->loss = mean;
  metrics->accuracy = correct_count / rows; /* NaN stays NaN */
  metrics->samples_per_second = rows / (quern__seconds() - start);
  return QUERN_OK;
}

/* Measures a plan on a data set, for evaluation and the trainer. */
#ifndef QUERN_HOST_TRAIN_MEASURE_H
#define QUERN_HOST_TRAIN_MEASURE_H

#include "../parallel/collective_ops.h"
#include "data/data_source.h"

/* The losses of a data set, and their sum and the count of correct predictions. */
typedef struct quern__tally {
  quern_context *context;
  quern_buffer *losses;  /* float [rows] */
  quern_buffer *sum;     /* float [1] */
  quern_buffer *correct; /* int32_t [1] */
} quern__tally;

quern_status quern__tally_create(quern_context *context, size_t rows, quern__tally *tally);
void quern__tally_free(quern__tally *tally);

/* Waits. Computes the mean of `rows` losses from `first` on; it is finite if they are. */
quern_status quern__tally_mean_loss(const quern__tally *tally, size_t first, size_t rows,
                                    double *mean);

/* Runs the plan on the data set in its order, `size` samples per batch. Waits at the end and, with
 * targets, after each batch. Ranks of a collective, which may be NULL, each measure their share,
 * and all get the metrics of the whole. */
quern_status quern__measure(quern_plan *plan, quern__data_source *source, const quern__batch *batch,
                            size_t size, const quern__tally *tally,
                            const quern_collective *collective, const uint32_t *shares,
                            quern_metrics *metrics);

/* --- Sums of outputs and targets, on the host in double --------------------------------------- */

typedef struct quern__target_sums {
  /* the first target, subtracted from all of them so that sums lose no digits */
  double shift;
  double sum, squares;     /* of targets minus shift */
  double errors, absolute; /* squared and absolute errors */
  /* labels: true positives; predicted positives; actual positives */
  size_t both, predicted, expected;
  size_t correct; /* labels: correct predictions */
} quern__target_sums;

typedef struct quern__score {
  quern_task task;
  float threshold; /* labels: outputs above it are positive */
  size_t count;    /* targets */
  size_t samples, exact;
  quern__target_sums *sums; /* [count], owned */
} quern__score;

quern_status quern__score_create(quern_task task, quern_loss loss, size_t count,
                                 quern__score *score);
void quern__score_free(quern__score *score);

/* Adds n samples: outputs and targets [n][count]; scale [count] or NULL. */
void quern__score_add(quern__score *score, const float *outputs, const float *targets,
                      const double *scale, size_t n);

/* Adds the sums of another score, over other samples of the same targets. */
void quern__score_merge(quern__score *score, const quern__score *other);

void quern__score_finish(const quern__score *score, quern_metrics *metrics);

#endif

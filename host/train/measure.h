/* Measuring a plan over a data set, shared by evaluation and the trainer. */
#ifndef QUERN_HOST_TRAIN_MEASURE_H
#define QUERN_HOST_TRAIN_MEASURE_H

#include "../parallel/collective_ops.h"
#include "data/data_source.h"

/* Where losses are gathered over a whole data set, and what they and the right answers add up to.
 */
typedef struct quern__tally {
  quern_context *context;
  quern_buffer *losses;  /* float [rows] */
  quern_buffer *sum;     /* float [1] */
  quern_buffer *correct; /* int32_t [1] */
} quern__tally;

quern_status quern__tally_create(quern_context *context, size_t rows, quern__tally *tally);
void quern__tally_free(quern__tally *tally);

/* Waits, and gives the mean of `rows` losses from `first` on: finite if all of them are. */
quern_status quern__tally_mean_loss(const quern__tally *tally, size_t first, size_t rows,
                                    double *mean);

/* Runs the plan over the whole set in its order, `size` samples at a time; waits at the end, and
 * with targets after each batch. Ranks of a collective, which may be NULL, each go over their
 * share, and all get the figures of the whole. */
quern_status quern__measure(quern_plan *plan, quern__data_source *feed, const quern__batch *batch,
                            size_t size, const quern__tally *tally,
                            const quern_collective *collective, const uint32_t *shares,
                            quern_metrics *metrics);

/* --- What outputs and targets add up to, on the host and in double
 * -------------------------------------- */

/* Of one target. */
typedef struct quern__target_sums {
  double shift;            /* the first target: sums of what others differ by lose no digits */
  double sum, squares;     /* of targets less the shift */
  double errors, absolute; /* squares and magnitudes of output less target */
  /* labels: samples that have it and are said to, are said to, have it */
  size_t both, predicted, expected;
  size_t right; /* labels: samples of which it is told rightly */
} quern__target_sums;

typedef struct quern__score {
  quern_task task;
  float threshold; /* of labels: an output above it says that a sample has it */
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

/* Adds what another score, of the same targets, counted of other samples. */
void quern__score_merge(quern__score *score, const quern__score *other);

/* Sets those of the metrics that fit the task. */
void quern__score_finish(const quern__score *score, quern_metrics *metrics);

#endif

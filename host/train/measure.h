/* Measuring a plan over a resident data set, shared by evaluation and the trainer. */
#ifndef QUERN_HOST_TRAIN_MEASURE_H
#define QUERN_HOST_TRAIN_MEASURE_H

#include "resident.h"

/* Where losses are gathered over a whole data set, and what they and the right answers add up to. */
typedef struct quern__tally {
  quern_context *context;
  quern_buffer *losses;  /* float [rows] */
  quern_buffer *sum;     /* float [1] */
  quern_buffer *correct; /* int32_t [1] */
} quern__tally;

quern_status quern__tally_create(quern_context *context, size_t rows, quern__tally *tally);
void quern__tally_free(quern__tally *tally);

/* Waits, and gives the mean of `rows` losses from `first` on. */
quern_status quern__tally_mean_loss(const quern__tally *tally, size_t first, size_t rows, double *mean);

/* Seconds of a clock that only goes forward. */
double quern__seconds(void);

/* Runs the plan over the whole set in its order, `size` samples at a time; waits at the end. */
quern_status quern__measure(quern_plan *plan, const quern__resident *resident, const quern__batch *batch,
                            size_t size, const quern__tally *tally, quern_metrics *metrics);

#endif

/* Early stopping: the parameters of the epoch with the lowest test loss. */
#ifndef QUERN_HOST_TRAIN_BEST_H
#define QUERN_HOST_TRAIN_BEST_H

#include "../network/plan.h"

typedef struct quern__best {
  quern_buffer *parameters; /* the flat range; NULL without a patience */
  size_t epoch;             /* 0: none yet */
  double loss;
} quern__best;

quern_status quern__best_create(const quern_plan *plan, quern__best *best);
void quern__best_free(quern__best *best);

/* Queues a copy of the parameters if the test loss after `epoch` is finite and the lowest so
 * far. */
quern_status quern__best_update(quern__best *best, const quern_plan *plan, size_t epoch,
                                double loss);

/* Queues a copy of the best parameters into the plan. */
quern_status quern__best_restore(const quern__best *best, quern_plan *plan);

#endif

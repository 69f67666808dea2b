/* The tasks that ranks train on in tests, and the bounds of their difference from one process. */
#ifndef QUERN_TESTS_TRAIN_RANKS_BOUND_H
#define QUERN_TESTS_TRAIN_RANKS_BOUND_H

#include "../train/checkpoint_test.h"
#include "ranks.h"

#include <math.h>

static inline double bound_of(const task *self, size_t ranks) {
  size_t widest = self->inputs;
  for (size_t l = 0; l < self->layer_count; l++)
    if (self->layers[l].units > widest) widest = self->layers[l].units;
  return test_reordering_bound(self->batch, ranks, widest, 0.3, self->epochs * task_steps(self));
}

static inline void assert_near(const quern_network *got, const quern_network *expected,
                               double bound) {
  for (size_t i = 0; i < expected->shape.flat_count; i++)
    assert_true(fabs((double)got->parameters[i] - (double)expected->parameters[i]) <= bound);
}

#endif

/* What ranks train in tests, and how near they come to one process. */
#ifndef QUERN_TESTS_TRAIN_RANKS_BOUND_H
#define QUERN_TESTS_TRAIN_RANKS_BOUND_H

#include "checkpoint_test.h"
#include "ranks.h"

#include <math.h>

static inline double bound_of(const task *is, size_t ranks) {
  size_t widest = is->inputs;
  for (size_t l = 0; l < is->layer_count; l++)
    if (is->layers[l].units > widest) widest = is->layers[l].units;
  return test_reordering_bound(is->batch, ranks, widest, 0.3, is->epochs * task_steps(is));
}

static inline void assert_near(const quern_network *got, const quern_network *expected,
                               double bound) {
  for (size_t i = 0; i < expected->shape.flat_count; i++)
    assert_true(fabs((double)got->parameters[i] - (double)expected->parameters[i]) <= bound);
}

#endif

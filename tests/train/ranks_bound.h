/* What ranks train in tests, and how near they come to one process. */
#ifndef QUERN_TESTS_TRAIN_RANKS_BOUND_H
#define QUERN_TESTS_TRAIN_RANKS_BOUND_H

#include "checkpoint_test.h"

#include <math.h>

/* Ranks have no batch normalisation. */
static inline task task_of_ranks(size_t index) {
  task is = task_at(index);
  for (size_t l = 0; l < is.layer_count; l++)
    if (is.layers[l].normalization.kind == QUERN_NORMALIZATION_BATCH)
      is.layers[l].normalization.kind = QUERN_NORMALIZATION_LAYER;
  return is;
}

/* How far weights may lie from those of one process after T steps. In each step, an element of the gradient is a sum of n products, n the
 * batch, of which each is at most 1 here: inputs and outputs of hidden layers are, and so are dZ times weights. Taken in another order, in
 * parts, it differs by at most (n + ranks) eps, eps = 2^-23 for two sums that both round, and on OpenCL the products below it, of
 * as many as the widest layer, as often; the rate lr takes that into the weights. What is there of earlier steps goes on with a
 * factor of at most 1 + lr, the gradient's own slope being at most 1: in all d ((1 + lr)^T - 1) / lr. */
static inline double bound_of(const task *is, size_t ranks) {
  const double rate = 0.3, steps = (double)(is->epochs * task_steps(is));
  size_t widest = is->inputs;
  for (size_t l = 0; l < is->layer_count; l++)
    if (is->layers[l].units > widest) widest = is->layers[l].units;
  const double each = (double)(is->batch + ranks + widest) * ldexp(1.0, -23);
  return each * (pow(1.0 + rate, steps) - 1.0);
}

static inline void assert_near(const quern_network *got, const quern_network *expected, double bound) {
  for (size_t i = 0; i < expected->shape.flat_count; i++)
    assert_true(fabs((double)got->parameters[i] - (double)expected->parameters[i]) <= bound);
}

#endif

/* Ranks as threads, for tests: one function runs on each, and the main thread checks the results,
 * because only it may assert. */
#ifndef QUERN_TESTS_RANKS_H
#define QUERN_TESTS_RANKS_H

#include "test.h"
#include <pthread.h>

enum { TEST_MOST_RANKS = 4, TEST_ERROR_SIZE = 512 };

typedef struct test_rank {
  const quern_collective *collective;
  void *user;
  quern_status (*run)(struct test_rank *rank);
  quern_status status;
  char error[TEST_ERROR_SIZE]; /* quern_last_error of that thread */
  pthread_t thread;
} test_rank;

/* Runs on so many ranks, with a time-out, and waits. users [ranks] or NULL. */
void test_run_ranks(size_t ranks, double timeout, quern_status (*run)(test_rank *rank),
                    void *const *users, test_rank *results);

/* The largest difference of weights from those of one process after T steps. In each step, an
 * element of the gradient is a sum of n products, n being the batch. Each product is at most 1
 * here, because inputs, outputs of hidden layers, and dZ times weights are. In another order, in
 * parts, the sum differs by at most (n + ranks) eps, eps = 2^-23 for two sums that both round; on
 * OpenCL, the products below it, as many as the widest layer, add as much each. The rate lr carries
 * the difference d into the weights. Differences of earlier steps grow by at most 1 + lr per step,
 * because the gradient's own slope is at most 1. In total: d ((1 + lr)^T - 1) / lr. */
double test_reordering_bound(size_t batch, size_t ranks, size_t widest, double rate, size_t steps);

#endif

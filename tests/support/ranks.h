/* Ranks as threads, for tests: one function runs on each, and what it found is looked at when all
 * are done, since an assertion is the main thread's alone. */
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

/* How far weights may lie from those of one process after T steps. In each step, an element of the
 * gradient is a sum of n products, n the batch, of which each is at most 1 here: inputs and outputs
 * of hidden layers are, and so are dZ times weights. Taken in another order, in parts, it differs
 * by at most (n + ranks) eps, eps = 2^-23 for two sums that both round, and on OpenCL the products
 * below it, of as many as the widest layer, as often; the rate lr takes that into the weights. What
 * is there of earlier steps goes on with a factor of at most 1 + lr, the gradient's own slope being
 * at most 1: in all d ((1 + lr)^T - 1) / lr. */
double test_reordering_bound(size_t batch, size_t ranks, size_t widest, double rate, size_t steps);

#endif

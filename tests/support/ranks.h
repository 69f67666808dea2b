/* Ranks as threads, for tests: one function runs on each, and what it found is looked at when all are done, since an assertion is the
 * main thread's alone. */
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
void test_run_ranks(size_t ranks, double timeout, quern_status (*run)(test_rank *rank), void *const *users,
                    test_rank *results);

#endif

#include "ranks.h"

#include <math.h>
#include <stdio.h>

static void *run_rank(void *user) {
  test_rank *rank = user;
  rank->status = rank->run(rank);
  snprintf(rank->error, sizeof rank->error, "%s",
           rank->status != QUERN_OK ? quern_last_error() : "");
  return NULL;
}

void test_run_ranks(size_t ranks, double timeout, quern_status (*run)(test_rank *rank),
                    void *const *users, test_rank *results) {
  quern_thread_group *group;
  assert_ok(quern_thread_group_create(ranks, timeout, &group));
  for (size_t r = 0; r < ranks; r++) {
    results[r] = (test_rank){.collective = quern_thread_group_at(group, r),
                             .user = users != NULL ? users[r] : NULL,
                             .run = run};
    assert_int_equal(pthread_create(&results[r].thread, NULL, run_rank, &results[r]), 0);
  }
  for (size_t r = 0; r < ranks; r++) assert_int_equal(pthread_join(results[r].thread, NULL), 0);
  quern_thread_group_free(group);
}

double test_reordering_bound(size_t batch, size_t ranks, size_t widest, double rate, size_t steps) {
  const double each = (double)(batch + ranks + widest) * ldexp(1.0, -23);
  return each * (pow(1.0 + rate, (double)steps) - 1.0);
}

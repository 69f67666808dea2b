/* Threads as ranks: each member of the table, and ranks that do not arrive or pass other
 * arguments. */
#include "collective_check.h"
#include "ranks.h"

#include <string.h>

static quern_status reduce(test_rank *rank) {
  return test_collective_reduces(rank->collective);
}

static quern_status exchange(test_rank *rank) {
  return test_collective_exchanges(rank->collective);
}

static void test_members(void **state) {
  (void)state;
  test_rank results[TEST_MOST_RANKS];
  for (size_t ranks = 1; ranks <= TEST_MOST_RANKS; ranks++) {
    test_run_ranks(ranks, 60, reduce, NULL, results);
    for (size_t r = 0; r < ranks; r++) assert_int_equal(results[r].status, QUERN_OK);
    test_run_ranks(ranks, 0, exchange, NULL, results);
    for (size_t r = 0; r < ranks; r++) assert_int_equal(results[r].status, QUERN_OK);
  }
}

/* Every other rank fails with this line, and so do its later calls. */
static void assert_all_fail(const test_rank *results, size_t ranks, size_t but, const char *who,
                            const char *what) {
  for (size_t r = 0; r < ranks; r++) {
    if (r == but) continue;
    assert_int_equal(results[r].status, QUERN_ERROR_COLLECTIVE);
    assert_non_null(strstr(results[r].error, who));
    assert_non_null(strstr(results[r].error, what));
  }
}

static quern_status all_but_the_last(test_rank *rank) {
  const quern_collective *c = rank->collective;
  if (c->rank + 1 == c->ranks) return QUERN_OK;
  float value = 1;
  void *request;
  quern_status status = c->all_reduce_start(c->state, &value, 1, &request);
  if (status == QUERN_OK) status = c->all_reduce_wait(c->state, request);
  return status != QUERN_OK ? c->barrier(c->state) : QUERN_ERROR_DATA;
}

static void test_who_does_not_come(void **state) {
  (void)state;
  test_rank results[3];
  test_run_ranks(3, 0.2, all_but_the_last, NULL, results);
  assert_all_fail(results, 3, 2, "rank 2 of 3", "did not join within 0.2 s");
}

static quern_status abandon_one(test_rank *rank) {
  const quern_collective *c = rank->collective;
  if (c->rank == 1) {
    c->abandon(c->state, "the device is gone");
    return QUERN_OK;
  }
  return c->barrier(c->state);
}

static void test_who_goes(void **state) {
  (void)state;
  test_rank results[3];
  test_run_ranks(3, 0, abandon_one, NULL, results);
  assert_all_fail(results, 3, 1, "rank 1 of 3", "the device is gone");
}

static quern_status bring_another(test_rank *rank) {
  const quern_collective *c = rank->collective;
  char bytes[8] = {0}, all[3 * sizeof bytes];
  return c->all_gather(c->state, bytes, c->rank == 1 ? 4 : 8, all);
}

static void test_who_brings_another(void **state) {
  (void)state;
  test_rank results[3];
  test_run_ranks(3, 0, bring_another, NULL, results);
  assert_all_fail(results, 3, 3, "of 3: called an all-gather of", "bytes");
}

static void test_arguments(void **state) {
  (void)state;
  quern_thread_group *group;
  assert_fails(quern_thread_group_create(0, 1, &group), QUERN_ERROR_ARGUMENT, "0 ranks");
  assert_null(group);
  assert_fails(quern_thread_group_create(2, -1, &group), QUERN_ERROR_ARGUMENT, "time-out of -1 s");
  assert_fails(quern_thread_group_create(2, 1, NULL), QUERN_ERROR_ARGUMENT, "NULL");
  assert_ok(quern_thread_group_create(2, 1, &group));
  assert_null(quern_thread_group_at(group, 2));
  const quern_collective *c = quern_thread_group_at(group, 1);
  assert_int_equal(c->rank, 1);
  assert_int_equal(c->ranks, 2);
  char byte = 0;
  assert_fails(c->broadcast(c->state, &byte, 1, 2), QUERN_ERROR_ARGUMENT, "from rank 2 of 2");
  quern_thread_group_free(group);
  quern_thread_group_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_members), QUERN_TEST(test_who_does_not_come),
                                     QUERN_TEST(test_who_goes), QUERN_TEST(test_who_brings_another),
                                     QUERN_TEST(test_arguments)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Threads as ranks: each member of the table, and what becomes of ranks that do not come or bring something else. */
#include "ranks.h"

#include <stdlib.h>
#include <string.h>

/* Values whose sum depends on the order in which floats are added. */
static float value_of(size_t rank, size_t i) {
  static const float scales[] = {1e8f, 1.0f, -1e8f, 3e-3f};
  return scales[rank % 4] * (float)(1 + (i * 7 + rank) % 13);
}

static float expected_sum(size_t ranks, size_t i) {
  double sum = 0;
  for (size_t r = 0; r < ranks; r++) sum += (double)value_of(r, i);
  return (float)sum;
}

/* Three reductions under way at once, of sizes that ranks do not divide. */
static quern_status reduce(test_rank *rank) {
  static const size_t sizes[] = {1, 4099, 100003};
  const quern_collective *c = rank->collective;
  float *values[3];
  void *requests[3];
  quern_status status = QUERN_OK;
  for (size_t k = 0; k < 3; k++) {
    values[k] = malloc((sizes[k] + 1) * sizeof(float));
    for (size_t i = 0; i < sizes[k]; i++) values[k][i] = value_of(c->rank, i + k);
    values[k][sizes[k]] = -1.0f; /* a canary */
  }
  for (size_t k = 0; k < 3 && status == QUERN_OK; k++)
    status = c->all_reduce_start(c->state, values[k], sizes[k], &requests[k]);
  for (size_t k = 0; k < 3 && status == QUERN_OK; k++) status = c->all_reduce_wait(c->state, requests[k]);
  for (size_t k = 0; k < 3; k++) {
    for (size_t i = 0; i < sizes[k] && status == QUERN_OK; i++) {
      const float expected = expected_sum(c->ranks, i + k);
      if (memcmp(&values[k][i], &expected, sizeof expected) != 0) status = QUERN_ERROR_DATA;
    }
    if (values[k][sizes[k]] != -1.0f) status = QUERN_ERROR_DATA;
    free(values[k]);
  }
  return status;
}

static quern_status exchange(test_rank *rank) {
  const quern_collective *c = rank->collective;
  char mine[5] = "rank", all[TEST_MOST_RANKS * sizeof mine + 1], told[3] = {0};
  quern_status status = QUERN_OK;
  for (size_t round = 0; round < 50 && status == QUERN_OK; round++) {
    mine[4] = (char)('0' + c->rank + round % 7);
    all[c->ranks * sizeof mine] = '!';
    status = c->all_gather(c->state, mine, sizeof mine, all);
    for (size_t r = 0; r < c->ranks && status == QUERN_OK; r++)
      if (memcmp(all + r * sizeof mine, "rank", 4) != 0 ||
          all[r * sizeof mine + 4] != (char)('0' + r + round % 7))
        status = QUERN_ERROR_DATA;
    if (all[c->ranks * sizeof mine] != '!') status = QUERN_ERROR_DATA;
    const size_t root = round % c->ranks;
    memset(told, c->rank == root ? (int)('a' + round % 20) : 0, sizeof told);
    if (status == QUERN_OK) status = c->broadcast(c->state, told, sizeof told, root);
    for (size_t i = 0; i < sizeof told; i++)
      if (told[i] != (char)('a' + round % 20)) status = QUERN_ERROR_DATA;
    if (status == QUERN_OK) status = c->barrier(c->state);
  }
  return status;
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

/* Every other rank fails with the line, and so does whatever it calls later. */
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
  assert_all_fail(results, 3, 2, "rank 2 of 3", "did not come within 0.2 s");
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
  assert_all_fail(results, 3, 3, "of 3: came to an all-gather of", "bytes");
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

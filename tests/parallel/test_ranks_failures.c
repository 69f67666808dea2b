/* Failures on one rank, and differences between ranks: one error on all. */
#include "ranks_run.h"

#include <quern/backend.h>

static void assert_all_fail(const test_rank *results, size_t ranks, quern_status status,
                            const char *what, const char *more) {
  for (size_t r = 0; r < ranks; r++) {
    assert_int_equal(results[r].status, status);
    if (strstr(results[r].error, what) == NULL || strstr(results[r].error, more) == NULL)
      fail_msg("rank %zu: %s", r, results[r].error);
  }
}

/* If a rank's settings differ, all ranks name the rank and the difference. */
static void test_differences(void **state) {
  (void)state;
  const task current = task_at(0);
  const quern_train_options options = task_options(&current);
  enum { RANKS = 3, CASES = 6 };
  static const char *const names[CASES] = {"its batch is \"4\"",
                                           "its seed is \"12\"",
                                           "its network is \"3-6-3\"",
                                           "its training data is",
                                           "its number of epochs is \"9\"",
                                           "its resumption is \"requested\""};
  for (size_t c = 0; c < CASES; c++) {
    run runs[RANKS];
    void *users[RANKS];
    test_rank results[RANKS];
    for (size_t r = 0; r < RANKS; r++) {
      task own = current;
      if (r == 2 && c == 2) own.layers[0].units = 6;
      runs[r] = make_run(&own, &options, REFERENCE, r);
      users[r] = &runs[r];
    }
    run *odd = &runs[2];
    if (c == 0) odd->options.batch = 4;
    if (c == 1) odd->options.seed = 12;
    if (c == 3) {
      quern_dataset_free(odd->data);
      odd->data = task_data(&current, 1);
    }
    if (c == 4) odd->options.epochs = 9;
    if (c == 5) odd->options.resume = "there";
    test_run_ranks(RANKS, 60, train_rank, users, results);
    assert_all_fail(results, RANKS, QUERN_ERROR_COLLECTIVE, "rank 2 of 3 differs from rank 0",
                    names[c]);
    free_runs(runs, RANKS);
  }
}

/* A failure of one rank is reported on all: an unsuitable data set, or a checkpoint that rank 0
 * cannot read. */
static void test_one_fails(void **state) {
  (void)state;
  enum { RANKS = 3 };
  const task current = task_at(0);
  quern_train_options options = task_options(&current);
  run runs[RANKS];
  void *users[RANKS];
  test_rank results[RANKS];
  for (size_t r = 0; r < RANKS; r++) {
    task own = current;
    if (r == 1) own.inputs = 5;
    runs[r] = make_run(&own, &options, REFERENCE, r);
    if (r == 1) {
      quern_network_free(runs[r].network);
      runs[r].network = task_network(&current, 5);
    }
    users[r] = &runs[r];
  }
  test_run_ranks(RANKS, 60, train_rank, users, results);
  assert_all_fail(results, RANKS, QUERN_ERROR_SHAPE, "rank 1 of 3: ", "has 5 columns");
  free_runs(runs, RANKS);

  options.resume = path_of("missing");
  train_ranks(&current, &options, references, RANKS, runs, results);
  assert_all_fail(results, RANKS, QUERN_ERROR_FILE, "rank 0 of 3: ", "missing");
  free_runs(runs, RANKS);
}

/* A loss that is not finite is found in the same step as by one process. The rank that has the
 * sample reports where it began. */
static void check_not_finite(const task *self, const uint32_t *shares) {
  quern_train_options options = task_options(self);
  options.optimizer = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 1e30);
  run alone = make_run(self, &options, REFERENCE, 0);
  assert_int_equal(quern_train(contexts[REFERENCE][0], alone.network, alone.data, alone.test,
                               &alone.options, &alone.last),
                   QUERN_ERROR_NOT_FINITE);
  char expected[TEST_ERROR_SIZE];
  snprintf(expected, sizeof expected, "%s", quern_last_error());
  *strchr(expected, ';') = '\0'; /* up to the step */
  free_run(&alone);
  run runs[TEST_MOST_RANKS];
  test_rank results[TEST_MOST_RANKS];
  options.shares = shares;
  train_ranks(self, &options, references, TEST_MOST_RANKS, runs, results);
  assert_all_fail(results, TEST_MOST_RANKS, QUERN_ERROR_NOT_FINITE, expected, "it begins in");
  for (size_t r = 1; r < TEST_MOST_RANKS; r++)
    assert_string_equal(results[r].error, results[0].error);
  free_runs(runs, TEST_MOST_RANKS);
}

/* Also if a rank has no sample in the step, or found an error below the layer in which the others
 * wait. */
static void test_not_finite(void **state) {
  (void)state;
  static const uint32_t uneven[] = {0, 1, 3, 0};
  task current = task_at(0);
  current.layers[0].activation = quern_activation_of(QUERN_ACTIVATION_RELU);
  check_not_finite(&current, NULL);
  current = task_at(5);
  current.layers[1].normalization.kind = QUERN_NORMALIZATION_BATCH;
  check_not_finite(&current, NULL);
  check_not_finite(&current, uneven);
}

/* A backend with normalization, but without its ops for parts of a batch. */
static void test_cannot_normalize(void **state) {
  (void)state;
  enum { RANKS = 2 };
  quern_backend lacking = *quern_backend_find("reference");
  quern_device_list *list;
  const quern_device *device = NULL;
  run runs[RANKS];
  void *users[RANKS];
  test_rank results[RANKS];
  lacking.name = "lacking";
  lacking.batch_norm_moments = NULL;
  assert_ok(quern_backend_register(&lacking));
  assert_ok(quern_device_list_create(&list));
  for (size_t i = 0; i < quern_device_list_count(list); i++) {
    quern_device_info info;
    quern_device_describe(quern_device_list_at(list, i), &info);
    if (strcmp(info.backend, "lacking") == 0) device = quern_device_list_at(list, i);
  }
  assert_non_null(device);
  quern_context *kept = contexts[REFERENCE][1];
  assert_ok(quern_context_create_on(device, &contexts[REFERENCE][1]));
  const task current = task_at(5);
  const quern_train_options options = task_options(&current);
  for (size_t r = 0; r < RANKS; r++) {
    runs[r] = make_run(&current, &options, REFERENCE, r);
    users[r] = &runs[r];
  }
  test_run_ranks(RANKS, 60, train_rank, users, results);
  assert_all_fail(results, RANKS, QUERN_ERROR_UNSUPPORTED,
                  "rank 1 of 2: train: batch normalization on 2 ranks", "use layer normalization");
  free_runs(runs, RANKS);
  quern_context_free(contexts[REFERENCE][1]);
  contexts[REFERENCE][1] = kept;
  quern_device_list_free(list);
  assert_ok(quern_backend_unregister("lacking"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_differences), cmocka_unit_test(test_one_fails),
      cmocka_unit_test(test_not_finite), cmocka_unit_test(test_cannot_normalize)};
  return cmocka_run_group_tests(tests, open_all, close_all);
}

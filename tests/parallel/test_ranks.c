/* Ranks that train together give one process's result, and the same bits on all ranks and from run
 * to run. */
#include "ranks_run.h"

static void check_task(const task *self, const quern_train_options *options, const int *devices) {
  quern_train_options by_itself = *options;
  by_itself.shares = NULL;
  run alone = train_alone(self, &by_itself, devices[0]);
  for (size_t ranks = 1; ranks <= TEST_MOST_RANKS; ranks++) {
    run first[TEST_MOST_RANKS], second[TEST_MOST_RANKS];
    test_rank results[TEST_MOST_RANKS];
    const bool mixed = devices == different && ranks > 1;
    train_ranks(self, options, devices, ranks, first, results);
    assert_all_alike(first, results, ranks, mixed);
    const double bound = bound_of(self, ranks);
    for (size_t r = 0; r < ranks; r++) assert_near(first[r].network, alone.network, bound);
    assert_true(fabs(first[0].last.train_loss - alone.last.train_loss) <= bound);
    assert_true(fabs(first[0].last.test.loss - alone.last.test.loss) <= bound);
    assert_int_equal(first[0].last.test.samples, alone.last.test.samples);
    train_ranks(self, options, devices, ranks, second, results);
    assert_all_alike(second, results, ranks, mixed);
    for (size_t r = 0; r < ranks; r++) assert_same_bits(second[r].network, first[r].network);
    assert_same_figures(&second[0].last, &first[0].last);
    free_runs(first, ranks);
    free_runs(second, ranks);
  }
  free_run(&alone);
}

/* Last batches with fewer samples than ranks, frozen parameters, clipped gradients, and
 * element-wise losses. */
static void test_same_answer(void **state) {
  (void)state;
  for (size_t t = 0; t < TASKS; t++) {
    const task current = task_at(t);
    const quern_train_options options = task_options(&current);
    check_task(&current, &options, references);
    check_task(&current, &options, defaults);
    check_task(&current, &options, different);
  }
}

/* Layers so large that gradients need several buckets, one of them several pieces; with and without
 * clipping, which needs all of them. */
static task large_task(void) {
  task current = task_at(2);
  current.samples = 2 * current.batch + 1;
  current.epochs = 1;
  current.layer_count = 3;
  current.layers[0] = quern_dense(1040, QUERN_ACTIVATION_TANH);
  current.layers[1] = quern_dense(1040, QUERN_ACTIVATION_TANH);
  current.layers[2] = quern_dense(2, QUERN_ACTIVATION_SIGMOID);
  return current;
}

static void test_buckets(void **state) {
  (void)state;
  enum { RANKS = 3 };
  const task current = large_task();
  for (size_t d = 0; d < 2; d++) {
    const int *devices = d == 0 ? references : defaults;
    quern_train_options options = task_options(&current);
    for (size_t clips = 0; clips < 2; clips++) {
      options.clip_norm = clips == 0 ? 0.0f : 0.1f;
      run alone = train_alone(&current, &options, devices[0]), runs[RANKS];
      test_rank results[RANKS];
      train_ranks(&current, &options, devices, RANKS, runs, results);
      assert_all_alike(runs, results, RANKS, false);
      assert_near(runs[0].network, alone.network, bound_of(&current, RANKS));
      assert_true(runs[0].last.reduction_seconds > 0.0);
      assert_true(runs[0].last.reduction_exposed_seconds > 0.0);
      assert_true(runs[0].last.reduction_exposed_seconds <= runs[0].last.reduction_seconds);
      assert_true(runs[0].last.reduction_seconds <= runs[0].last.train_seconds);
      assert_true(alone.last.train_seconds > 0.0 && alone.last.reduction_seconds == 0.0);
      free_run(&alone);
      free_runs(runs, RANKS);
    }
  }
}

/* An engine whose table ends with the first members gives the same bits. */
static quern_status train_by_short_table(test_rank *rank) {
  quern_collective first = *rank->collective;
  first.size = offsetof(quern_collective, abandon) + sizeof first.abandon;
  first.all_reduce_test = NULL;
  run *r = rank->user;
  r->options.collective = &first;
  return quern_train(contexts[r->device][first.rank], r->network, r->data, r->test, &r->options,
                     &r->last);
}

static void test_short_table(void **state) {
  (void)state;
  enum { RANKS = 3 };
  const task current = task_at(0);
  const quern_train_options options = task_options(&current);
  run runs[RANKS], others[RANKS];
  void *users[RANKS];
  test_rank results[RANKS];
  train_ranks(&current, &options, references, RANKS, runs, results);
  for (size_t r = 0; r < RANKS; r++) {
    others[r] = make_run(&current, &options, REFERENCE, r);
    users[r] = &others[r];
  }
  test_run_ranks(RANKS, 60, train_by_short_table, users, results);
  assert_all_alike(others, results, RANKS, false);
  assert_same_bits(others[0].network, runs[0].network);
  free_runs(runs, RANKS);
  free_runs(others, RANKS);
}

/* The mean is weighted over the whole batch, whatever a rank's labels are; masks are those of the
 * samples' places in the batch. */
static void test_weights_and_dropout(void **state) {
  (void)state;
  task current = task_at(0);
  const float weights[] = {0.25f, 0.0f, 1.0f};
  quern_train_options options = task_options(&current);
  options.class_weights = weights;
  options.label_smoothing = 0.1f;
  check_task(&current, &options, references);
  check_task(&current, &options, defaults);
  options.class_weights = NULL;
  current.layers[0].dropout = 0.4f;
  check_task(&current, &options, references);
}

/* The least memory for a rank's data, from the error. */
static size_t least_memory(const run *r, const quern_train_options *given,
                           const quern_collective *collective, quern_data_residency *placement) {
  quern_train_options options = *given;
  options.collective = collective;
  options.data_memory = 1;
  assert_fails(quern_trainer_residency(contexts[r->device][collective->rank], r->network, r->data,
                                       r->test, &options, placement),
               QUERN_ERROR_ARGUMENT, "a data memory of 1 bytes", "expected at least ");
  const char *cursor = strstr(quern_last_error(), "at least ");
  options.data_memory = strtoull(cursor + strlen("at least "), NULL, 10);
  assert_ok(quern_trainer_residency(contexts[r->device][collective->rank], r->network, r->data,
                                    r->test, &options, placement));
  return options.data_memory;
}

/* Streams on so many ranks, each with `more` bytes beyond the least for its data, the first with
 * twice as many: the same bits as with whole data sets. */
static void check_streamed(const task *self, const quern_train_options *options, const int *devices,
                           size_t ranks, size_t more, const run *whole) {
  run streamed[TEST_MOST_RANKS];
  void *users[TEST_MOST_RANKS];
  test_rank results[TEST_MOST_RANKS];
  quern_thread_group *group;
  assert_ok(quern_thread_group_create(ranks, 0.0, &group));
  for (size_t r = 0; r < ranks; r++) {
    quern_data_residency placement = quern_data_residency_default();
    streamed[r] = make_run(self, options, devices[r], r);
    users[r] = &streamed[r];
    const size_t least =
        least_memory(&streamed[r], options, quern_thread_group_at(group, r), &placement);
    if (ranks > 1 && options->shares == NULL)
      assert_in_range(placement.train_chunk, 1, self->batch / ranks + 1);
    streamed[r].options.data_memory = least + (r == 0 ? 2 : 1) * more;
  }
  quern_thread_group_free(group);
  test_run_ranks(ranks, 60, train_rank, users, results);
  assert_all_alike(streamed, results, ranks, false);
  assert_same_bits(streamed->network, whole->network);
  assert_same_figures(&streamed->last, &whole->last);
  free_runs(streamed, ranks);
}

/* Each rank has its shard of each batch in its chunks, of any length, also if one rank's data are
 * resident. */
static void test_streamed(void **state) {
  (void)state;
  static const uint32_t uneven[] = {5, 1, 0, 2};
  for (size_t t = 0; t < TASKS; t++)
    for (size_t ranks = 1; ranks <= TEST_MOST_RANKS; ranks++) {
      task current = task_at(t);
      current.samples = 3 * current.batch + 8; /* the last batch has at least two samples */
      quern_train_options options = task_options(&current);
      if (ranks > 1 && t % 2 == 0) options.shares = uneven;
      const int *devices = t == 1 ? defaults : references;
      run whole[TEST_MOST_RANKS];
      test_rank results[TEST_MOST_RANKS];
      train_ranks(&current, &options, devices, ranks, whole, results);
      assert_all_alike(whole, results, ranks, false);
      const size_t sample = (current.inputs + 1) * sizeof(float);
      for (size_t part = 0; part < 3; part++)
        check_streamed(&current, &options, devices, ranks, part * current.batch / ranks * sample,
                       whole);
      free_runs(whole, ranks);
    }
}

/* Data that do not fit on one device fit on several, each with a shard. */
static void test_fits_divided(void **state) {
  (void)state;
  const task current = task_at(1);
  quern_train_options options = task_options(&current);
  run r = make_run(&current, &options, REFERENCE, 0);
  size_t least[TEST_MOST_RANKS + 1] = {0};
  for (size_t ranks = 1; ranks <= TEST_MOST_RANKS; ranks++) {
    quern_data_residency placement = quern_data_residency_default();
    quern_thread_group *group;
    assert_ok(quern_thread_group_create(ranks, 0.0, &group));
    least[ranks] = least_memory(&r, &options, quern_thread_group_at(group, 0), &placement);
    if (ranks > 1) assert_true(least[ranks] < least[1] / ranks + least[1] / 8);
    /* With the memory that one rank needs for a batch, several ranks have chunks of as many batches
     * as there are ranks. */
    options.data_memory = least[1];
    options.collective = quern_thread_group_at(group, 0);
    placement = quern_data_residency_default();
    assert_ok(quern_trainer_residency(contexts[REFERENCE][0], r.network, r.data, r.test, &options,
                                      &placement));
    const size_t part = current.batch / ranks + (current.batch % ranks != 0),
                 batches = (current.samples - 1) / current.batch + 1;
    assert_int_equal(placement.train_chunk / part, ranks < batches ? ranks : batches);
    quern_thread_group_free(group);
  }
  free_run(&r);
}

/* Metrics of targets are over all samples, also if a rank has none. */
static void test_targets(void **state) {
  (void)state;
  static const quern_task tasks[] = {QUERN_TASK_REGRESSION, QUERN_TASK_LABELS};
  for (size_t t = 0; t < 2; t++) {
    for (size_t rows = 3; rows <= 11; rows += 8) {
      const bool labels = tasks[t] == QUERN_TASK_LABELS;
      task current = task_at(2);
      current.loss = labels ? QUERN_LOSS_BINARY : QUERN_LOSS_SQUARED;
      current.layers[1].activation = quern_activation_of(QUERN_ACTIVATION_IDENTITY);
      quern_train_options options = task_options(&current);
      options.optimizer = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.05);
      run runs[1 + TEST_MOST_RANKS];
      void *users[TEST_MOST_RANKS];
      test_rank results[TEST_MOST_RANKS];
      for (size_t r = 0; r <= TEST_MOST_RANKS; r++) {
        runs[r] = make_run(&current, &options, REFERENCE, 0);
        quern_dataset **sets[] = {&runs[r].data, &runs[r].test};
        for (size_t s = 0; s < 2; s++) {
          const size_t n = s == 0 ? current.samples : rows;
          float values[20 * 7], targets[20 * 2];
          for (size_t i = 0; i < n * 7; i++) values[i] = (float)((i + s) * 37 % 256) / 255.0f;
          for (size_t i = 0; i < n * 2; i++)
            targets[i] = labels ? (float)((i / 3 + s) % 2) : 100.0f + (float)(i * 11 % 7);
          quern_dataset_free(*sets[s]);
          assert_ok(quern_dataset_from_targets(values, targets, tasks[t], n, 7, 2, sets[s]));
        }
        if (r < TEST_MOST_RANKS) users[r] = &runs[r];
      }
      run *alone = &runs[TEST_MOST_RANKS];
      assert_ok(quern_train(contexts[REFERENCE][0], alone->network, alone->data, alone->test,
                            &alone->options, &alone->last));
      test_run_ranks(TEST_MOST_RANKS, 60, train_rank, users, results);
      assert_all_alike(runs, results, TEST_MOST_RANKS, false);
      const quern_metrics *got = &runs[3].last.test, *expected = &alone->last.test;
      assert_int_equal(got->samples, expected->samples);
      if (labels) {
        assert_true(got->exact_match == expected->exact_match);
        assert_true(got->label_accuracy == expected->label_accuracy);
        assert_true(got->f1 == expected->f1 || (isnan(got->f1) && isnan(expected->f1)));
      } else {
        /* Outputs differ by the rounding of weights, in numbers of about 100. */
        const double near = 1e-4;
        assert_true(fabs(got->r_squared - expected->r_squared) <= near * fabs(expected->r_squared));
        assert_true(fabs(got->mean_squared_error - expected->mean_squared_error) <=
                    near * expected->mean_squared_error);
        assert_true(fabs(got->mean_absolute_error - expected->mean_absolute_error) <=
                    near * expected->mean_absolute_error);
      }
      free_runs(runs, 1 + TEST_MOST_RANKS);
    }
  }
}

/* Mean and variance are of the whole batch, however it is divided: a rank may have a single sample,
 * or none, and the last batch has two. The bound ignores the division by a deviation, which may be
 * small for so few samples, so steps are short if one layer's rounding passes through another's. */
static void test_batch_normalization(void **state) {
  (void)state;
  static const uint32_t uneven[] = {5, 0, 1, 2};
  static const int *const devices[] = {references, defaults, different};
  for (size_t c = 0; c < 12; c++) {
    task current = task_at(5);
    const bool both = c % 2 == 0;
    if (both) current.layers[1].normalization.kind = QUERN_NORMALIZATION_BATCH;
    current.layers[0].dropout = c % 4 == 1 ? 0.25f : 0.0f;
    current.clip_norm = both || c % 4 == 3 ? 0.1f : 0.0f;
    quern_train_options options = task_options(&current);
    if (c >= 6) options.shares = uneven;
    check_task(&current, &options, devices[c % 3]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_same_answer), cmocka_unit_test(test_buckets),
      cmocka_unit_test(test_short_table), cmocka_unit_test(test_weights_and_dropout),
      cmocka_unit_test(test_streamed),    cmocka_unit_test(test_fits_divided),
      cmocka_unit_test(test_targets),     cmocka_unit_test(test_batch_normalization)};
  return cmocka_run_group_tests(tests, open_all, close_all);
}

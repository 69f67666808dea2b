/* Training on streamed data is stopped and resumed, or ends by an error, as on resident data. */
#include "streaming_test.h"

#include <math.h>

/* Saved at any step, also within a chunk, and resumed with another residency. */
static void test_resume(void **state) {
  (void)state;
  task current = task_at(0);
  current.epochs = 2;
  quern_epoch epoch, last;
  training created = {0};
  quern_context *context;
  assert_ok(quern_context_create("auto", &context));
  created = training_of(context, &current);
  quern_trainer *trainer = trainer_at(&created, SIZE_MAX);
  quern_network *expected = finish(trainer, &current, &last);
  quern_trainer_free(trainer);
  /* Two batches per chunk, and one left over. */
  size_t memory = least_memory(&created);
  while (placement_at(&created, memory).train_chunk != 2 * current.batch) memory += 16;
  for (size_t step = 1; step < 2 * task_steps(&current); step++)
    for (int way = 0; way < 2; way++) {
      quern_trainer *first = trainer_at(&created, way == 0 ? memory : SIZE_MAX);
      quern_trainer *second = trainer_at(&created, way == 0 ? SIZE_MAX : memory);
      for (size_t s = 0; s < step; s++) assert_ok(quern_trainer_steps(first, 1, &epoch));
      assert_ok(quern_trainer_save(first, CHECKPOINT));
      assert_ok(quern_trainer_steps(second, 3, &epoch)); /* its chunks are at another place */
      assert_ok(quern_trainer_resume(second, CHECKPOINT));
      quern_network *network = finish(second, &current, &epoch);
      assert_same_bits(network, expected);
      assert_true(epoch.train_loss == last.train_loss);
      quern_network_free(network);
      quern_trainer_free(first);
      quern_trainer_free(second);
    }
  quern_network_free(expected);
  free_training(&created);
  quern_context_free(context);
}

static bool stop_after(void *user) {
  size_t *left = user;
  return (*left)-- == 0;
}

static void ignore_progress(const quern_progress *progress, void *user) {
  (void)user;
  assert_true(isfinite(progress->train_loss));
}

/* With waits within the epoch, and stopped after any number of them. */
static void test_stop(void **state) {
  (void)state;
  task current = task_at(1);
  current.samples = 11 * current.batch + 3;
  quern_context *context;
  quern_epoch last;
  assert_ok(quern_context_create("auto", &context));
  training created = training_of(context, &current);
  quern_trainer *trainer = trainer_at(&created, SIZE_MAX);
  quern_network *expected = finish(trainer, &current, &last);
  quern_trainer_free(trainer);
  for (size_t allowed = 0; allowed < 4; allowed++) {
    size_t left = allowed;
    quern_epoch epoch;
    created.options.stop = stop_after;
    created.options.on_progress = ignore_progress;
    created.options.user = &left;
    trainer = trainer_at(&created, least_memory(&created));
    do {
      left = allowed + 1;
      assert_ok(quern_trainer_epoch(trainer, &epoch));
    } while (epoch.epoch < current.epochs || epoch.step < epoch.steps);
    quern_network *network = task_network(&current, 99);
    assert_ok(quern_trainer_download(trainer, network));
    assert_same_bits(network, expected);
    assert_true(epoch.train_loss == last.train_loss);
    quern_network_free(network);
    quern_trainer_free(trainer);
  }
  quern_network_free(expected);
  free_training(&created);
  quern_context_free(context);
}

/* If a loss is not finite, the epoch is repeated from its start, and finds the same step. */
static void test_not_finite(void **state) {
  (void)state;
  task current = task_at(0);
  char message[4096];
  quern_epoch epoch;
  quern_context *context;
  assert_ok(quern_context_create("auto", &context));
  training created = training_of(context, &current);
  created.options.optimizer.learning_rate = 1e30;
  const size_t memories[] = {SIZE_MAX, least_memory(&created)};
  for (size_t m = 0; m < 2; m++) {
    quern_trainer *trainer = trainer_at(&created, memories[m]);
    quern_status status;
    do status = quern_trainer_epoch(trainer, &epoch);
    while (status == QUERN_OK);
    assert_int_equal(status, QUERN_ERROR_NOT_FINITE);
    if (m == 0)
      snprintf(message, sizeof message, "%s", quern_last_error());
    else
      assert_string_equal(message, quern_last_error());
    quern_trainer_free(trainer);
  }
  free_training(&created);
  quern_context_free(context);
}

/* A streamed data set may be freed, but not changed while its trainer exists. */
static void test_holds_data(void **state) {
  (void)state;
  task current = task_at(0);
  quern_epoch epoch;
  quern_context *context;
  assert_ok(quern_context_create("auto", &context));
  training created = training_of(context, &current);
  result expected = run(&created, SIZE_MAX);
  quern_trainer *trainer = trainer_at(&created, least_memory(&created));
  assert_fails(quern_dataset_fit(created.data, true), QUERN_ERROR_BUSY, "fit",
               "in use by a training");
  assert_ok(quern_dataset_fit(created.data, false)); /* which changes nothing here */
  quern_dataset_free(created.data);
  quern_network *network = finish(trainer, &current, &epoch);
  assert_same_bits(network, expected.network);
  quern_network_free(network);
  quern_trainer_free(trainer);

  created.data = task_data(&current, 0);
  trainer = trainer_at(&created, least_memory(&created));
  quern_trainer_free(trainer);
  assert_ok(quern_dataset_fit(created.data, true));
  quern_network_free(expected.network);
  free_training(&created);
  quern_context_free(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_resume),
      QUERN_TEST(test_stop),
      QUERN_TEST(test_not_finite),
      QUERN_TEST(test_holds_data),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

/* Training that is saved at any step and resumed ends with the bits of training that never
 * stopped. */
#include "checkpoint_test.h"

static const char *const devices[] = {"reference", "auto"};

/* Saves after `steps` steps, frees the trainer, and continues with another one, from other
 * weights. */
static void check_resume(quern_context *context, const task *self, size_t steps,
                         const quern_network *expected, const quern_epoch *expected_last) {
  quern_epoch epoch;
  quern_trainer *first = task_trainer(context, self, 5), *second = task_trainer(context, self, 6);
  for (size_t left = steps; left > 0;) {
    assert_ok(quern_trainer_steps(first, left, &epoch));
    left -= left < epoch.step ? left : epoch.step; /* each call began at an epoch's first step */
  }
  assert_ok(quern_trainer_save(first, CHECKPOINT));
  quern_trainer_free(first);
  assert_ok(quern_trainer_resume(second, CHECKPOINT));
  quern_network *network = finish(second, self, &epoch);
  assert_same_bits(network, expected);
  assert_true(epoch.train_loss == expected_last->train_loss);
  quern_network_free(network);
  quern_trainer_free(second);
}

static void check_every_step(quern_context *context, const task *self) {
  quern_epoch last;
  quern_trainer *trainer = task_trainer(context, self, 5);
  quern_network *expected = finish(trainer, self, &last);
  quern_trainer_free(trainer);
  /* The last epoch's last step is the end: nothing remains. */
  for (size_t steps = 0; steps < self->epochs * task_steps(self); steps++)
    check_resume(context, self, steps, expected, &last);
  quern_network_free(expected);
}

/* Every optimizer with every schedule, on one of the tasks in turn; plain SGD and Adam on each,
 * with all variations. */
static void test_every_step(void **state) {
  (void)state;
  for (size_t d = 0; d < 2; d++) {
    quern_context *context;
    assert_ok(quern_context_create(devices[d], &context));
    for (size_t variant = 0; variant < VARIANTS; variant++)
      for (size_t t = 0; t < TASKS; t++) {
        task current = task_at(t);
        current.variant = variant;
        const bool all = variant == 0 || variant == VARIANTS - OPTIMIZERS + QUERN_OPTIMIZER_ADAM;
        if (all || (variant + variant / OPTIMIZERS) % TASKS == t)
          check_every_step(context, &current);
      }
    quern_context_free(context);
  }
}

/* A trainer that continued goes back, and one that failed to resume continues unchanged. */
static void test_back_and_on(void **state) {
  (void)state;
  quern_context *context;
  assert_ok(quern_context_create("reference", &context));
  const task current = task_at(0);
  quern_epoch epoch, last;
  quern_trainer *trainer = task_trainer(context, &current, 5);
  assert_ok(quern_trainer_steps(trainer, 2, &epoch));
  assert_int_equal(epoch.step, 2);
  assert_int_equal(epoch.steps, 5);
  assert_ok(quern_trainer_save(trainer, CHECKPOINT));
  quern_network *expected = finish(trainer, &current, &last);
  assert_ok(quern_trainer_resume(trainer, CHECKPOINT));
  assert_fails(quern_trainer_resume(trainer, path_of("missing")), QUERN_ERROR_FILE, "missing",
               "No such file");
  quern_network *network = finish(trainer, &current, &epoch);
  assert_same_bits(network, expected);
  assert_true(epoch.train_loss == last.train_loss);
  quern_network_free(network);
  quern_network_free(expected);
  quern_trainer_free(trainer);
  quern_context_free(context);
}

typedef struct stopper {
  size_t asked, allowed;
  size_t epochs;
} stopper;

static bool stop_later(void *user) {
  stopper *s = user;
  return s->asked++ >= s->allowed;
}

static bool count_epochs(const quern_epoch *epoch, void *user) {
  ((stopper *)user)->epochs++;
  assert_int_equal(epoch->step, epoch->steps);
  return true;
}

/* quern_train, stopped repeatedly by its callback at various steps, from checkpoint to
 * checkpoint. */
static void test_stop_and_resume(void **state) {
  (void)state;
  for (size_t d = 0; d < 2; d++) {
    quern_context *context;
    assert_ok(quern_context_create(devices[d], &context));
    for (size_t t = 0; t < TASKS; t++) {
      task current = task_at(t);
      current.epochs = 5;
      quern_dataset *data = task_data(&current, 0);
      quern_train_options options = task_options(&current);
      quern_network *expected = task_network(&current, 5), *network = NULL;
      quern_epoch last, stopped;
      assert_ok(quern_train(context, expected, data, data, &options, &last));
      stopper s = {0};
      options.stop = stop_later;
      options.on_epoch = count_epochs;
      options.user = &s;
      options.checkpoint = CHECKPOINT;
      size_t stops = 0;
      do {
        quern_network_free(network);
        network = task_network(&current, stops == 0 ? 5 : 6);
        s.asked = 0;
        s.allowed = stops % 3; /* 0: before the first step */
        assert_ok(quern_train(context, network, data, data, &options, &stopped));
        options.resume = CHECKPOINT;
        stops++;
      } while (stopped.epoch < current.epochs || stopped.step < stopped.steps);
      assert_true(stops > 2);
      /* each once, however often it was stopped within one */
      assert_int_equal(s.epochs, current.epochs);
      assert_same_bits(network, expected);
      assert_true(stopped.test.loss == last.test.loss);
      /* Nothing remains: the same network is evaluated once more. */
      quern_network_free(network);
      network = task_network(&current, 7);
      s.asked = 0;
      assert_ok(quern_train(context, network, data, data, &options, &stopped));
      assert_same_bits(network, expected);
      assert_true(stopped.epoch == current.epochs && stopped.tested &&
                  stopped.test.loss == last.test.loss);
      assert_true(stopped.train_loss != stopped.train_loss); /* NaN: no step was run */
      quern_network_free(network);
      quern_network_free(expected);
      quern_dataset_free(data);
    }
    quern_context_free(context);
  }
}

/* Checkpoints are written after every so many steps, whatever the epochs, or after each epoch; and
 * at the end. on_epoch copies each one. */
static bool keep_epoch(const quern_epoch *epoch, void *user) {
  (void)user;
  if (epoch->epoch == 2) assert_int_equal(rename(CHECKPOINT, path_of("kept")), 0);
  return true;
}

static void test_when_checkpoints_are_written(void **state) {
  (void)state;
  quern_context *context;
  assert_ok(quern_context_create("reference", &context));
  const task current = task_at(0); /* 5 steps per epoch, 3 epochs */
  static const struct {
    size_t every;
    const char *epoch, *step;
  } cases[] = {{0, "\"quern.epoch\":\"1\"", "\"quern.step\":\"0\""},
               {1, "\"quern.epoch\":\"1\"", "\"quern.step\":\"4\""},
               {4, "\"quern.epoch\":\"1\"", "\"quern.step\":\"3\""},
               {7, "\"quern.epoch\":\"1\"", "\"quern.step\":\"2\""}};
  quern_dataset *data = task_data(&current, 0);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    quern_network *network = task_network(&current, 5);
    quern_train_options options = task_options(&current);
    options.checkpoint = CHECKPOINT;
    options.checkpoint_every = cases[i].every;
    options.on_epoch = keep_epoch;
    assert_ok(quern_train(context, network, data, NULL, &options, NULL));
    quern_network_free(network);
    size_t size;
    unsigned char *bytes = read_bytes(path_of("kept"), &size);
    bytes[size] = '\0';
    assert_non_null(strstr((const char *)bytes + 8, cases[i].epoch));
    assert_non_null(strstr((const char *)bytes + 8, cases[i].step));
    free(bytes);
    bytes = read_bytes(CHECKPOINT, &size); /* the end's */
    bytes[size] = '\0';
    assert_non_null(strstr((const char *)bytes + 8, "\"quern.epoch\":\"3\""));
    free(bytes);
  }
  quern_dataset_free(data);
  quern_context_free(context);
}

static int clean(void **state) {
  return test_teardown(state) != 0 || empty_temporary_folder(state) != 0 ? -1 : 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(test_every_step, clean),
      cmocka_unit_test_teardown(test_back_and_on, clean),
      cmocka_unit_test_teardown(test_stop_and_resume, clean),
      cmocka_unit_test_teardown(test_when_checkpoints_are_written, clean)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

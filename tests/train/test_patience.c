/* Early stopping: when training stops, which weights it keeps, and that a checkpoint keeps both. */
#include "checkpoint_test.h"

#include <math.h>

static const char *const devices[] = {"reference", "auto"};

typedef struct record {
  size_t epochs, best_epoch;
  double losses[64];
  bool ended;
} record;

static bool note(const quern_epoch *epoch, void *user) {
  record *seen = user;
  seen->losses[epoch->epoch - 1] = epoch->test.loss;
  seen->epochs = epoch->epoch;
  seen->best_epoch = epoch->best_epoch;
  seen->ended = epoch->out_of_patience;
  return true;
}

/* A growing rate: the test loss falls at first, and then rises. */
static quern_train_options worsening(const task *self) {
  quern_train_options options = task_options(self);
  options.epochs = 60;
  options.optimizer = quern_optimizer_of(QUERN_OPTIMIZER_MOMENTUM, 0.01);
  options.schedule.kind = QUERN_SCHEDULE_STEP;
  options.schedule.period = task_steps(self);
  options.schedule.gamma = 1.5;
  options.patience = 3;
  return options;
}

static quern_network *train(quern_context *context, const task *self,
                            const quern_train_options *options, quern_epoch *last) {
  quern_dataset *data = task_data(self, 0), *test = task_data(self, 1);
  quern_network *network = task_network(self, 5);
  assert_ok(quern_train(context, network, data, test, options, last));
  quern_dataset_free(data);
  quern_dataset_free(test);
  return network;
}

/* Weights and figures are those of training that ended with the best epoch. */
static void check_best(quern_context *context, const task *self) {
  record seen = {0};
  quern_epoch last, only;
  quern_train_options options = worsening(self);
  options.on_epoch = note;
  options.user = &seen;
  quern_network *network = train(context, self, &options, &last);
  assert_true(seen.ended && last.out_of_patience && seen.epochs < options.epochs);
  assert_int_equal(seen.epochs, seen.best_epoch + options.patience);
  assert_int_equal(last.best_epoch, seen.best_epoch);
  for (size_t e = 0; e < seen.epochs; e++)
    assert_true(e + 1 == seen.best_epoch || !(seen.losses[e] < seen.losses[seen.best_epoch - 1]));
  assert_true(last.test.loss == seen.losses[seen.best_epoch - 1]);

  options.patience = 0;
  options.on_epoch = NULL;
  options.epochs = seen.best_epoch;
  quern_network *expected = train(context, self, &options, &only);
  assert_same_bits(network, expected);
  assert_int_equal(only.best_epoch, 0);
  quern_network_free(network);
  quern_network_free(expected);
}

static void test_best(void **state) {
  (void)state;
  for (size_t d = 0; d < 2; d++) {
    quern_context *context;
    assert_ok(quern_context_create(devices[d], &context));
    for (size_t t = 0; t < TASKS; t++) {
      const task current = task_at(t);
      check_best(context, &current);
    }
    quern_context_free(context);
  }
}

/* Stopped and resumed after every epoch, it ends in the same epoch with the same weights, and stays
 * there. */
static bool one_epoch(const quern_epoch *epoch, void *user) {
  (void)note(epoch, user);
  return false;
}

static void test_resumed(void **state) {
  (void)state;
  quern_context *context;
  assert_ok(quern_context_create("auto", &context));
  const task current = task_at(0);
  record seen = {0}, again = {0};
  quern_epoch last;
  quern_train_options options = worsening(&current);
  options.on_epoch = note;
  options.user = &seen;
  quern_network *expected = train(context, &current, &options, &last), *network = NULL;
  options.on_epoch = one_epoch;
  options.user = &again;
  options.checkpoint = CHECKPOINT;
  for (size_t i = 0; i < seen.epochs; i++) {
    quern_network_free(network);
    network = train(context, &current, &options, &last);
    options.resume = CHECKPOINT;
    assert_int_equal(again.epochs, i + 1);
    assert_true(again.losses[i] == seen.losses[i]);
  }
  assert_true(again.ended && last.out_of_patience);
  assert_same_bits(network, expected);
  quern_network_free(network);
  network = train(context, &current, &options, &last); /* nothing is left */
  assert_int_equal(again.epochs, seen.epochs);
  assert_int_equal(last.best_epoch, seen.best_epoch);
  assert_true(isnan(last.train_loss) && last.test.loss == seen.losses[seen.best_epoch - 1]);
  assert_same_bits(network, expected);
  quern_network_free(network);
  quern_network_free(expected);
  quern_context_free(context);
}

static void test_refusals(void **state) {
  (void)state;
  quern_context *context;
  quern_trainer *trainer;
  quern_epoch epoch;
  assert_ok(quern_context_create("reference", &context));
  const task current = task_at(0);
  quern_train_options options = worsening(&current);
  quern_dataset *data = task_data(&current, 0);
  quern_network *network = task_network(&current, 5);
  assert_fails(quern_train(context, network, data, NULL, &options, NULL), QUERN_ERROR_ARGUMENT,
               "a patience of 3 epochs", "needs test data");
  assert_ok(quern_trainer_create(context, network, data, data, &options, &trainer));
  assert_fails(quern_trainer_download_best(trainer, network), QUERN_ERROR_ARGUMENT,
               "no epoch was tested");
  assert_fails(quern_trainer_download_best(NULL, network), QUERN_ERROR_ARGUMENT, "NULL");
  assert_ok(quern_trainer_epoch(trainer, &epoch));
  assert_int_equal(epoch.best_epoch, 1);
  quern_network *now = task_network(&current, 6);
  assert_ok(quern_trainer_download_best(trainer, network));
  assert_ok(quern_trainer_download(trainer, now));
  assert_same_bits(network, now);
  quern_trainer_free(trainer);
  quern_network_free(now);
  quern_network_free(network);
  quern_dataset_free(data);
  quern_context_free(context);
}

static int clean(void **state) {
  return test_teardown(state) != 0 || empty_temporary_folder(state) != 0 ? -1 : 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_best, clean),
                                     cmocka_unit_test_teardown(test_resumed, clean),
                                     cmocka_unit_test_teardown(test_refusals, clean)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

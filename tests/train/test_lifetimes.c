/* Callbacks of a training may free what it uses, which then stays until the call returns. Calls
 * that they may not make fail. */
#include "plain_options.h"
#include "test.h"

#include <quern/train.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SAMPLES = 64, COLUMNS = 3, JUNK = 64 };

/* What a callback frees; each is NULL once it is freed. */
typedef struct belongings {
  quern_dataset *train, *test;
  quern_network *network;
  quern_context *contexts[2];
  quern_context **list;
  char *checkpoint;
  quern_trainer *trainer;
  quern_status stepped, saved, resumed, fitted;
  size_t calls;
} belongings;

static quern_dataset *make_data(void) {
  float values[SAMPLES * COLUMNS], targets[SAMPLES];
  quern_dataset *data;
  for (size_t i = 0; i < SAMPLES * COLUMNS; i++) values[i] = (float)(i * 37 % 101);
  for (size_t i = 0; i < SAMPLES; i++)
    targets[i] = values[i * COLUMNS] - 3.0f * values[i * COLUMNS + 1];
  assert_ok(quern_dataset_from_targets(values, targets, QUERN_TASK_REGRESSION, SAMPLES, COLUMNS, 1,
                                       &data));
  return data;
}

static void open_belongings(belongings *own, size_t contexts) {
  const quern_layer layer = quern_dense(1, QUERN_ACTIVATION_IDENTITY);
  *own = (belongings){.train = make_data(), .test = make_data()};
  assert_ok(quern_dataset_fit(own->train, true));
  assert_ok(quern_dataset_apply(own->test, quern_dataset_schema(own->train)));
  assert_ok(quern_network_create(COLUMNS, &layer, 1, QUERN_LOSS_SQUARED, &own->network));
  own->list = test_alloc(2, sizeof *own->list);
  for (size_t i = 0; i < contexts; i++) {
    assert_ok(quern_context_create("reference", &own->contexts[i]));
    own->list[i] = own->contexts[i];
  }
}

/* Overwrites the memory of freed objects. */
static void overwrite_free_memory(void) {
  static const size_t sizes[] = {16, 32, 48, 64, 96, 128, 192, 256, 512, 1024};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    void *junk[JUNK];
    for (size_t i = 0; i < JUNK; i++) memset(junk[i] = test_alloc(sizes[s], 1), 0x5a, sizes[s]);
    for (size_t i = 0; i < JUNK; i++) free(junk[i]);
  }
}

static void free_all(belongings *own) {
  quern_dataset_free(own->train);
  quern_dataset_free(own->test);
  quern_network_free(own->network);
  for (size_t i = 0; i < 2; i++) quern_context_free(own->contexts[i]);
  if (own->list != NULL) memset(own->list, 0x5a, 2 * sizeof *own->list);
  free(own->list);
  if (own->checkpoint != NULL) memset(own->checkpoint, 'x', strlen(own->checkpoint));
  free(own->checkpoint);
  *own = (belongings){.calls = own->calls};
  overwrite_free_memory();
}

static bool free_in_epoch(const quern_epoch *epoch, void *user) {
  belongings *own = user;
  own->calls++;
  if (epoch->epoch == 1) free_all(own);
  return true;
}

static bool free_in_stop(void *user) {
  belongings *own = user;
  if (own->calls++ == 0) free_all(own);
  return false;
}

/* Trains for three epochs, of which the first, or its first step, frees everything passed except
 * the options. */
static void assert_trains(size_t contexts, bool in_stop) {
  char path[64];
  belongings own;
  quern_epoch last;
  quern_train_options options = plain_train_options();
  struct stat about;
  open_belongings(&own, contexts);
  snprintf(path, sizeof path, "lifetimes-%zu-%d.checkpoint", contexts, in_stop);
  own.checkpoint = strdup(path);
  assert_non_null(own.checkpoint);
  options.epochs = 3;
  options.batch = 8;
  options.optimizer.learning_rate = 0.01;
  options.checkpoint = own.checkpoint;
  options.patience = 10;
  options.user = &own;
  if (in_stop)
    options.stop = free_in_stop;
  else
    options.on_epoch = free_in_epoch;
  assert_ok(
      quern_train_on(own.list, contexts, NULL, own.network, own.train, own.test, &options, &last));
  assert_null(own.network);
  assert_int_equal(last.epoch, 3);
  assert_true(last.test.loss > 0.0 && last.test.loss < 10.0);
  assert_int_equal(stat(path, &about), 0);
  assert_int_equal(unlink(path), 0);
}

static void test_freed_in_on_epoch(void **state) {
  (void)state;
  assert_trains(1, false);
  assert_trains(2, false);
}

static void test_freed_in_stop(void **state) {
  (void)state;
  assert_trains(1, true);
  assert_trains(2, true);
}

/* A failure names a device whose context is freed too. */
static void test_failure_after_freeing(void **state) {
  (void)state;
  belongings own;
  quern_train_options options = plain_train_options();
  open_belongings(&own, 2);
  options.epochs = 1000;
  options.optimizer.learning_rate = 1e6;
  options.on_epoch = free_in_epoch;
  options.user = &own;
  assert_fails(quern_train_on(own.list, 2, NULL, own.network, own.train, own.test, &options, NULL),
               QUERN_ERROR_NOT_FINITE, "learning rate below");
  assert_true(own.calls > 0);
}

static bool change_data(const quern_epoch *epoch, void *user) {
  belongings *own = user;
  (void)epoch;
  own->fitted = quern_dataset_fit(own->train, true);
  return true;
}

static void test_data_stay_as_they_are(void **state) {
  (void)state;
  belongings own;
  quern_train_options options = plain_train_options();
  open_belongings(&own, 1);
  quern_dataset_free(own.train);
  own.train = make_data();
  options.epochs = 1;
  options.optimizer.learning_rate = 1e-6;
  options.on_epoch = change_data;
  options.user = &own;
  assert_ok(quern_train(own.contexts[0], own.network, own.train, NULL, &options, NULL));
  assert_int_equal(own.fitted, QUERN_ERROR_BUSY);
  assert_ok(quern_dataset_fit(own.train, true));
  free_all(&own);
}

/* Tries every call that would move the trainer, and, in its second call, frees it. */
static bool use_trainer(void *user) {
  belongings *own = user;
  quern_epoch epoch;
  if (own->trainer == NULL) return false;
  own->calls++;
  own->stepped = quern_trainer_steps(own->trainer, 1, &epoch);
  own->saved = quern_trainer_save(own->trainer, "lifetimes.checkpoint");
  own->resumed = quern_trainer_resume(own->trainer, "lifetimes.checkpoint");
  if (own->calls < 2) return false;
  quern_trainer_free(own->trainer);
  own->trainer = NULL;
  overwrite_free_memory();
  return false;
}

static void test_trainer_in_its_own_steps(void **state) {
  (void)state;
  belongings own;
  quern_epoch epoch;
  quern_train_options options = plain_train_options();
  open_belongings(&own, 1);
  options.batch = 1;
  options.optimizer.learning_rate = 1e-3;
  options.stop = use_trainer;
  options.user = &own;
  assert_ok(quern_trainer_create(own.contexts[0], own.network, own.train, own.test, &options,
                                 &own.trainer));
  assert_ok(quern_trainer_epoch(own.trainer, &epoch));
  assert_null(own.trainer);
  assert_int_equal(own.stepped, QUERN_ERROR_BUSY);
  assert_int_equal(own.saved, QUERN_ERROR_BUSY);
  assert_int_equal(own.resumed, QUERN_ERROR_BUSY);
  assert_true(epoch.step > 0 && epoch.step < epoch.steps);
  assert_int_equal(own.calls, 2);
  free_all(&own);
}

/* Two results need two variables; a variable that is passed twice stays unchanged. */
static void test_results_apart(void **state) {
  (void)state;
  quern_dataset *data = make_data(), *const before = data, *rest, *held_out;
  assert_fails(quern_dataset_split(data, 0.5, 0, &data, &data), QUERN_ERROR_ARGUMENT, "split",
               "the same variable");
  assert_ptr_equal(data, before);
  assert_fails(quern_dataset_open("digits", NULL, &data, &data), QUERN_ERROR_ARGUMENT,
               "the same variable");
  assert_ptr_equal(data, before);
  assert_ok(quern_dataset_split(before, 0.5, 0, &rest, &data));
  assert_int_equal(quern_dataset_rows(rest) + quern_dataset_rows(data), SAMPLES);
  quern_dataset_free(rest);
  quern_dataset_free(data);
  /* Results are NULL after a failure. */
  rest = held_out = before;
  assert_fails(quern_dataset_split(before, 2.0, 0, &rest, &held_out), QUERN_ERROR_ARGUMENT,
               "fraction 2");
  assert_true(rest == NULL && held_out == NULL);
  quern_dataset_free(before);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_freed_in_on_epoch),        QUERN_TEST(test_freed_in_stop),
      QUERN_TEST(test_failure_after_freeing),    QUERN_TEST(test_data_stay_as_they_are),
      QUERN_TEST(test_trainer_in_its_own_steps), QUERN_TEST(test_results_apart)};
  return cmocka_run_group_tests_name("train/lifetimes", tests, NULL, NULL);
}

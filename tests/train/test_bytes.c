/* A plan and a trainer allocate exactly the announced bytes on the device, and steps allocate
 * nothing. */
#include "plain_options.h"
#include "test.h"

#include <stdlib.h>

/* A backend's own allocation: the table of layers for fused steps. */
enum { BESIDE = 4096 };

static void assert_taken(size_t taken, size_t length) {
  if (taken < length || taken > length + BESIDE)
    fail_msg("%zu bytes were taken, %zu said", taken, length);
}

typedef struct parts {
  quern_context *context;
  quern_dataset *train, *test;
  quern_network *network;
} parts;

static parts make_parts(quern_loss loss) {
  const quern_layer layers[] = {quern_dense(33, QUERN_ACTIVATION_RELU),
                                quern_dense(10, QUERN_ACTIVATION_IDENTITY)};
  parts result;
  assert_ok(quern_context_create("auto", &result.context));
  assert_ok(quern_dataset_open("digits", NULL, &result.train, &result.test));
  if (result.test == NULL) {
    quern_dataset *all = result.train;
    assert_ok(quern_dataset_split(all, 0.2, 1, &result.train, &result.test));
    quern_dataset_free(all);
  }
  assert_ok(quern_network_create(64, layers, 2, loss, &result.network));
  assert_ok(quern_network_initialize(result.network, QUERN_INITIALIZER_DEFAULT, 1));
  return result;
}

static void free_parts(parts *result) {
  quern_network_free(result->network);
  quern_dataset_free(result->test);
  quern_dataset_free(result->train);
  quern_context_free(result->context);
}

static void test_plan(void **state) {
  (void)state;
  if (getenv("QUERN_TEST_SHIM") == NULL) skip();
  for (quern_plan_mode mode = QUERN_PLAN_INFERENCE; mode <= QUERN_PLAN_GRADIENTS; mode++) {
    for (int loss = 0; loss < 2; loss++) {
      parts current = make_parts(loss == 0 ? QUERN_LOSS_CATEGORICAL : QUERN_LOSS_SQUARED);
      quern_plan *plan;
      size_t length;
      assert_ok(quern_plan_bytes(current.network, 50, mode, &length));
      const size_t before = test_allocated();
      assert_ok(quern_plan_create(current.context, current.network, 50, mode, &plan));
      assert_taken(test_allocated() - before, length);
      quern_plan_free(plan);
      free_parts(&current);
    }
  }
}

static void check_trainer(const quern_train_options *options, bool tested) {
  parts current = make_parts(QUERN_LOSS_CATEGORICAL);
  quern_dataset *test = tested ? current.test : NULL;
  quern_trainer *trainer;
  quern_epoch epoch;
  size_t length;
  assert_ok(quern_trainer_bytes(current.network, current.train, test, options, &length));
  const size_t before = test_allocated();
  assert_ok(quern_trainer_create(current.context, current.network, current.train, test, options,
                                 &trainer));
  assert_taken(test_allocated() - before, length);
  const size_t count = test_allocated();
  assert_ok(quern_trainer_epoch(trainer, &epoch));
  assert_ok(quern_trainer_epoch(trainer, &epoch));
  assert_int_equal(test_allocated(), count);
  quern_trainer_free(trainer);
  free_parts(&current);
}

static void test_trainer(void **state) {
  (void)state;
  if (getenv("QUERN_TEST_SHIM") == NULL) skip();
  quern_train_options options = plain_train_options();
  check_trainer(NULL, false);
  options.batch = 37;
  check_trainer(&options, true);
  options.batch = 100000; /* more than there are */
  check_trainer(&options, true);
  options.batch = 64;
  options.clip_norm = 1.0f;
  check_trainer(&options, false);
  static const float weights[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  options.class_weights = weights;
  options.label_smoothing = 0.1f;
  check_trainer(&options, false);
  options.optimizer = quern_optimizer_of(QUERN_OPTIMIZER_ADAM, 0.001);
  check_trainer(&options, false);
  options.clip_norm = 0.0f;
  options.patience = 3;
  check_trainer(&options, true);
  options.batch = 37;
  for (options.data_memory = 20000; options.data_memory < 120000; options.data_memory += 20000)
    check_trainer(&options, true); /* streamed in part */
  options.data_memory = 0;
  options.optimizer = quern_optimizer_of(QUERN_OPTIMIZER_RMSPROP, 0.001);
  options.schedule.kind = QUERN_SCHEDULE_COSINE;
  check_trainer(&options, true);
}

static void test_refuses(void **state) {
  (void)state;
  parts current = make_parts(QUERN_LOSS_CATEGORICAL);
  quern_train_options options = plain_train_options();
  size_t bytes = 1;
  assert_fails(quern_trainer_bytes(NULL, current.train, NULL, NULL, &bytes), QUERN_ERROR_ARGUMENT,
               "NULL");
  assert_fails(quern_trainer_bytes(current.network, current.train, NULL, NULL, NULL),
               QUERN_ERROR_ARGUMENT, "NULL");
  options.epochs = 0;
  assert_fails(quern_trainer_bytes(current.network, current.train, NULL, &options, &bytes),
               QUERN_ERROR_ARGUMENT, "0 epochs");
  assert_int_equal(bytes, 1);
  free_parts(&current);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_plan), QUERN_TEST(test_trainer),
                                     QUERN_TEST(test_refuses)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

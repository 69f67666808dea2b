/* The defaults of training, and what they leave to the size of the data. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

static void test_values(void **state) {
  (void)state;
  const quern_train_options options = quern_train_options_default();
  assert_int_equal(options.size, sizeof options);
  assert_int_equal(options.epochs, 20);
  assert_int_equal(options.batch, 0);
  assert_int_equal(options.seed, 1);
  assert_int_equal(options.optimizer.kind, QUERN_OPTIMIZER_ADAM);
  assert_true(options.optimizer.learning_rate == 0.002);
  assert_int_equal(options.schedule.kind, QUERN_SCHEDULE_ONE_CYCLE);
  assert_null(options.checkpoint);
  assert_null(options.on_epoch);
  assert_null(options.collective);
  for (int kind = 0; kind <= QUERN_OPTIMIZER_RMSPROP; kind++) {
    const double rate = quern_optimizer_usual_rate((quern_optimizer_kind)kind);
    const quern_optimizer optimizer = quern_optimizer_of((quern_optimizer_kind)kind, rate);
    assert_ok(quern_optimizer_check(&optimizer));
    assert_true(rate >= 1e-4 && rate <= 0.1);
    assert_true(optimizer.learning_rate == rate);
  }
}

/* Padding may differ. */
static void assert_same_options(const quern_train_options *a, const quern_train_options *b) {
  assert_int_equal(a->epochs, b->epochs);
  assert_int_equal(a->batch, b->batch);
  assert_int_equal(a->seed, b->seed);
  assert_int_equal(a->optimizer.kind, b->optimizer.kind);
  assert_true(a->optimizer.learning_rate == b->optimizer.learning_rate);
  assert_int_equal(a->schedule.kind, b->schedule.kind);
  assert_int_equal(a->schedule.steps, b->schedule.steps);
  assert_int_equal(a->schedule.period, b->schedule.period);
  assert_int_equal(a->patience, b->patience);
  assert_ptr_equal(a->user, b->user);
  assert_ptr_equal(a->shares, b->shares);
}

/* A struct may be shorter or longer than the library's. */
static void test_other_sizes(void **state) {
  (void)state;
  struct {
    quern_train_options options;
    unsigned char later[16];
  } larger;
  quern_train_options smaller, whole = quern_train_options_default();
  memset(&larger, 0xAA, sizeof larger);
  quern_train_options_set_default(&larger.options, sizeof larger);
  assert_int_equal(larger.options.size, sizeof larger);
  assert_same_options(&larger.options, &whole);
  for (size_t i = 0; i < sizeof larger.later; i++) assert_int_equal(larger.later[i], 0);

  const size_t half = offsetof(quern_train_options, patience);
  memset(&smaller, 0xAA, sizeof smaller);
  quern_train_options_set_default(&smaller, half);
  assert_int_equal(smaller.size, half);
  assert_int_equal(smaller.epochs, whole.epochs);
  for (size_t i = half; i < sizeof smaller; i++)
    assert_int_equal(((const unsigned char *)&smaller)[i], 0xAA);
  assert_ok(quern_train_options_resolve(&smaller, 1280));
  assert_int_equal(smaller.batch, 64);
  for (size_t i = half; i < sizeof smaller; i++)
    assert_int_equal(((const unsigned char *)&smaller)[i], 0xAA);
}

static void test_resolved(void **state) {
  (void)state;
  static const struct {
    size_t rows, batch, steps; /* an epoch's */
  } cases[] = {{1, 1, 1},      {19, 1, 19},    {20, 1, 20},     {150, 7, 22},
               {1279, 63, 21}, {1280, 64, 20}, {60000, 64, 938}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    quern_train_options options = quern_train_options_default();
    assert_ok(quern_train_options_resolve(&options, cases[i].rows));
    assert_int_equal(options.batch, cases[i].batch);
    assert_int_equal(options.schedule.steps, 20 * cases[i].steps);
    assert_int_equal(options.schedule.period, 10 * cases[i].steps);
    /* Nothing is left open, so that it stays. */
    quern_train_options again = options;
    assert_ok(quern_train_options_resolve(&again, 7));
    assert_same_options(&again, &options);
  }
  quern_train_options options = quern_train_options_default();
  options.batch = 100;
  options.schedule.warmup = 15;
  options.schedule.period = 3;
  assert_ok(quern_train_options_resolve(&options, 250));
  assert_int_equal(options.batch, 100);
  assert_int_equal(options.schedule.steps, 20 * 3 - 15);
  assert_int_equal(options.schedule.period, 3);
  options = quern_train_options_default();
  options.schedule.warmup = 1000000;
  assert_ok(quern_train_options_resolve(&options, 100));
  assert_int_equal(options.schedule.steps, 1);
}

static void test_refused(void **state) {
  (void)state;
  quern_train_options options = quern_train_options_default();
  assert_fails(quern_train_options_resolve(NULL, 5), QUERN_ERROR_ARGUMENT, "NULL");
  assert_fails(quern_train_options_resolve(&options, 0), QUERN_ERROR_ARGUMENT, "0 samples");
  options.size = sizeof options + 1;
  assert_fails(quern_train_options_resolve(&options, 5), QUERN_ERROR_ARGUMENT,
               "quern_train_options_default()");
  quern_train_options_set_default(NULL, sizeof options);
  options.size = 3;
  quern_train_options_set_default(&options, 3);
  assert_int_equal(options.size, 3);
}

/* Trains by these options, and returns the weights, which the caller frees. */
static float *learned(const quern_train_options *options) {
  enum { ROWS = 90, COLUMNS = 3, CLASSES = 3 };
  float values[ROWS * COLUMNS];
  int32_t labels[ROWS];
  for (size_t i = 0; i < ROWS * COLUMNS; i++) values[i] = (float)(i * 37 % 64) / 64.0f;
  for (size_t i = 0; i < ROWS; i++) labels[i] = (int32_t)(i % CLASSES);
  const quern_layer layer = quern_dense(CLASSES, QUERN_ACTIVATION_IDENTITY);
  quern_context *context;
  quern_network *network;
  quern_dataset *data;
  float *weights = malloc(COLUMNS * CLASSES * sizeof *weights);
  assert_non_null(weights);
  assert_ok(quern_context_create("reference", &context));
  assert_ok(quern_dataset_from_floats(values, labels, ROWS, COLUMNS, &data));
  assert_ok(quern_network_create(COLUMNS, &layer, 1, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1));
  assert_ok(quern_train(context, network, data, NULL, options, NULL));
  assert_ok(quern_network_get_layer(network, 0, weights, NULL));
  quern_network_free(network);
  quern_dataset_free(data);
  quern_context_free(context);
  return weights;
}

static void assert_same_learned(const quern_train_options *a, const quern_train_options *b) {
  float *first = learned(a), *second = learned(b);
  assert_memory_equal(first, second, 9 * sizeof *first);
  free(first);
  free(second);
}

/* Training does by itself what resolving would have done, under each schedule. */
static void test_trained_as_resolved(void **state) {
  (void)state;
  for (int kind = 0; kind <= QUERN_SCHEDULE_ONE_CYCLE; kind++) {
    quern_train_options open = quern_train_options_default();
    open.epochs = 25;
    open.schedule = quern_schedule_of((quern_schedule_kind)kind);
    quern_train_options resolved = open;
    assert_ok(quern_train_options_resolve(&resolved, 90));
    assert_int_equal(resolved.batch, 4);
    assert_same_learned(&open, &resolved);
  }
  const quern_train_options usual = quern_train_options_default();
  assert_same_learned(NULL, &usual);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_values), QUERN_TEST(test_other_sizes),
                                     QUERN_TEST(test_resolved), QUERN_TEST(test_refused),
                                     QUERN_TEST(test_trained_as_resolved)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Streamed data give the same bits as resident data, whatever the chunks. */
#include "streaming_test.h"

#include <math.h>

static const char *const devices[] = {"reference", "auto"};

static void assert_same_epoch(const quern_epoch *a, const quern_epoch *b) {
  assert_true(a->train_loss == b->train_loss);
  assert_int_equal(a->tested, b->tested);
  assert_true(!a->tested || a->test.loss == b->test.loss);
  /* equal, or both NaN */
  assert_memory_equal(&a->test.accuracy, &b->test.accuracy, sizeof a->test.accuracy);
  assert_memory_equal(&a->test.f1, &b->test.f1, sizeof a->test.f1);
  assert_memory_equal(&a->test.r_squared, &b->test.r_squared, sizeof a->test.r_squared);
  assert_int_equal(a->best_epoch, b->best_epoch);
}

/* Trains with every possible residency, from the least memory to all of it; returns how many
 * streamed. */
static size_t check_residencies(const training *self) {
  enum { STEP = 256 };
  quern_data_residency seen = quern_data_residency_default();
  result expected = run(self, SIZE_MAX);
  size_t streamed = 0, memory = least_memory(self);
  for (bool resident = false; !resident; memory += STEP) {
    const quern_data_residency current = placement_at(self, memory);
    resident = current.train_chunk == 0 && current.test_chunk == 0;
    if (streamed > 0 && current.train_chunk == seen.train_chunk &&
        current.test_chunk == seen.test_chunk)
      continue;
    seen = current;
    streamed += !resident;
    assert_int_equal(current.train_chunk % self->options.batch, 0);
    result got = run(self, memory);
    assert_same_bits(got.network, expected.network);
    assert_same_epoch(&got.last, &expected.last);
    quern_network_free(got.network);
  }
  quern_network_free(expected.network);
  return streamed;
}

/* Many steps per launch, two launches per step, single ops, clipping; SGD and Adam; test sets
 * shorter and longer than the training set, and none. */
static void test_tasks(void **state) {
  (void)state;
  static const size_t tested[] = {0, 11, 61};
  for (size_t d = 0; d < 2; d++) {
    quern_context *context;
    assert_ok(quern_context_create(devices[d], &context));
    for (size_t t = 0; t < TASKS; t++)
      for (size_t s = 0; s < sizeof tested / sizeof *tested; s++) {
        task current = task_at(t), other = current;
        if (d == 0 && t == 1 && s > 0) continue; /* slow on the reference */
        current.variant = s % 2 == 0 ? VARIANTS - OPTIMIZERS + QUERN_OPTIMIZER_ADAM : 0;
        training created = training_of(context, &current);
        other.samples = tested[s];
        if (tested[s] > 0) created.test = task_data(&other, 3);
        created.options.patience = tested[s] > 0 ? 2 : 0;
        assert_in_range(check_residencies(&created), current.batch < current.samples / 2 ? 1 : 0,
                        100);
        free_training(&created);
      }
    quern_context_free(context);
  }
}

/* Bytes stay bytes, on devices that share the host's memory and on devices with their own. */
static void check_bytes(void) {
  const quern_layer layers[] = {quern_dense(33, QUERN_ACTIVATION_RELU),
                                quern_dense(10, QUERN_ACTIVATION_IDENTITY)};
  training current = {.options = plain_train_options()};
  assert_ok(quern_context_create("auto", &current.context));
  assert_ok(quern_dataset_open("digits", NULL, &current.data, &current.test));
  assert_ok(quern_network_create(64, layers, 2, QUERN_LOSS_CATEGORICAL, &current.network));
  assert_ok(quern_network_initialize(current.network, QUERN_INITIALIZER_DEFAULT, 1));
  current.options.epochs = 2;
  current.options.batch = 111;
  const size_t least = least_memory(&current);
  assert_in_range(least, 2 * 111 * 64, 5 * 111 * 64); /* and not four times as much */
  assert_in_range(check_residencies(&current), 8, 100);
  free_training(&current);
  quern_context_free(current.context);
}

static void test_bytes(void **state) {
  (void)state;
  check_bytes();
  if (test_set_discrete(true)) check_bytes();
  (void)test_set_discrete(false);
}

/* A regression and several labels, three targets per sample. */
static void test_targets(void **state) {
  (void)state;
  enum { ROWS = 47, INPUTS = 5, TARGETS = 3 };
  float values[ROWS * INPUTS], targets[ROWS * TARGETS];
  const quern_layer layers[] = {quern_dense(6, QUERN_ACTIVATION_TANH),
                                quern_dense(TARGETS, QUERN_ACTIVATION_IDENTITY)};
  for (size_t i = 0; i < ROWS * INPUTS; i++) values[i] = (float)(i * 37 % 101) / 101.0f;
  for (quern_task what = QUERN_TASK_LABELS; what <= QUERN_TASK_REGRESSION; what++) {
    const bool labels = what == QUERN_TASK_LABELS;
    for (size_t i = 0; i < ROWS * TARGETS; i++)
      targets[i] = labels ? (float)(i * 7 % 3 == 0) : (float)(i * 31 % 53) / 10.0f;
    training current = {.options = plain_train_options()};
    assert_ok(quern_context_create("auto", &current.context));
    assert_ok(
        quern_dataset_from_targets(values, targets, what, ROWS, INPUTS, TARGETS, &current.data));
    assert_ok(quern_dataset_from_targets(values, targets, what, ROWS - 9, INPUTS, TARGETS,
                                         &current.test));
    assert_ok(quern_network_create(INPUTS, layers, 2, labels ? QUERN_LOSS_BINARY : QUERN_LOSS_HUBER,
                                   &current.network));
    assert_ok(quern_network_initialize(current.network, QUERN_INITIALIZER_DEFAULT, 1));
    current.options.epochs = 3;
    current.options.batch = 4;
    assert_in_range(check_residencies(&current), 4, 100);
    free_training(&current);
    quern_context_free(current.context);
  }
}

/* Evaluation and prediction read long data in chunks, with the results of each part alone. */
static void test_once(void **state) {
  (void)state;
  enum { PARTS = 3, PART = 1024, ROWS = PARTS * PART + 77, INPUTS = 1000, OUTPUTS = 4 };
  const quern_layer layers[] = {quern_dense(OUTPUTS, QUERN_ACTIVATION_IDENTITY)};
  quern_context *context;
  quern_network *network;
  quern_dataset *all, *part;
  quern_metrics whole, piece;
  float *values = test_alloc((size_t)ROWS * INPUTS, sizeof *values);
  float *outputs = test_alloc((size_t)ROWS * OUTPUTS, sizeof *outputs);
  float *expected = test_alloc((size_t)ROWS * OUTPUTS, sizeof *expected);
  int32_t *labels = test_alloc(ROWS, sizeof *labels);
  for (size_t i = 0; i < (size_t)ROWS * INPUTS; i++) values[i] = (float)(i * 7919 % 1009) / 1009.0f;
  for (size_t i = 0; i < ROWS; i++) labels[i] = (int32_t)(i * 7 % OUTPUTS);
  assert_ok(quern_context_create("auto", &context));
  assert_ok(quern_network_create(INPUTS, layers, 1, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1));
  assert_ok(quern_dataset_from_floats(values, labels, ROWS, INPUTS, &all));
  const bool counts = getenv("QUERN_TEST_SHIM") != NULL;
  const size_t before = counts ? test_allocated() : 0;
  assert_ok(quern_predict(context, network, all, outputs));
  assert_ok(quern_evaluate(context, network, all, &whole));
  /* Two chunks and a batch each time; the data are three times as long. */
  if (counts)
    assert_in_range(test_allocated() - before, 1, (size_t)2 * ROWS * INPUTS * sizeof(float));
  double correct = 0, loss = 0;
  for (size_t first = 0; first < ROWS; first += PART) {
    const size_t n = ROWS - first < PART ? ROWS - first : PART;
    assert_ok(quern_dataset_from_floats(values + first * INPUTS, labels + first, n, INPUTS, &part));
    assert_ok(quern_predict(context, network, part, expected + first * OUTPUTS));
    assert_ok(quern_evaluate(context, network, part, &piece));
    correct += piece.accuracy * (double)n;
    loss += piece.loss * (double)n;
    quern_dataset_free(part);
  }
  assert_memory_equal(outputs, expected, (size_t)ROWS * OUTPUTS * sizeof *outputs);
  assert_true(fabs(whole.accuracy * ROWS - correct) < 1e-6);
  assert_true(fabs(whole.loss - loss / ROWS) < 1e-6 * whole.loss);
  free(values);
  free(outputs);
  free(expected);
  free(labels);
  quern_dataset_free(all);
  quern_network_free(network);
  quern_context_free(context);
}

static void test_refuses(void **state) {
  (void)state;
  task current = task_at(0);
  quern_data_residency placement = quern_data_residency_default();
  quern_trainer *trainer;
  quern_context *context;
  assert_ok(quern_context_create("reference", &context));
  training created = training_of(context, &current);
  assert_fails(quern_trainer_residency(NULL, created.network, created.data, NULL, NULL, &placement),
               QUERN_ERROR_ARGUMENT, "NULL");
  assert_fails(quern_trainer_residency(context, created.network, created.data, NULL, NULL, NULL),
               QUERN_ERROR_ARGUMENT, "NULL");
  placement.size--;
  assert_fails(
      quern_trainer_residency(context, created.network, created.data, NULL, NULL, &placement),
      QUERN_ERROR_ARGUMENT, "quern_data_residency_default()");
  created.options.data_memory = 100;
  assert_fails(quern_trainer_create(context, created.network, created.data, NULL, &created.options,
                                    &trainer),
               QUERN_ERROR_ARGUMENT, "100 bytes", "two batches of 5 samples");
  assert_null(trainer);
  placement = quern_data_residency_default();
  assert_ok(
      quern_trainer_residency(context, created.network, created.data, NULL, NULL, &placement));
  assert_int_equal(placement.train_chunk, 0);
  assert_in_range(placement.data_memory, placement.bytes, SIZE_MAX);
  free_training(&created);
  quern_context_free(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_tasks), QUERN_TEST(test_bytes),   QUERN_TEST(test_targets),
      QUERN_TEST(test_once),  QUERN_TEST(test_refuses),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

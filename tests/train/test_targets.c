/* Training on float targets: it has the same bits as training on labels if both mean the same, and
 * can be resumed; errors. */
#include "targets_test.h"

#include <math.h>

enum { ROWS = 203, COLUMNS = 3, OUTPUTS = 4 };

/* Samples with a class each, and the same classes as rows of 0 and 1. */
static void make_both(quern_task task, quern_dataset **classes, quern_dataset **targets) {
  static float values[ROWS * COLUMNS], marks[ROWS * OUTPUTS];
  static int32_t labels[ROWS];
  memset(marks, 0, sizeof marks);
  for (uint32_t i = 0; i < ROWS * COLUMNS; i++) values[i] = number_of(i);
  for (size_t row = 0; row < ROWS; row++) {
    labels[row] = (values[row * COLUMNS] > 0.0f) + 2 * (values[row * COLUMNS + 1] > 0.0f);
    marks[row * OUTPUTS + (size_t)labels[row]] = 1.0f;
  }
  assert_ok(quern_dataset_from_floats(values, labels, ROWS, COLUMNS, classes));
  assert_ok(quern_dataset_from_targets(values, marks, task, ROWS, COLUMNS, OUTPUTS, targets));
}

/* A loss of one-hot rows does not depend on their origin. */
static void test_the_same_bits_as_labels(void **state) {
  (void)state;
  static const quern_loss losses[] = {QUERN_LOSS_SQUARED, QUERN_LOSS_BINARY};
  for (size_t i = 0; i < 2; i++) {
    for (int task = QUERN_TASK_LABELS; task <= QUERN_TASK_REGRESSION; task++) {
      quern_dataset *sets[2];
      quern_network *networks[2];
      quern_epoch last[2];
      make_both((quern_task)task, &sets[0], &sets[1]);
      for (size_t j = 0; j < 2; j++) {
        networks[j] = make_network(COLUMNS, 7, OUTPUTS, losses[i]);
        const quern_train_options options = options_of(3, 0.3f);
        assert_ok(quern_train(context, networks[j], sets[j], sets[j], &options, &last[j]));
        quern_dataset_free(sets[j]);
      }
      const size_t bytes = networks[0]->shape.flat_count * sizeof(float);
      assert_memory_equal(networks[0]->parameters, networks[1]->parameters, bytes);
      assert_true(last[0].train_loss == last[1].train_loss &&
                  last[0].test.loss == last[1].test.loss);
      assert_true(last[0].test.accuracy >= 0.0 && isnan(last[1].test.accuracy));
      quern_network_free(networks[0]);
      quern_network_free(networks[1]);
    }
  }
}

static void test_resume(void **state) {
  (void)state;
  quern_dataset *data = make_marks(100, 0);
  quern_network *network = make_network(2, 5, 3, QUERN_LOSS_BINARY),
                *resumed = make_network(2, 5, 3, QUERN_LOSS_BINARY);
  const quern_train_options options = options_of(4, 0.5f);
  quern_trainer *trainer;
  quern_epoch epoch;
  assert_ok(quern_train(context, network, data, NULL, &options, &epoch));
  const char *checkpoint = path_of("checkpoint");
  assert_ok(quern_trainer_create(context, resumed, data, NULL, &options, &trainer));
  assert_ok(quern_trainer_steps(trainer, 3, &epoch));
  assert_ok(quern_trainer_save(trainer, checkpoint));
  quern_trainer_free(trainer);
  quern_train_options going_on = options;
  going_on.resume = checkpoint;
  assert_ok(quern_train(context, resumed, data, NULL, &going_on, &epoch));
  assert_memory_equal(network->parameters, resumed->parameters,
                      network->shape.flat_count * sizeof(float));
  quern_dataset_free(data);

  /* The same samples with another target. */
  float values[200], marks[300];
  data = make_marks(100, 0);
  for (size_t row = 0; row < 100; row++) {
    quern_dataset_values(data, row, values + 2 * row);
    quern_dataset_targets(data, row, marks + 3 * row);
  }
  quern_dataset_free(data);
  marks[299] = 1.0f - marks[299];
  assert_ok(quern_dataset_from_targets(values, marks, QUERN_TASK_LABELS, 100, 2, 3, &data));
  assert_fails(quern_train(context, resumed, data, NULL, &going_on, &epoch), QUERN_ERROR_FORMAT,
               "training data", "100x2 float32", "3 labels");
  quern_dataset_free(data);
  quern_network_free(network);
  quern_network_free(resumed);
}

/* A backend's own allocation: the table of layers for fused steps. */
enum { BESIDE = 4096 };

static void test_bytes(void **state) {
  (void)state;
  if (getenv("QUERN_TEST_SHIM") == NULL) skip();
  quern_dataset *train = make_marks(100, 0), *test = make_marks(50, 1000);
  quern_network *network = make_network(2, 5, 3, QUERN_LOSS_BINARY);
  const quern_train_options options = options_of(1, 0.5f);
  quern_trainer *trainer;
  size_t length;
  assert_ok(quern_trainer_bytes(network, train, test, &options, &length));
  const size_t before = test_allocated();
  assert_ok(quern_trainer_create(context, network, train, test, &options, &trainer));
  const size_t taken = test_allocated() - before;
  assert_true(taken >= length && taken <= length + BESIDE);
  quern_trainer_free(trainer);
  quern_network_free(network);
  quern_dataset_free(test);
  quern_dataset_free(train);
}

static void test_refused(void **state) {
  (void)state;
  static const float values[] = {1, 2, 3, 4}, targets[] = {0.5f, 2, 1, 0};
  const quern_train_options options = options_of(1, 0.1f);
  quern_network *network = make_network(2, 3, 2, QUERN_LOSS_CATEGORICAL);
  quern_dataset *data, *none, *classes;
  quern_metrics metrics;
  float outputs[4];
  static const int32_t labels[] = {0, 1};
  assert_ok(quern_dataset_from_targets(values, targets, QUERN_TASK_REGRESSION, 2, 2, 2, &data));
  assert_ok(quern_dataset_from_targets(values, NULL, QUERN_TASK_NONE, 2, 2, 0, &none));
  assert_ok(quern_dataset_from_floats(values, labels, 2, 2, &classes));
  assert_fails(quern_train(context, network, data, NULL, &options, NULL), QUERN_ERROR_DATA,
               "2 numbers to predict", "the categorical loss expects one class per sample");
  assert_fails(quern_train(context, network, none, NULL, &options, NULL), QUERN_ERROR_DATA,
               "has nothing to predict");
  assert_fails(quern_evaluate(context, network, none, &metrics), QUERN_ERROR_DATA,
               "has nothing to predict");
  assert_ok(quern_predict(context, network, none, outputs));
  /* targets do not matter to prediction */
  assert_ok(quern_predict(context, network, data, outputs));
  quern_network_free(network);

  network = make_network(2, 3, 1, QUERN_LOSS_SQUARED);
  assert_fails(quern_train(context, network, data, NULL, &options, NULL), QUERN_ERROR_SHAPE,
               "2 targets per sample", "1 outputs");
  quern_network_free(network);
  network = make_network(2, 3, 2, QUERN_LOSS_BINARY);
  assert_fails(quern_train(context, network, data, NULL, &options, NULL), QUERN_ERROR_DATA,
               "target 1 of sample 0 is 2, expected 0 to 1");
  quern_network_free(network);
  network = make_network(2, 3, 2, QUERN_LOSS_SQUARED);
  assert_fails(quern_train(context, network, data, classes, &options, NULL), QUERN_ERROR_DATA,
               "differs from the training data's task");
  /* After training on prepared data, unprepared data are refused. */
  assert_ok(quern_dataset_fit(data, true));
  assert_ok(quern_train(context, network, data, data, &options, NULL));
  assert_fails(quern_evaluate(context, network, classes, &metrics), QUERN_ERROR_DATA,
               "is not prepared");
  assert_fails(quern_train(context, network, classes, NULL, &options, NULL), QUERN_ERROR_DATA,
               "is not prepared");
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1));
  assert_null(quern_network_schema(network));
  assert_ok(quern_train(context, network, classes, NULL, &options, NULL));
  assert_fails(quern_network_set_schema(NULL, NULL), QUERN_ERROR_ARGUMENT, "NULL");
  quern_network *other = make_network(3, 3, 2, QUERN_LOSS_SQUARED);
  assert_fails(quern_network_set_schema(other, quern_dataset_schema(data)), QUERN_ERROR_SHAPE,
               "2 columns and 2 outputs", "3 inputs");
  quern_network_free(other);
  quern_network_free(network);

  quern_dataset_options reading = quern_dataset_options_default();
  reading.missing = QUERN_MISSING_MEAN;
  write_bytes(path_of("some.csv"), "1,,0\n2,3,1\n", 11);
  quern_dataset *unfilled = open_one(path_of("some.csv"), &reading);
  network = make_network(2, 3, 2, QUERN_LOSS_CATEGORICAL);
  assert_fails(quern_train(context, network, unfilled, NULL, &options, NULL), QUERN_ERROR_DATA,
               "missing values have not been filled");
  assert_ok(quern_dataset_fit(unfilled, false));
  assert_ok(quern_train(context, network, unfilled, NULL, &options, NULL));
  quern_dataset_free(unfilled);
  quern_network_free(network);
  quern_dataset_free(classes);
  quern_dataset_free(none);
  quern_dataset_free(data);
}

/* The op level: a plan's step and loss. */
static void test_plan(void **state) {
  (void)state;
  static const float x[] = {1, 2, 3, 4}, y[] = {0.5f, 2, 1, 0};
  quern_network *network = make_network(2, 3, 2, QUERN_LOSS_CATEGORICAL);
  quern_plan *plan;
  quern_buffer *samples, *targets;
  assert_ok(quern_buffer_create(context, sizeof x, &samples));
  assert_ok(quern_buffer_create(context, sizeof y, &targets));
  assert_ok(quern_buffer_write(samples, 0, sizeof x, x, QUERN_WAIT));
  assert_ok(quern_buffer_write(targets, 0, sizeof y, y, QUERN_WAIT));
  const quern_optimizer sgd = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.1);
  assert_ok(quern_plan_create(context, network, 2, QUERN_PLAN_TRAINING, &plan));
  assert_ok(quern_plan_set_optimizer(plan, &sgd));
  assert_fails(quern_plan_step_targets(plan, quern_matrix(samples, 0, 2, 2),
                                       quern_matrix(targets, 0, 2, 2), quern_none()),
               QUERN_ERROR_ARGUMENT, "the categorical loss expects labels");
  assert_fails(quern_plan_evaluate_targets(plan, quern_matrix(samples, 0, 2, 2),
                                           quern_matrix(targets, 0, 2, 2), quern_none()),
               QUERN_ERROR_ARGUMENT, "the categorical loss expects labels");
  quern_plan_free(plan);
  quern_network_free(network);
  network = make_network(2, 3, 2, QUERN_LOSS_SQUARED);
  assert_ok(quern_plan_create(context, network, 2, QUERN_PLAN_TRAINING, &plan));
  assert_ok(quern_plan_set_optimizer(plan, &sgd));
  assert_fails(quern_plan_step_targets(plan, quern_matrix(samples, 0, 2, 2),
                                       quern_matrix(targets, 0, 1, 2), quern_none()),
               QUERN_ERROR_SHAPE, "1 rows of targets for 2 samples");
  assert_fails(quern_plan_step_targets(plan, quern_matrix(samples, 0, 2, 2),
                                       quern_matrix(targets, 0, 2, 1), quern_none()),
               QUERN_ERROR_SHAPE, "2x1");
  assert_ok(quern_plan_step_targets(plan, quern_matrix(samples, 0, 2, 2),
                                    quern_matrix(targets, 0, 2, 2), quern_none()));
  assert_ok(quern_context_finish(context));
  quern_buffer_free(samples);
  quern_buffer_free(targets);
  quern_plan_free(plan);
  quern_network_free(network);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_the_same_bits_as_labels),
      TEST(test_resume),
      TEST(test_bytes),
      TEST(test_refused),
      TEST(test_plan),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}

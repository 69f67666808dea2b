/* Training on targets of floats: the same bits as on labels where they say the same, metrics by
 * hand, a regression and many labels learned, resumed, saved, and what is refused. */
#include "../data/temporary.h"
#include "network/network.h"
#include "test.h"
#include "train/measure.h"
#include <math.h>

static quern_context *context;

static int open_all(void **state) {
  return make_temporary_folder(state) != 0 || quern_context_create(NULL, &context) != QUERN_OK;
}

static int close_all(void **state) {
  quern_context_free(context);
  return test_teardown(state) != 0 || remove_temporary_folder(state) != 0;
}

/* A number in -1 … 1 that depends on nothing but i. */
static float number_of(uint32_t i) {
  i = (i ^ 61u ^ (i >> 16)) * 9u;
  i = (i ^ (i >> 4)) * 0x27d4eb2du;
  return (float)((i ^ (i >> 15)) & 0xffffu) / 32767.5f - 1.0f;
}

static quern_network *make_network(size_t inputs, size_t hidden, size_t outputs, quern_loss loss) {
  const quern_layer layers[] = {quern_dense(hidden, QUERN_ACTIVATION_TANH),
                                quern_dense(outputs, QUERN_ACTIVATION_IDENTITY)};
  quern_network *network;
  assert_ok(quern_network_create(inputs, layers, 2, loss, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 3));
  return network;
}

static quern_train_options options_of(size_t epochs, float rate) {
  quern_train_options options = quern_train_options_default();
  options.epochs = epochs;
  options.batch = 16;
  options.optimizer.learning_rate = rate;
  options.seed = 4;
  return options;
}

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

/* A loss over one-hot rows does not care where they come from. */
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

static void test_metrics_by_hand(void **state) {
  (void)state;
  quern_metrics metrics = {0};
  quern__score score;
  /* Outputs are logits: above 0 is yes. The third sample has it all right; a NaN is never right. */
  const float logits[] = {2, -1, 0.1f, -3, 4, 5, -1, NAN}, marks[] = {1, 1, 0, 0, 1, 1, 1, 0};
  assert_ok(quern__score_create(QUERN_TASK_LABELS, QUERN_LOSS_BINARY, 2, &score));
  quern__score_add(&score, logits, marks, NULL, 1);
  quern__score_add(&score, logits + 2, marks + 2, NULL, 3);
  quern__score_finish(&score, &metrics);
  quern__score_free(&score);
  assert_true(metrics.exact_match == 0.25);
  assert_true(metrics.label_accuracy == 4.0 / 8.0);
  /* Both: 3. Predicted: 4. There: 5. */
  assert_true(metrics.f1 == 6.0 / 9.0);

  /* In units of 10 and of 1; far from zero, where a sum of squares would lose its digits. */
  const float outputs[] = {0, 100000, 2, 100002, 4, 100000},
              targets[] = {1, 100000, 2, 100001, 3, 100002};
  const double units[] = {10.0, 1.0};
  assert_ok(quern__score_create(QUERN_TASK_REGRESSION, QUERN_LOSS_SQUARED, 2, &score));
  quern__score_add(&score, outputs, targets, units, 3);
  quern__score_finish(&score, &metrics);
  quern__score_free(&score);
  assert_true(metrics.mean_squared_error == (100.0 + 0 + 100 + 0 + 1 + 4) / 6);
  assert_true(metrics.mean_absolute_error == (10.0 + 0 + 10 + 0 + 1 + 2) / 6);
  assert_true(fabs(metrics.r_squared - ((1.0 - 200.0 / 200.0) + (1.0 - 5.0 / 2.0)) / 2) <= 1e-12);

  /* A target that is the same all over explains nothing. */
  const float same[] = {3, 3, 3};
  assert_ok(quern__score_create(QUERN_TASK_REGRESSION, QUERN_LOSS_SQUARED, 1, &score));
  quern__score_add(&score, outputs, same, NULL, 3);
  quern__score_finish(&score, &metrics);
  quern__score_free(&score);
  assert_true(isnan(metrics.r_squared) && metrics.mean_squared_error > 0);
}

/* price = 2000 + 300 area - 50 age: columns and targets of other sizes than a network likes. */
static quern_dataset *make_prices(size_t rows, uint32_t first) {
  float *values = test_alloc(rows * 2, sizeof *values), *prices = test_alloc(rows, sizeof *prices);
  for (size_t i = 0; i < rows; i++) {
    values[2 * i] = 100.0f + 40.0f * number_of(first + (uint32_t)(2 * i));
    values[2 * i + 1] = 30.0f + 30.0f * number_of(first + (uint32_t)(2 * i + 1));
    prices[i] = 2000.0f + 300.0f * values[2 * i] - 50.0f * values[2 * i + 1];
  }
  quern_dataset *dataset;
  assert_ok(
      quern_dataset_from_targets(values, prices, QUERN_TASK_REGRESSION, rows, 2, 1, &dataset));
  free(values);
  free(prices);
  return dataset;
}

static void test_regression(void **state) {
  (void)state;
  quern_dataset *train = make_prices(400, 0), *test = make_prices(100, 5000),
                *raw = make_prices(100, 5000);
  const quern_layer layer = quern_dense(1, QUERN_ACTIVATION_IDENTITY);
  quern_network *network, *loaded;
  quern_epoch last;
  quern_metrics metrics;
  assert_ok(quern_dataset_fit(train, true));
  assert_ok(quern_dataset_apply(test, quern_dataset_schema(train)));
  assert_ok(quern_network_create(2, &layer, 1, QUERN_LOSS_SQUARED, &network));
  const quern_train_options options = options_of(30, 0.1f);
  assert_ok(quern_train(context, network, train, test, &options, &last));
  assert_int_equal(last.test.task, QUERN_TASK_REGRESSION);
  assert_true(last.test.r_squared > 0.99999);
  assert_true(isnan(last.test.accuracy) && isnan(last.test.f1));

  /* The data may go; the file has what it takes to ask the network again, in the data's own units.
   */
  assert_ok(quern_model_save(network, path_of("prices")));
  assert_ok(quern_model_load(path_of("prices"), NULL, &loaded));
  assert_non_null(quern_network_schema(loaded));
  assert_true(quern_schema_is_standardized(quern_network_schema(loaded)));
  float before[100], after[100], target, values[2];
  double error = 0.0, absolute = 0.0;
  assert_ok(quern_predict(context, network, test, before));
  assert_fails(quern_predict(context, loaded, raw, after), QUERN_ERROR_DATA,
               "is not prepared like the network's training data");
  quern_dataset *again = make_prices(100, 5000);
  assert_ok(quern_dataset_apply(again, quern_network_schema(loaded)));
  assert_ok(quern_predict(context, loaded, again, after));
  assert_memory_equal(before, after, sizeof before);
  for (size_t row = 0; row < 100; row++) {
    quern_dataset_values(raw, row, values);
    quern_dataset_targets(raw, row, &target);
    assert_true(fabsf(after[row] - target) <= 100.0f); /* of prices from 17,000 to 44,000 */
    error += ((double)after[row] - (double)target) * ((double)after[row] - (double)target) / 100;
    absolute += fabs((double)after[row] - (double)target) / 100;
  }
  assert_ok(quern_evaluate(context, loaded, again, &metrics));
  /* Half of the units in the last place of 44,000, and the standardized targets' own: 1e-7 of a
   * deviation of 12,000. */
  assert_true(fabs(sqrt(metrics.mean_squared_error) - sqrt(error)) <= 0.01);
  assert_true(fabs(metrics.mean_absolute_error - absolute) <= 0.01);
  /* in batches of another size */
  assert_true(fabs(sqrt(last.test.mean_squared_error) - sqrt(error)) <= 0.01);

  /* An ONNX file has no place for a schema: it takes the data as they are, and gives the same
   * numbers. */
  const quern_status exported = quern_onnx_save(loaded, path_of("prices.onnx"));
  if (exported != QUERN_ERROR_UNSUPPORTED) { /* by a build without protobuf-c */
    quern_network *plain;
    assert_int_equal(exported, QUERN_OK);
    assert_ok(quern_onnx_load(path_of("prices.onnx"), NULL, &plain));
    assert_null(quern_network_schema(plain));
    assert_ok(quern_predict(context, plain, raw, before));
    for (size_t row = 0; row < 100; row++) assert_true(fabsf(before[row] - after[row]) <= 0.05f);
    quern_network_free(plain);
  }
  quern_dataset_free(again);
  quern_network_free(loaded);
  quern_network_free(network);
  quern_dataset_free(raw);
  quern_dataset_free(test);
  quern_dataset_free(train);
}

/* Label a says whether value a is above 0, and the last whether exactly one of the others is. */
static quern_dataset *make_marks(size_t rows, uint32_t first) {
  float *values = test_alloc(rows * 2, sizeof *values),
        *marks = test_alloc(rows * 3, sizeof *marks);
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < 2; j++) {
      values[2 * i + j] = number_of(first + (uint32_t)(2 * i + j));
      marks[3 * i + j] = values[2 * i + j] > 0.0f ? 1.0f : 0.0f;
    }
    marks[3 * i + 2] = marks[3 * i] != marks[3 * i + 1] ? 1.0f : 0.0f;
  }
  quern_dataset *dataset;
  assert_ok(quern_dataset_from_targets(values, marks, QUERN_TASK_LABELS, rows, 2, 3, &dataset));
  free(values);
  free(marks);
  return dataset;
}

static void test_many_labels(void **state) {
  (void)state;
  enum { TESTED = 300 };
  quern_dataset *train = make_marks(1000, 0), *test = make_marks(TESTED, 9000);
  quern_network *network = make_network(2, 16, 3, QUERN_LOSS_BINARY);
  const quern_train_options options = options_of(120, 1.0f);
  quern_epoch last;
  assert_ok(quern_train(context, network, train, test, &options, &last));
  assert_int_equal(last.test.task, QUERN_TASK_LABELS);
  assert_true(last.test.exact_match >= 0.95);
  assert_true(last.test.label_accuracy >= 0.97 && last.test.f1 >= 0.97);
  assert_true(isnan(last.test.accuracy) && isnan(last.test.r_squared));

  /* Counted once more from what is predicted. */
  float *outputs = test_alloc(TESTED * 3, sizeof *outputs), marks[3];
  size_t exact = 0, right = 0;
  assert_ok(quern_predict(context, network, test, outputs));
  for (size_t row = 0; row < TESTED; row++) {
    size_t here = 0;
    quern_dataset_targets(test, row, marks);
    for (size_t i = 0; i < 3; i++) here += (outputs[row * 3 + i] > 0.5f) == (marks[i] == 1.0f);
    exact += here == 3;
    right += here;
  }
  assert_true(last.test.exact_match == (double)exact / TESTED);
  assert_true(last.test.label_accuracy == (double)right / (3 * TESTED));
  free(outputs);
  quern_network_free(network);
  quern_dataset_free(test);
  quern_dataset_free(train);
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
  assert_int_equal(test_allocated() - before, length);
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
  /* what is to be predicted does not matter to it */
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
  /* Once trained on prepared data, it takes no others. */
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

/* The op level's own: a plan's step and loss. */
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

#define TEST(function) cmocka_unit_test_teardown(function, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_the_same_bits_as_labels),
      TEST(test_metrics_by_hand),
      TEST(test_regression),
      TEST(test_many_labels),
      TEST(test_resume),
      TEST(test_bytes),
      TEST(test_refused),
      TEST(test_plan),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}

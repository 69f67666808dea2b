/* Metrics of float targets, computed by hand, and after training a regression and several
 * labels. */
#include "targets_test.h"
#include "train/measure.h"

#include <math.h>

static void test_metrics_by_hand(void **state) {
  (void)state;
  quern_metrics metrics = {0};
  quern__score score;
  /* Outputs are logits: above 0 is yes. The third sample is entirely right; a NaN is never
   * right. */
  const float logits[] = {2, -1, 0.1f, -3, 4, 5, -1, NAN}, marks[] = {1, 1, 0, 0, 1, 1, 1, 0};
  assert_ok(quern__score_create(QUERN_TASK_LABELS, QUERN_LOSS_BINARY, 2, &score));
  quern__score_add(&score, logits, marks, NULL, 1);
  quern__score_add(&score, logits + 2, marks + 2, NULL, 3);
  quern__score_finish(&score, &metrics);
  quern__score_free(&score);
  assert_true(metrics.exact_match == 0.25);
  assert_true(metrics.label_accuracy == 4.0 / 8.0);
  /* Both: 3. Predicted: 4. True: 5. */
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

  /* A constant target explains nothing. */
  const float same[] = {3, 3, 3};
  assert_ok(quern__score_create(QUERN_TASK_REGRESSION, QUERN_LOSS_SQUARED, 1, &score));
  quern__score_add(&score, outputs, same, NULL, 3);
  quern__score_finish(&score, &metrics);
  quern__score_free(&score);
  assert_true(isnan(metrics.r_squared) && metrics.mean_squared_error > 0);
}

/* price = 2000 + 300 area - 50 age: columns and targets that need standardization. */
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

  /* After the data are freed, the file suffices to predict in the data's own units. */
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

  /* An ONNX file has no schema: it takes unprepared data, and gives the same numbers. */
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

  /* Counted again from the predictions. */
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

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_metrics_by_hand),
      TEST(test_regression),
      TEST(test_many_labels),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}

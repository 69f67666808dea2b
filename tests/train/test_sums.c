/* Losses whose sum exceeds a float, and more losses than a float can count; class weights whose sum
 * exceeds a float. */
#include "plain_options.h"
#include "test.h"
#include "train/measure.h"

#include <math.h>
#include <quern/train.h>
#include <stdlib.h>

enum { SAMPLES = 6, BATCH = 2 };
static const float target = 3e38f;
static const char *const devices[] = {"reference", "auto"};

/* A network of one weight and one bias, all zero, and targets with finite losses. */
static void open_large(quern_network **network, quern_dataset **data) {
  const quern_layer layer = quern_dense(1, QUERN_ACTIVATION_IDENTITY);
  float x[SAMPLES], y[SAMPLES];
  for (size_t i = 0; i < SAMPLES; i++) {
    x[i] = 1.0f;
    y[i] = target;
  }
  assert_ok(quern_network_create(1, &layer, 1, QUERN_LOSS_ABSOLUTE, network));
  assert_ok(quern_dataset_from_targets(x, y, QUERN_TASK_REGRESSION, SAMPLES, 1, 1, data));
}

static void assert_loss(double got) {
  if (!(fabs(got - (double)target) <= 1e-6 * (double)target))
    fail_msg("a mean loss of %g, expected %g", got, (double)target);
}

static void test_evaluation(void **state) {
  (void)state;
  quern_network *network;
  quern_dataset *data;
  open_large(&network, &data);
  for (size_t i = 0; i < 2; i++) {
    quern_context *context;
    quern_metrics metrics;
    assert_ok(quern_context_create(devices[i], &context));
    assert_ok(quern_evaluate(context, network, data, &metrics));
    assert_loss(metrics.loss);
    quern_context_free(context);
  }
  quern_dataset_free(data);
  quern_network_free(network);
}

static void remember_progress(const quern_progress *progress, void *user) {
  *(double *)user = progress->train_loss;
}

/* Every figure of training: an epoch's, a test set's, and those in between. The rate is 0, so only
 * losses matter. */
static void test_training(void **state) {
  (void)state;
  quern_network *network;
  quern_dataset *data;
  open_large(&network, &data);
  for (size_t i = 0; i < 2; i++) {
    quern_context *context;
    quern_epoch epoch;
    double reported = (double)target;
    quern_train_options options = plain_train_options();
    options.epochs = 3;
    options.batch = BATCH;
    options.optimizer.learning_rate = 0.0;
    options.patience = 5;
    options.on_progress = remember_progress;
    options.user = &reported;
    assert_ok(quern_context_create(devices[i], &context));
    assert_ok(quern_train(context, network, data, data, &options, &epoch));
    assert_loss(epoch.train_loss);
    assert_loss(epoch.test.loss);
    assert_loss(reported);
    assert_int_equal(epoch.best_epoch, 1);
    quern_context_free(context);
  }
  quern_dataset_free(data);
  quern_network_free(network);
}

/* One loss that is not finite makes the mean so, in any order of addition. */
static void test_not_finite(void **state) {
  (void)state;
  static const float losses[][3] = {{1, NAN, 2}, {1, INFINITY, 2}, {-INFINITY, INFINITY, 0}};
  for (size_t i = 0; i < 2; i++) {
    quern_context *context;
    quern__tally tally;
    double mean[3];
    assert_ok(quern_context_create(devices[i], &context));
    assert_ok(quern__tally_create(context, 3, &tally));
    for (size_t l = 0; l < 3; l++) {
      assert_ok(quern_buffer_write(tally.losses, 0, sizeof losses[l], losses[l], QUERN_WAIT));
      assert_ok(quern__tally_mean_loss(&tally, 0, 3, &mean[l]));
    }
    assert_true(isnan(mean[0]) && mean[1] == (double)INFINITY && isnan(mean[2]));
    quern__tally_free(&tally);
    quern_context_free(context);
  }
}

/* More than 2^24 samples, beyond which a float counter stops. The device's sum has a relative error
 * of at most (8 + log2 n) roundings. */
static void test_many(void **state) {
  (void)state;
  const size_t count = ((size_t)1 << 24) + 100003;
  const double value = (double)0.1f, bound = (8.0 + ceil(log2((double)count))) * ldexp(1, -24);
  for (size_t i = 0; i < 2; i++) {
    quern_context *context;
    quern__tally tally;
    double mean;
    assert_ok(quern_context_create(devices[i], &context));
    assert_ok(quern__tally_create(context, count, &tally));
    assert_ok(quern_fill(context, 0.1f, quern_vector(tally.losses, 0, count)));
    assert_ok(quern__tally_mean_loss(&tally, 0, count, &mean));
    if (!(fabs(mean - value) <= bound * value))
      fail_msg("%s: a mean of %.9g, expected %.9g", devices[i], mean, value);
    quern__tally_free(&tally);
    quern_context_free(context);
  }
}

/* Refused before the first step: their sum over a batch would exceed a float, and nothing would be
 * trained. */
static void test_class_weights(void **state) {
  (void)state;
  const quern_layer layer = quern_dense(2, QUERN_ACTIVATION_IDENTITY);
  static const float x[] = {0, 1, 2, 3}, large[] = {3e38f, 3e38f}, small[] = {1, 1e-30f},
                     most[] = {1e15f, 1e-15f};
  static const int32_t labels[] = {0, 1, 0, 1};
  quern_context *context;
  quern_network *network;
  quern_dataset *data;
  quern_epoch epoch;
  assert_ok(quern_context_create("auto", &context));
  assert_ok(quern_network_create(1, &layer, 1, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_dataset_from_floats(x, labels, 4, 1, &data));
  quern_train_options options = plain_train_options();
  options.batch = 4;
  options.class_weights = large;
  assert_fails(quern_train(context, network, data, NULL, &options, NULL), QUERN_ERROR_ARGUMENT,
               "class 0", "3e+38", "1e-15 to 1e+15");
  options.class_weights = small;
  assert_fails(quern_train(context, network, data, NULL, &options, NULL), QUERN_ERROR_ARGUMENT,
               "class 1", "1e-30");
  options.class_weights = most;
  options.label_smoothing = 0.5f;
  for (options.batch = 1; options.batch <= 4; options.batch++) {
    assert_ok(quern_train(context, network, data, NULL, &options, &epoch));
    assert_true(isfinite(epoch.train_loss) && epoch.train_loss > 0.0);
  }
  quern_dataset_free(data);
  quern_network_free(network);
  quern_context_free(context);
}

/* A schedule that exceeds a float's range is refused before the first step, not found later as
 * weights that are not finite. */
static void test_rates(void **state) {
  (void)state;
  quern_network *network;
  quern_dataset *data;
  quern_context *context;
  open_large(&network, &data);
  assert_ok(quern_context_create("reference", &context));
  quern_train_options options = plain_train_options();
  options.batch = BATCH;
  options.epochs = 100;
  options.schedule = quern_schedule_of(QUERN_SCHEDULE_STEP);
  options.schedule.period = 1;
  options.schedule.gamma = 10.0;
  assert_fails(quern_train(context, network, data, NULL, &options, NULL), QUERN_ERROR_ARGUMENT,
               "learning rate is 1e+298", "step 300 of 300");
  options.schedule = quern_schedule_of(QUERN_SCHEDULE_ONE_CYCLE);
  options.schedule.start = 1e-310;
  assert_fails(quern_train(context, network, data, NULL, &options, NULL), QUERN_ERROR_ARGUMENT,
               "learning rate is inf", "step 1 of 300");
  options.schedule = quern_schedule_of(QUERN_SCHEDULE_COSINE);
  options.schedule.minimum = 1e39;
  assert_fails(quern_train(context, network, data, NULL, &options, NULL), QUERN_ERROR_ARGUMENT,
               "step 300 of 300");
  quern_context_free(context);
  quern_dataset_free(data);
  quern_network_free(network);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_evaluation),    QUERN_TEST(test_training),
                                     QUERN_TEST(test_not_finite),    QUERN_TEST(test_many),
                                     QUERN_TEST(test_class_weights), QUERN_TEST(test_rates)};
  return cmocka_run_group_tests_name("train/sums", tests, NULL, NULL);
}

/* Steps that are run one at a time, or in slices of time, give the bits of a whole epoch. The
 * network has a size at which a CPU device has several forms of steps, which add in different
 * orders. */
#include "plain_options.h"
#include "test.h"

#include <quern/train.h>
#include <stdlib.h>

enum { INPUTS = 784, HIDDEN = 256, CLASSES = 10, BATCH = 64, SAMPLES = 3 * BATCH + 32 };

static quern_dataset *make_data(void) {
  float *values = test_alloc(SAMPLES * INPUTS, sizeof *values);
  int32_t labels[SAMPLES];
  quern_dataset *data;
  for (size_t i = 0; i < SAMPLES * INPUTS; i++) values[i] = (float)(i * 37 % 256) / 255.0f;
  for (size_t i = 0; i < SAMPLES; i++) labels[i] = (int32_t)(i * 7 % CLASSES);
  assert_ok(quern_dataset_from_floats(values, labels, SAMPLES, INPUTS, &data));
  free(values);
  return data;
}

/* One epoch, `steps` at a time. */
static quern_network *train(quern_context *context, const quern_dataset *data, size_t steps) {
  const quern_layer layers[] = {quern_dense(HIDDEN, QUERN_ACTIVATION_RELU),
                                quern_dense(CLASSES, QUERN_ACTIVATION_IDENTITY)};
  quern_train_options options = plain_train_options();
  quern_network *network;
  quern_trainer *trainer;
  quern_epoch epoch = {.step = 0, .steps = 1};
  options.batch = BATCH;
  options.optimizer = quern_optimizer_of(QUERN_OPTIMIZER_ADAM, 0.002);
  assert_ok(quern_network_create(INPUTS, layers, 2, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1));
  assert_ok(quern_trainer_create(context, network, data, NULL, &options, &trainer));
  while (epoch.step < epoch.steps) assert_ok(quern_trainer_steps(trainer, steps, &epoch));
  assert_ok(quern_trainer_download(trainer, network));
  quern_trainer_free(trainer);
  return network;
}

static void test_any_number_at_a_time(void **state) {
  (void)state;
  quern_context *context;
  quern_dataset *data = make_data();
  assert_ok(quern_context_create("auto", &context));
  quern_network *whole = train(context, data, SIZE_MAX);
  for (size_t steps = 1; steps <= 3; steps++) {
    quern_network *parts = train(context, data, steps);
    for (size_t l = 0; l < 2; l++) {
      static float weights[2][INPUTS * HIDDEN], bias[2][HIDDEN];
      assert_ok(quern_network_get_layer(whole, l, weights[0], bias[0]));
      assert_ok(quern_network_get_layer(parts, l, weights[1], bias[1]));
      assert_memory_equal(weights[0], weights[1], sizeof weights[0]);
      assert_memory_equal(bias[0], bias[1], sizeof bias[0]);
    }
    quern_network_free(parts);
  }
  quern_network_free(whole);
  quern_dataset_free(data);
  quern_context_free(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_any_number_at_a_time)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

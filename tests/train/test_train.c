/* Training on data sets: the device compared with the reference, reproducible bits, short last
 * batches, errors. */
#include "network/network.h"
#include "plain_options.h"
#include "test.h"
#include "train/trainer.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static quern_network *digits_network(uint64_t seed) {
  const quern_layer layers[] = {quern_dense(32, QUERN_ACTIVATION_RELU),
                                quern_dense(16, QUERN_ACTIVATION_TANH),
                                quern_dense(10, QUERN_ACTIVATION_IDENTITY)};
  quern_network *network;
  assert_ok(quern_network_create(64, layers, 3, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, seed));
  return network;
}

typedef struct run {
  quern_network *network;
  quern_epoch epochs[40];
  size_t count;
} run;

static bool remember(const quern_epoch *epoch, void *user) {
  run *r = user;
  r->epochs[r->count++] = *epoch;
  return true;
}

/* Trains on the first `rows` training digits (all for 0). */
static void train_on(const char *device, size_t rows, size_t epochs, size_t batch, uint64_t seed,
                     run *r) {
  quern_dataset *train, *test, *part = NULL;
  quern_context *context;
  assert_ok(quern_dataset_open("digits", NULL, &train, &test));
  if (rows > 0) {
    float *values = test_alloc(rows * 64, sizeof *values);
    int32_t *labels = test_alloc(rows, sizeof *labels);
    for (size_t i = 0; i < rows; i++) {
      quern_dataset_values(train, i, values + i * 64);
      labels[i] = quern_dataset_label(train, i);
    }
    assert_ok(quern_dataset_from_floats(values, labels, rows, 64, &part));
    free(values);
    free(labels);
  }
  assert_ok(quern_context_create(device, &context));
  r->network = digits_network(5);
  r->count = 0;
  quern_train_options options = plain_train_options();
  options.epochs = epochs;
  options.batch = batch;
  options.optimizer = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.1);
  options.optimizer.weight_decay = 1e-4;
  options.seed = seed;
  options.on_epoch = remember;
  options.user = r;
  assert_ok(quern_train(context, r->network, part != NULL ? part : train, test, &options, NULL));
  assert_int_equal(r->count, epochs);
  quern_context_free(context);
  quern_dataset_free(part);
  quern_dataset_free(train);
  quern_dataset_free(test);
}

static size_t flat_bytes(const run *r) {
  return r->network->shape.flat_count * sizeof(float);
}

/* Ten steps of 16 samples. A step's gradient is a mean over the batch of products of sums of at
 * most 64 terms of size about 1, so device and reference differ by at most about 64 eps in it, and
 * by learning rate · 10 · 64 eps in the weights: 0.1 · 640 · 1.2e-7 = 7.6e-6. */
static void test_device_agrees_with_reference(void **state) {
  (void)state;
  run reference, device;
  train_on("reference", 160, 1, 16, 9, &reference);
  train_on("auto", 160, 1, 16, 9, &device);
  assert_true(fabs(reference.epochs[0].train_loss - device.epochs[0].train_loss) <=
              64 * 0x1p-23 * reference.epochs[0].train_loss);
  double worst = 0.0;
  for (size_t i = 0; i < reference.network->shape.flat_count; i++) {
    double difference =
        fabs((double)reference.network->parameters[i] - (double)device.network->parameters[i]);
    if (!(difference <= worst)) worst = difference;
  }
  assert_true(worst <= 0.1 * 640 * 0x1p-23);
  quern_network_free(reference.network);
  quern_network_free(device.network);
}

static void test_same_seed_same_bits(void **state) {
  (void)state;
  run first, second, other;
  train_on("auto", 0, 2, 32, 1, &first);
  train_on("auto", 0, 2, 32, 1, &second);
  train_on("auto", 0, 2, 32, 2, &other);
  assert_memory_equal(first.network->parameters, second.network->parameters, flat_bytes(&first));
  assert_true(first.epochs[1].train_loss == second.epochs[1].train_loss);
  assert_memory_not_equal(first.network->parameters, other.network->parameters, flat_bytes(&first));
  quern_network_free(first.network);
  quern_network_free(second.network);
  quern_network_free(other.network);
}

/* 50 samples in batches of 16 end with one of 2: an epoch is then four plan steps over the shuffled
 * samples, each the mean over its own samples. With a learning rate of 0, the loss of the first
 * epoch is the plain mean. */
static void test_short_last_batch(void **state) {
  (void)state;
  const char *devices[] = {"reference", "auto"};
  for (size_t d = 0; d < 2; d++) {
    quern_dataset *all, *test, *rest, *fifty;
    quern_context *context;
    assert_ok(quern_dataset_open("digits", NULL, &all, &test));
    assert_ok(quern_dataset_split(all, 50.0 / (double)quern_dataset_rows(all), 4, &rest, &fifty));
    assert_int_equal(quern_dataset_rows(fifty), 50);
    assert_ok(quern_context_create(devices[d], &context));
    quern_network *network = digits_network(5);
    quern_metrics metrics;
    assert_ok(quern_evaluate(context, network, fifty, &metrics));
    quern_train_options options = plain_train_options();
    options.epochs = 1;
    options.batch = 16;
    options.optimizer.learning_rate = 0.0f;
    quern_epoch last;
    assert_ok(quern_train(context, network, fifty, fifty, &options, &last));
    assert_true(fabs(last.train_loss - metrics.loss) <= 1e-6 * metrics.loss);
    assert_true(fabs(last.test.loss - metrics.loss) <= 1e-6 * metrics.loss);
    assert_true(last.test.accuracy == metrics.accuracy);
    quern_network_free(network);
    quern_context_free(context);
    quern_dataset_free(all);
    quern_dataset_free(test);
    quern_dataset_free(rest);
    quern_dataset_free(fifty);
  }
}

static void test_learns_digits(void **state) {
  (void)state;
  run r;
  train_on("auto", 0, 40, 32, 1, &r);
  assert_true(r.epochs[39].test.accuracy >= 0.95);
  assert_true(r.epochs[39].train_loss < 0.1 * r.epochs[0].train_loss);
  quern_network_free(r.network);
}

/* Predictions match the counts of evaluation, before and after saving and loading. */
static void test_predictions_survive_a_file(void **state) {
  (void)state;
  run r;
  train_on("auto", 0, 3, 32, 1, &r);
  char path[512];
  snprintf(path, sizeof path, "%s/train.safetensors",
           getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
  assert_ok(quern_model_save(r.network, path));
  quern_network *loaded;
  assert_ok(quern_model_load(path, NULL, &loaded));
  remove(path);

  quern_dataset *train, *test;
  quern_context *context;
  assert_ok(quern_dataset_open("digits", NULL, &train, &test));
  assert_ok(quern_context_create("auto", &context));
  size_t rows = quern_dataset_rows(test), bytes = rows * 10 * sizeof(float), right = 0;
  float *before = test_alloc(rows * 10, sizeof *before),
        *after = test_alloc(rows * 10, sizeof *after);
  assert_ok(quern_predict(context, r.network, test, before));
  assert_ok(quern_predict(context, loaded, test, after));
  assert_memory_equal(before, after, bytes);
  for (size_t i = 0; i < rows; i++) {
    int32_t best = 0;
    for (int32_t a = 1; a < 10; a++)
      if (after[i * 10 + (size_t)a] > after[i * 10 + (size_t)best]) best = a;
    right += best == quern_dataset_label(test, i);
  }
  assert_true((double)right / (double)rows == r.epochs[2].test.accuracy);
  free(before);
  free(after);
  quern_network_free(loaded);
  quern_network_free(r.network);
  quern_context_free(context);
  quern_dataset_free(train);
  quern_dataset_free(test);
}

static bool stop_at_two(const quern_epoch *epoch, void *user) {
  size_t *calls = user;
  *calls = epoch->epoch;
  return epoch->epoch < 2;
}

static void test_stops_when_told(void **state) {
  (void)state;
  quern_dataset *train;
  quern_context *context;
  assert_ok(quern_dataset_open("digits", NULL, &train, NULL));
  assert_ok(quern_context_create("reference", &context));
  quern_network *network = digits_network(1);
  size_t calls = 0;
  quern_train_options options = plain_train_options();
  options.on_epoch = stop_at_two;
  options.user = &calls;
  quern_epoch last;
  assert_ok(quern_train(context, network, train, NULL, &options, &last));
  assert_int_equal(calls, 2);
  assert_int_equal(last.epoch, 2);
  assert_false(last.tested);
  quern_network_free(network);
  quern_dataset_free(train);
  quern_context_free(context);
}

typedef struct reported {
  size_t calls, last_step;
  double loss; /* of the last call */
} reported;

static void note_progress(const quern_progress *progress, void *user) {
  reported *t = user;
  assert_int_equal(progress->epoch, 1);
  assert_int_equal(progress->epochs, 1);
  assert_true(progress->step > t->last_step && progress->step <= progress->steps);
  assert_true(progress->train_loss > 0.0 && progress->train_samples_per_second > 0.0);
  t->calls++;
  t->last_step = progress->step;
  t->loss = progress->train_loss;
}

/* The reported loss is the mean over the samples so far, whatever the slices; reporting changes no
 * bit. */
static void test_progress(void **state) {
  (void)state;
  quern_dataset *train;
  quern_context *context;
  quern_trainer *trainer;
  assert_ok(quern_dataset_open("digits", NULL, &train, NULL));
  assert_ok(quern_context_create("reference", &context));
  quern_network *plain = digits_network(1), *watched = digits_network(1);
  reported t = {0};
  quern_train_options options = plain_train_options();
  options.epochs = 1;
  options.batch = 1;
  options.optimizer.learning_rate = 0.01f;
  quern_epoch last;
  assert_ok(quern_train(context, plain, train, NULL, &options, NULL));
  options.on_progress = note_progress;
  options.user = &t;
  assert_ok(quern_trainer_create(context, watched, train, NULL, &options, &trainer));
  assert_ok(quern_trainer_epoch(trainer, &last));
  assert_ok(quern_trainer_download(trainer, watched));
  assert_true(t.calls >= 1);
  assert_memory_equal(plain->parameters, watched->parameters,
                      plain->shape.flat_count * sizeof(float));

  /* With a learning rate of 0, each sample's loss is known beforehand, and so are all means. */
  quern_trainer_free(trainer);
  quern_network_free(watched);
  watched = digits_network(1);
  t = (reported){0};
  options.optimizer.learning_rate = 0.0f;
  assert_ok(quern_trainer_create(context, watched, train, NULL, &options, &trainer));
  double sum = 0.0;
  quern_epoch epoch;
  float *losses = test_alloc(quern_dataset_rows(train), sizeof *losses);
  assert_ok(quern_trainer_epoch(trainer, &epoch));
  assert_true(t.calls >= 1);
  assert_ok(quern_buffer_read(trainer->tally.losses, 0, t.last_step * sizeof *losses, losses,
                              QUERN_WAIT));
  for (size_t i = 0; i < t.last_step; i++) sum += (double)losses[i];
  assert_true(fabs(t.loss - sum / (double)t.last_step) <= 1e-5 * t.loss);
  free(losses);
  quern_trainer_free(trainer);
  quern_network_free(plain);
  quern_network_free(watched);
  quern_dataset_free(train);
  quern_context_free(context);
}

static void test_refusals(void **state) {
  (void)state;
  quern_context *context;
  quern_dataset *data;
  quern_network *network = digits_network(1);
  quern_metrics metrics;
  const float values[2 * 64] = {0};
  const int32_t labels[2] = {3, 10};
  assert_ok(quern_context_create("reference", &context));
  quern_train_options options = plain_train_options();

  assert_ok(quern_dataset_from_floats(values, labels, 2, 64, &data));
  assert_fails(quern_train(context, network, data, NULL, &options, NULL), QUERN_ERROR_DATA,
               "memory", "sample 1", "is 10", "0 to 9");
  quern_dataset_free(data);
  assert_ok(quern_dataset_from_floats(values, labels, 1, 63, &data));
  assert_fails(quern_evaluate(context, network, data, &metrics), QUERN_ERROR_SHAPE, "63 columns",
               "64 inputs");
  options.batch = 1;
  options.epochs = 0;
  assert_fails(quern_train(context, network, data, NULL, &options, NULL), QUERN_ERROR_ARGUMENT,
               "0 epochs");
  options.epochs = 1;
  options.optimizer.learning_rate = NAN;
  assert_fails(quern_train(context, network, data, NULL, &options, NULL), QUERN_ERROR_ARGUMENT,
               "learning rate");
  options.size = 0;
  assert_fails(quern_train(context, network, data, NULL, &options, NULL), QUERN_ERROR_ARGUMENT,
               "quern_train_options_default()");
  quern_dataset_free(data);
  quern_network_free(network);
  quern_context_free(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_device_agrees_with_reference),
                                     QUERN_TEST(test_same_seed_same_bits),
                                     QUERN_TEST(test_short_last_batch),
                                     QUERN_TEST(test_learns_digits),
                                     QUERN_TEST(test_predictions_survive_a_file),
                                     QUERN_TEST(test_stops_when_told),
                                     QUERN_TEST(test_progress),
                                     QUERN_TEST(test_refusals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

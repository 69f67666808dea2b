/* Small tasks with every kind of step, for the tests of stopping and resuming. */
#ifndef QUERN_TESTS_TRAIN_CHECKPOINT_TEST_H
#define QUERN_TESTS_TRAIN_CHECKPOINT_TEST_H

#include "../data/temporary.h"
#include "network/network.h"
#include "plain_options.h"
#include "test.h"

typedef struct task {
  const char *name;
  size_t inputs, samples, batch, epochs;
  quern_loss loss;
  float clip_norm;
  quern_layer layers[3];
  size_t layer_count;
  size_t variant; /* of optimizer and schedule */
} task;

enum { TASKS = 6 };

/* Many steps per launch, two launches per step, single ops, and single ops with clipping, with
 * dropout and with normalizations; the last batch is short. */
static inline task task_at(size_t index) {
  const task tasks[TASKS] = {
      {.name = "serial",
       .inputs = 3,
       .samples = 23,
       .batch = 5,
       .epochs = 3,
       .loss = QUERN_LOSS_CATEGORICAL,
       .layers = {quern_dense(4, QUERN_ACTIVATION_TANH), quern_dense(3, QUERN_ACTIVATION_IDENTITY)},
       .layer_count = 2},
      {.name = "blocks",
       .inputs = 37,
       .samples = 2 * 131 + 7,
       .batch = 131,
       .epochs = 2,
       .loss = QUERN_LOSS_CATEGORICAL,
       .layers = {quern_dense(35, QUERN_ACTIVATION_LEAKY_RELU),
                  quern_dense(18, QUERN_ACTIVATION_RELU),
                  quern_dense(10, QUERN_ACTIVATION_IDENTITY)},
       .layer_count = 3},
      {.name = "ops",
       .inputs = 7,
       .samples = 20,
       .batch = 6,
       .epochs = 3,
       .loss = QUERN_LOSS_SQUARED,
       .layers = {quern_dense(5, QUERN_ACTIVATION_RELU), quern_dense(2, QUERN_ACTIVATION_SIGMOID)},
       .layer_count = 2},
      {.name = "clipped",
       .inputs = 7,
       .samples = 20,
       .batch = 20,
       .epochs = 3,
       .loss = QUERN_LOSS_CATEGORICAL,
       .clip_norm = 0.1f,
       .layers = {quern_dense(5, QUERN_ACTIVATION_SIGMOID),
                  quern_dense(3, QUERN_ACTIVATION_IDENTITY)},
       .layer_count = 2},
      {.name = "dropout",
       .inputs = 7,
       .samples = 20,
       .batch = 6,
       .epochs = 3,
       .loss = QUERN_LOSS_CATEGORICAL,
       .layers = {quern_dense(9, QUERN_ACTIVATION_RELU), quern_dense(6, QUERN_ACTIVATION_GELU),
                  quern_dense(3, QUERN_ACTIVATION_IDENTITY)},
       .layer_count = 3},
      {.name = "normalized",
       .inputs = 7,
       .samples = 20,
       .batch = 6,
       .epochs = 3,
       .loss = QUERN_LOSS_CATEGORICAL,
       .layers = {quern_dense(9, QUERN_ACTIVATION_RELU), quern_dense(6, QUERN_ACTIVATION_SILU),
                  quern_dense(3, QUERN_ACTIVATION_IDENTITY)},
       .layer_count = 3},
  };
  task chosen = tasks[index];
  chosen.layers[0].freeze_bias = index == 2;
  chosen.layers[0].dropout = index == 4 ? 0.25f : 0.0f;
  chosen.layers[1].dropout = index == 4 ? 0.5f : 0.0f;
  if (index == 5) {
    chosen.layers[0].normalization = quern_normalization_of(QUERN_NORMALIZATION_BATCH);
    chosen.layers[1].normalization = quern_normalization_of(QUERN_NORMALIZATION_LAYER);
  }
  return chosen;
}

/* Values depend on `shift`. */
static inline quern_dataset *task_data(const task *self, size_t shift) {
  const size_t classes = self->layers[self->layer_count - 1].units,
               count = self->samples * self->inputs;
  float *values = test_alloc(count, sizeof *values);
  int32_t *labels = test_alloc(self->samples, sizeof *labels);
  for (size_t i = 0; i < self->samples; i++) labels[i] = (int32_t)(i * 7 % classes);
  for (size_t i = 0; i < count; i++) values[i] = (float)((i + shift) * 37 % 256) / 255.0f;
  quern_dataset *data;
  assert_ok(quern_dataset_from_floats(values, labels, self->samples, self->inputs, &data));
  free(values);
  free(labels);
  return data;
}

static inline quern_network *task_network(const task *self, uint64_t seed) {
  quern_network *network;
  assert_ok(
      quern_network_create(self->inputs, self->layers, self->layer_count, self->loss, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, seed));
  return network;
}

/* Every optimizer with every schedule, with and without a warm-up; the first is plain SGD at a
 * constant rate. */
enum {
  OPTIMIZERS = QUERN_OPTIMIZER_RMSPROP + 2,
  SCHEDULES = QUERN_SCHEDULE_ONE_CYCLE + 1,
  VARIANTS = 2 * OPTIMIZERS * SCHEDULES
};

static inline void task_variant(size_t variant, quern_train_options *options) {
  const size_t optimizer = variant % OPTIMIZERS, rest = variant / OPTIMIZERS;
  const bool adapts = optimizer >= QUERN_OPTIMIZER_ADAM;
  options->optimizer = quern_optimizer_of(
      (quern_optimizer_kind)(optimizer <= QUERN_OPTIMIZER_RMSPROP ? optimizer
                                                                  : QUERN_OPTIMIZER_RMSPROP),
      adapts ? 0.01 : 0.3);
  options->optimizer.weight_decay = 0.01;
  options->optimizer.decay_bias = variant % 3 != 1;
  if (optimizer > QUERN_OPTIMIZER_RMSPROP) options->optimizer.momentum = 0.9;
  options->schedule = quern_schedule_of((quern_schedule_kind)(rest % SCHEDULES));
  options->schedule.period = 3;
  options->schedule.gamma = 0.5;
  options->schedule.warmup = rest / SCHEDULES == 1 ? 3 : 0;
}

static inline quern_train_options task_options(const task *self) {
  quern_train_options options = plain_train_options();
  options.epochs = self->epochs;
  options.batch = self->batch;
  task_variant(self->variant, &options);
  options.seed = 11;
  options.clip_norm = self->clip_norm;
  return options;
}

static inline size_t task_steps(const task *self) {
  return (self->samples + self->batch - 1) / self->batch;
}

/* A trainer of the task from a network of `seed`. */
static inline quern_trainer *task_trainer(quern_context *context, const task *self, uint64_t seed) {
  quern_dataset *data = task_data(self, 0);
  quern_network *network = task_network(self, seed);
  const quern_train_options options = task_options(self);
  quern_trainer *trainer;
  assert_ok(quern_trainer_create(context, network, data, NULL, &options, &trainer));
  quern_network_free(network);
  quern_dataset_free(data);
  return trainer;
}

/* Runs a trainer to its last epoch; the caller frees the trained network. */
static inline quern_network *finish(quern_trainer *trainer, const task *self, quern_epoch *last) {
  do assert_ok(quern_trainer_epoch(trainer, last));
  while (last->epoch < self->epochs);
  quern_network *network = task_network(self, 99);
  assert_ok(quern_trainer_download(trainer, network));
  return network;
}

static inline void assert_same_bits(const quern_network *a, const quern_network *b) {
  assert_int_equal(a->shape.flat_count, b->shape.flat_count);
  assert_memory_equal(a->parameters, b->parameters, a->shape.flat_count * sizeof(float));
}

#define CHECKPOINT path_of("checkpoint")

#endif

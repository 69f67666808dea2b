/* Training with a limit on the memory of data, for the tests of streaming. */
#ifndef QUERN_TESTS_TRAIN_STREAMING_TEST_H
#define QUERN_TESTS_TRAIN_STREAMING_TEST_H

#include "checkpoint_test.h"
#include "plain_options.h"

#include <stdlib.h>

/* A training, without a limit on its data's memory. */
typedef struct training {
  quern_context *context;
  quern_network *network; /* the initial network */
  quern_dataset *data, *test;
  quern_train_options options;
} training;

static inline void free_training(training *self) {
  quern_network_free(self->network);
  quern_dataset_free(self->data);
  quern_dataset_free(self->test);
}

static inline quern_data_residency placement_at(const training *self, size_t data_memory) {
  quern_train_options options = self->options;
  quern_data_residency placement = quern_data_residency_default();
  options.data_memory = data_memory;
  assert_ok(quern_trainer_residency(self->context, self->network, self->data, self->test, &options,
                                    &placement));
  assert_in_range(placement.bytes, 1, data_memory);
  return placement;
}

/* The least memory for the data, from the error. */
static inline size_t least_memory(const training *self) {
  quern_train_options options = self->options;
  quern_data_residency placement = quern_data_residency_default();
  options.data_memory = 1;
  assert_fails(quern_trainer_residency(self->context, self->network, self->data, self->test,
                                       &options, &placement),
               QUERN_ERROR_ARGUMENT, "a data memory of 1 bytes", "expected at least ");
  const char *cursor = strstr(quern_last_error(), "at least ");
  const size_t least = strtoull(cursor + strlen("at least "), NULL, 10);
  options.data_memory = least - 1;
  assert_fails(quern_trainer_residency(self->context, self->network, self->data, self->test,
                                       &options, &placement),
               QUERN_ERROR_ARGUMENT, "expected at least ");
  return least;
}

/* The results of a training. */
typedef struct result {
  quern_network *network;
  quern_epoch last;
} result;

static inline result run(const training *self, size_t data_memory) {
  result created;
  quern_train_options options = self->options;
  options.data_memory = data_memory;
  const quern__shape *shape = &self->network->shape;
  quern_layer *layers = test_alloc(shape->layer_count, sizeof *layers);
  for (size_t l = 0; l < shape->layer_count; l++) layers[l] = shape->layers[l].layer;
  assert_ok(quern_network_create(shape->inputs, layers, shape->layer_count, shape->loss,
                                 &created.network));
  free(layers);
  memcpy(created.network->parameters, self->network->parameters, shape->flat_count * sizeof(float));
  assert_ok(
      quern_train(self->context, created.network, self->data, self->test, &options, &created.last));
  return created;
}

static inline training training_of(quern_context *context, const task *self) {
  return (training){.context = context,
                    .network = task_network(self, 5),
                    .data = task_data(self, 0),
                    .options = task_options(self)};
}

static inline quern_trainer *trainer_at(const training *self, size_t data_memory) {
  quern_train_options options = self->options;
  quern_trainer *trainer;
  options.data_memory = data_memory;
  assert_ok(quern_trainer_create(self->context, self->network, self->data, self->test, &options,
                                 &trainer));
  return trainer;
}

#endif

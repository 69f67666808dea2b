/* Networks, options and data with float targets, for the tests of training on them. */
#ifndef QUERN_TESTS_TRAIN_TARGETS_TEST_H
#define QUERN_TESTS_TRAIN_TARGETS_TEST_H

#include "../data/temporary.h"
#include "network/network.h"
#include "plain_options.h"
#include "test.h"

static quern_context *context;

static inline int open_all(void **state) {
  return make_temporary_folder(state) != 0 || quern_context_create(NULL, &context) != QUERN_OK;
}

static inline int close_all(void **state) {
  quern_context_free(context);
  return test_teardown(state) != 0 || remove_temporary_folder(state) != 0;
}

/* A number in -1 … 1 that depends only on i. */
static inline float number_of(uint32_t i) {
  i = (i ^ 61u ^ (i >> 16)) * 9u;
  i = (i ^ (i >> 4)) * 0x27d4eb2du;
  return (float)((i ^ (i >> 15)) & 0xffffu) / 32767.5f - 1.0f;
}

static inline quern_network *make_network(size_t inputs, size_t hidden, size_t outputs,
                                          quern_loss loss) {
  const quern_layer layers[] = {quern_dense(hidden, QUERN_ACTIVATION_TANH),
                                quern_dense(outputs, QUERN_ACTIVATION_IDENTITY)};
  quern_network *network;
  assert_ok(quern_network_create(inputs, layers, 2, loss, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 3));
  return network;
}

static inline quern_train_options options_of(size_t epochs, float rate) {
  quern_train_options options = plain_train_options();
  options.epochs = epochs;
  options.batch = 16;
  options.optimizer.learning_rate = rate;
  options.seed = 4;
  return options;
}

/* Label a is whether value a is above 0; the last is whether exactly one of the others is. */
static inline quern_dataset *make_marks(size_t rows, uint32_t first) {
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

#define TEST(function) cmocka_unit_test_teardown(function, empty_temporary_folder)

#endif

/* Objects that the walked operations start from. */
#ifndef QUERN_TESTS_FAULTS_OPERATIONS_H
#define QUERN_TESTS_FAULTS_OPERATIONS_H

#include "fault_walk.h"

enum { BYTES = 4096, SAMPLES = 20, INPUTS = 6, CLASSES = 3, FLOATS = 64 };

static inline void make_buffers(fault_place *place) {
  assert_ok(quern_buffer_create(place->context, BYTES, &place->a));
  assert_ok(quern_buffer_create(place->context, BYTES, &place->b));
  assert_ok(quern_buffer_fill(place->a, 0, BYTES, 0));
  assert_ok(quern_buffer_fill(place->b, 0, BYTES, 0));
  assert_ok(quern_context_finish(place->context));
}

static inline quern_status first_launch(fault_place *place) {
  const quern_status status = quern_fill(place->context, 1.0f, quern_vector(place->a, 0, FLOATS));
  return status == QUERN_OK ? quern_context_finish(place->context) : status;
}

static inline void make_network_of(fault_place *place, quern_layer hidden) {
  const quern_layer layers[] = {hidden, quern_dense(CLASSES, QUERN_ACTIVATION_IDENTITY)};
  float values[SAMPLES * INPUTS];
  int32_t labels[SAMPLES];
  for (size_t i = 0; i < SAMPLES * INPUTS; i++) values[i] = (float)(i * 37 % 11) / 11.0f;
  for (size_t i = 0; i < SAMPLES; i++) labels[i] = (int32_t)(i % CLASSES);
  assert_ok(quern_network_create(INPUTS, layers, 2, QUERN_LOSS_CATEGORICAL, &place->network));
  assert_ok(quern_network_initialize(place->network, QUERN_INITIALIZER_DEFAULT, 3));
  assert_ok(quern_dataset_from_floats(values, labels, SAMPLES, INPUTS, &place->data));
}

static inline void make_network(fault_place *place) {
  make_network_of(place, quern_dense(5, QUERN_ACTIVATION_RELU));
}

/* Group teardown: prints how many faults there were. */
static inline int print_count(void **state) {
  (void)state;
  print_message("OpenCL faults injected: %zu, all survived\n", fault_count());
  return fault_count() > 0 ? 0 : -1;
}

#endif

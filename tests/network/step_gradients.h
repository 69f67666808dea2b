/* Networks of three layers, and the gradients of their steps compared with finite differences of
 * the step's own loss, for layers whose evaluation differs from training. */
#ifndef QUERN_TESTS_NETWORK_STEP_GRADIENTS_H
#define QUERN_TESTS_NETWORK_STEP_GRADIENTS_H

#include "network/plan.h"
#include "test.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 5, HIDDEN = 8, MORE = 6, OUTPUTS = 3, LAYERS = 3, ROWS = 7 };

static const char *const devices[] = {"reference", "auto"};

/* A network on a context, and samples for it. */
typedef struct place {
  quern_context *context;
  quern_network *network;
  quern_buffer *buffer;
  quern_tensor x, labels, losses, correct;
} place;

/* Hidden layers of HIDDEN and MORE units, with these normalizations and dropouts. */
static inline void open_place(place *where, const char *device, quern_layer first,
                              quern_layer second) {
  const quern_layer layers[LAYERS] = {first, second,
                                      quern_dense(OUTPUTS, QUERN_ACTIVATION_IDENTITY)};
  const int32_t labels[ROWS] = {2, 0, 1, 1, 2, 0, 0};
  assert_ok(quern_context_create(device, &where->context));
  assert_ok(quern_network_create(INPUTS, layers, LAYERS, QUERN_LOSS_CATEGORICAL, &where->network));
  assert_ok(quern_network_initialize(where->network, QUERN_INITIALIZER_DEFAULT, 3));
  assert_ok(quern_buffer_create(where->context, (ROWS * INPUTS + 2 * ROWS + 1) * sizeof(float),
                                &where->buffer));
  where->x = quern_matrix(where->buffer, 0, ROWS, INPUTS);
  where->labels = quern_vector(where->buffer, ROWS * INPUTS, ROWS);
  where->losses = quern_vector(where->buffer, ROWS * INPUTS + ROWS, ROWS);
  where->correct = quern_vector(where->buffer, ROWS * INPUTS + 2 * ROWS, 1);
  assert_ok(quern_random_uniform(where->context, 11, 0, -1.0f, 1.0f, where->x));
  assert_ok(quern_buffer_write(where->buffer, where->labels.offset * sizeof(float), sizeof labels,
                               labels, QUERN_WAIT));
  assert_ok(
      quern_buffer_fill(where->buffer, where->correct.offset * sizeof(float), sizeof(int32_t), 0));
}

static inline void close_place(place *where) {
  quern_buffer_free(where->buffer);
  quern_network_free(where->network);
  quern_context_free(where->context);
}

static inline double mean_loss(const place *where) {
  float losses[ROWS];
  double sum = 0;
  assert_ok(quern_buffer_read(where->buffer, where->losses.offset * sizeof(float), sizeof losses,
                              losses, QUERN_WAIT));
  for (size_t i = 0; i < ROWS; i++) sum += (double)losses[i] / ROWS;
  return sum;
}

/* A plan after `steps` steps. */
static inline quern_plan *plan_after(const place *where, uint64_t seed, size_t steps) {
  quern_plan *plan;
  assert_ok(quern_plan_create(where->context, where->network, ROWS, QUERN_PLAN_GRADIENTS, &plan));
  assert_ok(quern_plan_set_dropout_seed(plan, seed));
  for (size_t s = 0; s < steps; s++)
    assert_ok(quern_plan_step(plan, where->x, where->labels, where->losses));
  return plan;
}

/* The loss of the second step, whose mask is always the same, after moving one parameter. */
static inline double loss_at(place *where, size_t i, float value) {
  const float kept = where->network->parameters[i];
  where->network->parameters[i] = value;
  quern_plan *plan = plan_after(where, 5, 2);
  quern_plan_free(plan);
  where->network->parameters[i] = kept;
  return mean_loss(where);
}

/* Romberg's central differences, as in host/verify/ops/gradients.c: h, h/2 and h/4, extrapolated
 * twice. */
static inline double differentiate(place *where, size_t i, double *error) {
  const float value = where->network->parameters[i];
  double slopes[3];
  for (size_t k = 0; k < 3; k++) {
    const float up = value + 0x1p-3f / (float)(1 << k), down = value - 0x1p-3f / (float)(1 << k);
    slopes[k] = (loss_at(where, i, up) - loss_at(where, i, down)) / ((double)up - (double)down);
  }
  const double coarse = (4 * slopes[1] - slopes[0]) / 3, fine = (4 * slopes[2] - slopes[1]) / 3;
  *error = fabs(fine - coarse) + 10 * (double)FLT_EPSILON / 2 * 4 / 0x1p-5 * 2;
  return (16 * fine - coarse) / 15;
}

/* Compares the gradients of the second step on both devices with differences on the reference,
 * within the error of the differences. Fewer than a third of them are zero. */
static inline void check_gradients(quern_layer first, quern_layer second) {
  place where[2];
  float *gradients[2];
  for (size_t d = 0; d < 2; d++) {
    open_place(&where[d], devices[d], first, second);
    quern_plan *plan = plan_after(&where[d], 5, 2);
    const size_t count = plan->shape.flat_count;
    gradients[d] = test_alloc(count, sizeof(float));
    assert_ok(quern_buffer_read(plan->gradients.list[0].memory, 0, count * sizeof(float),
                                gradients[d], QUERN_WAIT));
    quern_plan_free(plan);
  }
  const quern__shape *shape = &where[0].network->shape;
  size_t zero = 0;
  for (size_t item = 0; item < LAYERS * QUERN__LEARNING_PARTS; item++) {
    const quern__part part = (quern__part)(item % QUERN__LEARNING_PARTS);
    const quern__extent extent =
        quern__layer_part(&shape->layers[item / QUERN__LEARNING_PARTS], part);
    for (size_t i = extent.first; i < extent.first + extent.count; i++) {
      double error;
      const double slope = differentiate(&where[0], i, &error);
      for (size_t d = 0; d < 2; d++)
        if (!(fabs((double)gradients[d][i] - slope) <= error))
          fail_msg("%s: the gradient of number %zu of the %s of layer %zu is %.9g, differences "
                   "give %.9g within %.2g",
                   devices[d], i - extent.first, quern__part_name(part),
                   item / QUERN__LEARNING_PARTS, (double)gradients[d][i], slope, error);
      zero += slope == 0;
    }
  }
  assert_true(zero < shape->parameter_count / 3);
  for (size_t d = 0; d < 2; d++) {
    free(gradients[d]);
    close_place(&where[d]);
  }
}

#endif

/* Clipping in a plan: the norm is over all trainable gradients together. */
#include "network/plan.h"
#include "test.h"
#include <math.h>
#include <stdlib.h>

enum { INPUTS = 9, OUTPUTS = 4, ROWS = 6 };

static const char *const devices[] = {"reference", "auto"};

/* The flat gradients after one step with a norm of at most `max_norm`, and the new parameters. */
static void step(const char *device, const quern_layer *layers, float max_norm, float **gradients,
                 float **parameters, size_t *count) {
  quern_context *context;
  quern_network *network;
  quern_plan *plan;
  quern_buffer *x, *labels;
  const int32_t classes[ROWS] = {3, 1, 0, 2, 2, 1};
  assert_ok(quern_context_create(device, &context));
  assert_ok(quern_network_create(INPUTS, layers, 3, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 3));
  assert_ok(quern_buffer_create(context, ROWS * INPUTS * sizeof(float), &x));
  assert_ok(quern_buffer_create(context, sizeof classes, &labels));
  assert_ok(quern_random_uniform(context, 11, 0, -1.0f, 1.0f, quern_matrix(x, 0, ROWS, INPUTS)));
  assert_ok(quern_buffer_write(labels, 0, sizeof classes, classes, QUERN_WAIT));
  assert_ok(quern_plan_create(context, network, ROWS, QUERN_PLAN_GRADIENTS, &plan));
  const quern_optimizer sgd = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.5);
  assert_ok(quern_plan_set_optimizer(plan, &sgd));
  assert_ok(quern_plan_set_clip_norm(plan, max_norm));
  assert_ok(quern_plan_step(plan, quern_matrix(x, 0, ROWS, INPUTS), quern_vector(labels, 0, ROWS),
                            quern_none()));
  *count = plan->shape.flat_count;
  *gradients = test_alloc(*count, sizeof **gradients);
  *parameters = test_alloc(*count, sizeof **parameters);
  assert_ok(quern_buffer_read(plan->gradients.list[0].memory, 0, *count * sizeof(float), *gradients,
                              QUERN_WAIT));
  assert_ok(
      quern_buffer_read(plan->parameters, 0, *count * sizeof(float), *parameters, QUERN_WAIT));
  quern_plan_free(plan);
  quern_buffer_free(x);
  quern_buffer_free(labels);
  quern_network_free(network);
  quern_context_free(context);
}

/* The middle layer's weights and the first bias are frozen, so their gradients are neither counted
 * nor scaled. */
static void test_norm(void **state) {
  (void)state;
  quern_layer layers[] = {quern_dense(7, QUERN_ACTIVATION_TANH),
                          quern_dense(5, QUERN_ACTIVATION_RELU),
                          quern_dense(OUTPUTS, QUERN_ACTIVATION_IDENTITY)};
  quern_network *shape;
  for (size_t frozen = 0; frozen < 2; frozen++) {
    layers[0].freeze_bias = layers[1].freeze_weights = frozen == 1;
    assert_ok(quern_network_create(INPUTS, layers, 3, QUERN_LOSS_CATEGORICAL, &shape));
    for (size_t d = 0; d < 2; d++) {
      float *plain, *clipped, *before, *after;
      size_t count;
      step(devices[d], layers, 0.0f, &plain, &before, &count);
      double squares = 0.0;
      size_t item = 0, begin, length;
      while (quern__shape_next_learning(&shape->shape, 3, &item, &begin, &length))
        for (size_t i = begin; i < begin + length; i++)
          squares += (double)plain[i] * (double)plain[i];
      const double norm = sqrt(squares);
      assert_true(norm > 0.1);
      for (size_t half = 0; half < 2;
           half++) { /* to half of the norm; and to more than it, which changes nothing */
        const float max_norm = (float)(half == 0 ? norm / 2 : norm * 1.01);
        const double scale = half == 0 ? (double)max_norm / (norm + 1e-6) : 1.0;
        step(devices[d], layers, max_norm, &clipped, &after, &count);
        item = 0;
        size_t next = 0;
        while (quern__shape_next_learning(&shape->shape, 3, &item, &begin, &length)) {
          for (; next < begin; next++)
            assert_true(clipped[next] == plain[next] && after[next] == before[next]);
          for (; next < begin + length; next++) {
            assert_true(fabs((double)clipped[next] - scale * (double)plain[next]) <=
                        0x1p-20 * fabs((double)plain[next]));
            /* before = p - lr g, after = p - lr s g. */
            assert_true(fabs((double)after[next] - (double)before[next] -
                             0.5 * (1.0 - scale) * (double)plain[next]) <= 0x1p-22);
          }
        }
        free(clipped);
        free(after);
      }
      free(plain);
      free(before);
    }
    quern_network_free(shape);
  }
}

static void test_refusals(void **state) {
  (void)state;
  const quern_layer layer = quern_dense(OUTPUTS, QUERN_ACTIVATION_IDENTITY);
  quern_context *context;
  quern_network *network;
  quern_plan *plan;
  assert_ok(quern_context_create("reference", &context));
  assert_ok(quern_network_create(INPUTS, &layer, 1, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_plan_create(context, network, ROWS, QUERN_PLAN_TRAINING, &plan));
  assert_fails(quern_plan_set_clip_norm(plan, 1.0f), QUERN_ERROR_ARGUMENT, "QUERN_PLAN_GRADIENTS");
  quern_plan_free(plan);
  assert_ok(quern_plan_create(context, network, ROWS, QUERN_PLAN_GRADIENTS, &plan));
  assert_fails(quern_plan_set_clip_norm(plan, -1.0f), QUERN_ERROR_ARGUMENT, "-1");
  assert_fails(quern_plan_set_clip_norm(plan, INFINITY), QUERN_ERROR_ARGUMENT, "inf");
  assert_fails(quern_plan_set_clip_norm(NULL, 1.0f), QUERN_ERROR_ARGUMENT, "NULL");
  quern_plan_free(plan);
  quern_network_free(network);
  quern_context_free(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_norm), QUERN_TEST(test_refusals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

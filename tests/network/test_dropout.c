/* Networks with dropout: the gradients of a step are those of the loss under the step's mask, evaluation drops nothing, and the same
 * step drops the same. */
#include "network/plan.h"
#include "test.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { INPUTS = 5, HIDDEN = 8, MORE = 6, OUTPUTS = 3, LAYERS = 3, ROWS = 7 };

static const char *const devices[] = {"reference", "auto"};

/* A network on a context, and samples for it. */
typedef struct place {
  quern_context *context;
  quern_network *network;
  quern_buffer *buffer;
  quern_tensor x, labels, losses, correct;
} place;

static void open_place(place *at, const char *device, quern_activation_kind kind, float p) {
  quern_layer layers[LAYERS] = {quern_dense(HIDDEN, kind), quern_dense(MORE, kind),
                                quern_dense(OUTPUTS, QUERN_IDENTITY)};
  const int32_t labels[ROWS] = {2, 0, 1, 1, 2, 0, 0};
  layers[0].dropout = p;
  layers[1].dropout = p / 2;
  assert_ok(quern_context_create(device, &at->context));
  assert_ok(quern_network_create(INPUTS, layers, LAYERS, QUERN_CATEGORICAL, &at->network));
  assert_ok(quern_network_initialize(at->network, QUERN_INIT_DEFAULT, 3));
  assert_ok(quern_buffer_create(at->context, (ROWS * INPUTS + 2 * ROWS + 1) * sizeof(float), &at->buffer));
  at->x = quern_matrix(at->buffer, 0, ROWS, INPUTS);
  at->labels = quern_vector(at->buffer, ROWS * INPUTS, ROWS);
  at->losses = quern_vector(at->buffer, ROWS * INPUTS + ROWS, ROWS);
  at->correct = quern_vector(at->buffer, ROWS * INPUTS + 2 * ROWS, 1);
  assert_ok(quern_random_uniform(at->context, 11, 0, -1.0f, 1.0f, at->x));
  assert_ok(
      quern_buffer_write(at->buffer, at->labels.offset * sizeof(float), sizeof labels, labels, QUERN_WAIT));
  assert_ok(quern_buffer_fill(at->buffer, at->correct.offset * sizeof(float), sizeof(int32_t), 0));
}

static void close_place(place *at) {
  quern_buffer_free(at->buffer);
  quern_network_free(at->network);
  quern_context_free(at->context);
}

static double mean_loss(const place *at) {
  float losses[ROWS];
  double sum = 0;
  assert_ok(
      quern_buffer_read(at->buffer, at->losses.offset * sizeof(float), sizeof losses, losses, QUERN_WAIT));
  for (size_t i = 0; i < ROWS; i++) sum += (double)losses[i] / ROWS;
  return sum;
}

/* A plan with `steps` steps behind it, whose gradients nobody uses. */
static quern_plan *plan_after(const place *at, uint64_t seed, size_t steps) {
  quern_plan *plan;
  assert_ok(quern_plan_create(at->context, at->network, ROWS, QUERN_PLAN_GRADIENTS, &plan));
  assert_ok(quern_plan_dropout_seed(plan, seed));
  for (size_t s = 0; s < steps; s++) assert_ok(quern_plan_step(plan, at->x, at->labels, at->losses));
  return plan;
}

/* The loss of the second step, whose mask is always the same, with one parameter moved. */
static double loss_at(place *at, size_t i, float value) {
  const float kept = at->network->parameters[i];
  at->network->parameters[i] = value;
  quern_plan *plan = plan_after(at, 5, 2);
  quern_plan_free(plan);
  at->network->parameters[i] = kept;
  return mean_loss(at);
}

/* Romberg's central differences, as in host/verify/gradients.c: h, h/2 and h/4, extrapolated twice. */
static double differentiate(place *at, size_t i, double *error) {
  const float value = at->network->parameters[i];
  double slopes[3];
  for (size_t k = 0; k < 3; k++) {
    const float up = value + 0x1p-3f / (float)(1 << k), down = value - 0x1p-3f / (float)(1 << k);
    slopes[k] = (loss_at(at, i, up) - loss_at(at, i, down)) / ((double)up - (double)down);
  }
  const double coarse = (4 * slopes[1] - slopes[0]) / 3, fine = (4 * slopes[2] - slopes[1]) / 3;
  *error = fabs(fine - coarse) + 10 * (double)FLT_EPSILON / 2 * 4 / 0x1p-5 * 2;
  return (16 * fine - coarse) / 15;
}

/* Derivatives that read h, and that read z. Differences are the reference's, for both devices. */
static void test_gradients(void **state) {
  (void)state;
  static const quern_activation_kind kinds[] = {QUERN_TANH, QUERN_SIGMOID, QUERN_SILU};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    place at[2];
    float *gradients[2];
    for (size_t d = 0; d < 2; d++) {
      open_place(&at[d], devices[d], kinds[k], 0.5f);
      quern_plan *plan = plan_after(&at[d], 5, 2);
      const size_t count = plan->shape.flat_count;
      gradients[d] = test_alloc(count, sizeof(float));
      assert_ok(quern_buffer_read(plan->gradients, 0, count * sizeof(float), gradients[d], QUERN_WAIT));
      quern_plan_free(plan);
    }
    const quern__shape *shape = &at[0].network->shape;
    size_t zero = 0;
    for (size_t l = 0; l < LAYERS; l++)
      for (size_t i = shape->layers[l].weights; i < shape->layers[l].bias + shape->layers[l].layer.units;
           i++) {
        double error;
        const double slope = differentiate(&at[0], i, &error);
        for (size_t d = 0; d < 2; d++)
          if (!(fabs((double)gradients[d][i] - slope) <= error))
            fail_msg("%s: the gradient of parameter %zu is %.9g, differences give %.9g within %.2g",
                     devices[d], i, (double)gradients[d][i], slope, error);
        zero += slope == 0;
      }
    assert_true(zero < shape->parameter_count / 3);
    for (size_t d = 0; d < 2; d++) {
      free(gradients[d]);
      close_place(&at[d]);
    }
  }
}

/* What a plan evaluates is what a network without dropout gives, to the bit, before a step and after one. */
static void test_evaluation_drops_nothing(void **state) {
  (void)state;
  for (size_t d = 0; d < 2; d++) {
    double losses[2], stepped[2];
    for (size_t with = 0; with < 2; with++) {
      place at;
      open_place(&at, devices[d], QUERN_RELU, with == 1 ? 0.5f : 0.0f);
      quern_plan *plan = plan_after(&at, 5, 1);
      stepped[with] = mean_loss(&at);
      assert_ok(quern_plan_evaluate(plan, at.x, at.labels, at.losses, at.correct));
      losses[with] = mean_loss(&at);
      quern_plan_free(plan);
      close_place(&at);
    }
    assert_true(losses[0] == losses[1]);
    assert_true(stepped[0] == losses[0] && stepped[1] != losses[1]);
  }
}

/* Each step and each seed has a mask of its own; a plan of the same seed repeats it, also with more memory at hand, and an
 * optimizer of another kind does not start the masks anew. */
static void test_masks_of_steps(void **state) {
  (void)state;
  place at;
  open_place(&at, "auto", QUERN_RELU, 0.5f);
  double losses[4];
  quern_plan *plan = plan_after(&at, 5, 1);
  losses[0] = mean_loss(&at);
  const quern_optimizer still = quern_optimizer_of(QUERN_MOMENTUM, 0.0),
                        other = quern_optimizer_of(QUERN_SGD, 0.0);
  assert_ok(quern_plan_set_optimizer(plan, &still));
  assert_ok(quern_plan_step(plan, at.x, at.labels, at.losses));
  losses[1] = mean_loss(&at);
  assert_ok(quern_plan_set_optimizer(plan, &other));
  assert_ok(quern_plan_step(plan, at.x, at.labels, at.losses));
  losses[2] = mean_loss(&at);
  quern_plan_free(plan);
  quern_plan_free(plan_after(&at, 6, 1));
  losses[3] = mean_loss(&at);
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < i; j++) assert_true(losses[i] != losses[j]);
  quern_plan_free(plan_after(&at, 5, 3));
  assert_true(mean_loss(&at) == losses[2]);
  assert_fails(quern_plan_dropout_seed(NULL, 1), QUERN_ERROR_ARGUMENT, "plan dropout seed", "NULL");
  close_place(&at);
}

static void test_what_is_refused(void **state) {
  (void)state;
  static const float wrong[] = {-0.1f, 1.0f, NAN};
  quern_layer layers[] = {quern_dense(3, QUERN_RELU), quern_dense(2, QUERN_IDENTITY)};
  quern_network *network;
  for (size_t i = 0; i < 3; i++) {
    layers[0].dropout = wrong[i];
    assert_fails(quern_network_create(2, layers, 2, QUERN_CATEGORICAL, &network), QUERN_ERROR_ARGUMENT,
                 "layer 0", "dropout", "less than 1");
  }
  layers[0].dropout = 0.0f;
  layers[1].dropout = 0.5f;
  assert_fails(quern_network_create(2, layers, 2, QUERN_CATEGORICAL, &network), QUERN_ERROR_ARGUMENT,
               "last layer", "0.5");
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_gradients), QUERN_TEST(test_evaluation_drops_nothing),
                                     QUERN_TEST(test_masks_of_steps), QUERN_TEST(test_what_is_refused)};
  return cmocka_run_group_tests_name("network/dropout", tests, NULL, NULL);
}

/* Names with parameters, the deltas of Huber's loss, class weights and label smoothing: valid and
 * invalid values, and the evaluated losses. tests/pytorch/test_functions.c compares them with
 * PyTorch's. */
#include "test.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void test_names_with_parameters(void **state) {
  (void)state;
#define NAME(name, text) text,
  static const char *const same[] = {QUERN_ACTIVATIONS(NAME) "leaky-relu:0.2", "elu:1.5", "elu:0"};
#undef NAME
  static const char *const wrong[] = {"",         "Relu",   "relu:1", "elu:",   "elu:-1", "elu:nan",
                                      "elu:1e99", "elu:1x", "elu: 1", "gelu:1", "el:1",   ":1"};
  char text[64];
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    quern_activation activation;
    assert_true(quern_activation_parse(same[i], &activation));
    assert_int_equal(quern_activation_format(activation, text, sizeof text), strlen(same[i]));
    assert_string_equal(text, same[i]);
  }
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    quern_activation activation = {QUERN_ACTIVATION_SIGMOID, 0.5f};
    assert_false(quern_activation_parse(wrong[i], &activation));
    assert_true(activation.kind == QUERN_ACTIVATION_SIGMOID && activation.slope == 0.5f);
  }
  assert_false(quern_activation_parse(NULL, &(quern_activation){QUERN_ACTIVATION_RELU, 0}));
  assert_true(quern_activation_of(QUERN_ACTIVATION_ELU).slope == 1.0f);
  assert_int_equal(
      quern_activation_format((quern_activation){(quern_activation_kind)99, 0}, text, sizeof text),
      0);

  static const char *const losses[] = {"categorical", "squared", "absolute", "huber", "huber:1.5"};
  static const char *const no_losses[] = {"",         "squared:1", "huber:0",
                                          "huber:-1", "huber:inf", "huber:"};
  for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
    quern_loss loss;
    float delta;
    assert_true(quern_loss_parse(losses[i], &loss, &delta));
    assert_int_equal(quern_loss_format(loss, delta, text, sizeof text), strlen(losses[i]));
    assert_string_equal(text, losses[i]);
  }
  for (size_t i = 0; i < sizeof no_losses / sizeof *no_losses; i++) {
    quern_loss loss = QUERN_LOSS_BINARY;
    float delta = 7;
    assert_false(quern_loss_parse(no_losses[i], &loss, &delta));
    assert_true(loss == QUERN_LOSS_BINARY && delta == 7);
  }
  /* As snprintf: returns the whole length, and writes what fits. */
  assert_int_equal(quern_loss_format(QUERN_LOSS_HUBER, 1.5f, text, 6), 9);
  assert_string_equal(text, "huber");
}

static void test_huber_delta(void **state) {
  (void)state;
  const quern_layer layer = quern_dense(2, QUERN_ACTIVATION_IDENTITY);
  quern_network *network;
  assert_ok(quern_network_create(3, &layer, 1, QUERN_LOSS_HUBER, &network));
  assert_true(quern_network_huber_delta(network) == 1.0f);
  static const float wrong[] = {0.0f, -1.0f, INFINITY, NAN};
  for (size_t i = 0; i < 4; i++)
    assert_fails(quern_network_set_huber_delta(network, wrong[i]), QUERN_ERROR_ARGUMENT,
                 "Huber delta");
  assert_fails(quern_network_set_huber_delta(NULL, 1.0f), QUERN_ERROR_ARGUMENT, "NULL");
  assert_ok(quern_network_set_huber_delta(network, 2.5f));
  assert_true(quern_network_huber_delta(network) == 2.5f);
  quern_network_free(network);
}

static void test_label_options_are_checked(void **state) {
  (void)state;
  const quern_layer layer = quern_dense(3, QUERN_ACTIVATION_IDENTITY);
  static const float weights[] = {1, 0, 2}, negative[] = {1, -1, 2}, infinite[] = {1, INFINITY, 2},
                     zero[3] = {0};
  quern_context *context;
  quern_network *network, *squared;
  quern_plan *plan, *inference, *other;
  assert_ok(quern_context_create("reference", &context));
  assert_ok(quern_network_create(2, &layer, 1, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_create(2, &layer, 1, QUERN_LOSS_SQUARED, &squared));
  assert_ok(quern_plan_create(context, network, 4, QUERN_PLAN_TRAINING, &plan));
  assert_ok(quern_plan_create(context, network, 4, QUERN_PLAN_INFERENCE, &inference));
  assert_ok(quern_plan_create(context, squared, 4, QUERN_PLAN_TRAINING, &other));
  assert_ok(quern_plan_set_class_weights(plan, weights));
  assert_ok(quern_plan_set_class_weights(plan, NULL));
  assert_ok(quern_plan_set_label_smoothing(plan, 1.0f));
  assert_fails(quern_plan_set_class_weights(plan, negative), QUERN_ERROR_ARGUMENT, "class 1", "-1");
  assert_fails(quern_plan_set_class_weights(plan, infinite), QUERN_ERROR_ARGUMENT, "class 1",
               "inf");
  assert_fails(quern_plan_set_class_weights(plan, zero), QUERN_ERROR_ARGUMENT, "all are 0");
  assert_fails(quern_plan_set_label_smoothing(plan, 1.5f), QUERN_ERROR_ARGUMENT, "1.5", "0 to 1");
  assert_fails(quern_plan_set_label_smoothing(plan, NAN), QUERN_ERROR_ARGUMENT, "0 to 1");
  assert_fails(quern_plan_set_class_weights(other, weights), QUERN_ERROR_ARGUMENT, "squared",
               "categorical");
  assert_fails(quern_plan_set_label_smoothing(other, 0.1f), QUERN_ERROR_ARGUMENT, "squared",
               "categorical");
  assert_fails(quern_plan_set_class_weights(inference, weights), QUERN_ERROR_ARGUMENT, "inference");
  assert_fails(quern_plan_set_class_weights(NULL, weights), QUERN_ERROR_ARGUMENT, "NULL");
  quern_plan_free(plan);
  quern_plan_free(inference);
  quern_plan_free(other);
  quern_network_free(network);
  quern_network_free(squared);
  quern_context_free(context);
}

/* Two samples, of classes 0 and 1, with all logits 0: a plain loss of log 2 each. */
static void test_evaluation_is_plain(void **state) {
  (void)state;
  const quern_layer layer = quern_dense(2, QUERN_ACTIVATION_IDENTITY);
  static const float weights[] = {3, 1}, x[] = {0, 0}, none_yet[] = {0, 0};
  static const int32_t labels[] = {0, 1};
  quern_context *context;
  quern_network *network;
  quern_plan *plan;
  quern_buffer *buffer;
  assert_ok(quern_context_create("auto", &context));
  assert_ok(quern_network_create(1, &layer, 1, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_plan_create(context, network, 2, QUERN_PLAN_TRAINING, &plan));
  assert_ok(quern_plan_set_class_weights(plan, weights));
  assert_ok(quern_buffer_create(context, 7 * sizeof(float), &buffer));
  assert_ok(quern_buffer_write(buffer, 0, sizeof x, x, QUERN_WAIT));
  assert_ok(quern_buffer_write(buffer, 2 * sizeof(float), sizeof labels, labels, QUERN_WAIT));
  assert_ok(quern_buffer_write(buffer, 6 * sizeof(float), sizeof(int32_t), none_yet, QUERN_WAIT));
  const quern_tensor samples = quern_matrix(buffer, 0, 2, 1), classes = quern_vector(buffer, 2, 2),
                     losses = quern_vector(buffer, 4, 2);
  float got[2];
  assert_ok(quern_plan_evaluate(plan, samples, classes, losses, quern_vector(buffer, 6, 1)));
  assert_ok(quern_buffer_read(buffer, 4 * sizeof(float), sizeof got, got, QUERN_WAIT));
  for (size_t i = 0; i < 2; i++) assert_true(fabs((double)got[i] - log(2)) <= 1e-6);
  const quern_optimizer still = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0);
  assert_ok(quern_plan_set_optimizer(plan, &still));
  assert_ok(quern_plan_step(plan, samples, classes, losses));
  assert_ok(quern_buffer_read(buffer, 4 * sizeof(float), sizeof got, got, QUERN_WAIT));
  /* 2/(3+1) of three times and of once log 2: their mean is log 2. */
  assert_true(fabs((double)got[0] - 1.5 * log(2)) <= 1e-6);
  assert_true(fabs((double)got[1] - 0.5 * log(2)) <= 1e-6);
  quern_buffer_free(buffer);
  quern_plan_free(plan);
  quern_network_free(network);
  quern_context_free(context);
}

/* A last layer whose derivative reads z: the gradient of its output and z share one buffer.
 * Compared with finite differences of the plan's own loss in a network of one unit: h = f(w x),
 * loss (h - y)^2. */
static void test_last_layer_reads_z(void **state) {
  (void)state;
  for (size_t k = 0; quern_activation_name((quern_activation_kind)k) != NULL; k++) {
    const quern_activation_kind kind = (quern_activation_kind)k;
    if (!quern_activation_reads_z(kind)) continue;
    const quern_layer layer = quern_dense(1, kind);
    const float x = 0.75f, zero = 0.0f;
    const int32_t label = 0; /* one-hot: 1 */
    quern_context *context;
    quern_network *network;
    quern_buffer *buffer;
    assert_ok(quern_context_create("auto", &context));
    assert_ok(quern_network_create(1, &layer, 1, QUERN_LOSS_SQUARED, &network));
    assert_ok(quern_buffer_create(context, 3 * sizeof(float), &buffer));
    assert_ok(quern_buffer_write(buffer, 0, sizeof x, &x, QUERN_WAIT));
    assert_ok(quern_buffer_write(buffer, sizeof x, sizeof label, &label, QUERN_WAIT));
    float losses[3], gradient = 0;
    const float weights[] = {0.5f, 0.5f + 0x1p-6f, 0.5f - 0x1p-6f};
    for (size_t i = 0; i < 3; i++) {
      quern_plan *plan;
      quern_tensor w, b;
      assert_ok(quern_network_set_layer(network, 0, &weights[i], &zero));
      assert_ok(quern_plan_create(context, network, 1, QUERN_PLAN_GRADIENTS, &plan));
      assert_ok(quern_plan_step(plan, quern_matrix(buffer, 0, 1, 1), quern_vector(buffer, 1, 1),
                                quern_vector(buffer, 2, 1)));
      assert_ok(
          quern_buffer_read(buffer, 2 * sizeof(float), sizeof(float), &losses[i], QUERN_WAIT));
      assert_ok(quern_plan_layer_gradients(plan, 0, &w, &b));
      if (i == 0)
        assert_ok(quern_buffer_read(w.buffer, w.offset * sizeof(float), sizeof(float), &gradient,
                                    QUERN_WAIT));
      quern_plan_free(plan);
    }
    /* The second difference of the loss is below 2, its third below 4: h^2 · 4 / 6; rounding 2^-24
     * · 2 / (2h). */
    const double difference = ((double)losses[1] - (double)losses[2]) / 0x1p-5;
    assert_true(fabs(difference - (double)gradient) <= 0x1p-12 * 4 / 6 + 0x1p-18);
    assert_true(fabs((double)gradient) > 0.3);
    quern_buffer_free(buffer);
    quern_network_free(network);
    quern_context_free(context);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_names_with_parameters), QUERN_TEST(test_huber_delta),
      QUERN_TEST(test_label_options_are_checked), QUERN_TEST(test_evaluation_is_plain),
      QUERN_TEST(test_last_layer_reads_z)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

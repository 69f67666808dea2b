/* Networks in host memory: shapes, initial values, and errors. */
#include "test.h"
#include <math.h>
#include <stdlib.h>

static void test_shape_and_layers(void **state) {
  (void)state;
  const quern_layer layers[] = {quern_dense(7, QUERN_ACTIVATION_TANH),
                                quern_dense(2, QUERN_ACTIVATION_IDENTITY)};
  quern_network *network;
  assert_ok(quern_network_create(5, layers, 2, QUERN_LOSS_CATEGORICAL, &network));
  assert_int_equal(quern_network_inputs(network), 5);
  assert_int_equal(quern_network_outputs(network), 2);
  assert_int_equal(quern_network_layer_count(network), 2);
  assert_int_equal(quern_network_parameter_count(network), 5 * 7 + 7 + 7 * 2 + 2);
  assert_int_equal(quern_network_layer(network, 0).activation.kind, QUERN_ACTIVATION_TANH);
  float in[35], bias[7], out[35], out_bias[7];
  for (int i = 0; i < 35; i++) in[i] = (float)i;
  for (int i = 0; i < 7; i++) bias[i] = -(float)i;
  assert_ok(quern_network_set_layer(network, 0, in, bias));
  assert_ok(quern_network_get_layer(network, 0, out, out_bias));
  assert_memory_equal(in, out, sizeof in);
  assert_memory_equal(bias, out_bias, sizeof bias);
  assert_fails(quern_network_get_layer(network, 2, out, NULL), QUERN_ERROR_ARGUMENT, "layer 2",
               "the network has 2");
  quern_network_free(network);
}

/* A layer's weights under an initializer are within the bound, almost reach it, and average near
 * zero. */
static void check_initial(quern_initializer initializer, quern_activation_kind activation,
                          double bound) {
  enum { IN = 100, OUT = 60 };
  const quern_layer layers[] = {quern_dense(OUT, activation),
                                quern_dense(1, QUERN_ACTIVATION_IDENTITY)};
  quern_network *network;
  assert_ok(quern_network_create(IN, layers, 2, QUERN_LOSS_SQUARED, &network));
  assert_ok(quern_network_initialize(network, initializer, 42));
  float weights[IN * OUT], bias[OUT];
  assert_ok(quern_network_get_layer(network, 0, weights, bias));
  double largest = 0.0, sum = 0.0;
  for (int i = 0; i < IN * OUT; i++) {
    largest = fmax(largest, fabs((double)weights[i]));
    sum += (double)weights[i];
  }
  assert_true(largest <= bound * (1.0 + 1e-6) && largest > 0.99 * bound);
  /* Five standard deviations of the mean of 6000 uniform numbers. */
  assert_true(fabs(sum / (IN * OUT)) < 5.0 * bound / sqrt(3.0 * IN * OUT));
  for (int i = 0; i < OUT; i++) assert_true(bias[i] == 0.0f);
  quern_network_free(network);
}

static void test_initializers(void **state) {
  (void)state;
  check_initial(QUERN_INITIALIZER_HE, QUERN_ACTIVATION_TANH, sqrt(6.0 / 100));
  check_initial(QUERN_INITIALIZER_XAVIER, QUERN_ACTIVATION_RELU, sqrt(6.0 / 160));
  check_initial(QUERN_INITIALIZER_UNIFORM, QUERN_ACTIVATION_RELU, 0.1);
  check_initial(QUERN_INITIALIZER_DEFAULT, QUERN_ACTIVATION_RELU, sqrt(6.0 / 100));
  check_initial(QUERN_INITIALIZER_LECUN, QUERN_ACTIVATION_RELU, sqrt(3.0 / 100));
  check_initial(QUERN_INITIALIZER_DEFAULT, QUERN_ACTIVATION_SIGMOID, sqrt(6.0 / 160));
  check_initial(QUERN_INITIALIZER_DEFAULT, QUERN_ACTIVATION_SELU, sqrt(3.0 / 100));
  check_initial(QUERN_INITIALIZER_DEFAULT, QUERN_ACTIVATION_GELU, sqrt(6.0 / 100));
}

/* A network's initial weights are those of quern_random_uniform with the layer as the stream, on
 * every device. */
static void test_initial_weights_are_the_ops(void **state) {
  (void)state;
  const quern_layer layers[] = {quern_dense(9, QUERN_ACTIVATION_RELU),
                                quern_dense(4, QUERN_ACTIVATION_IDENTITY)};
  quern_network *network;
  assert_ok(quern_network_create(13, layers, 2, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_UNIFORM, 7));
  float expected[9 * 4], got[9 * 4];
  assert_ok(quern_network_get_layer(network, 1, expected, NULL));
  const char *devices[] = {"reference", "auto"};
  for (size_t d = 0; d < 2; d++) {
    quern_context *context;
    quern_buffer *buffer;
    assert_ok(quern_context_create(devices[d], &context));
    assert_ok(quern_buffer_create(context, sizeof got, &buffer));
    float bound = quern_initializer_bound(QUERN_INITIALIZER_UNIFORM, 9, 4);
    assert_ok(quern_random_uniform(context, 7, 1, -bound, bound, quern_matrix(buffer, 0, 9, 4)));
    assert_ok(quern_buffer_read(buffer, 0, sizeof got, got, QUERN_WAIT));
    assert_memory_equal(got, expected, sizeof got);
    quern_buffer_free(buffer);
    quern_context_free(context);
  }
  quern_network_free(network);
}

static void test_refusals(void **state) {
  (void)state;
  quern_network *network;
  quern_layer layers[] = {quern_dense(3, QUERN_ACTIVATION_RELU),
                          quern_dense(3, QUERN_ACTIVATION_IDENTITY)};
  assert_fails(quern_network_create(0, layers, 2, QUERN_LOSS_CATEGORICAL, &network),
               QUERN_ERROR_SHAPE, "0 inputs");
  assert_fails(quern_network_create(3, layers, 0, QUERN_LOSS_CATEGORICAL, &network),
               QUERN_ERROR_ARGUMENT, "no layers");
  assert_fails(quern_network_create(3, layers, 1, QUERN_LOSS_CATEGORICAL, &network),
               QUERN_ERROR_ARGUMENT, "relu", "identity", "categorical");
  layers[0].units = 0;
  assert_fails(quern_network_create(3, layers, 2, QUERN_LOSS_CATEGORICAL, &network),
               QUERN_ERROR_SHAPE, "layer 0", "0 units");
  layers[0] = quern_dense(3, QUERN_ACTIVATION_LEAKY_RELU);
  layers[0].activation.slope = NAN;
  assert_fails(quern_network_create(3, layers, 2, QUERN_LOSS_CATEGORICAL, &network),
               QUERN_ERROR_ARGUMENT, "slope");
  layers[1].units = 1;
  layers[0] = quern_dense(3, QUERN_ACTIVATION_RELU);
  assert_fails(quern_network_create(3, layers, 2, QUERN_LOSS_ELEMENTWISE, &network),
               QUERN_ERROR_SHAPE, "at least 2");
  layers[0].units = layers[1].units = 2147483647;
  assert_fails(quern_network_create(2147483647, layers, 2, QUERN_LOSS_CATEGORICAL, &network),
               QUERN_ERROR_OVERFLOW, "layer 1");
  assert_null(network);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_shape_and_layers), QUERN_TEST(test_initializers),
      QUERN_TEST(test_initial_weights_are_the_ops), QUERN_TEST(test_refusals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

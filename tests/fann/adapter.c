/* examples/fann: FANN's run and training compared with quern's, for each activation in hidden and
 * output layers, and errors. */
#include "fann_quern.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUTS = 13, FIRST = 11, SECOND = 7, OUTPUTS = 3, SAMPLES = 37, LAYERS = 4 };
static const unsigned widths[LAYERS] = {INPUTS, FIRST, SECOND, OUTPUTS};
static const float tolerance = 1e-5f;

/* Uniform in [-1, 1), the same at every run. */
static float next_value(void) {
  static uint32_t seed = 7;
  seed = seed * 1664525u + 1013904223u;
  return (float)(seed >> 8) / 8388608.0f - 1.0f;
}

typedef struct network_case {
  enum fann_activationfunc_enum hidden, output;
  float first_steepness, second_steepness, output_steepness;
} network_case;

static const network_case plain = {FANN_SIGMOID_SYMMETRIC, FANN_SIGMOID, 0.5f, 0.5f, 0.5f};

/* As in a program: saved to a file and loaded by FANN. */
static struct fann *load_network(const network_case *c) {
  struct fann *ann = fann_create_standard_array(LAYERS, widths);
  assert_non_null(ann);
  fann_set_activation_function_hidden(ann, c->hidden);
  fann_set_activation_function_output(ann, c->output);
  fann_set_activation_steepness_layer(ann, c->first_steepness, 1);
  fann_set_activation_steepness_layer(ann, c->second_steepness, 2);
  fann_set_activation_steepness_layer(ann, c->output_steepness, 3);
  fann_set_training_algorithm(ann, FANN_TRAIN_BATCH);
  fann_set_train_error_function(ann, FANN_ERRORFUNC_LINEAR);
  fann_set_learning_rate(ann, 0.3f);
  for (unsigned i = 0; i < fann_get_total_connections(ann); i++)
    ann->weights[i] = 0.3f * next_value();
  assert_int_equal(fann_save(ann, "case.net"), 0);
  fann_destroy(ann);
  ann = fann_create_from_file("case.net");
  assert_non_null(ann);
  assert_int_equal(unlink("case.net"), 0);
  return ann;
}

static struct fann_train_data *make_data(unsigned inputs, unsigned outputs) {
  struct fann_train_data *data = fann_create_train(SAMPLES, inputs, outputs);
  assert_non_null(data);
  for (unsigned i = 0; i < SAMPLES; i++) {
    for (unsigned j = 0; j < inputs; j++) data->input[i][j] = next_value();
    for (unsigned j = 0; j < outputs; j++) data->output[i][j] = 0.5f + 0.4f * next_value();
  }
  return data;
}

static float largest(const float *values, size_t count) {
  float most = 0.0f;
  for (size_t i = 0; i < count; i++) most = fmaxf(most, fabsf(values[i]));
  return most;
}

static void assert_close(const char *what, const float *got, const float *expected, size_t count,
                         float within) {
  for (size_t i = 0; i < count; i++)
    if (!(fabsf(got[i] - expected[i]) <= within))
      fail_msg("%s %zu is %.9g; expected %.9g, within %g", what, i, (double)got[i],
               (double)expected[i], (double)within);
}

/* How far training moved the weights; a learning rate that is wrong by a factor moves them
 * differently. */
static void assert_moved_alike(const float *got, const float *expected, const float *before,
                               size_t count) {
  float *moved = test_alloc(count, sizeof *moved), *should = test_alloc(count, sizeof *should);
  for (size_t i = 0; i < count; i++) {
    moved[i] = got[i] - before[i];
    should[i] = expected[i] - before[i];
  }
  assert_close("the change of weight", moved, should, count, tolerance * largest(should, count));
  free(moved);
  free(should);
}

static void check_run(fann_quern *adapter, struct fann *ann, const struct fann_train_data *data) {
  float inputs[SAMPLES * INPUTS], expected[SAMPLES * OUTPUTS], outputs[SAMPLES * OUTPUTS];
  for (size_t i = 0; i < SAMPLES; i++) {
    memcpy(inputs + i * INPUTS, data->input[i], INPUTS * sizeof(float));
    memcpy(expected + i * OUTPUTS, fann_run(ann, data->input[i]), OUTPUTS * sizeof(float));
  }
  assert_ok(fann_quern_run(adapter, inputs, SAMPLES, outputs));
  assert_close("output", outputs, expected, SAMPLES * OUTPUTS,
               tolerance * largest(expected, SAMPLES * OUTPUTS));
}

static void check_case(quern_context *context, const network_case *c) {
  enum { EPOCHS = 5 };
  struct fann *ann = load_network(c);
  struct fann_train_data *data = make_data(INPUTS, OUTPUTS);
  size_t count = fann_get_total_connections(ann), bytes = count * sizeof(float);
  float *before = test_alloc(count, sizeof *before), *by_fann = test_alloc(count, sizeof *by_fann);
  memcpy(before, ann->weights, bytes);

  fann_quern *adapter;
  assert_ok(fann_quern_create(context, ann, &adapter));
  check_run(adapter, ann, data);

  float mse, fann_mse = 0.0f;
  assert_ok(fann_quern_train(adapter, ann, data, EPOCHS, &mse));
  for (int i = 0; i < EPOCHS; i++) fann_mse = fann_train_epoch(ann, data);
  assert_close("the mean squared error", &mse, &fann_mse, 1, tolerance * fann_mse);

  /* quern's weights replace FANN's in FANN's own network. */
  memcpy(by_fann, ann->weights, bytes);
  memcpy(ann->weights, before, bytes);
  assert_ok(fann_quern_give_back(adapter, ann));
  assert_close("weight", ann->weights, by_fann, count, tolerance * largest(by_fann, count));
  assert_moved_alike(ann->weights, by_fann, before, count);
  check_run(adapter, ann, data);

  free(before);
  free(by_fann);
  fann_quern_free(adapter);
  fann_destroy_train(data);
  fann_destroy(ann);
}

static void test_agrees(void **state) {
  (void)state;
  static const char *const devices[] = {"auto", "reference"};
  static const enum fann_activationfunc_enum functions[] = {FANN_LINEAR, FANN_SIGMOID,
                                                            FANN_SIGMOID_SYMMETRIC};
  for (size_t d = 0; d < 2; d++) {
    quern_context *context;
    assert_ok(quern_context_create(devices[d], &context));
    for (size_t hidden = 0; hidden < 3; hidden++)
      for (size_t output = 0; output < 3; output++)
        check_case(context,
                   &(network_case){functions[hidden], functions[output], 0.5f, 0.7f, 0.4f});
    quern_context_free(context);
  }
}

/* Errors that name what is not supported. */
static void test_networks_refused(void **state) {
  (void)state;
  quern_context *context;
  fann_quern *adapter = (fann_quern *)1;
  assert_ok(quern_context_create("reference", &context));

  struct fann *ann =
      load_network(&(network_case){FANN_SIGMOID_STEPWISE, FANN_LINEAR, 0.5f, 0.5f, 0.5f});
  assert_fails(fann_quern_create(context, ann, &adapter), QUERN_ERROR_UNSUPPORTED, "layer 1",
               "FANN_SIGMOID_STEPWISE", "FANN_SIGMOID_SYMMETRIC");
  assert_null(adapter);
  fann_destroy(ann);

  ann = load_network(&plain);
  fann_set_activation_function(ann, FANN_LINEAR, 2, 3);
  assert_fails(fann_quern_create(context, ann, &adapter), QUERN_ERROR_UNSUPPORTED,
               "neuron 3 of layer 2");
  fann_set_activation_function(ann, FANN_SIGMOID_SYMMETRIC, 2, 3);
  fann_set_activation_steepness(ann, 0.25f, 2, 6);
  assert_fails(fann_quern_create(context, ann, &adapter), QUERN_ERROR_UNSUPPORTED,
               "neuron 6 of layer 2");
  fann_set_activation_steepness_layer(ann, 0.0f, 2);
  assert_fails(fann_quern_create(context, ann, &adapter), QUERN_ERROR_UNSUPPORTED, "layer 2",
               "steepness of 0");
  fann_destroy(ann);

  ann = fann_create_shortcut_array(LAYERS, widths);
  assert_fails(fann_quern_create(context, ann, &adapter), QUERN_ERROR_UNSUPPORTED, "shortcut");
  fann_destroy(ann);
  ann = fann_create_sparse_array(0.5f, LAYERS, widths);
  assert_fails(fann_quern_create(context, ann, &adapter), QUERN_ERROR_UNSUPPORTED,
               "connection rate of 0.5");
  fann_destroy(ann);
  quern_context_free(context);
}

static void test_training_refused(void **state) {
  (void)state;
  quern_context *context;
  fann_quern *adapter;
  struct fann *ann = load_network(&plain);
  struct fann_train_data *data = make_data(INPUTS, OUTPUTS),
                         *other = make_data(INPUTS, OUTPUTS + 1);
  assert_ok(quern_context_create("reference", &context));
  assert_ok(fann_quern_create(context, ann, &adapter));

  fann_set_training_algorithm(ann, FANN_TRAIN_RPROP);
  assert_fails(fann_quern_train(adapter, ann, data, 1, NULL), QUERN_ERROR_UNSUPPORTED,
               "FANN_TRAIN_RPROP", "FANN_TRAIN_BATCH");
  fann_set_training_algorithm(ann, FANN_TRAIN_BATCH);
  fann_set_train_error_function(ann, FANN_ERRORFUNC_TANH);
  assert_fails(fann_quern_train(adapter, ann, data, 1, NULL), QUERN_ERROR_UNSUPPORTED,
               "FANN_ERRORFUNC_TANH", "FANN_ERRORFUNC_LINEAR");
  fann_set_train_error_function(ann, FANN_ERRORFUNC_LINEAR);
  assert_fails(fann_quern_train(adapter, ann, other, 1, NULL), QUERN_ERROR_SHAPE, "4 outputs", "3");
  float none = 0.0f;
  assert_fails(fann_quern_run(adapter, &none, 0, &none), QUERN_ERROR_SHAPE, "0 samples");

  struct fann *narrow = fann_create_standard(3, INPUTS, FIRST, OUTPUTS);
  fann_set_activation_function_hidden(narrow, FANN_SIGMOID);
  fann_set_activation_function_output(narrow, FANN_SIGMOID);
  assert_fails(fann_quern_give_back(adapter, narrow), QUERN_ERROR_SHAPE, "other layers");
  fann_destroy(narrow);

  fann_quern_free(adapter);
  fann_quern_free(NULL);
  quern_context_free(context);
  fann_destroy_train(data);
  fann_destroy_train(other);
  fann_destroy(ann);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_agrees), QUERN_TEST(test_networks_refused),
                                     QUERN_TEST(test_training_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* quern's results compared with PyTorch's: gradients of three losses, and ten steps of SGD.
 *
 * golden.json has the numbers and their tolerances. make_golden.py runs the same training many
 * times in float64, with every operation's result moved at random by up to its rounding in float32
 * (sqrt(k) u sum |a||b| for a sum of k products, u = 2^-24), and takes the largest deviation in a
 * tensor. Two float32 computations, PyTorch's and quern's, may differ by twice that. */
#include "golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER QUERN_TEST_DATA "/../pytorch/"

enum { INPUTS = 784, LAYERS = 3, SAMPLES = 160, BATCH = 16, STEPS = SAMPLES / BATCH };

static const char *const devices[] = {"reference", "auto"};
enum { DEVICES = sizeof devices / sizeof *devices };

static double number(const cJSON *item) {
  assert_true(cJSON_IsNumber(item));
  return item->valuedouble;
}

/* Fails at the first element further than `tolerance` from PyTorch's, and at a NaN. */
static void check_values(const char *what, const float *got, const float *expected, size_t count,
                         double tolerance) {
  assert_true(tolerance > 0 && tolerance < 1e-5);
  for (size_t i = 0; i < count; i++)
    if (!(fabs((double)got[i] - (double)expected[i]) <= tolerance))
      fail_msg("%s: element %zu is %.9g, PyTorch has %.9g, tolerance %.2g", what, i, (double)got[i],
               (double)expected[i], tolerance);
}

static float mean(const float *values, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) sum += (double)values[i];
  return (float)(sum / (double)count);
}

static quern_network *load(const char *name, quern_loss loss) {
  quern_model_options options = quern_model_options_default();
  options.loss = loss;
  quern_network *network = NULL;
  assert_ok(quern_model_load(name, &options, &network));
  assert_int_equal(quern_network_layer_count(network), LAYERS);
  assert_int_equal(quern_network_inputs(network), INPUTS);
  assert_int_equal(quern_network_loss(network), loss);
  return network;
}

/* Weights [in][out], then the bias, of a layer; *weights and *bias are their lengths. The caller
 * frees the result. */
static float *layer_of(const quern_network *network, size_t layer, size_t *weights, size_t *bias) {
  *bias = quern_network_layer(network, layer).units;
  *weights = *bias * (layer == 0 ? INPUTS : quern_network_layer(network, layer - 1).units);
  float *values = test_alloc(*weights + *bias, sizeof *values);
  assert_ok(quern_network_get_layer(network, layer, values, values + *weights));
  return values;
}

/* Compares weights and bias of layer `layer`, in sequence in `got`, with those in `expected`. */
static void check_layer(const char *what, const float *got, const quern_network *expected,
                        size_t layer, const cJSON *tolerances) {
  size_t weights, bias;
  float *values = layer_of(expected, layer, &weights, &bias);
  char name[32], title[96];
  snprintf(name, sizeof name, "%zu.weight", 2 * layer);
  snprintf(title, sizeof title, "%s %s", what, name);
  check_values(title, got, values, weights, number(member(tolerances, name)));
  snprintf(name, sizeof name, "%zu.bias", 2 * layer);
  snprintf(title, sizeof title, "%s %s", what, name);
  check_values(title, got + weights, values + weights, bias, number(member(tolerances, name)));
  free(values);
}

/* A network from a file on a device, with all samples. */
typedef struct bench {
  quern_context *context;
  quern_plan *plan;
  quern_network *network;
  quern_buffer *x, *labels, *losses;
} bench;

static void upload_samples(bench *b) {
  quern_dataset *data = NULL;
  assert_ok(quern_dataset_open(FOLDER "random-images-idx3-ubyte", NULL, &data, NULL));
  assert_int_equal(quern_dataset_rows(data), SAMPLES);
  assert_int_equal(quern_dataset_columns(data), INPUTS);
  float *x = test_alloc((size_t)SAMPLES * INPUTS, sizeof *x);
  int32_t labels[SAMPLES];
  for (size_t row = 0; row < SAMPLES; row++) {
    quern_dataset_values(data, row, x + row * INPUTS);
    labels[row] = quern_dataset_label(data, row);
  }
  quern_dataset_free(data);
  size_t bytes = (size_t)SAMPLES * INPUTS * sizeof *x;
  assert_ok(quern_buffer_create(b->context, bytes, &b->x));
  assert_ok(quern_buffer_write(b->x, 0, bytes, x, QUERN_WAIT));
  assert_ok(quern_buffer_create(b->context, sizeof labels, &b->labels));
  assert_ok(quern_buffer_write(b->labels, 0, sizeof labels, labels, QUERN_WAIT));
  assert_ok(quern_buffer_create(b->context, SAMPLES * sizeof(float), &b->losses));
  free(x);
}

static bench open_bench(const char *device, quern_loss loss, quern_plan_mode mode) {
  bench b = {0};
  assert_ok(quern_context_create(device, &b.context));
  b.network = load(FOLDER "initial.safetensors", loss);
  assert_ok(quern_plan_create(b.context, b.network, BATCH, mode, &b.plan));
  upload_samples(&b);
  return b;
}

static void close_bench(bench *b) {
  quern_buffer_free(b->x);
  quern_buffer_free(b->labels);
  quern_buffer_free(b->losses);
  quern_plan_free(b->plan);
  quern_network_free(b->network);
  quern_context_free(b->context);
}

static void step(const bench *b, size_t index) {
  size_t first = index * BATCH;
  assert_ok(quern_plan_step(b->plan, quern_matrix(b->x, first * INPUTS, BATCH, INPUTS),
                            quern_vector(b->labels, first, BATCH),
                            quern_vector(b->losses, first, BATCH)));
}

static void read_tensor(quern_tensor tensor, float *values) {
  assert_ok(quern_buffer_read(tensor.buffer, tensor.offset * sizeof *values,
                              tensor.rows * tensor.columns * sizeof *values, values, QUERN_WAIT));
}

/* Compares the gradients that a plan kept of its last step. */
static void check_kept(const char *device, const bench *b, const quern_network *expected,
                       const cJSON *tolerances) {
  for (size_t i = 0; i < LAYERS; i++) {
    quern_tensor weights, bias;
    assert_ok(quern_plan_layer_gradients(b->plan, i, &weights, &bias));
    float *got = test_alloc(weights.rows * weights.columns + bias.columns, sizeof *got);
    read_tensor(weights, got);
    read_tensor(bias, got + weights.rows * weights.columns);
    check_layer(device, got, expected, i, tolerances);
    free(got);
  }
}

static void check_gradients(quern_loss loss, const char *file) {
  const cJSON *numbers = member(golden, quern_loss_name(loss));
  quern_network *expected = load(file, loss);
  for (size_t d = 0; d < DEVICES; d++) {
    bench b = open_bench(devices[d], loss, QUERN_PLAN_GRADIENTS);
    step(&b, 0);
    float losses[BATCH], batch_loss, torch_loss = (float)number(member(numbers, "loss"));
    assert_ok(quern_buffer_read(b.losses, 0, sizeof losses, losses, QUERN_WAIT));
    batch_loss = mean(losses, BATCH);
    check_values("loss", &batch_loss, &torch_loss, 1, number(member(numbers, "loss_tolerance")));
    check_kept(devices[d], &b, expected, member(numbers, "tolerance"));
    close_bench(&b);
  }
  quern_network_free(expected);
}

/* Clipped to half their norm by torch.nn.utils.clip_grad_norm_. The norm is that of the gradients
 * before. */
static void test_clipped_gradients(void **state) {
  (void)state;
  const cJSON *numbers = member(golden, "clipped");
  const float max_norm = (float)number(member(numbers, "max_norm")),
              torch_norm = (float)number(member(numbers, "norm"));
  quern_network *expected = load(FOLDER "clipped.safetensors", QUERN_LOSS_CATEGORICAL);
  for (size_t d = 0; d < DEVICES; d++) {
    bench b = open_bench(devices[d], QUERN_LOSS_CATEGORICAL, QUERN_PLAN_GRADIENTS);
    quern_tensor weights, bias, sums = quern_vector(b.losses, 0, 2 * LAYERS),
                                sum = quern_vector(b.losses, 2 * LAYERS, 1);
    step(&b, 0);
    for (size_t i = 0; i < LAYERS; i++) {
      assert_ok(quern_plan_layer_gradients(b.plan, i, &weights, &bias));
      assert_ok(quern_sum_squares(b.context, weights, quern_vector(b.losses, 2 * i, 1)));
      assert_ok(quern_sum_squares(b.context, bias, quern_vector(b.losses, 2 * i + 1, 1)));
    }
    float norm;
    assert_ok(quern_sum(b.context, sums, sum));
    read_tensor(sum, &norm);
    norm = sqrtf(norm);
    check_values("norm", &norm, &torch_norm, 1, number(member(numbers, "norm_tolerance")));

    assert_ok(quern_plan_set_clip_norm(b.plan, max_norm));
    step(&b, 0);
    check_kept(devices[d], &b, expected, member(numbers, "tolerance"));
    close_bench(&b);
  }
  quern_network_free(expected);
}

static void test_categorical_gradients(void **state) {
  (void)state;
  check_gradients(QUERN_LOSS_CATEGORICAL, FOLDER "gradients.safetensors");
}

static void test_binary_gradients(void **state) {
  (void)state;
  check_gradients(QUERN_LOSS_BINARY, FOLDER "gradients-binary.safetensors");
}

static void test_squared_gradients(void **state) {
  (void)state;
  check_gradients(QUERN_LOSS_SQUARED, FOLDER "gradients-squared.safetensors");
}

static void check_ten_steps(const char *device, quern_plan_mode mode,
                            const quern_network *expected) {
  const cJSON *numbers = member(golden, "steps");
  const cJSON *losses = member(numbers, "losses"),
              *tolerances = member(numbers, "losses_tolerance");
  assert_int_equal(cJSON_GetArraySize(losses), STEPS);
  quern_optimizer sgd =
      quern_optimizer_of(QUERN_OPTIMIZER_SGD, number(member(golden, "learning_rate")));
  sgd.weight_decay = number(member(golden, "weight_decay"));
  bench b = open_bench(device, QUERN_LOSS_CATEGORICAL, mode);
  assert_ok(quern_plan_set_optimizer(b.plan, &sgd));
  for (size_t i = 0; i < STEPS; i++) step(&b, i);
  float got[SAMPLES];
  assert_ok(quern_buffer_read(b.losses, 0, sizeof got, got, QUERN_WAIT));
  for (size_t i = 0; i < STEPS; i++) {
    float batch_loss = mean(got + i * BATCH, BATCH),
          torch_loss = (float)number(cJSON_GetArrayItem(losses, (int)i));
    check_values("loss of a step", &batch_loss, &torch_loss, 1,
                 number(cJSON_GetArrayItem(tolerances, (int)i)));
  }
  assert_ok(quern_plan_download(b.plan, b.network));
  for (size_t i = 0; i < LAYERS; i++) {
    size_t weights, bias;
    float *values = layer_of(b.network, i, &weights, &bias);
    check_layer(device, values, expected, i, member(numbers, "tolerance"));
    free(values);
  }
  close_bench(&b);
}

static void test_ten_steps(void **state) {
  (void)state;
  assert_int_equal((int)number(member(golden, "batch")), BATCH);
  quern_network *expected = load(FOLDER "final.safetensors", QUERN_LOSS_CATEGORICAL);
  for (size_t d = 0; d < DEVICES; d++) {
    check_ten_steps(devices[d], QUERN_PLAN_TRAINING, expected);
    check_ten_steps(devices[d], QUERN_PLAN_GRADIENTS, expected);
  }
  quern_network_free(expected);
}

static int setup(void **state) {
  (void)state;
  return read_golden(FOLDER "golden.json");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_categorical_gradients), QUERN_TEST(test_binary_gradients),
      QUERN_TEST(test_squared_gradients), QUERN_TEST(test_clipped_gradients),
      QUERN_TEST(test_ten_steps)};
  return cmocka_run_group_tests(tests, setup, free_golden);
}

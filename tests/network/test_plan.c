/* Plans: short batches, frozen parameters, kept gradients, and errors. */
#include "network/plan.h"
#include "test.h"
#include <math.h>
#include <stdlib.h>

enum { INPUTS = 19, OUTPUTS = 5, ROWS = 12 };

/* A network, and samples on a device. */
typedef struct bench {
  quern_context *context;
  quern_network *network;
  quern_buffer *x, *labels, *losses;
} bench;

static void bench_open(bench *b, const char *device, const quern_layer *layers, size_t layer_count,
                       quern_loss loss) {
  assert_ok(quern_context_create(device, &b->context));
  assert_ok(quern_network_create(INPUTS, layers, layer_count, loss, &b->network));
  assert_ok(quern_network_initialize(b->network, QUERN_INITIALIZER_DEFAULT, 3));
  assert_ok(quern_buffer_create(b->context, ROWS * INPUTS * sizeof(float), &b->x));
  assert_ok(quern_buffer_create(b->context, ROWS * sizeof(int32_t), &b->labels));
  assert_ok(quern_buffer_create(b->context, ROWS * sizeof(float), &b->losses));
  assert_ok(
      quern_random_uniform(b->context, 11, 0, -1.0f, 1.0f, quern_matrix(b->x, 0, ROWS, INPUTS)));
  int32_t labels[ROWS];
  for (int r = 0; r < ROWS; r++) labels[r] = (r * 3 + 1) % OUTPUTS;
  assert_ok(quern_buffer_write(b->labels, 0, sizeof labels, labels, QUERN_WAIT));
}

static void bench_close(bench *b) {
  quern_buffer_free(b->x);
  quern_buffer_free(b->labels);
  quern_buffer_free(b->losses);
  quern_network_free(b->network);
  quern_context_free(b->context);
}

/* Parameters after `steps` steps over the first n samples, with a plan for `batch`; the caller
 * frees them. */
static float *after_steps(const bench *b, size_t batch, size_t n, size_t steps,
                          quern_plan_mode mode) {
  quern_plan *plan;
  assert_ok(quern_plan_create(b->context, b->network, batch, mode, &plan));
  quern_optimizer sgd = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.1);
  sgd.weight_decay = 0.01;
  assert_ok(quern_plan_set_optimizer(plan, &sgd));
  for (size_t s = 0; s < steps; s++)
    assert_ok(quern_plan_step(plan, quern_matrix(b->x, 0, n, INPUTS), quern_vector(b->labels, 0, n),
                              quern_vector(b->losses, 0, n)));
  size_t count = plan->shape.flat_count;
  float *parameters = test_alloc(count, sizeof *parameters);
  assert_ok(
      quern_buffer_read(plan->parameters, 0, count * sizeof *parameters, parameters, QUERN_WAIT));
  quern_plan_free(plan);
  return parameters;
}

static const char *const devices[] = {"reference", "auto"};

/* Parameters after `steps` steps of the optimizer over all samples; the caller frees them. */
static float *after_optimizer(const bench *b, quern_plan_mode mode,
                              const quern_optimizer *optimizer, size_t steps) {
  quern_plan *plan;
  assert_ok(quern_plan_create(b->context, b->network, ROWS, mode, &plan));
  assert_ok(quern_plan_set_optimizer(plan, optimizer));
  for (size_t s = 0; s < steps; s++)
    assert_ok(quern_plan_step(plan, quern_matrix(b->x, 0, ROWS, INPUTS),
                              quern_vector(b->labels, 0, ROWS), quern_none()));
  const size_t count = plan->shape.flat_count;
  float *parameters = test_alloc(count, sizeof *parameters);
  assert_ok(
      quern_buffer_read(plan->parameters, 0, count * sizeof *parameters, parameters, QUERN_WAIT));
  quern_plan_free(plan);
  return parameters;
}

/* An optimizer as stable as plain SGD, to compare the fused and the separate update. */
static quern_optimizer stable(quern_optimizer_kind kind) {
  quern_optimizer optimizer = quern_optimizer_of(kind, 0.01);
  optimizer.weight_decay = 0.1;
  optimizer.epsilon = 1e-3;
  return optimizer;
}

static void assert_alike(const float *a, const float *b, size_t count) {
  for (size_t p = 0; p < count; p++)
    assert_true(fabs((double)a[p] - (double)b[p]) <= 0x1p-19 * (0.1 + fabs((double)b[p])));
}

/* Every optimizer gives the same in a fused pass and with kept gradients, on the device and on the
 * reference, with frozen parameters and biases without decay. */
static void test_optimizers_agree(void **state) {
  (void)state;
  quern_layer layers[] = {quern_dense(17, QUERN_ACTIVATION_TANH),
                          quern_dense(9, QUERN_ACTIVATION_SIGMOID),
                          quern_dense(OUTPUTS, QUERN_ACTIVATION_IDENTITY)};
  layers[0].freeze_bias = true;
  layers[1].freeze_weights = true;
  for (unsigned variant = 0; variant < 2 * (QUERN_OPTIMIZER_RMSPROP + 1); variant++) {
    quern_optimizer optimizer = stable((quern_optimizer_kind)(variant / 2));
    optimizer.decay_bias = variant % 2 == 0;
    float *expected = NULL;
    for (size_t d = 0; d < 2; d++) {
      bench b;
      bench_open(&b, devices[d], layers, 3,
                 variant % 3 == 0 ? QUERN_LOSS_CATEGORICAL : QUERN_LOSS_BINARY);
      const size_t count = b.network->shape.flat_count;
      float *fused = after_optimizer(&b, QUERN_PLAN_TRAINING, &optimizer, 4);
      float *kept = after_optimizer(&b, QUERN_PLAN_GRADIENTS, &optimizer, 4);
      assert_alike(fused, kept, count);
      if (expected != NULL) assert_alike(fused, expected, count);
      const quern__placed_layer *first = b.network->shape.layers, *second = first + 1;
      for (size_t i = 0; i < first->layer.units; i++) assert_true(fused[first->bias + i] == 0.0f);
      assert_memory_equal(fused + second->weights, b.network->parameters + second->weights,
                          second->inputs * second->layer.units * sizeof *fused);
      free(kept);
      free(expected);
      expected = fused;
      bench_close(&b);
    }
    free(expected);
  }
}

/* Decay without gradients: weights shrink by the optimizer's decay, biases only if they decay. */
static void test_decay_bias(void **state) {
  (void)state;
  const quern_layer layers[] = {quern_dense(3, QUERN_ACTIVATION_IDENTITY)};
  for (size_t d = 0; d < 2; d++)
    for (unsigned variant = 0; variant < 8; variant++) {
      bench b;
      bench_open(&b, devices[d], layers, 1, QUERN_LOSS_SQUARED);
      quern_optimizer optimizer =
          quern_optimizer_of(variant & 1 ? QUERN_OPTIMIZER_ADAMW : QUERN_OPTIMIZER_SGD, 0.5);
      optimizer.weight_decay = 0.5;
      optimizer.decay_bias = (variant & 2) != 0;
      /* Only the bias reaches the outputs, and it equals the targets: the gradient is zero. */
      float weights[INPUTS * 3], bias[3] = {0.0f, 1.0f, 0.0f}, after[INPUTS * 3], bias_after[3];
      const int32_t labels[ROWS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
      for (size_t i = 0; i < INPUTS * 3; i++) weights[i] = 1.0f;
      assert_ok(quern_network_set_layer(b.network, 0, weights, bias));
      assert_ok(quern_fill(b.context, 0.0f, quern_matrix(b.x, 0, ROWS, INPUTS)));
      assert_ok(quern_buffer_write(b.labels, 0, sizeof labels, labels, QUERN_WAIT));
      quern_plan *plan;
      assert_ok(quern_plan_create(b.context, b.network, ROWS,
                                  variant & 4 ? QUERN_PLAN_TRAINING : QUERN_PLAN_GRADIENTS, &plan));
      assert_ok(quern_plan_set_optimizer(plan, &optimizer));
      assert_ok(quern_plan_step(plan, quern_matrix(b.x, 0, ROWS, INPUTS),
                                quern_vector(b.labels, 0, ROWS), quern_none()));
      assert_ok(quern_plan_download(plan, b.network));
      assert_ok(quern_network_get_layer(b.network, 0, after, bias_after));
      for (size_t i = 0; i < INPUTS * 3; i++) assert_true(after[i] == 0.75f);
      assert_true(bias_after[1] == (optimizer.decay_bias ? 0.75f : 1.0f));
      assert_true(bias_after[0] == 0.0f && bias_after[2] == 0.0f);
      quern_plan_free(plan);
      bench_close(&b);
    }
}

/* An optimizer of the same kind continues, one of another kind restarts; the last valid one is
 * kept. */
static void test_set_optimizer(void **state) {
  (void)state;
  const quern_layer layers[] = {quern_dense(17, QUERN_ACTIVATION_TANH),
                                quern_dense(OUTPUTS, QUERN_ACTIVATION_IDENTITY)};
  bench b;
  bench_open(&b, "reference", layers, 2, QUERN_LOSS_CATEGORICAL);
  const quern_tensor x = quern_matrix(b.x, 0, ROWS, INPUTS),
                     labels = quern_vector(b.labels, 0, ROWS);
  const size_t flat = b.network->shape.flat_count;
  quern_optimizer adam = stable(QUERN_OPTIMIZER_ADAM), momentum = stable(QUERN_OPTIMIZER_MOMENTUM),
                  sgd = stable(QUERN_OPTIMIZER_SGD);
  float *whole = after_optimizer(&b, QUERN_PLAN_TRAINING, &adam, 5), got[3];
  quern_plan *plan;
  size_t bytes;
  assert_ok(quern_plan_create(b.context, b.network, ROWS, QUERN_PLAN_TRAINING, &plan));
  assert_fails(quern_plan_step(plan, x, labels, quern_none()), QUERN_ERROR_ARGUMENT, "no optimizer",
               "quern_plan_set_optimizer");
  assert_ok(quern_plan_set_optimizer(plan, &momentum));
  assert_ok(quern_plan_step(plan, x, labels, quern_none()));
  assert_ok(quern_plan_upload(plan, b.network));
  for (size_t s = 0; s < 5; s++) {
    /* another kind restarts and clears m */
    assert_ok(quern_plan_set_optimizer(plan, &adam));
    assert_ok(quern_plan_step(plan, x, labels, quern_none()));
  }
  assert_ok(quern_buffer_read(plan->parameters, 0, sizeof got, got, QUERN_WAIT));
  assert_memory_equal(got, whole, sizeof got);
  free(whole);

  assert_ok(quern_plan_optimizer_bytes(b.network, &sgd, &bytes));
  assert_int_equal(bytes, 0);
  assert_ok(quern_plan_optimizer_bytes(b.network, &momentum, &bytes));
  assert_int_equal(bytes, flat * sizeof(float));
  assert_ok(quern_plan_optimizer_bytes(b.network, &adam, &bytes));
  assert_int_equal(bytes, 2 * flat * sizeof(float));
  assert_fails(quern_plan_optimizer_bytes(b.network, NULL, &bytes), QUERN_ERROR_ARGUMENT, "NULL");
  adam.beta2 = 1.0;
  assert_fails(quern_plan_set_optimizer(plan, &adam), QUERN_ERROR_ARGUMENT, "beta2");
  assert_fails(quern_plan_set_optimizer(plan, NULL), QUERN_ERROR_ARGUMENT, "NULL");
  assert_fails(quern_plan_set_optimizer(NULL, &sgd), QUERN_ERROR_ARGUMENT, "the plan is NULL");
  quern_plan_free(plan);
  assert_ok(quern_plan_create(b.context, b.network, ROWS, QUERN_PLAN_INFERENCE, &plan));
  assert_fails(quern_plan_set_optimizer(plan, &sgd), QUERN_ERROR_ARGUMENT, "inference");
  quern_plan_free(plan);

  /* Without an optimizer, a step only writes gradients. */
  assert_ok(quern_plan_create(b.context, b.network, ROWS, QUERN_PLAN_GRADIENTS, &plan));
  assert_ok(quern_plan_step(plan, x, labels, quern_none()));
  assert_ok(quern_buffer_read(plan->parameters, 0, sizeof got, got, QUERN_WAIT));
  assert_memory_equal(got, b.network->parameters, sizeof got);
  assert_ok(quern_buffer_read(plan->gradients.list[0].memory, 0, sizeof got, got, QUERN_WAIT));
  assert_true(got[0] != 0.0f);
  quern_plan_free(plan);
  bench_close(&b);
}

static void test_short_batch(void **state) {
  (void)state;
  const quern_layer layers[] = {quern_dense(17, QUERN_ACTIVATION_RELU),
                                quern_dense(OUTPUTS, QUERN_ACTIVATION_IDENTITY)};
  for (size_t d = 0; d < 2; d++) {
    bench b;
    bench_open(&b, devices[d], layers, 2, QUERN_LOSS_CATEGORICAL);
    float *exact = after_steps(&b, 5, 5, 3, QUERN_PLAN_TRAINING);
    float *shorter = after_steps(&b, ROWS, 5, 3, QUERN_PLAN_TRAINING);
    assert_memory_equal(exact, shorter, b.network->shape.flat_count * sizeof *exact);
    free(exact);
    free(shorter);
    bench_close(&b);
  }
}

/* Frozen parameters stay and the others change, in both modes; gaps between parameters stay
 * zero. */
static void test_frozen_and_padding(void **state) {
  (void)state;
  quern_layer layers[] = {quern_dense(17, QUERN_ACTIVATION_TANH),
                          quern_dense(7, QUERN_ACTIVATION_SIGMOID),
                          quern_dense(OUTPUTS, QUERN_ACTIVATION_IDENTITY)};
  layers[0].freeze_weights = true;
  layers[1].freeze_bias = true;
  const quern_plan_mode modes[] = {QUERN_PLAN_TRAINING, QUERN_PLAN_GRADIENTS};
  for (size_t d = 0; d < 2; d++) {
    bench b;
    bench_open(&b, devices[d], layers, 3, QUERN_LOSS_CATEGORICAL);
    const quern__shape *shape = &b.network->shape;
    for (size_t m = 0; m < 2; m++) {
      float *after = after_steps(&b, ROWS, ROWS, 2, modes[m]);
      size_t position = 0;
      for (size_t l = 0; l < 3; l++) {
        const quern__placed_layer *placed = &shape->layers[l];
        for (; position < placed->weights; position++) assert_true(after[position] == 0.0f);
        size_t moved = 0, count = placed->inputs * placed->layer.units;
        for (; position < placed->weights + count; position++)
          moved += after[position] != b.network->parameters[position];
        assert_true(placed->layer.freeze_weights ? moved == 0 : moved > count / 2);
        for (; position < placed->bias; position++) assert_true(after[position] == 0.0f);
        for (moved = 0; position < placed->bias + placed->layer.units; position++)
          moved += after[position] != b.network->parameters[position];
        assert_true(placed->layer.freeze_bias ? moved == 0 : moved > 0);
      }
      free(after);
    }
    bench_close(&b);
  }
}

/* The fused and the separate update use the same arithmetic, up to one rounding per step: |p| ·
 * eps. */
static void test_modes_agree(void **state) {
  (void)state;
  const quern_layer layers[] = {quern_dense(17, QUERN_ACTIVATION_LEAKY_RELU),
                                quern_dense(OUTPUTS, QUERN_ACTIVATION_IDENTITY)};
  const quern_loss losses[] = {QUERN_LOSS_CATEGORICAL, QUERN_LOSS_ELEMENTWISE, QUERN_LOSS_BINARY,
                               QUERN_LOSS_SQUARED};
  for (size_t i = 0; i < 4; i++) {
    bench b;
    bench_open(&b, "auto", layers, 2, losses[i]);
    float *fused = after_steps(&b, ROWS, ROWS, 1, QUERN_PLAN_TRAINING);
    float *kept = after_steps(&b, ROWS, ROWS, 1, QUERN_PLAN_GRADIENTS);
    for (size_t p = 0; p < b.network->shape.flat_count; p++)
      assert_true(fabs((double)fused[p] - (double)kept[p]) <=
                  0x1p-22 * (0.1 + fabs((double)kept[p])));
    free(fused);
    free(kept);
    bench_close(&b);
  }
}

static void test_bytes_and_refusals(void **state) {
  (void)state;
  const quern_layer layers[] = {quern_dense(16, QUERN_ACTIVATION_RELU),
                                quern_dense(OUTPUTS, QUERN_ACTIVATION_IDENTITY)};
  bench b;
  bench_open(&b, "reference", layers, 2, QUERN_LOSS_CATEGORICAL);
  size_t bytes;
  assert_ok(quern_plan_bytes(b.network, 4, QUERN_PLAN_INFERENCE, &bytes));
  /* Parameters (each starts at a multiple of 16), both outputs for 4 samples, and 4 classes. */
  assert_int_equal(bytes, sizeof(float) * (304 + 16 + 80 + 5 + 4 * (16 + 5)) + 4 * sizeof(int32_t));
  quern_layer dropping[] = {layers[0], layers[1]};
  dropping[0].dropout = 0.5f;
  quern_network *drops;
  size_t plain;
  assert_ok(quern_plan_bytes(b.network, 4, QUERN_PLAN_TRAINING, &plain));
  assert_ok(quern_network_create(INPUTS, dropping, 2, QUERN_LOSS_CATEGORICAL, &drops));
  assert_ok(quern_plan_bytes(drops, 4, QUERN_PLAN_TRAINING, &bytes));
  assert_int_equal(bytes, plain + sizeof(float) * 4 * 16); /* the hidden layer's dropout */
  assert_ok(quern_plan_bytes(b.network, 4, QUERN_PLAN_INFERENCE, &plain));
  assert_ok(quern_plan_bytes(drops, 4, QUERN_PLAN_INFERENCE, &bytes));
  assert_int_equal(bytes, plain);
  quern_network_free(drops);
  /* In training X W + b, mean and inv_std of each unit, and the gradients of as many gammas and
   * betas as the widest layer has. */
  dropping[0] = layers[0];
  dropping[0].normalization = quern_normalization_of(QUERN_NORMALIZATION_BATCH);
  assert_ok(quern_network_create(INPUTS, dropping, 2, QUERN_LOSS_CATEGORICAL, &drops));
  assert_ok(quern_plan_bytes(b.network, 4, QUERN_PLAN_TRAINING, &plain));
  assert_ok(quern_plan_bytes(drops, 4, QUERN_PLAN_TRAINING, &bytes));
  const size_t flat = drops->shape.flat_count - b.network->shape.flat_count;
  assert_int_equal(bytes, plain + sizeof(float) * (flat + 4 * 16 + 2 * 16 + 2 * 16));
  assert_ok(quern_plan_bytes(b.network, 4, QUERN_PLAN_INFERENCE, &plain));
  assert_ok(quern_plan_bytes(drops, 4, QUERN_PLAN_INFERENCE, &bytes));
  assert_int_equal(bytes, plain + sizeof(float) * flat);
  quern_network_free(drops);
  assert_fails(quern_plan_bytes(b.network, 0, QUERN_PLAN_TRAINING, &bytes), QUERN_ERROR_ARGUMENT,
               "0 samples");
  assert_fails(quern_plan_bytes(b.network, SIZE_MAX, QUERN_PLAN_TRAINING, &bytes),
               QUERN_ERROR_ARGUMENT, "batch");

  quern_plan *plan;
  quern_tensor x = quern_matrix(b.x, 0, ROWS, INPUTS), labels = quern_vector(b.labels, 0, ROWS), w,
               bias;
  assert_ok(quern_plan_create(b.context, b.network, ROWS - 1, QUERN_PLAN_INFERENCE, &plan));
  assert_fails(quern_plan_forward(plan, x, NULL), QUERN_ERROR_SHAPE, "12x19", "at most 11");
  assert_fails(quern_plan_step(plan, x, labels, quern_none()), QUERN_ERROR_ARGUMENT, "inference");
  assert_fails(quern_plan_layer_gradients(plan, 0, &w, &bias), QUERN_ERROR_ARGUMENT,
               "QUERN_PLAN_GRADIENTS");
  assert_fails(quern_plan_layer(plan, 2, &w, &bias), QUERN_ERROR_ARGUMENT, "layer 2");

  const quern_layer other[] = {quern_dense(16, QUERN_ACTIVATION_RELU),
                               quern_dense(OUTPUTS + 1, QUERN_ACTIVATION_IDENTITY)};
  quern_network *stranger;
  assert_ok(quern_network_create(INPUTS, other, 2, QUERN_LOSS_CATEGORICAL, &stranger));
  assert_fails(quern_plan_upload(plan, stranger), QUERN_ERROR_SHAPE, "shape differs");
  quern_network_free(stranger);
  quern_plan_free(plan);
  bench_close(&b);
}

/* Probabilities add up to one, and equal the reference's. */
static void test_predict(void **state) {
  (void)state;
  const quern_layer layers[] = {quern_dense(17, QUERN_ACTIVATION_RELU),
                                quern_dense(OUTPUTS, QUERN_ACTIVATION_IDENTITY)};
  float results[2][ROWS * OUTPUTS];
  for (size_t d = 0; d < 2; d++) {
    bench b;
    quern_plan *plan;
    quern_tensor output;
    bench_open(&b, devices[d], layers, 2, QUERN_LOSS_CATEGORICAL);
    assert_ok(quern_plan_create(b.context, b.network, ROWS, QUERN_PLAN_INFERENCE, &plan));
    assert_ok(quern_plan_predict(plan, quern_matrix(b.x, 0, ROWS, INPUTS), &output));
    assert_ok(quern_buffer_read(output.buffer, output.offset * sizeof(float), sizeof results[d],
                                results[d], QUERN_WAIT));
    quern_plan_free(plan);
    bench_close(&b);
  }
  for (size_t r = 0; r < ROWS; r++) {
    double sum = 0.0;
    for (size_t a = 0; a < OUTPUTS; a++) {
      size_t i = r * OUTPUTS + a;
      sum += (double)results[1][i];
      assert_true(fabs((double)results[1][i] - (double)results[0][i]) <= 1e-6);
    }
    assert_true(fabs(sum - 1.0) <= 1e-6);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_short_batch), QUERN_TEST(test_frozen_and_padding),
      QUERN_TEST(test_modes_agree), QUERN_TEST(test_bytes_and_refusals),
      QUERN_TEST(test_predict),     QUERN_TEST(test_optimizers_agree),
      QUERN_TEST(test_decay_bias),  QUERN_TEST(test_set_optimizer)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

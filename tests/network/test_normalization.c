/* Networks with batch and layer normalization: gradients of a step, running statistics, evaluation,
 * and errors. */
#include "step_gradients.h"

static quern_layer normal(size_t units, quern_activation_kind kind,
                          quern_normalization_kind normalization) {
  quern_layer layer = quern_dense(units, kind);
  layer.normalization = quern_normalization_of(normalization);
  /* so that a nearly constant unit does not spoil the differences */
  layer.normalization.epsilon = 0.01f;
  return layer;
}

/* Both kinds in sequence and before dropout, with derivatives that read h, that read z, and with
 * none. */
static void test_gradients(void **state) {
  (void)state;
  static const quern_normalization_kind first[] = {QUERN_NORMALIZATION_BATCH,
                                                   QUERN_NORMALIZATION_LAYER,
                                                   QUERN_NORMALIZATION_NONE},
                                        second[] = {QUERN_NORMALIZATION_LAYER,
                                                    QUERN_NORMALIZATION_BATCH,
                                                    QUERN_NORMALIZATION_BATCH};
  static const quern_activation_kind kinds[] = {QUERN_ACTIVATION_TANH, QUERN_ACTIVATION_SILU,
                                                QUERN_ACTIVATION_IDENTITY};
  for (size_t i = 0; i < 3; i++) {
    quern_layer above = normal(MORE, kinds[i], second[i]);
    above.dropout = i == 1 ? 0.25f : 0.0f;
    check_gradients(normal(HIDDEN, kinds[i], first[i]), above);
  }
}

/* One step in both modes: fused and kept gradients agree up to rounding. */
static void test_modes_agree(void **state) {
  (void)state;
  static const quern_plan_mode modes[] = {QUERN_PLAN_TRAINING, QUERN_PLAN_GRADIENTS};
  for (size_t d = 0; d < 2; d++) {
    float *learned[2];
    size_t count = 0;
    for (size_t m = 0; m < 2; m++) {
      place where;
      quern_layer second = normal(MORE, QUERN_ACTIVATION_TANH, QUERN_NORMALIZATION_LAYER);
      second.freeze_bias = true;
      open_place(&where, devices[d],
                 normal(HIDDEN, QUERN_ACTIVATION_GELU, QUERN_NORMALIZATION_BATCH), second);
      count = where.network->shape.flat_count;
      quern_plan *plan;
      quern_optimizer momentum = quern_optimizer_of(QUERN_OPTIMIZER_MOMENTUM, 0.1);
      momentum.weight_decay = 0.1;
      momentum.decay_bias = false;
      assert_ok(quern_plan_create(where.context, where.network, ROWS, modes[m], &plan));
      assert_ok(quern_plan_set_optimizer(plan, &momentum));
      for (size_t s = 0; s < 3; s++)
        assert_ok(quern_plan_step(plan, where.x, where.labels, where.losses));
      assert_ok(quern_plan_download(plan, where.network));
      learned[m] = test_alloc(count, sizeof(float));
      memcpy(learned[m], where.network->parameters, count * sizeof(float));
      assert_int_equal(quern_network_batches(where.network), 3);
      float gamma[HIDDEN], beta[HIDDEN];
      assert_ok(quern_network_get_normalization(where.network, 0, gamma, beta, NULL, NULL));
      for (size_t j = 0; j < HIDDEN; j++) assert_true(gamma[j] != 1.0f && beta[j] != 0.0f);
      /* frozen with the bias */
      assert_ok(quern_network_get_normalization(where.network, 1, gamma, beta, NULL, NULL));
      for (size_t j = 0; j < MORE; j++) assert_true(gamma[j] == 1.0f && beta[j] == 0.0f);
      quern_plan_free(plan);
      close_place(&where);
    }
    for (size_t i = 0; i < count; i++)
      assert_true(fabs((double)learned[0][i] - (double)learned[1][i]) <= 1e-5);
    free(learned[0]);
    free(learned[1]);
  }
}

/* The step's mean and variance, computed here from X W + b, change the running ones by a tenth,
 * with the unbiased variance, and evaluation uses those. One layer of one unit with one input, w =
 * 2, b = 1, squared loss to 0. */
static void test_running_statistics(void **state) {
  (void)state;
  static const float x[] = {1, 2, 4, 9}, w = 2, b = 1;
  static const int32_t labels[] = {0, 0, 0, 0}; /* one-hot: 1 */
  const double z[] = {3, 5, 9, 19}, mean = 9, variance = (36 + 16 + 0 + 100) / 4.0;
  for (size_t d = 0; d < 2; d++) {
    quern_context *context;
    quern_network *network;
    quern_buffer *buffer;
    quern_plan *plan;
    quern_layer layer = normal(1, QUERN_ACTIVATION_IDENTITY, QUERN_NORMALIZATION_BATCH);
    assert_ok(quern_context_create(devices[d], &context));
    assert_ok(quern_network_create(1, &layer, 1, QUERN_LOSS_SQUARED, &network));
    assert_ok(quern_network_set_layer(network, 0, &w, &b));
    assert_ok(quern_plan_create(context, network, 4, QUERN_PLAN_TRAINING, &plan));
    assert_ok(quern_buffer_create(context, 13 * sizeof(float), &buffer));
    assert_ok(quern_buffer_write(buffer, 0, sizeof x, x, QUERN_WAIT));
    assert_ok(quern_buffer_write(buffer, sizeof x, sizeof labels, labels, QUERN_WAIT));
    const quern_tensor samples = quern_matrix(buffer, 0, 4, 1),
                       classes = quern_vector(buffer, 4, 4), losses = quern_vector(buffer, 8, 4);
    const quern_optimizer still = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0);
    float got[4], running_mean, running_variance;
    assert_ok(quern_plan_set_optimizer(plan, &still));
    assert_ok(quern_plan_step(plan, samples, classes, losses));
    assert_ok(quern_buffer_read(buffer, 8 * sizeof(float), sizeof got, got, QUERN_WAIT));
    for (size_t i = 0; i < 4; i++) {
      const double y = (z[i] - mean) / sqrt(variance + (double)0.01f);
      assert_true(fabs((double)got[i] - (y - 1) * (y - 1)) <= 1e-5);
    }
    assert_ok(quern_plan_download(plan, network));
    assert_ok(
        quern_network_get_normalization(network, 0, NULL, NULL, &running_mean, &running_variance));
    const double moved = 0.1 * mean, spread = 0.9 + 0.1 * variance * 4 / 3;
    assert_true(fabs((double)running_mean - moved) <= 1e-6 &&
                fabs((double)running_variance - spread) <= 1e-5);
    quern_tensor output;
    assert_ok(quern_plan_forward(plan, samples, &output));
    assert_ok(quern_buffer_read(output.buffer, output.offset * sizeof(float), sizeof got, got,
                                QUERN_WAIT));
    for (size_t i = 0; i < 4; i++)
      assert_true(fabs((double)got[i] - (z[i] - moved) / sqrt(spread + (double)0.01f)) <= 1e-5);
    /* A plan with another batch, and a single sample: evaluation is independent of the batch. */
    assert_ok(quern_plan_forward(plan, quern_matrix(buffer, 2, 1, 1), &output));
    float alone;
    assert_ok(quern_buffer_read(output.buffer, output.offset * sizeof(float), sizeof alone, &alone,
                                QUERN_WAIT));
    assert_true(alone == got[2]);
    assert_fails(quern_plan_step(plan, quern_matrix(buffer, 0, 1, 1), quern_vector(buffer, 4, 1),
                                 quern_none()),
                 QUERN_ERROR_ARGUMENT, "batch norm forward", "one row", "at least 2");
    quern_plan_free(plan);
    quern_buffer_free(buffer);
    quern_network_free(network);
    quern_context_free(context);
  }
}

/* Layer normalization is independent of the batch, also in training. */
static void test_layer_normalization_of_one(void **state) {
  (void)state;
  place where;
  open_place(&where, "auto", normal(HIDDEN, QUERN_ACTIVATION_RELU, QUERN_NORMALIZATION_LAYER),
             normal(MORE, QUERN_ACTIVATION_TANH, QUERN_NORMALIZATION_LAYER));
  float together[ROWS], alone;
  quern_plan_free(plan_after(&where, 0, 1));
  assert_ok(quern_buffer_read(where.buffer, where.losses.offset * sizeof(float), sizeof together,
                              together, QUERN_WAIT));
  quern_plan *plan;
  assert_ok(quern_plan_create(where.context, where.network, 1, QUERN_PLAN_GRADIENTS, &plan));
  for (size_t i = 0; i < ROWS; i++) {
    quern_tensor x = where.x, label = where.labels, loss = where.losses;
    x.offset += i * INPUTS;
    x.rows = label.columns = loss.columns = 1;
    label.offset += i;
    assert_ok(quern_plan_step(plan, x, label, loss));
    assert_ok(quern_buffer_read(where.buffer, loss.offset * sizeof(float), sizeof alone, &alone,
                                QUERN_WAIT));
    assert_true(fabs((double)alone - (double)together[i]) <= 1e-6);
  }
  quern_plan_free(plan);
  close_place(&where);
}

static void test_parameters(void **state) {
  (void)state;
  const quern_layer layers[] = {normal(4, QUERN_ACTIVATION_RELU, QUERN_NORMALIZATION_BATCH),
                                normal(3, QUERN_ACTIVATION_RELU, QUERN_NORMALIZATION_LAYER),
                                quern_dense(2, QUERN_ACTIVATION_IDENTITY)};
  static const float gamma[] = {1, 2, 3, 4}, beta[] = {5, 6, 7, 8}, mean[] = {9, 10, 11, 12},
                     variance[] = {13, 14, 15, 16};
  quern_network *network;
  float got[4][4];
  assert_ok(quern_network_create(5, layers, 3, QUERN_LOSS_CATEGORICAL, &network));
  assert_int_equal(quern_network_parameter_count(network),
                   5 * 4 + 4 + 8 + 4 * 3 + 3 + 6 + 3 * 2 + 2);
  assert_ok(quern_network_get_normalization(network, 0, got[0], got[1], got[2], got[3]));
  for (size_t i = 0; i < 4; i++)
    assert_true(got[0][i] == 1 && got[1][i] == 0 && got[2][i] == 0 && got[3][i] == 1);
  assert_ok(quern_network_set_normalization(network, 0, gamma, beta, mean, variance));
  assert_ok(quern_network_get_normalization(network, 0, got[0], got[1], got[2], got[3]));
  assert_memory_equal(got[0], gamma, sizeof gamma);
  assert_memory_equal(got[1], beta, sizeof beta);
  assert_memory_equal(got[2], mean, sizeof mean);
  assert_memory_equal(got[3], variance, sizeof variance);
  assert_fails(quern_network_set_normalization(network, 1, gamma, beta, mean, NULL),
               QUERN_ERROR_ARGUMENT, "layer 1", "layer", "no running mean");
  assert_fails(quern_network_get_normalization(network, 2, got[0], NULL, NULL, NULL),
               QUERN_ERROR_ARGUMENT, "layer 2", "none", "no gamma");
  assert_fails(quern_network_set_normalization(network, 3, gamma, NULL, NULL, NULL),
               QUERN_ERROR_ARGUMENT, "layer 3");
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1));
  assert_ok(quern_network_get_normalization(network, 0, got[0], NULL, NULL, got[3]));
  assert_true(got[0][3] == 1 && got[3][3] == 1);

  quern_context *context;
  quern_plan *plan;
  quern_tensor g, b;
  assert_ok(quern_context_create("reference", &context));
  assert_ok(quern_plan_create(context, network, 2, QUERN_PLAN_TRAINING, &plan));
  assert_ok(quern_plan_normalization(plan, 1, &g, &b));
  assert_true(g.columns == 3 && b.columns == 3 && b.offset > g.offset);
  assert_fails(quern_plan_normalization(plan, 2, &g, &b), QUERN_ERROR_ARGUMENT, "layer 2",
               "no normalization");
  assert_fails(quern_plan_normalization(plan, 3, &g, &b), QUERN_ERROR_ARGUMENT, "layer 3",
               "the network has 3");
  assert_fails(quern_plan_normalization_gradients(plan, 1, &g, &b), QUERN_ERROR_ARGUMENT,
               "QUERN_PLAN_GRADIENTS");
  quern_plan_free(plan);
  quern_context_free(context);
  quern_network_free(network);
}

static void test_what_is_refused(void **state) {
  (void)state;
  quern_layer layer = quern_dense(2, QUERN_ACTIVATION_IDENTITY);
  quern_network *network;
  layer.normalization.kind = (quern_normalization_kind)7;
  assert_fails(quern_network_create(2, &layer, 1, QUERN_LOSS_CATEGORICAL, &network),
               QUERN_ERROR_ARGUMENT, "layer 0", "unknown normalization 7");
  static const float wrong[] = {-1.0f, INFINITY, NAN};
  for (size_t i = 0; i < 3; i++) {
    layer.normalization = (quern_normalization){QUERN_NORMALIZATION_LAYER, wrong[i]};
    assert_fails(quern_network_create(2, &layer, 1, QUERN_LOSS_CATEGORICAL, &network),
                 QUERN_ERROR_ARGUMENT, "epsilon", "not negative");
  }
}

static void test_names(void **state) {
  (void)state;
  static const char *const same[] = {"none", "batch", "layer", "batch:0.001", "layer:0"};
  static const char *const wrong[] = {
      "", "Batch", "none:1", "batch:", "batch:-1", "batch:nan", "layer:1x", "group"};
  char text[64];
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    quern_normalization normalization;
    assert_true(quern_normalization_parse(same[i], &normalization));
    assert_int_equal(quern_normalization_format(normalization, text, sizeof text), strlen(same[i]));
    assert_string_equal(text, same[i]);
  }
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    quern_normalization normalization = {QUERN_NORMALIZATION_LAYER, 0.5f};
    assert_false(quern_normalization_parse(wrong[i], &normalization));
    assert_true(normalization.kind == QUERN_NORMALIZATION_LAYER && normalization.epsilon == 0.5f);
  }
  assert_null(quern_normalization_name((quern_normalization_kind)3));
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_gradients),
                                     QUERN_TEST(test_modes_agree),
                                     QUERN_TEST(test_running_statistics),
                                     QUERN_TEST(test_layer_normalization_of_one),
                                     QUERN_TEST(test_parameters),
                                     QUERN_TEST(test_what_is_refused),
                                     QUERN_TEST(test_names)};
  return cmocka_run_group_tests_name("network/normalization", tests, NULL, NULL);
}

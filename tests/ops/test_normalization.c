/* Batch and layer normalization on a device, compared with the reference and with expected
 * values. */
#include "op_check.h"
#include <math.h>
#include <string.h>

static void test_batch_norm_forward(void **state) {
  (void)state;
  test_sweep("batch norm forward");
}

static void test_batch_norm_inference(void **state) {
  (void)state;
  test_sweep("batch norm inference");
}

static void test_batch_norm_backward(void **state) {
  (void)state;
  test_sweep("batch norm backward");
}

static void test_batch_norm_moments(void **state) {
  (void)state;
  test_sweep("batch norm moments");
}

static void test_batch_norm_backward_parameters(void **state) {
  (void)state;
  test_sweep("batch norm backward parameters");
}

static void test_batch_norm_backward_data(void **state) {
  (void)state;
  test_sweep("batch norm backward data");
}

static void test_layer_norm_forward(void **state) {
  (void)state;
  test_sweep("layer norm forward");
}

static void test_layer_norm_backward(void **state) {
  (void)state;
  test_sweep("layer norm backward");
}

/* x is 3x2, and transposed for layer normalization, so both normalize the lines {1, 2, 6} and {-4,
 * 0, 4}. Their variances are 14/3 and 32/3; an epsilon of 1/3 makes them 5 and 11. */
enum { LINES = 2, EACH = 3, COUNT = LINES * EACH };
static const float values[LINES][EACH] = {{1, 2, 6}, {-4, 0, 4}};
static const double means[] = {3, 0}, roots[] = {2.2360679774997896, 3.3166247903554};

static void test_by_hand(void **state) {
  (void)state;
  const float gamma[] = {2, -1, 0.5f}, beta[] = {1, 0, -3}, running[] = {10, 20, 4, 8};
  test_rig rig;
  test_rig_open(&rig, 120);
  quern_context *const contexts[] = {rig.reference, rig.device};
  for (size_t c = 0; c < 4; c++) {
    const bool batch = c % 2 == 0;
    /* x, gamma, beta, the running mean and variance, and room for mean and inv_std */
    float all[32] = {0}, *x = all, got[COUNT], statistics[4];
    memcpy(all + 6, gamma, sizeof gamma);
    memcpy(all + 9, beta, sizeof beta);
    memcpy(all + 12, running, sizeof running);
    for (size_t i = 0; i < LINES; i++)
      for (size_t k = 0; k < EACH; k++) x[batch ? k * LINES + i : i * EACH + k] = values[i][k];
    const size_t n = batch ? EACH : LINES, units = batch ? LINES : EACH;
    quern_buffer *buffer;
    quern_context *context = contexts[c / 2];
    assert_ok(quern_buffer_create(context, sizeof all, &buffer));
    assert_ok(quern_buffer_write(buffer, 0, sizeof all, all, QUERN_WAIT));
    const quern_tensor t = quern_matrix(buffer, 0, n, units), g = quern_vector(buffer, 6, units),
                       b = quern_vector(buffer, 9, units), mean = quern_vector(buffer, 16, LINES),
                       inv_std = quern_vector(buffer, 18, LINES);
    if (batch)
      assert_ok(quern_batch_norm_forward(context, t, g, b, 1.0f / 3, 0.25f,
                                         quern_vector(buffer, 12, 2), quern_vector(buffer, 14, 2),
                                         mean, inv_std, t));
    else
      assert_ok(quern_layer_norm_forward(context, t, g, b, 1.0f / 3, mean, inv_std, t));
    assert_ok(quern_buffer_read(buffer, 0, sizeof got, got, QUERN_WAIT));
    for (size_t i = 0; i < LINES; i++)
      for (size_t k = 0; k < EACH; k++) {
        const size_t unit = batch ? i : k;
        const double expected =
            (double)gamma[unit] * ((double)values[i][k] - means[i]) / roots[i] + (double)beta[unit];
        assert_true(fabs((double)got[batch ? k * LINES + i : i * EACH + k] - expected) <= 2e-6);
      }
    assert_ok(
        quern_buffer_read(buffer, 16 * sizeof(float), sizeof statistics, statistics, QUERN_WAIT));
    for (size_t i = 0; i < LINES; i++) {
      assert_true(fabs((double)statistics[i] - means[i]) <= 1e-6);
      assert_true(fabs((double)statistics[LINES + i] - 1 / roots[i]) <= 1e-6);
    }
    if (batch) { /* three quarters of the old, and a quarter of the new, the variances 7 and 16 */
      static const double moved[] = {8.25, 15, 4.75, 10};
      assert_ok(
          quern_buffer_read(buffer, 12 * sizeof(float), sizeof statistics, statistics, QUERN_WAIT));
      for (size_t i = 0; i < 4; i++) assert_true(fabs((double)statistics[i] - moved[i]) <= 4e-6);
    }
    quern_buffer_free(buffer);
  }
  test_rig_close(&rig);
}

/* A NaN affects only its own line, and a line of equal values becomes beta. */
static void test_special_values(void **state) {
  (void)state;
  /* x, gamma, beta; room for the others */
  static const float all[16] = {NAN, 5, 1, 5, 2, 5, 1, 1, 0.5f, 0.5f};
  test_rig rig;
  test_rig_open(&rig, 121);
  quern_context *const contexts[] = {rig.reference, rig.device};
  for (size_t c = 0; c < 2; c++) {
    quern_buffer *buffer;
    float got[6];
    assert_ok(quern_buffer_create(contexts[c], sizeof all, &buffer));
    assert_ok(quern_buffer_write(buffer, 0, sizeof all, all, QUERN_WAIT));
    const quern_tensor t = quern_matrix(buffer, 0, 3, 2);
    assert_ok(quern_batch_norm_forward(
        contexts[c], t, quern_vector(buffer, 6, 2), quern_vector(buffer, 8, 2), 1e-5f, 0.1f,
        quern_none(), quern_none(), quern_vector(buffer, 10, 2), quern_vector(buffer, 12, 2), t));
    assert_ok(quern_buffer_read(buffer, 0, sizeof got, got, QUERN_WAIT));
    for (size_t i = 0; i < 6; i++) assert_true(i % 2 == 0 ? isnan(got[i]) : got[i] == 0.5f);
    quern_buffer_free(buffer);
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_batch_norm_forward),
                                     QUERN_TEST(test_batch_norm_inference),
                                     QUERN_TEST(test_batch_norm_backward),
                                     QUERN_TEST(test_batch_norm_moments),
                                     QUERN_TEST(test_batch_norm_backward_parameters),
                                     QUERN_TEST(test_batch_norm_backward_data),
                                     QUERN_TEST(test_layer_norm_forward),
                                     QUERN_TEST(test_layer_norm_backward),
                                     QUERN_TEST(test_by_hand),
                                     QUERN_TEST(test_special_values)};
  return cmocka_run_group_tests_name("ops/normalization", tests, NULL, NULL);
}

/* The reference's losses at the limits of floats, compared with results derived by hand; and bad
 * labels and NaN. */
#include "reference_test.h"

#include <float.h>
#include <string.h>

typedef quern_status (*loss_op)(void *state, const quern_loss_op *op);

enum { MAX_K = 10 };

/* One sample through a loss, with scale 1. */
typedef struct result {
  float loss, dz[MAX_K];
} result;

static result run(void *state, loss_op op, size_t k, const float *z, const void *target) {
  result got;
  assert_true(k <= MAX_K);
  const quern_loss_op arguments = {.n = 1,
                                   .k = k,
                                   .z = span_of(z),
                                   .target = span_of(target),
                                   .scale = 1,
                                   .losses = span_of(&got.loss),
                                   .dz = span_of(got.dz)};
  assert_ok(op(state, &arguments));
  return got;
}

#define CATEGORICAL TABLE->softmax_cross_entropy
#define ELEMENTWISE TABLE->elementwise_cross_entropy
#define BINARY      TABLE->binary_cross_entropy
#define SQUARED     TABLE->mean_squared_error

/* --- The worked example: its z3 and the float64 values of its errata --- */

static const float example_z[] = {1.867067972f, 2.230282321f, 2.823036033f};

static void check_example(const result *got, double loss, const double *dz) {
  assert_near(got->loss, loss, 1e-6);
  for (size_t a = 0; a < 3; a++) assert_near(got->dz[a], dz[a], 1e-6);
}

static void test_worked_example(void **state) {
  static const double categorical[] = {-0.801553106, 0.28535553, 0.516197575};
  static const double elementwise[] = {-1.092527185, 0.266248277, 0.826278908};
  static const double outputs[] = {0.198446894, 0.28535553, 0.516197575};
  const int32_t label = 0;
  const float y[] = {1, 0, 0};
  const result first = run(*state, CATEGORICAL, 3, example_z, &label);
  check_example(&first, 1.617233750, categorical);
  const result second = run(*state, ELEMENTWISE, 3, example_z, y);
  check_example(&second, 2.679282524, elementwise);

  float o[3];
  const quern_softmax_op softmax = {1, 3, span_of(example_z), span_of(o)};
  assert_ok(TABLE->softmax(*state, &softmax));
  for (size_t a = 0; a < 3; a++) assert_near(o[a], outputs[a], 1e-6);
  memcpy(o, example_z, sizeof o);
  const quern_softmax_op in_place = {1, 3, span_of(o), span_of(o)};
  assert_ok(TABLE->softmax(*state, &in_place));
  for (size_t a = 0; a < 3; a++) assert_near(o[a], outputs[a], 1e-6);
}

/* --- Equal logits of any size: every output is 1/k --- */

static void test_uniform_logits(void **state) {
  static const float heights[] = {0, 1, -1e4f, 3e38f, -3e38f};
  enum { k = 10 };
  for (size_t h = 0; h < sizeof heights / sizeof heights[0]; h++) {
    float z[k], y[k] = {0};
    for (size_t a = 0; a < k; a++) z[a] = heights[h];
    const int32_t label = 3;
    y[label] = 1;

    const result categorical = run(*state, CATEGORICAL, k, z, &label);
    assert_near(categorical.loss, log(k), FLOAT_ROUNDING * 4);
    for (size_t a = 0; a < k; a++) assert_rounded(categorical.dz[a], 0.1 - y[a]);

    /* -log 1/k - (k-1) log(1 - 1/k); G_label = -10, the other G = 10/9, ΣG O = 0. */
    const result elementwise = run(*state, ELEMENTWISE, k, z, y);
    assert_near(elementwise.loss, log(10) - 9 * log(0.9), FLOAT_ROUNDING * 4);
    for (size_t a = 0; a < k; a++)
      assert_near(elementwise.dz[a], y[a] == 1 ? -1 : 1.0 / 9, FLOAT_ROUNDING);

    /* Soft targets equal to the outputs: the minimum, except for the rounding of 0.1f. */
    for (size_t a = 0; a < k; a++) y[a] = 0.1f;
    const result minimum = run(*state, ELEMENTWISE, k, z, y);
    for (size_t a = 0; a < k; a++) assert_near(minimum.dz[a], 0, 1e-8);
  }
}

/* --- One and two classes --- */

static void test_one_class(void **state) {
  static const float values[] = {0, -5, 3e38f, -3e38f};
  const int32_t label = 0;
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    const result categorical = run(*state, CATEGORICAL, 1, &values[i], &label);
    assert_true(categorical.loss == 0 && categorical.dz[0] == 0);
    float o = NAN;
    const quern_softmax_op softmax = {1, 1, span_of(&values[i]), span_of(&o)};
    assert_ok(TABLE->softmax(*state, &softmax));
    assert_true(o == 1);
  }
  const float zero = 0, quarter = 0.25f, three = 3, one = 1;
  const result binary = run(*state, BINARY, 1, &zero, &quarter);
  assert_rounded(binary.loss, log(2));
  assert_true(binary.dz[0] == 0.25f);
  const result squared = run(*state, SQUARED, 1, &three, &one);
  assert_true(squared.loss == 4 && squared.dz[0] == 4);
}

/* With two classes O_1 = 1 - O_0, so a hard target makes E = -2 log O_label and dE/dz = 2 (O - Y).
 */
static void test_two_classes(void **state) {
  static const float gaps[] = {0, 0.5f, 17, 100, 1e4f, 1e38f};
  for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
    const double gap = gaps[i], tail = 1 / (1 + exp(gap)); /* the lower output */
    const float z[] = {gaps[i], 0}, lower[] = {0, 1}, upper[] = {1, 0};
    const double loss = 2 * (gap + log1p(exp(-gap)));
    const result wrong = run(*state, ELEMENTWISE, 2, z, lower);
    assert_rounded(wrong.loss, loss);
    assert_rounded(wrong.dz[0], 2 * (1 - tail));
    assert_rounded(wrong.dz[1], -2 * (1 - tail));
    /* Small numbers keep their digits, down to the limits of floats. */
    const result right = run(*state, ELEMENTWISE, 2, z, upper);
    assert_near(right.loss, 2 * log1p(exp(-gap)), 2 * FLOAT_ROUNDING * right.loss + FLT_TRUE_MIN);
    assert_near(right.dz[0], -2 * tail, 2 * FLOAT_ROUNDING * tail + FLT_TRUE_MIN);
    assert_near(right.dz[1], 2 * tail, 2 * FLOAT_ROUNDING * tail + FLT_TRUE_MIN);
  }
}

/* --- Wide gaps and the largest floats --- */

/* O = (1, 0, 0) to within e^-gap. With y = (0, 1, 0): log(1 - O_0) = log 2 - gap and log O_1 =
 * -gap, whose gradients are (-1, 1/2, 1/2) and (-1, 1, 0). */
static void test_elementwise_gap(void **state) {
  static const float gaps[] = {100, 1e4f, 1e38f};
  const float y[] = {0, 1, 0};
  for (size_t i = 0; i < sizeof gaps / sizeof gaps[0]; i++) {
    const float z[] = {gaps[i], 0, 0};
    const result got = run(*state, ELEMENTWISE, 3, z, y);
    assert_rounded(got.loss, 2.0 * gaps[i] - log(2));
    assert_rounded(got.dz[0], 2);
    assert_rounded(got.dz[1], -1.5);
    assert_rounded(got.dz[2], -0.5);
  }
}

/* A target of zero removes a logarithm of zero from the sum. If the loss exceeds the largest float
 * it is infinite, never NaN, and the gradient stays finite. */
static void test_largest_floats(void **state) {
  const float z[] = {3e38f, -3e38f}, upper[] = {1, 0}, lower[] = {0, 1};
  const int32_t zero = 0, one = 1;
  const result right = run(*state, CATEGORICAL, 2, z, &zero);
  assert_true(right.loss == 0 && right.dz[0] == 0 && right.dz[1] == 0);
  const result wrong = run(*state, CATEGORICAL, 2, z, &one);
  assert_true(wrong.loss == INFINITY && wrong.dz[0] == 1 && wrong.dz[1] == -1);
  const result right_elementwise = run(*state, ELEMENTWISE, 2, z, upper);
  assert_true(right_elementwise.loss == 0 && right_elementwise.dz[0] == 0 &&
              right_elementwise.dz[1] == 0);
  const result wrong_elementwise = run(*state, ELEMENTWISE, 2, z, lower);
  assert_true(wrong_elementwise.loss == INFINITY && wrong_elementwise.dz[0] == 2 &&
              wrong_elementwise.dz[1] == -2);

  const result right_binary = run(*state, BINARY, 2, z, upper);
  assert_true(right_binary.loss == 0 && right_binary.dz[0] == 0 && right_binary.dz[1] == 0);
  const result wrong_binary = run(*state, BINARY, 2, z, lower);
  assert_rounded(wrong_binary.loss, 3e38f);
  assert_true(wrong_binary.dz[0] == 0.5f && wrong_binary.dz[1] == -0.5f);

  float o[2];
  const quern_softmax_op softmax = {1, 2, span_of(z), span_of(o)};
  assert_ok(TABLE->softmax(*state, &softmax));
  assert_true(o[0] == 1 && o[1] == 0);
}

static void test_categorical_gap(void **state) {
  const float z[] = {1e4f, 0, 0};
  const int32_t label = 2;
  const result got = run(*state, CATEGORICAL, 3, z, &label);
  assert_true(got.loss == 1e4f && got.dz[0] == 1 && got.dz[1] == 0 && got.dz[2] == -1);
}

/* Both tails of binary cross-entropy: -log sigmoid(±30) and sigmoid(±30) - y keep their digits. */
static void test_binary_tails(void **state) {
  const float z[] = {30, -30}, y[] = {1, 0}, other[] = {0, 1};
  const double tail = exp(-30);
  const result right = run(*state, BINARY, 2, z, y);
  assert_near(right.loss, tail, 4 * FLOAT_ROUNDING * tail);
  assert_near(right.dz[0], -tail / 2, 4 * FLOAT_ROUNDING * tail);
  assert_near(right.dz[1], tail / 2, 4 * FLOAT_ROUNDING * tail);
  const result wrong = run(*state, BINARY, 2, z, other);
  assert_rounded(wrong.loss, 30 + tail);
  assert_rounded(wrong.dz[0], 0.5);
  assert_rounded(wrong.dz[1], -0.5);
}

/* A class that is masked by a logit of -infinity and has no target does not count. */
static void test_masked_class(void **state) {
  const float z[] = {1, -INFINITY, 2}, y[] = {1, 0, 0}, two_z[] = {1, 2}, two_y[] = {1, 0};
  const result masked = run(*state, ELEMENTWISE, 3, z, y);
  const result without = run(*state, ELEMENTWISE, 2, two_z, two_y);
  assert_near(masked.loss, without.loss, FLOAT_ROUNDING * without.loss);
  assert_near(masked.dz[0], without.dz[0], FLOAT_ROUNDING);
  assert_near(masked.dz[2], without.dz[1], FLOAT_ROUNDING);
  assert_true(masked.dz[1] == 0);
}

/* --- Bad labels and NaN --- */

static void test_bad_labels(void **state) {
  static const int32_t bad[] = {-1, 2, INT32_MIN, INT32_MAX};
  const float z[] = {1, 1, 5, 6, 2, 2};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    const int32_t labels[] = {0, bad[i], 1};
    float losses[3], dz[6];
    const quern_loss_op op = {.n = 3,
                              .k = 2,
                              .z = span_of(z),
                              .target = span_of(labels),
                              .scale = 1,
                              .losses = span_of(losses),
                              .dz = span_of(dz)};
    assert_ok(CATEGORICAL(*state, &op));
    assert_true(isnan(losses[1]) && dz[2] == 0 && dz[3] == 0);
    assert_rounded(losses[0], log(2));
    assert_rounded(losses[2], log(2));
    assert_true(dz[0] == -0.5f && dz[1] == 0.5f && dz[4] == 0.5f && dz[5] == -0.5f);
    assert_fails(TABLE->finish(*state), QUERN_ERROR_DATA, "softmax cross-entropy", "label", "row 1",
                 "0 … 1");
    assert_ok(TABLE->finish(*state)); /* reported once */
  }
}

static void test_nan_logits(void **state) {
  const loss_op ops[] = {ELEMENTWISE, BINARY, SQUARED};
  const float y[] = {0, 1, 0};
  const int32_t label = 1;
  for (size_t position = 0; position < 3; position++) {
    float z[] = {1, 2, 3};
    z[position] = NAN;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
      const result got = run(*state, ops[i], 3, z, y);
      assert_true(isnan(got.loss) && isnan(got.dz[position]));
    }
    const result categorical = run(*state, CATEGORICAL, 3, z, &label);
    const result elementwise = run(*state, ELEMENTWISE, 3, z, y);
    assert_true(isnan(categorical.loss));
    for (size_t a = 0; a < 3; a++)
      assert_true(isnan(categorical.dz[a]) && isnan(elementwise.dz[a]));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      REFERENCE_TEST(test_worked_example),  REFERENCE_TEST(test_uniform_logits),
      REFERENCE_TEST(test_one_class),       REFERENCE_TEST(test_two_classes),
      REFERENCE_TEST(test_elementwise_gap), REFERENCE_TEST(test_largest_floats),
      REFERENCE_TEST(test_categorical_gap), REFERENCE_TEST(test_binary_tails),
      REFERENCE_TEST(test_masked_class),    REFERENCE_TEST(test_bad_labels),
      REFERENCE_TEST(test_nan_logits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Every loss of the reference and its gradient, compared with a formula written here in double and
 * its finite differences. */
#include "differentiate.h"

enum { N = 3 }; /* samples */

enum { K = 5, LOGITS = N * K };
static const int32_t labels[N] = {2, 0, 4};

typedef struct loss {
  quern_loss kind;
  double y[LOGITS];
  double weights[K], smoothing, factor; /* of CATEGORICAL */
} loss;

#define DELTA 0.75

static double row_loss(const loss *self, const double *z, size_t r) {
  const double *row = z + r * K, *y = self->y + r * K;
  double sum = 0, value = 0;
  for (size_t a = 0; a < K; a++) sum += exp(row[a]);
  for (size_t a = 0; a < K; a++) {
    const double o = exp(row[a]) / sum, s = 1 / (1 + exp(-row[a]));
    switch (self->kind) {
    case QUERN_LOSS_CATEGORICAL:
      value -= self->factor * log(o) *
               ((1 - self->smoothing) * self->weights[labels[r]] * (a == (size_t)labels[r]) +
                self->smoothing / K * self->weights[a]);
      break;
    case QUERN_LOSS_ELEMENTWISE:
      value -= y[a] * log(o) + (1 - y[a]) * log(1 - o);
      break;
    case QUERN_LOSS_BINARY:
      value -= (y[a] * log(s) + (1 - y[a]) * log(1 - s)) / K;
      break;
    case QUERN_LOSS_SQUARED:
      value += (row[a] - y[a]) * (row[a] - y[a]) / K;
      break;
    case QUERN_LOSS_ABSOLUTE:
      value += fabs(row[a] - y[a]) / K;
      break;
    case QUERN_LOSS_HUBER:
      value += (fabs(row[a] - y[a]) <= DELTA ? (row[a] - y[a]) * (row[a] - y[a]) / 2
                                             : DELTA * (fabs(row[a] - y[a]) - DELTA / 2)) /
               K;
      break;
    }
  }
  return value;
}

static double loss_value(const void *context, const double *z) {
  double value = 0;
  for (size_t r = 0; r < N; r++) value += row_loss(context, z, r);
  return value;
}

static void check_loss_of(void *state, loss current,
                          quern_status (*op)(void *, const quern_loss_op *)) {
  const float scale = 0.37f;
  const quern_loss kind = current.kind;
  float z[LOGITS], y[LOGITS], losses[N], dz[LOGITS], alone[LOGITS];
  double point[LOGITS];
  randomize(9, 3, LOGITS, z, point);
  quern__philox_uniform(2024, 10, 0, 0x1p-24f, LOGITS, y); /* soft targets, in [0, 1) */
  y[0] = 0;                                                /* and hard ones */
  y[1] = 1;
  for (size_t i = 0; i < LOGITS; i++) {
    current.y[i] = y[i];
    const double difference = fabs(point[i] - y[i]); /* no step crosses a kink */
    if (kind == QUERN_LOSS_ABSOLUTE) assert_true(difference > 2 * STEP);
    if (kind == QUERN_LOSS_HUBER) assert_true(fabs(difference - DELTA) > 2 * STEP);
  }

  quern_loss_op arguments = {.n = N,
                             .k = K,
                             .z = span_of(z),
                             .target =
                                 kind == QUERN_LOSS_CATEGORICAL ? span_of(labels) : span_of(y),
                             .scale = scale,
                             .losses = span_of(losses),
                             .dz = span_of(dz)};
  assert_ok(op(state, &arguments));
  for (size_t r = 0; r < N; r++)
    assert_near(losses[r], row_loss(&current, point, r),
                FLOAT_ROUNDING * losses[r] + OPERATIONS * DBL_EPSILON);
  for (size_t i = 0; i < LOGITS; i++) {
    const derivative wanted = differentiate(loss_value, &current, point, i);
    const double error = scale * wanted.error + FLOAT_ROUNDING * fabs(dz[i]);
    assert_true(error < 2e-6);
    assert_near(dz[i], scale * wanted.value, error);
  }

  /* One result alone, and the gradient in place of the logits, have the same bits. */
  arguments.dz = none;
  arguments.losses = span_of(alone);
  assert_ok(op(state, &arguments));
  assert_memory_equal(alone, losses, sizeof losses);
  arguments.losses = none;
  arguments.dz = span_of(alone);
  assert_ok(op(state, &arguments));
  assert_memory_equal(alone, dz, sizeof dz);
  arguments.losses = span_of(losses);
  arguments.dz = span_of(z);
  float before[N];
  memcpy(before, losses, sizeof losses);
  assert_ok(op(state, &arguments));
  assert_memory_equal(z, dz, sizeof dz);
  assert_memory_equal(losses, before, sizeof losses);
}

static void check_loss(void *state, quern_loss kind,
                       quern_status (*op)(void *, const quern_loss_op *)) {
  check_loss_of(state, (loss){.kind = kind, .weights = {1, 1, 1, 1, 1}, .factor = 1}, op);
}

static quern_status huber(void *state, const quern_loss_op *op) {
  const quern_huber_op whole = {*op, (float)DELTA};
  return TABLE->huber_loss(state, &whole);
}

/* The labels are 2, 0 and 4. */
static const float weights[K] = {0.5f, 2, 1.5f, 0, 3};
#define TOTAL     5.0f
#define SMOOTHING 0.125f

static quern_status weigh(void *state, const quern_loss_op *op) {
  static const float total = TOTAL;
  const quern_weighted_loss_op whole = {*op, span_of(weights), span_of(&total), SMOOTHING};
  return TABLE->weighted_cross_entropy(state, &whole);
}

static quern_status smooth(void *state, const quern_loss_op *op) {
  const quern_weighted_loss_op whole = {*op, none, none, SMOOTHING};
  return TABLE->weighted_cross_entropy(state, &whole);
}

static void test_weighted_cross_entropy(void **state) {
  loss current = {.kind = QUERN_LOSS_CATEGORICAL, .smoothing = SMOOTHING, .factor = N / TOTAL};
  for (size_t a = 0; a < K; a++) current.weights[a] = weights[a];
  check_loss_of(*state, current, weigh);
  current.factor = 1;
  for (size_t a = 0; a < K; a++) current.weights[a] = 1;
  check_loss_of(*state, current, smooth);
}

/* The terms of the sum of weights; labels out of range count nothing. */
static void test_label_weights(void **state) {
  static const int32_t some[] = {4, -1, 1, 5, INT32_MIN, 3};
  static const float expected[] = {3, 0, 2, 0, 0, 0};
  float got[6];
  const quern_label_weights_op op = {6, K, span_of(some), span_of(weights), span_of(got)};
  assert_ok(TABLE->label_weights(*state, &op));
  assert_memory_equal(got, expected, sizeof got);
}

/* If no label has a weight, nothing is learned. */
static void test_weightless_batch(void **state) {
  static const float zero = 0, z[] = {1, 2}, class_weights[] = {0, 1};
  static const int32_t label = 0;
  float value = NAN, dz[] = {NAN, NAN};
  const quern_weighted_loss_op op = {
      {1, 2, span_of(z), span_of(&label), 1, span_of(&value), span_of(dz)},
      span_of(class_weights),
      span_of(&zero),
      0.5f};
  assert_ok(TABLE->weighted_cross_entropy(*state, &op));
  assert_true(value == 0 && dz[0] == 0 && dz[1] == 0);
}

static void test_mean_absolute_error(void **state) {
  check_loss(*state, QUERN_LOSS_ABSOLUTE, TABLE->mean_absolute_error);
}

static void test_huber_loss(void **state) {
  check_loss(*state, QUERN_LOSS_HUBER, huber);
}

static void test_softmax_cross_entropy(void **state) {
  check_loss(*state, QUERN_LOSS_CATEGORICAL, TABLE->softmax_cross_entropy);
}

static void test_elementwise_cross_entropy(void **state) {
  check_loss(*state, QUERN_LOSS_ELEMENTWISE, TABLE->elementwise_cross_entropy);
}

static void test_binary_cross_entropy(void **state) {
  check_loss(*state, QUERN_LOSS_BINARY, TABLE->binary_cross_entropy);
}

static void test_mean_squared_error(void **state) {
  check_loss(*state, QUERN_LOSS_SQUARED, TABLE->mean_squared_error);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      REFERENCE_TEST(test_softmax_cross_entropy),
      REFERENCE_TEST(test_elementwise_cross_entropy),
      REFERENCE_TEST(test_binary_cross_entropy),
      REFERENCE_TEST(test_mean_squared_error),
      REFERENCE_TEST(test_weighted_cross_entropy),
      REFERENCE_TEST(test_label_weights),
      REFERENCE_TEST(test_weightless_batch),
      REFERENCE_TEST(test_mean_absolute_error),
      REFERENCE_TEST(test_huber_loss),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

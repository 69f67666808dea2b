/* Every backward op of the reference, compared with finite differences of a forward pass written
 * here, in double. */
#include "differentiate.h"

#include "reference/reference.h"

static bool has_activation(size_t kind) {
  return quern_activation_name((quern_activation_kind)kind) != NULL;
}

static quern_activation activation_of(size_t kind) {
  return (quern_activation){(quern_activation_kind)kind, 0.375f};
}

/* Written otherwise than the reference's. An activation that is not here is the reference's own:
 * then only its derivative is checked. */
static double activate(quern_activation activation, double z) {
  switch ((int)activation.kind) {
  case QUERN_ACTIVATION_IDENTITY:
    return z;
  case QUERN_ACTIVATION_RELU:
    return fmax(z, 0);
  case QUERN_ACTIVATION_LEAKY_RELU:
    return fmax(z, 0) + activation.slope * fmin(z, 0);
  case QUERN_ACTIVATION_SIGMOID:
    return (1 + tanh(z / 2)) / 2;
  case QUERN_ACTIVATION_TANH:
    return 1 - 2 / (exp(2 * z) + 1);
  case QUERN_ACTIVATION_ELU:
    return fmax(z, 0) + activation.slope * (exp(fmin(z, 0)) - 1);
  case QUERN_ACTIVATION_SELU:
    return 1.05070098735548049 * fmax(z, 0) + 1.75809934084737685 * (exp(fmin(z, 0)) - 1);
  case QUERN_ACTIVATION_GELU:
    return z / 2 * (1 + erf(z / sqrt(2)));
  case QUERN_ACTIVATION_GELU_TANH:
    return z / (1 + exp(-sqrt(8 / acos(-1)) * (z + 0.044715 * z * z * z)));
  case QUERN_ACTIVATION_SILU:
    return z * (1 + tanh(z / 2)) / 2;
  case QUERN_ACTIVATION_SOFTPLUS:
    return log(1 + exp(z));
  }
  return quern__reference_activate(activation, z);
}

/* The error of dh·f'(h) if h and the product are rounded to float: no f' here changes by more than
 * 2 per 1 of h or z. */
static double product_error(double dh, double h, double product) {
  return FLOAT_ROUNDING * (2 * fabs(dh * h) + fabs(product));
}

/* --- A dense layer: dX, dW, db of Σ C ∘ f(X W + b) --- */

enum { N = 3, IN = 5, OUT = 4, X = N * IN, W = IN * OUT, Z = N * OUT, PARAMETERS = X + W + OUT };

typedef struct dense {
  quern_activation activation;
  double c[Z];
} dense;

static double dense_z(const double *point, size_t r, size_t j) {
  const double *x = point, *w = point + X, *b = point + X + W;
  double z = b[j];
  for (size_t i = 0; i < IN; i++) z += x[r * IN + i] * w[i * OUT + j];
  return z;
}

static double dense_value(const void *context, const double *point) {
  const dense *layer = context;
  double value = 0;
  for (size_t r = 0; r < N; r++)
    for (size_t j = 0; j < OUT; j++)
      value += layer->c[r * OUT + j] * activate(layer->activation, dense_z(point, r, j));
  return value;
}

/* A layer whose values keep every z so far from zero that no difference crosses ReLU's kink. */
typedef struct fixture {
  dense layer;
  float values[PARAMETERS], c[Z]; /* values: X, W, b */
  double point[PARAMETERS];
  float y[Z], read[Z], dz[Z]; /* read: the operand of the derivative, y or Z */
  double dz_error[Z];
} fixture;

/* Runs forward and the activation's backward on the reference, and checks both. */
static void prepare(void *state, quern_activation activation, fixture *f) {
  f->layer.activation = activation;
  randomize(1, 1, PARAMETERS, f->values, f->point);
  randomize(2, 1, Z, f->c, f->layer.c);
  const quern_dense_forward_op forward = {N,
                                          IN,
                                          OUT,
                                          span_of(f->values),
                                          span_of(f->values + X),
                                          span_of(f->values + X + W),
                                          activation,
                                          span_of(f->y)};
  assert_ok(TABLE->dense_forward(state, &forward));
  quern_dense_forward_op read = forward;
  if (quern_activation_reads_z(activation.kind))
    read.activation = quern_activation_of(QUERN_ACTIVATION_IDENTITY);
  read.y = span_of(f->read);
  assert_ok(TABLE->dense_forward(state, &read));
  const quern_activation_backward_op backward = {Z, activation, span_of(f->c), span_of(f->read),
                                                 span_of(f->dz)};
  assert_ok(TABLE->activation_backward(state, &backward));
  for (size_t r = 0; r < N; r++) {
    for (size_t j = 0; j < OUT; j++) {
      const size_t position = r * OUT + j;
      const double z = dense_z(f->point, r, j);
      assert_true(fabs(z) > 2 * STEP);
      assert_near(f->y[position], activate(activation, z),
                  FLOAT_ROUNDING * fabs(f->y[position]) + OPERATIONS * DBL_EPSILON);
      f->dz_error[position] = product_error(f->c[position], f->read[position], f->dz[position]);
    }
  }
}

/* The effect of dz's errors on each of dX, dW, db: the ops themselves, in absolute values. */
static void carry_errors(const fixture *f, double errors[PARAMETERS]) {
  for (size_t i = 0; i < PARAMETERS; i++) errors[i] = 0;
  for (size_t r = 0; r < N; r++) {
    for (size_t j = 0; j < OUT; j++) {
      const double error = f->dz_error[r * OUT + j];
      for (size_t i = 0; i < IN; i++) {
        errors[r * IN + i] += error * fabs(f->point[X + i * OUT + j]);
        errors[X + i * OUT + j] += error * fabs(f->point[r * IN + i]);
      }
      errors[X + W + j] += error;
    }
  }
}

/* got = start + factor · gradient, for every parameter from `first` on. */
static void check_dense(fixture *f, size_t first, const float *got, const double *start,
                        double factor) {
  double errors[PARAMETERS];
  carry_errors(f, errors);
  for (size_t i = first; i < PARAMETERS; i++) {
    const derivative wanted = differentiate(dense_value, &f->layer, f->point, i);
    const double value = (start == NULL ? 0 : start[i]) + factor * wanted.value;
    const double error = fabs(factor) * (errors[i] + wanted.error) + FLOAT_ROUNDING * fabs(got[i]);
    assert_true(error < 2e-6); /* fine enough to be meaningful */
    assert_near(got[i], value, error);
  }
}

static quern_dense_backward_weights_op weights_op(const fixture *f, float *parameters) {
  return (quern_dense_backward_weights_op){.n = N,
                                           .in = IN,
                                           .out = OUT,
                                           .x = span_of(f->values),
                                           .dz = span_of(f->dz),
                                           .dw = span_of(parameters + X),
                                           .db = span_of(parameters + X + W)};
}

static void test_dense(void **state) {
  for (size_t a = 0; has_activation(a); a++) {
    fixture f;
    float got[PARAMETERS];
    prepare(*state, activation_of(a), &f);
    const quern_dense_backward_data_op data = {.n = N,
                                               .in = IN,
                                               .out = OUT,
                                               .dz = span_of(f.dz),
                                               .w = span_of(f.values + X),
                                               .activation = {QUERN_ACTIVATION_IDENTITY, 0},
                                               .dx = span_of(got)};
    assert_ok(TABLE->dense_backward_data(*state, &data));
    const quern_dense_backward_weights_op weights = weights_op(&f, got);
    assert_ok(TABLE->dense_backward_weights(*state, &weights));
    check_dense(&f, 0, got, NULL, 1);
  }
}

static void test_dense_weights_accumulate(void **state) {
  fixture f;
  prepare(*state, activation_of(QUERN_ACTIVATION_TANH), &f);
  float got[PARAMETERS];
  double start[PARAMETERS];
  randomize(3, 1, PARAMETERS, got, start);
  quern_dense_backward_weights_op op = weights_op(&f, got);
  op.accumulate = true;
  assert_ok(TABLE->dense_backward_weights(*state, &op));
  check_dense(&f, X, got, start, 1);
}

/* W - lr (g + decay W) = (1 - lr decay) W - lr g, in one pass and in two. */
static void test_dense_weights_update(void **state) {
  const quern_optimizer_step sgd = {
      .rule = QUERN_OPTIMIZER_RULE_SGD, .rate = 0.25f, .decay = 0.125f};
  fixture f;
  prepare(*state, activation_of(QUERN_ACTIVATION_SIGMOID), &f);
  float got[PARAMETERS], gradients[PARAMETERS], stepped[PARAMETERS];
  double start[PARAMETERS];
  memcpy(got, f.values, sizeof got);
  memcpy(stepped, f.values, sizeof stepped);
  for (size_t i = 0; i < PARAMETERS; i++) start[i] = (1 - 0.25 * 0.125) * f.point[i];

  const quern_dense_backward_weights_op plain = weights_op(&f, gradients);
  quern_dense_backward_update_op op = {.n = plain.n,
                                       .in = plain.in,
                                       .out = plain.out,
                                       .x = plain.x,
                                       .dz = plain.dz,
                                       .update = sgd,
                                       .w = span_of(got + X),
                                       .b = span_of(got + X + W)};
  op.update.decays_bias = true;
  assert_ok(TABLE->dense_backward_update(*state, &op));
  check_dense(&f, X, got, start, -0.25);

  assert_ok(TABLE->dense_backward_weights(*state, &plain));
  const quern_optimizer_update_op update = {.count = W + OUT,
                                            .update = sgd,
                                            .gradients = span_of(gradients + X),
                                            .parameters = span_of(stepped + X)};
  assert_ok(TABLE->optimizer_update(*state, &update));
  check_dense(&f, X, stepped, start, -0.25);
}

/* A frozen part stays unchanged, and the other part is updated as usual. */
static void test_dense_weights_halves(void **state) {
  fixture f;
  prepare(*state, activation_of(QUERN_ACTIVATION_TANH), &f);
  float both[PARAMETERS], half[PARAMETERS];
  quern_dense_backward_weights_op op = weights_op(&f, both);
  assert_ok(TABLE->dense_backward_weights(*state, &op));
  op.dw = span_of(half + X);
  op.db = none;
  assert_ok(TABLE->dense_backward_weights(*state, &op));
  assert_memory_equal(half + X, both + X, W * sizeof(float));
  op.dw = none;
  op.db = span_of(half + X + W);
  assert_ok(TABLE->dense_backward_weights(*state, &op));
  assert_memory_equal(half + X + W, both + X + W, OUT * sizeof(float));
}

/* --- Backward data through the activation underneath: dA of Σ C ∘ (f(A) W) --- */

typedef struct under {
  quern_activation activation;
  double c[Z], w[W];
} under;

static double under_value(const void *context, const double *a) {
  const under *layer = context;
  double value = 0;
  for (size_t r = 0; r < N; r++)
    for (size_t i = 0; i < IN; i++)
      for (size_t j = 0; j < OUT; j++)
        value += layer->c[r * OUT + j] * activate(layer->activation, a[r * IN + i]) *
                 layer->w[i * OUT + j];
  return value;
}

static void test_backward_data_through_activation(void **state) {
  for (size_t k = 0; has_activation(k); k++) {
    const quern_activation activation = activation_of(k);
    under layer = {.activation = activation};
    float c[Z], w[W], a[X], h[X], dx[X], added[X]; /* h: the operand of the derivative */
    double a_at[X], start[X];
    randomize(4, 1, Z, c, layer.c);
    randomize(5, 1, W, w, layer.w);
    randomize(6, 2, X, a, a_at);
    randomize(7, 1, X, added, start);
    const quern_activation_forward_op forward = {X, activation, span_of(a), span_of(h)};
    assert_ok(TABLE->activation_forward(*state, &forward));
    if (quern_activation_reads_z(activation.kind)) memcpy(h, a, sizeof h);
    quern_dense_backward_data_op op = {
        .n = N,
        .in = IN,
        .out = OUT,
        .dz = span_of(c),
        .w = span_of(w),
        .h = activation.kind == QUERN_ACTIVATION_IDENTITY ? none : span_of(h),
        .activation = activation,
        .dx = span_of(dx)};
    assert_ok(TABLE->dense_backward_data(*state, &op));
    op.accumulate = true;
    op.dx = span_of(added);
    assert_ok(TABLE->dense_backward_data(*state, &op));

    for (size_t r = 0; r < N; r++) {
      for (size_t i = 0; i < IN; i++) {
        const size_t position = r * IN + i;
        assert_true(fabs(a_at[position]) > 2 * STEP);
        double largest = 0; /* Σ |c w|, the factor of the error of f'(h) */
        for (size_t j = 0; j < OUT; j++)
          largest += fabs(layer.c[r * OUT + j] * layer.w[i * OUT + j]);
        const derivative wanted = differentiate(under_value, &layer, a_at, position);
        const double error = wanted.error + product_error(largest, h[position], dx[position]);
        assert_true(error < 2e-6);
        assert_near(dx[position], wanted.value, error);
        assert_near(added[position], start[position] + wanted.value,
                    error + FLOAT_ROUNDING * fabs(added[position]));
      }
    }

    if (activation.kind == QUERN_ACTIVATION_IDENTITY) continue;
    op.accumulate = false; /* in place of h: the same bits */
    op.dx = op.h;
    assert_ok(TABLE->dense_backward_data(*state, &op));
    assert_memory_equal(h, dx, sizeof dx);
  }
}

/* --- Activations on their own --- */

static double activation_value(const void *context, const double *z) {
  return activate(*(const quern_activation *)context, *z);
}

static void test_activation(void **state) {
  enum { COUNT = 41 };
  for (size_t k = 0; has_activation(k); k++) {
    const quern_activation activation = activation_of(k);
    float z[COUNT], h[COUNT], read[COUNT], dh[COUNT], dz[COUNT], in_place[COUNT];
    double same[COUNT];
    randomize(8, 1, COUNT, dh, same);
    for (size_t i = 0; i < COUNT; i++) z[i] = 0.25f * ((float)i - 20.5f);
    const quern_activation_forward_op forward = {COUNT, activation, span_of(z), span_of(h)};
    assert_ok(TABLE->activation_forward(*state, &forward));
    memcpy(read, quern_activation_reads_z(activation.kind) ? z : h, sizeof read);
    quern_activation_backward_op backward = {COUNT, activation, span_of(dh), span_of(read),
                                             span_of(dz)};
    assert_ok(TABLE->activation_backward(*state, &backward));
    for (size_t i = 0; i < COUNT; i++) {
      double point = z[i];
      const derivative wanted = differentiate(activation_value, &activation, &point, 0);
      assert_near(h[i], activate(activation, z[i]),
                  FLOAT_ROUNDING * fabs(h[i]) + OPERATIONS * DBL_EPSILON);
      assert_near(dz[i], dh[i] * wanted.value, wanted.error + product_error(dh[i], read[i], dz[i]));
    }

    memcpy(in_place, z, sizeof z);
    const quern_activation_forward_op forward_in_place = {COUNT, activation, span_of(in_place),
                                                          span_of(in_place)};
    assert_ok(TABLE->activation_forward(*state, &forward_in_place));
    assert_memory_equal(in_place, h, sizeof h);
    memcpy(in_place, dh, sizeof dh);
    backward.dh = backward.dz = span_of(in_place);
    assert_ok(TABLE->activation_backward(*state, &backward));
    assert_memory_equal(in_place, dz, sizeof dz);
    backward.dh = span_of(dh);
    backward.dz = span_of(read);
    assert_ok(TABLE->activation_backward(*state, &backward));
    assert_memory_equal(read, dz, sizeof dz);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      REFERENCE_TEST(test_dense),
      REFERENCE_TEST(test_dense_weights_accumulate),
      REFERENCE_TEST(test_dense_weights_update),
      REFERENCE_TEST(test_dense_weights_halves),
      REFERENCE_TEST(test_backward_data_through_activation),
      REFERENCE_TEST(test_activation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

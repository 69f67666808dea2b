/* Activations, forward and backward, on a device against the reference. */
#include "op_check.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  size_t rows, columns;
  bool large;
} shapes[] = {{1, 1, false},  {1, 3, false},   {2, 1, false},   {7, 9, false},   {8, 8, false},
              {1, 63, false}, {64, 1, false},  {5, 13, false},  {16, 16, false}, {1, 257, false},
              {33, 65, true}, {1, 4099, true}, {127, 1, false}, {3, 86, false},  {1000, 131, true}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static quern_status forward(quern_context *context, const quern_tensor *t, const void *activation) {
  return quern_activation_forward(context, *(const quern_activation *)activation, t[0], t[1]);
}

static quern_status backward(quern_context *context, const quern_tensor *t, const void *activation) {
  return quern_activation_backward(context, *(const quern_activation *)activation, t[0], t[1], t[2]);
}

/* |dZ| <= |dH|: the derivatives are at most 1. */
static quern_status backward_magnitude(quern_context *context, const quern_tensor *t,
                                       const void *activation) {
  (void)activation;
  return quern_activation_backward(context, quern_activation_of(QUERN_IDENTITY), t[0], t[1], t[2]);
}

/* Places in the last digit that exp, division and tanh may be off by; where a tiny result may be flushed to
 * zero. */
static const test_bound forward_bound = {.terms = 6, .absolute = 2.0 * FLT_MIN};
static const test_bound backward_bound = {.terms = 3, .absolute = 2.0 * FLT_MIN};

static void check_forward(test_rig *rig, size_t shape, quern_activation activation, float range,
                          bool in_place) {
  const size_t rows = shapes[shape].rows, columns = shapes[shape].columns;
  test_random *random = test_rig_next(rig);
  test_op op = {.call = forward, .arguments = &activation, .bound = forward_bound};
  snprintf(op.title, sizeof op.title, "activation forward %zux%zu %s to %g%s", rows, columns,
           quern_activation_name(activation.kind), (double)range, in_place ? " in place" : "");
  test_op_operand(&op, 0, "z", TEST_IN, TEST_FLOAT, rows, columns,
                  test_random_floats(random, rows * columns, -range, range));
  test_op_operand(&op, 1, "h", TEST_OUT, TEST_FLOAT, rows, columns, NULL);
  op.operands[1].same_as = in_place ? 1 : 0;
  test_op_check(rig, &op);
}

/* over: 0 a range of its own, 1 dh, 2 h */
static void check_backward(test_rig *rig, size_t shape, quern_activation activation, size_t over) {
  const size_t rows = shapes[shape].rows, columns = shapes[shape].columns;
  test_random *random = test_rig_next(rig);
  test_op op = {
      .call = backward, .magnitude = backward_magnitude, .arguments = &activation, .bound = backward_bound};
  snprintf(op.title, sizeof op.title, "activation backward %zux%zu %s%s", rows, columns,
           quern_activation_name(activation.kind),
           over == 0   ? ""
           : over == 1 ? " over dh"
                       : " over h");
  test_op_operand(&op, 0, "dh", TEST_IN, TEST_FLOAT, rows, columns,
                  test_random_floats(random, rows * columns, -3.0f, 3.0f));
  test_op_operand(
      &op, 1, "h", TEST_IN, TEST_FLOAT, rows, columns,
      test_random_floats(random, rows * columns, activation.kind == QUERN_SIGMOID ? 0.0f : -1.0f, 1.0f));
  test_op_operand(&op, 2, "dz", TEST_OUT, TEST_FLOAT, rows, columns, NULL);
  op.operands[2].same_as = over;
  test_op_check(rig, &op);
}

static void test_shapes(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  for (size_t i = 0; i < SHAPES; i++) {
    if (shapes[i].large && rig.slow) continue;
    for (unsigned kind = QUERN_IDENTITY; kind <= QUERN_TANH; kind++) {
      const quern_activation activation = quern_activation_of((quern_activation_kind)kind);
      check_forward(&rig, i, activation, 3.0f, (i + kind) % 2 != 0);
      check_forward(&rig, i, activation, 120.0f, (i + kind) % 2 == 0);
      check_backward(&rig, i, activation, (i + kind) % 3);
    }
  }
  test_rig_close(&rig);
}

/* Values that each formula must get right, written out. */
#define TINY  1e-30f
#define LARGE 3e38f
static const float special_z[] = {0.0f, TINY, -TINY, LARGE, -LARGE, INFINITY, -INFINITY, NAN};
enum { SPECIAL = sizeof special_z / sizeof *special_z };
static const float special_h[][SPECIAL] = {
    [QUERN_IDENTITY] = {0.0f, TINY, -TINY, LARGE, -LARGE, INFINITY, -INFINITY, NAN},
    [QUERN_RELU] = {0.0f, TINY, 0.0f, LARGE, 0.0f, INFINITY, 0.0f, NAN},
    [QUERN_LEAKY_RELU] = {0.0f, TINY, -TINY / 4, LARGE, -LARGE / 4, INFINITY, -INFINITY, NAN},
    [QUERN_SIGMOID] = {0.5f, 0.5f, 0.5f, 1.0f, 0.0f, 1.0f, 0.0f, NAN},
    [QUERN_TANH] = {0.0f, TINY, -TINY, 1.0f, -1.0f, 1.0f, -1.0f, NAN},
};

static void read_back(quern_context *context, quern_activation activation, const float *z, float *h,
                      size_t count) {
  quern_buffer *buffer;
  assert_ok(quern_buffer_create(context, count * sizeof *z, &buffer));
  assert_ok(quern_buffer_write(buffer, 0, count * sizeof *z, z, QUERN_WAIT));
  const quern_tensor tensor = quern_vector(buffer, 0, count);
  assert_ok(quern_activation_forward(context, activation, tensor, tensor));
  assert_ok(quern_buffer_read(buffer, 0, count * sizeof *h, h, QUERN_WAIT));
  quern_buffer_free(buffer);
}

static void test_special_values(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 100);
  quern_context *contexts[] = {rig.reference, rig.device};
  for (size_t c = 0; c < 2; c++)
    for (unsigned kind = QUERN_IDENTITY; kind <= QUERN_TANH; kind++) {
      const quern_activation activation = {(quern_activation_kind)kind, 0.25f};
      float h[SPECIAL];
      read_back(contexts[c], activation, special_z, h, SPECIAL);
      test_bound bound = forward_bound;
      bound.nans = 1;
      test_assert_close(c == 0 ? "special values, reference" : "special values, device",
                        quern_activation_name(activation.kind), h, special_h[kind], SPECIAL, SPECIAL, bound);
    }
  test_rig_close(&rig);
}

/* A NaN among the outputs, or above them, comes out as NaN, except where f' is 0 … 1 by a comparison that NaN
 * fails: there dZ = dH · 1. */
static void test_backward_of_nan(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 200);
  static const float dh[] = {1.0f, NAN, 2.0f}, h[] = {0.5f, 0.5f, NAN};
  for (unsigned kind = QUERN_IDENTITY; kind <= QUERN_TANH; kind++) {
    const quern_activation activation = quern_activation_of((quern_activation_kind)kind);
    test_op op = {.call = backward, .arguments = &activation, .bound = backward_bound};
    snprintf(op.title, sizeof op.title, "activation backward of NaN, %s",
             quern_activation_name(activation.kind));
    test_op_operand(&op, 0, "dh", TEST_IN, TEST_FLOAT, 1, 3,
                    memcpy(test_alloc(3, sizeof *dh), dh, sizeof dh));
    test_op_operand(&op, 1, "h", TEST_IN, TEST_FLOAT, 1, 3, memcpy(test_alloc(3, sizeof *h), h, sizeof h));
    test_op_operand(&op, 2, "dz", TEST_OUT, TEST_FLOAT, 1, 3, NULL);
    op.operands[2].nans = kind == QUERN_SIGMOID || kind == QUERN_TANH ? 2 : 1;
    test_op_check(&rig, &op);
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_shapes), QUERN_TEST(test_special_values),
                                     QUERN_TEST(test_backward_of_nan)};
  return cmocka_run_group_tests_name("ops/activation", tests, NULL, NULL);
}

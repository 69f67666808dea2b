/* What the ops refuse, and that the refusal names the op and both shapes. Checks stand above the
 * backends, so the reference serves for all. */
#include "test.h"

#include <math.h>
#include <string.h>

enum { COUNT = 1000 };
static const float canary = 12345.0f;

typedef struct fixture {
  quern_context *context, *stranger;
  quern_buffer *buffer, *foreign;
} fixture;

static fixture f;

static int setup(void **state) {
  (void)state;
  memset(&f, 0, sizeof f);
  if (quern_context_create("reference", &f.context) != QUERN_OK) return -1;
  if (quern_context_create("reference", &f.stranger) != QUERN_OK) return -1;
  if (quern_buffer_create(f.context, COUNT * sizeof(float), &f.buffer) != QUERN_OK) return -1;
  if (quern_buffer_create(f.stranger, COUNT * sizeof(float), &f.foreign) != QUERN_OK) return -1;
  return quern_fill(f.context, canary, quern_vector(f.buffer, 0, COUNT)) == QUERN_OK ? 0 : -1;
}

/* A refused op has written nothing. */
static int teardown(void **state) {
  float values[COUNT];
  bool untouched = quern_buffer_read(f.buffer, 0, sizeof values, values, QUERN_WAIT) == QUERN_OK;
  for (size_t i = 0; i < COUNT; i++) untouched = untouched && values[i] == canary;
  if (!untouched) print_error("a refused op wrote to its buffer, or left a fault behind\n");
  quern_buffer_free(f.buffer);
  quern_buffer_free(f.foreign);
  quern_context_free(f.context);
  quern_context_free(f.stranger);
  return test_teardown(state) != 0 || !untouched ? -1 : 0;
}

/* Tensors of the one buffer, 100 elements apart, so that no two overlap; and ones that are wrong.
 */
static quern_tensor at(size_t place, size_t rows, size_t columns) {
  return quern_matrix(f.buffer, 100 * place, rows, columns);
}

static quern_tensor foreign(size_t rows, size_t columns) {
  return quern_matrix(f.foreign, 0, rows, columns);
}

static quern_tensor past_end(size_t rows, size_t columns) {
  return quern_matrix(f.buffer, COUNT - rows * columns + 1, rows, columns);
}

#define C        f.context
#define RELU     quern_activation_of(QUERN_ACTIVATION_RELU)
#define NONE     quern_none()
#define ARGUMENT QUERN_ERROR_ARGUMENT
#define SHAPE    QUERN_ERROR_SHAPE

static void test_dense_forward(void **state) {
  (void)state;
  const quern_tensor x = at(0, 3, 4), w = at(1, 4, 5), b = at(2, 1, 5), y = at(3, 3, 5);
  assert_fails(quern_dense_forward(NULL, x, w, b, RELU, y), ARGUMENT, "dense forward", "context");
  assert_fails(quern_dense_forward(C, NONE, w, b, RELU, y), ARGUMENT, "dense forward",
               "x has no buffer");
  assert_fails(quern_dense_forward(C, x, NONE, b, RELU, y), ARGUMENT, "dense forward",
               "w has no buffer");
  assert_fails(quern_dense_forward(C, x, w, b, RELU, NONE), ARGUMENT, "dense forward",
               "y has no buffer");
  assert_fails(quern_dense_forward(C, foreign(3, 4), w, b, RELU, y), ARGUMENT, "dense forward", "x",
               "another context");
  assert_fails(quern_dense_forward(C, x, w, foreign(1, 5), RELU, y), ARGUMENT, "dense forward", "b",
               "another context");
  assert_fails(quern_dense_forward(C, x, at(1, 3, 5), b, RELU, y), SHAPE, "dense forward",
               "w is 3x5", "4x5");
  assert_fails(quern_dense_forward(C, x, w, at(2, 1, 4), RELU, y), SHAPE, "dense forward",
               "b is 1x4", "1x5");
  assert_fails(quern_dense_forward(C, x, w, at(2, 5, 1), RELU, y), SHAPE, "dense forward",
               "b is 5x1", "1x5");
  assert_fails(quern_dense_forward(C, x, w, b, RELU, at(3, 4, 5)), SHAPE, "dense forward",
               "y is 4x5", "3x5");
  assert_fails(quern_dense_forward(C, x, w, b, RELU, at(3, 5, 3)), SHAPE, "dense forward",
               "y is 5x3", "3x5");
  assert_fails(quern_dense_forward(C, x, w, b, RELU, at(0, 3, 5)), ARGUMENT, "dense forward",
               "y overlaps x");
  assert_fails(quern_dense_forward(C, x, w, b, RELU, quern_matrix(f.buffer, 119, 3, 5)), ARGUMENT,
               "y overlaps w");
  assert_fails(quern_dense_forward(C, x, w, b, RELU, quern_matrix(f.buffer, 190, 3, 5)), ARGUMENT,
               "y overlaps b");
  assert_fails(quern_dense_forward(C, x, w, b, (quern_activation){(quern_activation_kind)77, 0}, y),
               ARGUMENT, "dense forward", "77");
  assert_fails(
      quern_dense_forward(C, x, w, b, (quern_activation){QUERN_ACTIVATION_LEAKY_RELU, NAN}, y),
      ARGUMENT, "slope");
  assert_fails(
      quern_dense_forward(C, x, w, b, (quern_activation){QUERN_ACTIVATION_LEAKY_RELU, -0.1f}, y),
      ARGUMENT, "-0.1");
}

static void test_ranges(void **state) {
  (void)state;
  const quern_tensor w = at(1, 4, 5), y = at(3, 3, 5);
  assert_fails(quern_dense_forward(C, past_end(3, 4), w, NONE, RELU, y), SHAPE, "dense forward",
               "x", "3x4", "4000");
  assert_fails(quern_dense_forward(C, at(0, 3, 4), w, NONE, RELU, past_end(3, 5)), SHAPE, "y",
               "3x5", "4000");
  assert_fails(quern_fill(C, 1.0f, at(0, 0, 4)), SHAPE, "fill", "0x4");
  assert_fails(quern_fill(C, 1.0f, at(0, 4, 0)), SHAPE, "fill", "4x0");
  assert_fails(quern_fill(C, 1.0f, at(0, (size_t)1 << 31, 1)), SHAPE, "fill", "2147483648x1",
               "2147483647");
  assert_fails(quern_fill(C, 1.0f, at(0, 1, SIZE_MAX)), SHAPE, "fill", "2147483647");
  assert_fails(quern_fill(C, 1.0f, at(0, 1, 1001)), SHAPE, "fill", "1x1001", "4004", "4000");
  assert_fails(quern_fill(C, 1.0f, quern_matrix(f.buffer, COUNT, 1, 1)), SHAPE, "fill",
               "element 1000");
  /* Sizes whose product, sum or bytes wrap around: none may come out small. */
  const size_t most = INT32_MAX;
  assert_fails(quern_fill(C, 1.0f, at(0, most, most)), SHAPE, "fill", "2147483647x2147483647",
               "4000");
  assert_fails(quern_fill(C, 1.0f, quern_matrix(f.buffer, (size_t)1 << 33, most, most)),
               QUERN_ERROR_OVERFLOW, "fill", "2147483647x2147483647", "overflows");
  assert_fails(quern_fill(C, 1.0f, quern_matrix(f.buffer, SIZE_MAX, 1, 1)), QUERN_ERROR_OVERFLOW,
               "fill");
  assert_fails(quern_fill(C, 1.0f, quern_matrix(f.buffer, SIZE_MAX / 4, 1, 4)),
               QUERN_ERROR_OVERFLOW, "fill");
}

static void test_dropout(void **state) {
  (void)state;
  const quern_tensor x = at(0, 3, 4), y = at(1, 3, 4);
  const quern_dropout_mask mask = {.p = 0.5f};
  assert_fails(quern_dropout(NULL, mask, x, y), ARGUMENT, "dropout", "context");
  assert_fails(quern_dropout(C, mask, NONE, y), ARGUMENT, "dropout", "x has no buffer");
  assert_fails(quern_dropout(C, mask, x, foreign(3, 4)), ARGUMENT, "dropout", "y",
               "another context");
  assert_fails(quern_dropout(C, mask, x, at(1, 4, 3)), SHAPE, "dropout", "y is 4x3", "3x4");
  assert_fails(quern_dropout(C, mask, x, quern_matrix(f.buffer, 1, 3, 4)), ARGUMENT,
               "y overlaps x");
  assert_fails(quern_dropout(C, (quern_dropout_mask){.p = 1.0f}, x, y), ARGUMENT,
               "probability of 1", "less than 1");
  assert_fails(quern_dropout(C, (quern_dropout_mask){.p = -0.5f}, x, y), ARGUMENT,
               "probability of -0.5");
  assert_fails(quern_dropout(C, (quern_dropout_mask){.p = NAN}, x, y), ARGUMENT,
               "probability of nan");
  assert_fails(quern_dropout(C, (quern_dropout_mask){.p = 0.5f, .first_row = UINT32_MAX - 1}, x, y),
               ARGUMENT, "3 rows", "4294967294", "2^32");
}

static void test_normalization(void **state) {
  (void)state;
  const quern_tensor x = at(0, 3, 4), y = at(1, 3, 4), g = at(2, 1, 4),
                     b = quern_vector(f.buffer, 210, 4), m = at(3, 1, 4),
                     s = quern_vector(f.buffer, 310, 4), r = quern_vector(f.buffer, 320, 4),
                     v = quern_vector(f.buffer, 330, 4), row = quern_vector(f.buffer, 340, 3),
                     one = at(0, 1, 4);
#define BATCH(x, g, b, epsilon, momentum, r, v, m, s, y)                                           \
  quern_batch_norm_forward(C, x, g, b, epsilon, momentum, r, v, m, s, y)
  assert_fails(quern_batch_norm_forward(NULL, x, g, b, 0, 0, r, v, m, s, y), ARGUMENT,
               "batch norm forward", "context");
  assert_fails(BATCH(NONE, g, b, 0, 0, r, v, m, s, y), ARGUMENT, "x has no buffer");
  assert_fails(BATCH(x, foreign(1, 4), b, 0, 0, r, v, m, s, y), ARGUMENT, "gamma",
               "another context");
  assert_fails(BATCH(x, g, row, 0, 0, r, v, m, s, y), SHAPE, "beta is 1x3", "1x4");
  assert_fails(BATCH(x, g, b, -1, 0, r, v, m, s, y), ARGUMENT, "epsilon of -1");
  assert_fails(BATCH(x, g, b, INFINITY, 0, r, v, m, s, y), ARGUMENT, "epsilon of inf");
  assert_fails(BATCH(x, g, b, 0, 1.5f, r, v, m, s, y), ARGUMENT, "momentum of 1.5", "0 to 1");
  assert_fails(BATCH(x, g, b, 0, NAN, r, v, m, s, y), ARGUMENT, "momentum of nan");
  assert_fails(BATCH(x, g, b, 0, 0, r, NONE, m, s, y), ARGUMENT,
               "running_mean without running_variance");
  assert_fails(BATCH(x, g, b, 0, 0, r, r, m, s, y), ARGUMENT,
               "running_mean overlaps running_variance");
  assert_fails(BATCH(x, g, b, 0, 0, r, v, g, s, y), ARGUMENT, "mean overlaps gamma");
  assert_fails(BATCH(x, g, b, 0, 0, r, v, m, m, y), ARGUMENT, "mean overlaps inv_std");
  assert_fails(BATCH(x, g, b, 0, 0, r, v, m, s, quern_matrix(f.buffer, 2, 3, 4)), ARGUMENT,
               "y overlaps x");
  assert_fails(BATCH(x, g, b, 0, 0, r, v, m, s, at(2, 3, 4)), ARGUMENT, "y overlaps gamma");
  assert_fails(BATCH(one, g, b, 0, 0, r, v, m, s, at(1, 1, 4)), ARGUMENT, "x has one row",
               "at least 2");
  assert_fails(BATCH(x, g, b, 0, 0, r, v, m, s, at(1, 4, 3)), SHAPE, "y is 4x3", "3x4");
#undef BATCH
  assert_fails(quern_batch_norm_inference(NULL, x, g, b, 0, r, v, y), ARGUMENT,
               "batch norm inference");
  assert_fails(quern_batch_norm_inference(C, x, g, b, 0, r, row, y), SHAPE, "variance is 1x3");
  assert_fails(quern_batch_norm_inference(C, x, g, b, NAN, r, v, y), ARGUMENT, "epsilon of nan");
  assert_fails(quern_batch_norm_inference(C, x, g, b, 0, r, v, quern_matrix(f.buffer, 325, 3, 4)),
               ARGUMENT, "y overlaps");
  assert_fails(quern_batch_norm_backward(NULL, y, x, g, m, s, y, r, v), ARGUMENT,
               "batch norm backward");
  assert_fails(quern_batch_norm_backward(C, y, x, g, m, s, y, NONE, v), ARGUMENT,
               "dgamma has no buffer");
  assert_fails(quern_batch_norm_backward(C, y, x, g, row, s, y, r, v), SHAPE, "mean is 1x3", "1x4");
  assert_fails(quern_batch_norm_backward(C, y, x, g, m, s, x, r, v), ARGUMENT, "dx overlaps x");
  assert_fails(quern_batch_norm_backward(C, y, x, g, m, s, y, r, r), ARGUMENT,
               "dgamma overlaps dbeta");
  assert_fails(quern_batch_norm_moments(NULL, x, m, s), ARGUMENT, "batch norm moments");
  assert_fails(quern_batch_norm_moments(C, x, m, row), SHAPE, "squares is 1x3", "1x4");
  assert_fails(quern_batch_norm_moments(C, x, m, m), ARGUMENT, "mean overlaps squares");
  assert_fails(quern_batch_norm_moments(C, x, NONE, s), ARGUMENT, "mean has no buffer");
  assert_fails(quern_batch_norm_backward_parameters(C, y, x, row, s, r, v), SHAPE, "mean is 1x3",
               "1x4");
  assert_fails(quern_batch_norm_backward_parameters(C, y, x, m, s, r, r), ARGUMENT,
               "dgamma overlaps dbeta");
  assert_fails(quern_batch_norm_backward_parameters(C, y, x, m, s, r, s), ARGUMENT,
               "dbeta overlaps inv_std");
  assert_fails(quern_batch_norm_backward_data(C, 1, y, x, g, m, s, r, v, y), ARGUMENT,
               "a batch of 1 samples, expected at least the");
  assert_fails(quern_batch_norm_backward_data(C, 99, y, x, g, m, s, row, v, y), SHAPE,
               "dgamma is 1x3");
  assert_fails(quern_batch_norm_backward_data(C, 99, y, x, g, m, s, r, v, x), ARGUMENT,
               "dx overlaps x");
  assert_fails(quern_layer_norm_forward(NULL, x, g, b, 0, NONE, NONE, y), ARGUMENT,
               "layer norm forward");
  assert_fails(quern_layer_norm_forward(C, x, g, b, 0, row, NONE, y), ARGUMENT,
               "mean without inv_std");
  assert_fails(quern_layer_norm_forward(C, x, g, b, 0, m, row, y), SHAPE, "mean is 1x4", "1x3");
  assert_fails(quern_layer_norm_forward(C, x, g, b, -0.5f, NONE, NONE, y), ARGUMENT,
               "epsilon of -0.5");
  assert_fails(quern_layer_norm_forward(C, x, g, g, 0, NONE, NONE, at(2, 3, 4)), ARGUMENT,
               "y overlaps gamma");
  assert_fails(quern_layer_norm_backward(NULL, y, x, g, row, row, y, r, v), ARGUMENT,
               "layer norm backward");
  assert_fails(quern_layer_norm_backward(C, y, x, g, row, row, y, r, NONE), ARGUMENT,
               "dgamma without dbeta");
  assert_fails(quern_layer_norm_backward(C, y, x, g, row, m, y, r, v), SHAPE, "inv_std is 1x4",
               "1x3");
  assert_fails(quern_layer_norm_backward(C, at(1, 4, 3), x, g, row, row, y, r, v), SHAPE,
               "dy is 4x3", "3x4");
}

static void test_dense_backward(void **state) {
  (void)state;
  const quern_tensor x = at(0, 3, 4), w = at(1, 4, 5), dz = at(2, 3, 5), h = at(3, 3, 4),
                     dx = at(4, 3, 4);
  assert_fails(quern_dense_backward_data(NULL, dz, w, RELU, h, false, dx), ARGUMENT,
               "dense backward data");
  assert_fails(quern_dense_backward_data(C, dz, w, RELU, NONE, false, dx), ARGUMENT,
               "h has no buffer", "relu");
  assert_fails(quern_dense_backward_data(C, NONE, w, RELU, h, false, dx), ARGUMENT,
               "dz has no buffer");
  assert_fails(quern_dense_backward_data(C, dz, w, RELU, h, false, NONE), ARGUMENT,
               "dx has no buffer");
  assert_fails(quern_dense_backward_data(C, dz, at(1, 4, 6), RELU, h, false, dx), SHAPE, "w is 4x6",
               "4x5");
  assert_fails(quern_dense_backward_data(C, dz, w, RELU, at(3, 4, 3), false, dx), SHAPE, "h is 4x3",
               "3x4");
  assert_fails(quern_dense_backward_data(C, dz, w, RELU, h, false, at(4, 3, 5)), SHAPE, "dx is 3x5",
               "3x4");
  assert_fails(quern_dense_backward_data(C, dz, w, RELU, h, false, at(2, 3, 4)), ARGUMENT,
               "dx overlaps dz");
  assert_fails(quern_dense_backward_data(C, dz, w, RELU, h, false, at(1, 3, 4)), ARGUMENT,
               "dx overlaps w");
  assert_fails(quern_dense_backward_data(C, dz, w, RELU, h, true, h), ARGUMENT, "dx overlaps h");
  assert_fails(
      quern_dense_backward_data(C, dz, w, RELU, h, false, quern_matrix(f.buffer, 301, 3, 4)),
      ARGUMENT, "dx overlaps h");

  const quern_tensor dw = at(5, 4, 5), db = at(6, 1, 5);
  assert_fails(quern_dense_backward_weights(NULL, x, dz, false, dw, db), ARGUMENT,
               "dense backward weights");
  assert_fails(quern_dense_backward_weights(C, x, dz, false, NONE, NONE), ARGUMENT, "dw and db");
  assert_fails(quern_dense_backward_weights(C, x, at(2, 4, 5), false, dw, db), SHAPE, "dz is 4x5",
               "3x5");
  assert_fails(quern_dense_backward_weights(C, x, dz, false, at(5, 5, 4), db), SHAPE, "dw is 5x4",
               "4x5");
  assert_fails(quern_dense_backward_weights(C, x, dz, false, dw, at(6, 1, 4)), SHAPE, "db is 1x4",
               "1x5");
  assert_fails(quern_dense_backward_weights(C, x, dz, false, at(0, 4, 5), db), ARGUMENT,
               "dw overlaps x");
  assert_fails(quern_dense_backward_weights(C, x, dz, false, at(2, 4, 5), db), ARGUMENT,
               "dw overlaps dz");
  assert_fails(quern_dense_backward_weights(C, x, dz, false, dw, at(0, 1, 5)), ARGUMENT,
               "db overlaps x");
  assert_fails(quern_dense_backward_weights(C, x, dz, false, dw, at(2, 1, 5)), ARGUMENT,
               "db overlaps dz");
  assert_fails(quern_dense_backward_weights(C, x, dz, false, dw, at(5, 1, 5)), ARGUMENT,
               "db overlaps dw");
  assert_fails(quern_dense_backward_weights(C, x, dz, false, foreign(4, 5), db), ARGUMENT, "dw",
               "another context");
}

static void test_elementwise(void **state) {
  (void)state;
  const quern_tensor a = at(0, 3, 4), b = at(1, 3, 4), c = at(2, 3, 4),
                     shifted = quern_matrix(f.buffer, 1, 3, 4);
  assert_fails(quern_activation_forward(NULL, RELU, a, b), ARGUMENT, "activation forward");
  assert_fails(quern_activation_forward(C, RELU, a, NONE), ARGUMENT, "activation forward",
               "h has no buffer");
  assert_fails(quern_activation_forward(C, RELU, a, at(1, 4, 3)), SHAPE, "h is 4x3", "3x4");
  assert_fails(quern_activation_forward(C, RELU, a, shifted), ARGUMENT, "h overlaps z");
  assert_fails(quern_activation_backward(NULL, RELU, a, b, c), ARGUMENT, "activation backward");
  assert_fails(quern_activation_backward(C, RELU, a, at(1, 3, 5), c), SHAPE, "h is 3x5", "3x4");
  assert_fails(quern_activation_backward(C, RELU, a, b, at(2, 2, 4)), SHAPE, "dz is 2x4", "3x4");
  assert_fails(quern_activation_backward(C, RELU, a, b, shifted), ARGUMENT, "dz overlaps dh");
  assert_fails(quern_activation_backward(C, RELU, b, a, shifted), ARGUMENT, "dz overlaps h");
  assert_fails(quern_softmax(NULL, a, b), ARGUMENT, "softmax");
  assert_fails(quern_softmax(C, a, at(1, 3, 3)), SHAPE, "softmax", "o is 3x3", "3x4");
  assert_fails(quern_softmax(C, a, shifted), ARGUMENT, "o overlaps z");
}

#define STATE(m, v)                                                                                \
  (quern_optimizer_state) {                                                                        \
    (m), (v)                                                                                       \
  }

static void test_optimizers(void **state) {
  (void)state;
  const quern_optimizer adam = quern_optimizer_of(QUERN_OPTIMIZER_ADAM, 0.1),
                        none = quern_optimizer_of((quern_optimizer_kind)40, 0.1),
                        momentum = quern_optimizer_of(QUERN_OPTIMIZER_MOMENTUM, 0.1),
                        sgd = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.1);
  const quern_tensor g = at(0, 3, 4), p = at(1, 3, 4), m = at(2, 3, 4), v = at(3, 3, 4);
  assert_fails(quern_optimizer_update(NULL, &adam, 1, g, p, STATE(m, v)), ARGUMENT,
               "optimizer update");
  assert_fails(quern_optimizer_update(C, NULL, 1, g, p, STATE(m, v)), ARGUMENT, "optimizer",
               "NULL");
  assert_fails(quern_optimizer_update(C, &none, 1, g, p, STATE(m, v)), ARGUMENT,
               "the optimizer is none");
  assert_fails(quern_optimizer_update(C, &adam, 0, g, p, STATE(m, v)), ARGUMENT, "step 0");
  assert_fails(quern_optimizer_update(C, &adam, 1, g, at(1, 4, 3), STATE(m, v)), SHAPE,
               "parameters is 4x3", "3x4");
  assert_fails(quern_optimizer_update(C, &adam, 1, g, g, STATE(m, v)), ARGUMENT,
               "parameters overlaps gradients");
  assert_fails(quern_optimizer_update(C, &adam, 1, g, p, STATE(m, NONE)), ARGUMENT, "square",
               "no buffer");
  assert_fails(quern_optimizer_update(C, &momentum, 1, g, p, STATE(NONE, v)), ARGUMENT, "momentum",
               "no buffer");
  assert_fails(quern_optimizer_update(C, &adam, 1, g, p, STATE(at(2, 3, 5), v)), SHAPE,
               "momentum is 3x5", "3x4");
  assert_fails(quern_optimizer_update(C, &adam, 1, g, p, STATE(p, v)), ARGUMENT,
               "momentum overlaps parameters");
  assert_fails(quern_optimizer_update(C, &adam, 1, g, p, STATE(m, p)), ARGUMENT,
               "square overlaps parameters");
  assert_fails(quern_optimizer_update(C, &adam, 1, g, p, STATE(m, m)), ARGUMENT,
               "momentum overlaps square");
  assert_fails(quern_optimizer_update(C, &adam, 1, g, p, STATE(g, v)), ARGUMENT,
               "momentum overlaps gradients");
  assert_fails(quern_optimizer_update(C, &adam, 1, g, p, STATE(m, g)), ARGUMENT,
               "square overlaps gradients");
  assert_fails(quern_optimizer_update(C, &adam, 1, g, p, STATE(m, foreign(3, 4))), ARGUMENT,
               "square", "another context");
  assert_fails(quern_optimizer_update(C, &sgd, 1, foreign(3, 4), p, quern_no_state()), ARGUMENT,
               "gradients", "another context");

  const quern_tensor x = at(0, 3, 4), dz = at(1, 3, 5), w = at(2, 4, 5), b = at(3, 1, 5);
  const quern_optimizer_state ws = STATE(at(4, 4, 5), at(5, 4, 5)),
                              bs = STATE(at(6, 1, 5), at(7, 1, 5));
#define BACKWARD(w, ws, b, bs) quern_dense_backward_update(C, x, dz, &adam, 1, w, ws, b, bs)
  assert_fails(quern_dense_backward_update(NULL, x, dz, &adam, 1, w, ws, b, bs), ARGUMENT,
               "dense backward update");
  assert_fails(quern_dense_backward_update(C, x, dz, &adam, 0, w, ws, b, bs), ARGUMENT, "step 0");
  assert_fails(BACKWARD(NONE, ws, NONE, bs), ARGUMENT, "w and b");
  assert_fails(BACKWARD(at(2, 4, 4), ws, b, bs), SHAPE, "w is 4x4", "4x5");
  assert_fails(BACKWARD(at(0, 4, 5), ws, b, bs), ARGUMENT, "w overlaps x");
  assert_fails(BACKWARD(at(1, 4, 5), ws, b, bs), ARGUMENT, "w overlaps dz");
  assert_fails(BACKWARD(w, ws, at(0, 1, 5), bs), ARGUMENT, "b overlaps x");
  assert_fails(BACKWARD(w, ws, at(1, 1, 5), bs), ARGUMENT, "b overlaps dz");
  assert_fails(BACKWARD(w, ws, at(2, 1, 5), bs), ARGUMENT, "b overlaps w");
  assert_fails(BACKWARD(w, STATE(NONE, ws.square), b, bs), ARGUMENT, "momentum of w has no buffer");
  assert_fails(BACKWARD(w, ws, b, STATE(bs.momentum, NONE)), ARGUMENT, "square of b has no buffer");
  assert_fails(BACKWARD(w, STATE(ws.momentum, at(5, 5, 4)), b, bs), SHAPE, "square is 5x4", "4x5");
  assert_fails(BACKWARD(w, STATE(at(0, 4, 5), ws.square), b, bs), ARGUMENT, "momentum overlaps x");
  assert_fails(BACKWARD(w, STATE(ws.momentum, at(1, 4, 5)), b, bs), ARGUMENT, "square overlaps dz");
  assert_fails(BACKWARD(w, STATE(at(3, 4, 5), ws.square), b, bs), ARGUMENT, "momentum overlaps b");
  assert_fails(BACKWARD(w, ws, b, STATE(at(2, 1, 5), bs.square)), ARGUMENT, "momentum overlaps w");
  assert_fails(BACKWARD(w, STATE(w, ws.square), b, bs), ARGUMENT, "momentum overlaps w");
  assert_fails(BACKWARD(w, STATE(ws.momentum, ws.momentum), b, bs), ARGUMENT,
               "momentum overlaps square");
  assert_fails(BACKWARD(w, ws, b, STATE(at(4, 1, 5), bs.square)), ARGUMENT, "overlaps", "momentum");
  assert_fails(BACKWARD(w, ws, b, STATE(bs.momentum, at(4, 1, 5))), ARGUMENT, "overlaps", "square");
}

static quern_status huber_of_one(quern_context *context, quern_tensor z, quern_tensor y,
                                 float scale, quern_tensor losses, quern_tensor dz) {
  return quern_huber_loss(context, 1.0f, z, y, scale, losses, dz);
}

static void test_weighted_losses(void **state) {
  (void)state;
  const quern_tensor z = at(0, 3, 4), labels = at(1, 1, 3), weights = at(2, 1, 4),
                     total = at(3, 1, 1), losses = at(4, 1, 3), dz = at(5, 3, 4);
#define LOSS(context, z, labels, weights, total, smoothing, losses, dz)                            \
  quern_weighted_cross_entropy(context, z, labels, weights, total, smoothing, 1, losses, dz)
  assert_fails(LOSS(NULL, z, labels, weights, total, 0, losses, dz), ARGUMENT,
               "weighted cross-entropy");
  assert_fails(LOSS(C, z, at(1, 1, 4), weights, total, 0, losses, dz), SHAPE, "labels is 1x4",
               "1x3");
  assert_fails(LOSS(C, z, labels, at(2, 1, 3), total, 0, losses, dz), SHAPE, "class_weights is 1x3",
               "1x4");
  assert_fails(LOSS(C, z, labels, weights, at(3, 1, 2), 0, losses, dz), SHAPE, "total is 1x2",
               "1x1");
  assert_fails(LOSS(C, z, labels, weights, NONE, 0, losses, dz), ARGUMENT, "total has no buffer",
               "both");
  assert_fails(LOSS(C, z, labels, NONE, total, 0, losses, dz), ARGUMENT,
               "class_weights has no buffer");
  assert_fails(LOSS(C, z, labels, NONE, NONE, 1.5f, losses, dz), ARGUMENT, "a smoothing of 1.5",
               "0 to 1");
  assert_fails(LOSS(C, z, labels, NONE, NONE, NAN, losses, dz), ARGUMENT, "a smoothing of nan");
  assert_fails(LOSS(C, z, labels, weights, total, 0, NONE, NONE), ARGUMENT, "losses and dz");
  assert_fails(LOSS(C, z, labels, weights, total, 0, at(2, 1, 3), dz), ARGUMENT,
               "losses overlaps class_weights");
  assert_fails(LOSS(C, z, labels, weights, total, 0, at(3, 1, 3), dz), ARGUMENT,
               "losses overlaps total");
  assert_fails(LOSS(C, z, labels, weights, total, 0, losses, at(2, 3, 4)), ARGUMENT,
               "dz overlaps class_weights");
  assert_fails(LOSS(C, z, labels, weights, total, 0, losses, at(3, 3, 4)), ARGUMENT,
               "dz overlaps total");
#undef LOSS
  const quern_tensor out = at(6, 1, 3);
  assert_fails(quern_label_weights(NULL, labels, weights, out), ARGUMENT, "label weights",
               "context");
  assert_fails(quern_label_weights(C, at(1, 3, 1), weights, out), SHAPE, "labels is 3x1", "1x1");
  assert_fails(quern_label_weights(C, labels, at(2, 4, 1), out), SHAPE, "class_weights is 4x1",
               "1x1");
  assert_fails(quern_label_weights(C, labels, weights, at(6, 1, 4)), SHAPE, "weights is 1x4",
               "1x3");
  assert_fails(quern_label_weights(C, labels, weights, labels), ARGUMENT,
               "weights overlaps labels");
  assert_fails(quern_label_weights(C, labels, weights, at(2, 1, 3)), ARGUMENT,
               "weights overlaps class_weights");
  const quern_tensor y = at(1, 3, 4);
  assert_fails(quern_huber_loss(C, 0, z, y, 1, losses, dz), ARGUMENT, "Huber loss", "a delta of 0");
  assert_fails(quern_huber_loss(C, NAN, z, y, 1, losses, dz), ARGUMENT, "a delta of nan");
}

static void test_losses(void **state) {
  (void)state;
  const quern_tensor z = at(0, 3, 4), y = at(1, 3, 4), labels = at(2, 1, 3), losses = at(3, 1, 3),
                     dz = at(4, 3, 4), shifted = quern_matrix(f.buffer, 1, 3, 4);
  assert_fails(quern_softmax_cross_entropy(NULL, z, labels, 1, losses, dz), ARGUMENT,
               "softmax cross-entropy");
  assert_fails(quern_softmax_cross_entropy(C, z, NONE, 1, losses, dz), ARGUMENT,
               "labels has no buffer");
  assert_fails(quern_softmax_cross_entropy(C, z, labels, 1, NONE, NONE), ARGUMENT, "losses and dz");
  assert_fails(quern_softmax_cross_entropy(C, z, at(2, 1, 4), 1, losses, dz), SHAPE,
               "labels is 1x4", "1x3");
  assert_fails(quern_softmax_cross_entropy(C, z, labels, 1, at(3, 3, 1), dz), SHAPE,
               "losses is 3x1", "1x3");
  assert_fails(quern_softmax_cross_entropy(C, z, labels, 1, losses, at(4, 4, 3)), SHAPE,
               "dz is 4x3", "3x4");
  assert_fails(quern_softmax_cross_entropy(C, z, labels, 1, at(0, 1, 3), dz), ARGUMENT,
               "losses overlaps z");
  assert_fails(quern_softmax_cross_entropy(C, z, labels, 1, labels, dz), ARGUMENT,
               "losses overlaps labels");
  assert_fails(quern_softmax_cross_entropy(C, z, labels, 1, losses, shifted), ARGUMENT,
               "dz overlaps z");
  assert_fails(quern_softmax_cross_entropy(C, z, labels, 1, losses, at(2, 3, 4)), ARGUMENT,
               "dz overlaps labels");
  assert_fails(quern_softmax_cross_entropy(C, z, labels, 1, losses, at(3, 3, 4)), ARGUMENT,
               "dz overlaps losses");
  static const struct {
    quern_status (*call)(quern_context *, quern_tensor, quern_tensor, float, quern_tensor,
                         quern_tensor);
    const char *name;
  } with_targets[] = {{quern_elementwise_cross_entropy, "elementwise cross-entropy"},
                      {quern_binary_cross_entropy, "binary cross-entropy"},
                      {quern_mean_squared_error, "mean squared error"},
                      {quern_mean_absolute_error, "mean absolute error"},
                      {huber_of_one, "Huber loss"}};
  for (size_t i = 0; i < sizeof with_targets / sizeof *with_targets; i++) {
    const char *name = with_targets[i].name;
    assert_fails(with_targets[i].call(NULL, z, y, 1, losses, dz), ARGUMENT, name, "context");
    assert_fails(with_targets[i].call(C, NONE, y, 1, losses, dz), ARGUMENT, name,
                 "z has no buffer");
    assert_fails(with_targets[i].call(C, z, y, 1, NONE, NONE), ARGUMENT, name, "losses and dz");
    assert_fails(with_targets[i].call(C, z, at(1, 3, 5), 1, losses, dz), SHAPE, name, "y is 3x5",
                 "3x4");
    assert_fails(with_targets[i].call(C, z, y, 1, losses, at(4, 3, 5)), SHAPE, name, "dz is 3x5",
                 "3x4");
    assert_fails(with_targets[i].call(C, z, y, 1, losses, y), ARGUMENT, name, "dz overlaps y");
    assert_fails(with_targets[i].call(C, z, y, 1, losses, shifted), ARGUMENT, name,
                 "dz overlaps z");
    assert_fails(with_targets[i].call(C, z, y, 1, at(0, 1, 3), dz), ARGUMENT, name,
                 "losses overlaps z");
    assert_fails(with_targets[i].call(C, z, y, 1, at(1, 1, 3), dz), ARGUMENT, name,
                 "losses overlaps y");
    assert_fails(with_targets[i].call(C, z, y, 1, at(4, 1, 3), dz), ARGUMENT, name,
                 "dz overlaps losses");
    assert_fails(with_targets[i].call(C, z, foreign(3, 4), 1, losses, dz), ARGUMENT, name,
                 "another context");
  }
  assert_fails(quern_elementwise_cross_entropy(C, at(0, 3, 1), at(1, 3, 1), 1, losses, at(4, 3, 1)),
               SHAPE, "elementwise cross-entropy", "1", "2");
}

static void test_data(void **state) {
  (void)state;
  const quern_tensor source = at(0, 5, 4), indices = at(1, 1, 3), x = at(2, 3, 4),
                     labels = at(3, 1, 5), out = at(4, 1, 3);
  assert_fails(quern_gather_rows(NULL, QUERN_ELEMENT_FLOAT32, source, indices, 1, 0, x), ARGUMENT,
               "gather rows");
  assert_fails(quern_gather_rows(C, (quern_element)9, source, indices, 1, 0, x), ARGUMENT,
               "gather rows", "9");
  assert_fails(quern_gather_rows(C, QUERN_ELEMENT_FLOAT32, source, at(1, 3, 1), 1, 0, x), SHAPE,
               "indices is 3x1", "1x1");
  assert_fails(quern_gather_rows(C, QUERN_ELEMENT_FLOAT32, source, indices, 1, 0, at(2, 4, 4)),
               SHAPE, "x is 4x4", "3x4");
  assert_fails(quern_gather_rows(C, QUERN_ELEMENT_FLOAT32, source, indices, 1, 0, at(0, 3, 4)),
               ARGUMENT, "x overlaps source");
  assert_fails(quern_gather_rows(C, QUERN_ELEMENT_FLOAT32, source, indices, 1, 0, at(1, 3, 4)),
               ARGUMENT, "x overlaps indices");
  /* Bytes: element 3999 is the last, and 90 … 109 of them lie under floats 22 … 27. */
  const quern_tensor bytes = quern_matrix(f.buffer, 90, 5, 4);
  assert_fails(quern_gather_rows(C, QUERN_ELEMENT_UINT8, bytes, indices, 1, 0,
                                 quern_matrix(f.buffer, 27, 3, 4)),
               ARGUMENT, "x overlaps source");
  assert_fails(quern_gather_rows(C, QUERN_ELEMENT_UINT8, quern_matrix(f.buffer, 3981, 5, 4),
                                 indices, 1, 0, x),
               SHAPE, "4001", "4000");
  assert_fails(quern_gather_labels(NULL, labels, indices, out), ARGUMENT, "gather labels");
  assert_fails(quern_gather_labels(C, at(3, 5, 1), indices, out), SHAPE, "source is 5x1", "1x1");
  assert_fails(quern_gather_labels(C, labels, indices, at(4, 1, 4)), SHAPE, "out is 1x4", "1x3");
  assert_fails(quern_gather_labels(C, labels, indices, indices), ARGUMENT, "out overlaps indices");
  assert_fails(quern_gather_labels(C, labels, indices, at(3, 1, 3)), ARGUMENT,
               "out overlaps source");
  assert_fails(quern_one_hot(NULL, out, x), ARGUMENT, "one-hot");
  assert_fails(quern_one_hot(C, labels, x), SHAPE, "one-hot", "labels is 1x5", "1x3");
  assert_fails(quern_one_hot(C, out, at(4, 3, 4)), ARGUMENT, "y overlaps labels");
}

static void test_measures_and_initial_values(void **state) {
  (void)state;
  const quern_tensor z = at(0, 3, 4), classes = at(1, 1, 3), labels = at(2, 1, 3),
                     one = at(3, 1, 1);
  assert_fails(quern_argmax(NULL, z, classes), ARGUMENT, "argmax");
  assert_fails(quern_argmax(C, z, at(1, 1, 4)), SHAPE, "argmax", "classes is 1x4", "1x3");
  assert_fails(quern_argmax(C, z, at(0, 1, 3)), ARGUMENT, "classes overlaps z");
  assert_fails(quern_count_correct(NULL, classes, labels, false, one), ARGUMENT, "count correct");
  assert_fails(quern_count_correct(C, classes, at(2, 1, 4), false, one), SHAPE, "labels is 1x4",
               "1x3");
  assert_fails(quern_count_correct(C, classes, labels, false, at(3, 1, 2)), SHAPE, "count is 1x2",
               "1x1");
  assert_fails(quern_count_correct(C, classes, labels, true, at(1, 1, 1)), ARGUMENT,
               "count overlaps classes");
  assert_fails(quern_count_correct(C, classes, labels, false, at(2, 1, 1)), ARGUMENT,
               "count overlaps labels");
  assert_fails(quern_sum(NULL, z, one), ARGUMENT, "sum");
  assert_fails(quern_sum(C, z, at(3, 2, 1)), SHAPE, "sum is 2x1", "1x1");
  assert_fails(quern_sum(C, z, at(0, 1, 1)), ARGUMENT, "sum overlaps x");
  assert_fails(quern_sum_squares(NULL, z, one), ARGUMENT, "sum of squares");
  assert_fails(quern_sum_squares(C, z, at(3, 2, 1)), SHAPE, "squares is 2x1", "1x1");
  assert_fails(quern_sum_squares(C, z, at(0, 1, 3)), ARGUMENT, "squares overlaps x");
  assert_fails(quern_clip_norm(NULL, 1, one, z), ARGUMENT, "clip norm");
  assert_fails(quern_clip_norm(C, 1, at(3, 1, 2), z), SHAPE, "squares is 1x2", "1x1");
  assert_fails(quern_clip_norm(C, 1, at(0, 1, 1), z), ARGUMENT, "x overlaps squares");
  assert_fails(quern_clip_norm(C, 0, one, z), ARGUMENT, "a norm of 0", "above 0");
  assert_fails(quern_clip_norm(C, NAN, one, z), ARGUMENT, "a norm of nan");
  assert_fails(quern_clip_norm(C, INFINITY, one, z), ARGUMENT, "a norm of inf");
  assert_fails(quern_fill(NULL, 1, z), ARGUMENT, "fill");
  assert_fails(quern_random_uniform(NULL, 1, 0, 0, 1, z), ARGUMENT, "random uniform");
  assert_fails(quern_random_uniform(C, 1, 0, 1, 1, z), ARGUMENT, "random uniform", "1");
  assert_fails(quern_random_uniform(C, 1, 0, 2, 1, z), ARGUMENT, "random uniform", "2");
  assert_fails(quern_random_uniform(C, 1, 0, NAN, 1, z), ARGUMENT, "random uniform");
  assert_fails(quern_random_uniform(C, 1, 0, 0, INFINITY, z), ARGUMENT, "random uniform");
  assert_fails(quern_random_uniform(C, 1, 0, -3e38f, 3e38f, z), ARGUMENT, "random uniform");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_dense_forward),   TEST(test_ranges),       TEST(test_dense_backward),
      TEST(test_elementwise),     TEST(test_optimizers),   TEST(test_losses),
      TEST(test_weighted_losses), TEST(test_data),         TEST(test_measures_and_initial_values),
      TEST(test_dropout),         TEST(test_normalization)};
  return cmocka_run_group_tests_name("api/validation", tests, NULL, NULL);
}

/* Errors of the matrix products, activations and optimizers: they name the op and both shapes. */
#include "validation_test.h"

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
               "the optimizer is unknown");
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

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_dense_forward), TEST(test_ranges),     TEST(test_dense_backward),
      TEST(test_elementwise),   TEST(test_optimizers),
  };
  return cmocka_run_group_tests_name("api/validation", tests, NULL, NULL);
}

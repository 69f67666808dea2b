/* Errors of losses, normalizations, dropout, gathers and measures: they name the op and both
 * shapes. */
#include "validation_test.h"

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

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_dropout), TEST(test_normalization), TEST(test_weighted_losses),
      TEST(test_losses),  TEST(test_data),          TEST(test_measures_and_initial_values),
  };
  return cmocka_run_group_tests_name("api/validation data", tests, NULL, NULL);
}

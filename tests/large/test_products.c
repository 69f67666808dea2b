/* Ops over matrices of more than 2^32 floats, 16 GiB, which few machines have. So the matrices
 * share a few rows of memory, mapped repeatedly:
 *
 *   addresses   | rows 0 … 23 | rows 24 … 47 | …    each maps to the same memory of 24 rows
 *
 * Values and results repeat as well: the results are those of the op over 24 rows, or as many times
 * those. An address that wraps at 2^32 elements is in another row. Ops that read their own large
 * output (softmax, and the gradient of its cross-entropy) are left out, because a row would read
 * another's. */
#include "large.h"

static quern_context *rig(void **state) {
  return ((test_rig *)*state)->device;
}

static quern_activation relu(void) {
  return quern_activation_of(QUERN_ACTIVATION_RELU);
}

/* --- The matrix products --- */

static quern_status forward(quern_context *context, const quern_tensor *t) {
  return quern_dense_forward(context, t[0], t[1], t[2], relu(), t[3]);
}

static quern_status backward_data(quern_context *context, const quern_tensor *t) {
  return quern_dense_backward_data(context, t[0], t[1], relu(), t[2], false, t[3]);
}

static quern_status backward_weights(quern_context *context, const quern_tensor *t) {
  return quern_dense_backward_weights(context, t[0], t[1], false, t[2], t[3]);
}

/* Each of the three matrices is the large one in turn. */
static void test_forward(void **state) {
  check(rig(state), "dense forward, x", forward,
        (const operand[]){{IN, MANY, COLUMNS}, {IN, COLUMNS, 3}, {IN, 1, 3}, {OUT, MANY, 3}}, 4);
  check(rig(state), "dense forward, y", forward,
        (const operand[]){{IN, MANY, 3}, {IN, 3, COLUMNS}, {IN, 1, COLUMNS}, {OUT, MANY, COLUMNS}},
        4);
  check(rig(state), "dense forward, w", forward,
        (const operand[]){{IN, 2, MANY}, {IN, MANY, COLUMNS}, {NONE, 0, 0}, {SUM, 2, COLUMNS}}, 4);
}

/* Few samples, which a tile reads without packing, and so many inputs that the tile has more than
 * 2^32. One input of each sample is not 0. */
static void test_long_samples(void **state) {
  const quern__cl_tuning *tuning = &((const quern__cl *)rig(state)->state)->tuning;
  if (tuning->dense == QUERN__DENSE_GROUP || tuning->forward.rows == 1) return;
  const size_t rows = tuning->forward.rows,
               columns = (size_t)tuning->forward.vectors * tuning->vector_width;
  const size_t inputs = ((size_t)1 << 32) / (rows - 1) + 1000, one = inputs - 5;
  placed x = place_zeros(rig(state), rows, inputs), w = place_zeros(rig(state), inputs, columns),
         y = place_zeros(rig(state), rows, columns);
  for (size_t r = 0; r < rows; r++) ((float *)x.memory)[r * inputs + one] = (float)(r + 1);
  for (size_t c = 0; c < columns; c++) ((float *)w.memory)[one * columns + c] = (float)(c + 1);
  assert_ok(quern_dense_forward(rig(state), x.tensor, w.tensor, quern_none(), relu(), y.tensor));
  assert_ok(quern_context_finish(rig(state)));
  for (size_t r = 0; r < rows; r++)
    for (size_t c = 0; c < columns; c++)
      assert_true(((float *)y.memory)[r * columns + c] == (float)((r + 1) * (c + 1)));
  remove_operand(&x);
  remove_operand(&w);
  remove_operand(&y);
}

static void test_backward_data(void **state) {
  check(
      rig(state), "dense backward data, dx", backward_data,
      (const operand[]){{IN, MANY, 3}, {IN, COLUMNS, 3}, {IN, MANY, COLUMNS}, {OUT, MANY, COLUMNS}},
      4);
  check(rig(state), "dense backward data, dz", backward_data,
        (const operand[]){{IN, MANY, COLUMNS}, {IN, 3, COLUMNS}, {IN, MANY, 3}, {OUT, MANY, 3}}, 4);
  check(rig(state), "dense backward data, w", backward_data,
        (const operand[]){{IN, 2, COLUMNS}, {IN, MANY, COLUMNS}, {IN, 2, MANY}, {OUT, 2, MANY}}, 4);
}

static void test_backward_weights(void **state) {
  check(rig(state), "dense backward weights, x", backward_weights,
        (const operand[]){{IN, MANY, COLUMNS}, {IN, MANY, 3}, {SUM, COLUMNS, 3}, {SUM, 1, 3}}, 4);
  check(rig(state), "dense backward weights, dz", backward_weights,
        (const operand[]){{IN, MANY, 3}, {IN, MANY, COLUMNS}, {SUM, 3, COLUMNS}, {SUM, 1, COLUMNS}},
        4);
  check(rig(state), "dense backward weights, dw", backward_weights,
        (const operand[]){{IN, 2, MANY}, {IN, 2, COLUMNS}, {OUT, MANY, COLUMNS}, {OUT, 1, COLUMNS}},
        4);
}

/* --- Row by row --- */

static quern_status softmax_cross_entropy(quern_context *context, const quern_tensor *t) {
  return quern_softmax_cross_entropy(context, t[0], t[1], 1.0f, t[2], quern_none());
}

static quern_status squared_error(quern_context *context, const quern_tensor *t) {
  return quern_mean_squared_error(context, t[0], t[1], 1.0f, t[2], t[3]);
}

static quern_status activation(quern_context *context, const quern_tensor *t) {
  return quern_activation_backward(context, relu(), t[0], t[1], t[2]);
}

static quern_status dropout(quern_context *context, const quern_tensor *t) {
  return quern_dropout(context, (quern_dropout_mask){.p = 0.0f, .seed = 1}, t[0], t[1]);
}

static quern_status layer_norm(quern_context *context, const quern_tensor *t) {
  return quern_layer_norm_forward(context, t[0], t[1], t[2], 1e-5f, t[3], t[4], t[5]);
}

static quern_status layer_norm_back(quern_context *context, const quern_tensor *t) {
  return quern_layer_norm_backward(context, t[0], t[1], t[2], t[3], t[4], t[5], quern_none(),
                                   quern_none());
}

static void test_rows(void **state) {
  check(rig(state), "softmax cross-entropy", softmax_cross_entropy,
        (const operand[]){{IN, MANY, COLUMNS}, {NUMBERS, 1, MANY}, {OUT, 1, MANY}}, 3);
  check(rig(state), "mean squared error", squared_error,
        (const operand[]){
            {IN, MANY, COLUMNS}, {IN, MANY, COLUMNS}, {OUT, 1, MANY}, {OUT, MANY, COLUMNS}},
        4);
  check(rig(state), "activation backward", activation,
        (const operand[]){{IN, MANY, COLUMNS}, {IN, MANY, COLUMNS}, {OUT, MANY, COLUMNS}}, 3);
  check(rig(state), "dropout", dropout,
        (const operand[]){{IN, MANY, COLUMNS}, {OUT, MANY, COLUMNS}}, 2);
}

static void test_layer_norm(void **state) {
  check(rig(state), "layer norm forward", layer_norm,
        (const operand[]){{IN, MANY, COLUMNS},
                          {IN, 1, COLUMNS},
                          {IN, 1, COLUMNS},
                          {OUT, 1, MANY},
                          {OUT, 1, MANY},
                          {OUT, MANY, COLUMNS}},
        6);
  check(rig(state), "layer norm backward", layer_norm_back,
        (const operand[]){{IN, MANY, COLUMNS},
                          {IN, MANY, COLUMNS},
                          {IN, 1, COLUMNS},
                          {IN, 1, MANY},
                          {IN, 1, MANY},
                          {OUT, MANY, COLUMNS}},
        6);
}

/* --- Over the rows --- */

static quern_status moments(quern_context *context, const quern_tensor *t) {
  return quern_batch_norm_moments(context, t[0], t[1], t[2]);
}

static quern_status batch_norm_inference(quern_context *context, const quern_tensor *t) {
  return quern_batch_norm_inference(context, t[0], t[1], t[2], 1e-5f, t[3], t[4], t[5]);
}

static quern_status batch_norm_sums(quern_context *context, const quern_tensor *t) {
  return quern_batch_norm_backward_parameters(context, t[0], t[1], t[2], t[3], t[4], t[5]);
}

static quern_status batch_norm_data(quern_context *context, const quern_tensor *t) {
  return quern_batch_norm_backward_data(context, (size_t)1 << 20, t[0], t[1], t[2], t[3], t[4],
                                        t[5], t[6], t[7]);
}

static void test_batch_norm(void **state) {
  check(rig(state), "batch norm moments", moments,
        (const operand[]){{IN, MANY, COLUMNS}, {OUT, 1, COLUMNS}, {SUM, 1, COLUMNS}}, 3);
  check(rig(state), "batch norm inference", batch_norm_inference,
        (const operand[]){{IN, MANY, COLUMNS},
                          {IN, 1, COLUMNS},
                          {IN, 1, COLUMNS},
                          {IN, 1, COLUMNS},
                          {POSITIVE, 1, COLUMNS},
                          {OUT, MANY, COLUMNS}},
        6);
  check(rig(state), "batch norm backward parameters", batch_norm_sums,
        (const operand[]){{IN, MANY, COLUMNS},
                          {IN, MANY, COLUMNS},
                          {IN, 1, COLUMNS},
                          {IN, 1, COLUMNS},
                          {SUM, 1, COLUMNS},
                          {SUM, 1, COLUMNS}},
        6);
  check(rig(state), "batch norm backward data", batch_norm_data,
        (const operand[]){{IN, MANY, COLUMNS},
                          {IN, MANY, COLUMNS},
                          {IN, 1, COLUMNS},
                          {IN, 1, COLUMNS},
                          {IN, 1, COLUMNS},
                          {IN, 1, COLUMNS},
                          {IN, 1, COLUMNS},
                          {OUT, MANY, COLUMNS}},
        8);
}

/* --- Data and measures --- */

static quern_status gather(quern_context *context, const quern_tensor *t) {
  return quern_gather_rows(context, QUERN_ELEMENT_FLOAT32, t[0], t[1], 1.0f, 0.0f, t[2]);
}

static quern_status gather_bytes(quern_context *context, const quern_tensor *t) {
  return quern_gather_rows(context, QUERN_ELEMENT_UINT8, t[0], t[1], 1.0f, 0.0f, t[2]);
}

static quern_status one_hot(quern_context *context, const quern_tensor *t) {
  return quern_one_hot(context, t[0], t[1]);
}

static quern_status argmax(quern_context *context, const quern_tensor *t) {
  return quern_argmax(context, t[0], t[1]);
}

static quern_status sum(quern_context *context, const quern_tensor *t) {
  return quern_sum(context, t[0], t[1]);
}

static quern_status sum_squares(quern_context *context, const quern_tensor *t) {
  return quern_sum_squares(context, t[0], t[1]);
}

static void test_data(void **state) {
  check(rig(state), "gather of floats", gather,
        (const operand[]){{IN, MANY, COLUMNS}, {PLACES, 1, MANY}, {OUT, MANY, COLUMNS}}, 3);
  check(rig(state), "gather of bytes", gather_bytes,
        (const operand[]){{BYTES, MANY, COLUMNS}, {PLACES, 1, MANY}, {OUT, MANY, COLUMNS}}, 3);
  check(rig(state), "one-hot", one_hot, (const operand[]){{NUMBERS, 1, MANY}, {OUT, MANY, COLUMNS}},
        2);
}

static void test_measures(void **state) {
  check(rig(state), "argmax", argmax, (const operand[]){{IN, MANY, COLUMNS}, {CLASSES, 1, MANY}},
        2);
  check(rig(state), "sum", sum, (const operand[]){{POSITIVE, MANY, COLUMNS}, {SUM, 1, 1}}, 2);
  check(rig(state), "sum of squares", sum_squares,
        (const operand[]){{IN, MANY, COLUMNS}, {SUM, 1, 1}}, 2);
}

static int open_device(void **state) {
  static test_rig opened;
  test_rig_open(&opened, 0);
  *state = &opened;
  return 0;
}

static int close_device(void **state) {
  test_rig_close(*state);
  return test_teardown(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forward),       cmocka_unit_test(test_long_samples),
      cmocka_unit_test(test_backward_data), cmocka_unit_test(test_backward_weights),
      cmocka_unit_test(test_rows),          cmocka_unit_test(test_layer_norm),
      cmocka_unit_test(test_batch_norm),    cmocka_unit_test(test_data),
      cmocka_unit_test(test_measures),
  };
  return cmocka_run_group_tests_name("large/products", tests, open_device, close_device);
}

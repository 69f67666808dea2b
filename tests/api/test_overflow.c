/* Sizes that overflow: every function that computes a size fails before it allocates.
 * test_validation.c has those that take tensors, the readers' tests those that read files. Some
 * objects are filled in by hand, because their real ones would not fit into memory. */
#include "base/size.h"
#include "data/dataset.h"
#include "network/network.h"
#include "test.h"
#include "train/data/data_source.h"

#include <quern/train.h>

static void test_arithmetic(void **state) {
  (void)state;
  size_t result = 7;
  assert_true(quern__multiply(SIZE_MAX, 1, &result) && result == SIZE_MAX);
  assert_true(quern__multiply(SIZE_MAX, 0, &result) && result == 0);
  assert_true(quern__multiply(0, SIZE_MAX, &result) && result == 0);
  assert_true(quern__add(SIZE_MAX - 1, 1, &result) && result == SIZE_MAX);
  result = 7;
  assert_false(quern__multiply(SIZE_MAX / 2 + 1, 2, &result));
  assert_false(quern__multiply((size_t)1 << 32, (size_t)1 << 32, &result));
  assert_false(quern__add(SIZE_MAX, 1, &result));
  assert_int_equal(result, 7);
  assert_true(quern__divide_up(SIZE_MAX, 2) == SIZE_MAX / 2 + 1);
  assert_true(quern__divide_up(SIZE_MAX, SIZE_MAX) == 1);
}

static void test_datasets(void **state) {
  (void)state;
  const float value = 0.0f;
  const int32_t label = 0;
  quern_dataset *data;
  assert_fails(quern_dataset_from_floats(&value, &label, (size_t)INT32_MAX + 1, 1, &data),
               QUERN_ERROR_OVERFLOW, "at most 2147483647");
  assert_fails(quern_dataset_from_floats(&value, &label, 1, SIZE_MAX, &data), QUERN_ERROR_OVERFLOW,
               "at most 2147483647");
}

static void test_buffers(void **state) {
  (void)state;
  static const char *const devices[] = {"auto", "reference"};
  for (size_t d = 0; d < 2; d++) {
    quern_context *context;
    quern_buffer *buffer, *other, *none;
    unsigned char bytes[16] = {0};
    assert_ok(quern_context_create(devices[d], &context));
    assert_ok(quern_buffer_create(context, sizeof bytes, &buffer));
    assert_ok(quern_buffer_create(context, sizeof bytes, &other));
    assert_fails(quern_buffer_create(context, SIZE_MAX, &none), QUERN_ERROR_OUT_OF_DEVICE_MEMORY,
                 "bytes");
    const size_t offsets[] = {SIZE_MAX - 3, SIZE_MAX - 15, 4}, lengths[] = {8, 16, SIZE_MAX - 1};
    for (size_t i = 0; i < 3; i++) {
      assert_fails(quern_buffer_view(buffer, offsets[i] & ~(size_t)3, lengths[i], &none),
                   QUERN_ERROR_SHAPE, "view");
      assert_fails(quern_buffer_write(buffer, offsets[i], lengths[i], bytes, QUERN_WAIT),
                   QUERN_ERROR_SHAPE, "write");
      assert_fails(quern_buffer_read(buffer, offsets[i], lengths[i], bytes, QUERN_WAIT),
                   QUERN_ERROR_SHAPE, "read");
      assert_fails(quern_buffer_fill(buffer, offsets[i], lengths[i], 0), QUERN_ERROR_SHAPE, "fill");
      assert_fails(quern_buffer_copy(buffer, offsets[i], other, 0, lengths[i]), QUERN_ERROR_SHAPE,
                   "copy");
      assert_fails(quern_buffer_copy(buffer, 0, other, offsets[i], lengths[i]), QUERN_ERROR_SHAPE,
                   "copy");
    }
    quern_buffer_free(buffer);
    quern_buffer_free(other);
    quern_context_free(context);
  }
}

static void test_networks(void **state) {
  (void)state;
  const quern_layer wide[] = {quern_dense(INT32_MAX, QUERN_ACTIVATION_RELU),
                              quern_dense(INT32_MAX, QUERN_ACTIVATION_IDENTITY)};
  quern_network *network;
  assert_fails(quern_network_create(INT32_MAX, wide, 2, QUERN_LOSS_CATEGORICAL, &network),
               QUERN_ERROR_OVERFLOW, "layer 1", "2147483647 by 2147483647");
  /* The second layer's weights just fit; the bias and the rest do not. */
  assert_fails(quern_network_create(1, wide, 2, QUERN_LOSS_CATEGORICAL, &network),
               QUERN_ERROR_OVERFLOW, "layer 1");
  assert_fails(quern_network_create(SIZE_MAX, wide, 1, QUERN_LOSS_CATEGORICAL, &network),
               QUERN_ERROR_SHAPE, "inputs");
  const quern_layer wider = quern_dense((size_t)INT32_MAX + 1, QUERN_ACTIVATION_IDENTITY);
  assert_fails(quern_network_create(1, &wider, 1, QUERN_LOSS_CATEGORICAL, &network),
               QUERN_ERROR_SHAPE, "2147483647");
}

/* A network of three layers of 2^31 - 1 units, without its parameters: a batch of as many samples
 * has more than 2^64 bytes of outputs. */
static void test_plans(void **state) {
  (void)state;
  const quern_layer layers[] = {
      quern_dense(INT32_MAX, QUERN_ACTIVATION_RELU), quern_dense(1, QUERN_ACTIVATION_RELU),
      quern_dense(INT32_MAX, QUERN_ACTIVATION_RELU), quern_dense(1, QUERN_ACTIVATION_RELU),
      quern_dense(INT32_MAX, QUERN_ACTIVATION_IDENTITY)};
  quern_network network = {.parameters = NULL};
  quern_context *context;
  quern_plan *plan;
  size_t bytes;
  assert_ok(quern__shape_create(1, layers, 5, QUERN_LOSS_CATEGORICAL, &network.shape));
  assert_ok(quern_plan_bytes(&network, 1, QUERN_PLAN_TRAINING, &bytes));
  assert_fails(quern_plan_bytes(&network, INT32_MAX, QUERN_PLAN_TRAINING, &bytes),
               QUERN_ERROR_OVERFLOW, "2147483647 samples overflows");
  assert_fails(quern_plan_bytes(&network, SIZE_MAX, QUERN_PLAN_TRAINING, &bytes),
               QUERN_ERROR_ARGUMENT, "expected 1 to 2147483647");
  assert_ok(quern_context_create("reference", &context));
  assert_fails(quern_plan_create(context, &network, INT32_MAX, QUERN_PLAN_TRAINING, &plan),
               QUERN_ERROR_OVERFLOW, "2147483647 samples overflows");
  quern_context_free(context);
  quern__shape_free(&network.shape);
}

static void test_trainers(void **state) {
  (void)state;
  const quern_layer layer = quern_dense(2, QUERN_ACTIVATION_IDENTITY);
  quern_network *network;
  quern_context *context;
  quern__batch batch;
  size_t bytes;
  assert_ok(quern_network_create(3, &layer, 1, QUERN_LOSS_CATEGORICAL, &network));
  const quern_dataset data = {.element = QUERN_ELEMENT_FLOAT32, .rows = SIZE_MAX / 4, .columns = 3},
                      small = {.element = QUERN_ELEMENT_FLOAT32, .rows = 1, .columns = 3};
  assert_fails(quern_trainer_bytes(network, &data, NULL, NULL, &bytes), QUERN_ERROR_OVERFLOW,
               "overflows");
  assert_fails(quern_trainer_bytes(network, &small, &data, NULL, &bytes), QUERN_ERROR_OVERFLOW,
               "overflows");
  assert_ok(quern_trainer_bytes(network, &small, NULL, NULL, &bytes));
  assert_ok(quern_context_create("reference", &context));
  assert_fails(quern__batch_create(context, SIZE_MAX / 4, 5, 0, &batch), QUERN_ERROR_OVERFLOW,
               "overflows");
  quern_context_free(context);
  quern_network_free(network);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_arithmetic), QUERN_TEST(test_datasets),
                                     QUERN_TEST(test_buffers),    QUERN_TEST(test_networks),
                                     QUERN_TEST(test_plans),      QUERN_TEST(test_trainers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A program's own backend is registered, found by name, and trained on. It counts calls and
 * forwards them to the reference. */
#include "plain_options.h"
#include "test.h"

#include <quern/backend.h>
#include <stdlib.h>
#include <string.h>

static const quern_backend *reference;
static size_t forwards, losses, updates;

static quern_status count_forward(void *state, const quern_dense_forward_op *op) {
  forwards++;
  return reference->dense_forward(state, op);
}

static quern_status count_loss(void *state, const quern_loss_op *op) {
  losses++;
  return reference->softmax_cross_entropy(state, op);
}

static quern_status count_update(void *state, const quern_dense_backward_update_op *op) {
  updates++;
  return reference->dense_backward_update(state, op);
}

static quern_backend counting_backend(void) {
  reference = quern_backend_find("reference");
  assert_non_null(reference);
  quern_backend table = *reference;
  table.name = "counting";
  table.dense_forward = count_forward;
  table.softmax_cross_entropy = count_loss;
  table.dense_backward_update = count_update;
  return table;
}

/* The first device of the named backend, opened. */
static quern_context *open_on(const char *backend) {
  quern_device_list *list;
  quern_context *context = NULL;
  assert_ok(quern_device_list_create(&list));
  for (size_t i = 0; context == NULL && i < quern_device_list_count(list); i++) {
    quern_device_info info;
    quern_device_describe(quern_device_list_at(list, i), &info);
    if (strcmp(info.backend, backend) == 0)
      assert_ok(quern_context_create_on(quern_device_list_at(list, i), &context));
  }
  quern_device_list_free(list);
  assert_non_null(context);
  return context;
}

static quern_epoch train_digits(const char *backend) {
  quern_context *context = open_on(backend);
  quern_dataset *train, *test;
  quern_network *network;
  const quern_layer layers[] = {quern_dense(16, QUERN_ACTIVATION_RELU),
                                quern_dense(10, QUERN_ACTIVATION_IDENTITY)};
  quern_train_options options = plain_train_options();
  options.epochs = 2;
  options.batch = 100;
  quern_epoch last;
  assert_ok(quern_dataset_open("digits", NULL, &train, &test));
  assert_ok(quern_network_create(64, layers, 2, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 3));
  assert_ok(quern_train(context, network, train, test, &options, &last));
  quern_network_free(network);
  quern_dataset_free(train);
  quern_dataset_free(test);
  quern_context_free(context);
  return last;
}

/* The names in order, each followed by a blank. */
static void assert_names(const char *expected) {
  char names[256] = "";
  const size_t count = quern_backend_count();
  for (size_t i = 0; i < count; i++) {
    assert_non_null(quern_backend_name(i));
    assert_non_null(quern_backend_find(quern_backend_name(i)));
    strcat(strcat(names, quern_backend_name(i)), " ");
  }
  assert_null(quern_backend_name(count));
  assert_null(quern_backend_name(SIZE_MAX));
  assert_string_equal(names, expected);
}

static void test_names(void **state) {
  (void)state;
  const bool opencl = strcmp(quern_backend_name(0), "opencl") == 0;
  assert_names(opencl ? "opencl reference " : "reference ");
  const quern_backend table = counting_backend();
  assert_ok(quern_backend_register(&table));
  assert_names(opencl ? "opencl counting reference " : "counting reference ");
  assert_ok(quern_backend_unregister("counting"));
  assert_names(opencl ? "opencl reference " : "reference ");
}

static quern_status list_commas(quern_device_sink add, void *list, char *note, size_t size) {
  (void)note;
  (void)size;
  const quern_device_info first = {.kind = QUERN_DEVICE_CPU, .name = "One, two", .platform = "P"},
                          second = {.kind = QUERN_DEVICE_CPU, .name = "One", .platform = "P"};
  const quern_status status = add(list, &first, NULL);
  return status == QUERN_OK ? add(list, &second, NULL) : status;
}

/* A name that has commas of its own stands in a list like any other. */
static void test_names_with_commas(void **state) {
  (void)state;
  quern_backend table = counting_backend();
  table.enumerate = list_commas;
  assert_ok(quern_backend_register(&table));
  quern_device_list *list;
  assert_ok(quern_device_list_create(&list));
  const quern_device **devices = calloc(quern_device_list_count(list), sizeof *devices);
  assert_non_null(devices);
  size_t count;
  assert_ok(quern_device_list_find_all(list, "reference,one, two", devices, &count));
  assert_int_equal(count, 2);
  quern_device_info info;
  quern_device_describe(devices[1], &info);
  assert_string_equal(info.name, "One, two");
  assert_fails(quern_device_list_find_all(list, "reference,one", devices, &count),
               QUERN_ERROR_NO_DEVICE, "device 'one': several devices match");
  free(devices);
  quern_device_list_free(list);
  assert_ok(quern_backend_unregister("counting"));
}

static void test_trains_on_it(void **state) {
  (void)state;
  const quern_backend table = counting_backend();
  assert_ok(quern_backend_register(&table));
  forwards = losses = updates = 0;
  const quern_epoch own = train_digits("counting"), expected = train_digits("reference");
  assert_true(forwards > 0 && losses > 0);
  assert_int_equal(updates % 2, 0); /* two layers per step; the test set needs none */
  assert_true(updates > 0 && forwards > updates);
  assert_true(own.train_loss == expected.train_loss);
  assert_true(own.test.accuracy == expected.test.accuracy && own.test.loss == expected.test.loss);
  assert_ok(quern_backend_unregister("counting"));
  assert_null(quern_backend_find("counting"));
}

static void test_refuses(void **state) {
  (void)state;
  quern_backend table = counting_backend();
  table.name = "reference";
  assert_fails(quern_backend_register(&table), QUERN_ERROR_ARGUMENT, "reference");
  table.name = "";
  assert_fails(quern_backend_register(&table), QUERN_ERROR_ARGUMENT, "name");
  table = counting_backend();
  table.dense_forward = NULL;
  assert_fails(quern_backend_register(&table), QUERN_ERROR_ARGUMENT, "counting", "dense_forward");
  table = counting_backend();
  table.size = 3;
  assert_fails(quern_backend_register(&table), QUERN_ERROR_ARGUMENT, "size");
  assert_fails(quern_backend_unregister("counting"), QUERN_ERROR_ARGUMENT, "counting");
}

/* If a backend lacks an optional op, the op fails with its name, and so does training that needs
 * it. */
static void test_without_optional_ops(void **state) {
  (void)state;
  quern_backend table = counting_backend();
  table.sum_squares = NULL;
  table.clip_norm = NULL;
  table.size = offsetof(quern_backend, dropout); /* compiled before that member existed */
  assert_ok(quern_backend_register(&table));
  quern_context *context = open_on("counting");
  quern_buffer *buffer;
  assert_ok(quern_buffer_create(context, 16, &buffer));
  assert_fails(quern_sum_squares(context, quern_vector(buffer, 0, 2), quern_vector(buffer, 2, 1)),
               QUERN_ERROR_UNSUPPORTED, "sum of squares", "counting");
  assert_fails(
      quern_clip_norm(context, 1.0f, quern_vector(buffer, 2, 1), quern_vector(buffer, 0, 2)),
      QUERN_ERROR_UNSUPPORTED, "clip norm", "counting");
  const quern_dropout_mask mask = {.p = 0.5f};
  assert_fails(quern_dropout(context, mask, quern_vector(buffer, 0, 2), quern_vector(buffer, 0, 2)),
               QUERN_ERROR_UNSUPPORTED, "dropout", "counting");
  quern_buffer_free(buffer);
  quern_context_free(context);
  assert_ok(quern_backend_unregister("counting"));
}

/* A backend with live contexts cannot be removed. */
static void test_busy(void **state) {
  (void)state;
  const quern_backend table = counting_backend();
  assert_ok(quern_backend_register(&table));
  assert_fails(quern_backend_register(&table), QUERN_ERROR_ARGUMENT, "counting");
  quern_context *context = open_on("counting");
  assert_fails(quern_backend_unregister("counting"), QUERN_ERROR_BUSY, "counting");
  quern_context_free(context);
  assert_ok(quern_backend_unregister("counting"));
}

/* A backend without the fused pass trains with every optimizer, through gradients in memory. A
 * backend without optimizers is refused. */
static void test_without_update_in_one_pass(void **state) {
  (void)state;
  const quern_layer layer = quern_dense(2, QUERN_ACTIVATION_IDENTITY);
  const float values[6] = {0.5f, 1, 0.25f, 1, 0, 0.75f};
  const int32_t labels[3] = {0, 1, 1};
  quern_network *network;
  quern_dataset *data;
  assert_ok(quern_network_create(2, &layer, 1, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_dataset_from_floats(values, labels, 3, 2, &data));
  quern_train_options options = plain_train_options();
  quern_backend table = counting_backend();
  table.optimizer_update = NULL;
  assert_fails(quern_backend_register(&table), QUERN_ERROR_ARGUMENT, "optimizer_update");
  table = counting_backend();
  table.dense_backward_update = NULL;
  assert_ok(quern_backend_register(&table));
  quern_context *context = open_on("counting");
  quern_plan *plan;
  assert_ok(quern_plan_create(context, network, 3, QUERN_PLAN_TRAINING, &plan));
  static const quern_optimizer_kind kinds[] = {QUERN_OPTIMIZER_SGD, QUERN_OPTIMIZER_ADAM};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    options.optimizer = quern_optimizer_of(kinds[i], 0.01);
    options.optimizer.decay_bias = false;
    options.optimizer.weight_decay = 0.1;
    assert_fails(quern_plan_set_optimizer(plan, &options.optimizer), QUERN_ERROR_UNSUPPORTED,
                 quern_optimizer_name(kinds[i]), "QUERN_PLAN_GRADIENTS");
    assert_ok(quern_train(context, network, data, NULL, &options, NULL));
  }
  quern_plan_free(plan);
  quern_context_free(context);
  assert_ok(quern_backend_unregister("counting"));
  quern_dataset_free(data);
  quern_network_free(network);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_names),
                                     QUERN_TEST(test_names_with_commas),
                                     QUERN_TEST(test_trains_on_it),
                                     QUERN_TEST(test_refuses),
                                     QUERN_TEST(test_without_optional_ops),
                                     QUERN_TEST(test_busy),
                                     QUERN_TEST(test_without_update_in_one_pass)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* NULL for each required pointer: an error with a message, and NULL in the result. */
#include "test.h"

#include <quern/backend.h>
#include <stdlib.h>

/* Valid values of all arguments, except the missing one. */
static struct {
  quern_context *context;
  quern_network *network;
  quern_dataset *data;
  quern_buffer *buffer;
  quern_plan *plan;
  quern_trainer *trainer;
  const quern_device *device;
  quern_device_list *devices;
} there;

static int open_all(void **state) {
  (void)state;
  static const float x[] = {0, 1, 2, 3};
  static const int32_t labels[] = {0, 1};
  const quern_layer layer = quern_dense(2, QUERN_ACTIVATION_IDENTITY);
  const bool good =
      quern_context_create("reference", &there.context) == QUERN_OK &&
      quern_network_create(2, &layer, 1, QUERN_LOSS_CATEGORICAL, &there.network) == QUERN_OK &&
      quern_dataset_from_floats(x, labels, 2, 2, &there.data) == QUERN_OK &&
      quern_buffer_create(there.context, 64, &there.buffer) == QUERN_OK &&
      quern_plan_create(there.context, there.network, 2, QUERN_PLAN_GRADIENTS, &there.plan) ==
          QUERN_OK &&
      quern_trainer_create(there.context, there.network, there.data, NULL, NULL, &there.trainer) ==
          QUERN_OK &&
      quern_device_list_create(&there.devices) == QUERN_OK &&
      quern_device_list_find(there.devices, "reference", &there.device) == QUERN_OK;
  return good ? 0 : -1;
}

static int close_all(void **state) {
  (void)state;
  quern_device_list_free(there.devices);
  quern_trainer_free(there.trainer);
  quern_plan_free(there.plan);
  quern_buffer_free(there.buffer);
  quern_dataset_free(there.data);
  quern_network_free(there.network);
  quern_context_free(there.context);
  return 0;
}

#define REFUSED(call) assert_fails((call), QUERN_ERROR_ARGUMENT, "NULL")

/* The result is not NULL before the call, and NULL after it. */
#define REFUSED_RESULT(type, made, call)                                                           \
  do {                                                                                             \
    type *made = (type *)(void *)&there;                                                           \
    REFUSED(call);                                                                                 \
    assert_null(made);                                                                             \
  } while (0)

static void test_contexts_and_buffers(void **state) {
  (void)state;
  char byte = 0;
  REFUSED(quern_device_list_create(NULL));
  REFUSED(quern_device_list_find(there.devices, "0", NULL));
  REFUSED(quern_device_list_find_all(there.devices, "0", NULL, &(size_t){1}));
  REFUSED_RESULT(const quern_device, result, quern_device_list_find(NULL, "0", &result));
  REFUSED(quern_context_create("reference", NULL));
  REFUSED(quern_context_create_on(there.device, NULL));
  REFUSED_RESULT(quern_context, created, quern_context_create_on(NULL, &created));
  REFUSED(quern_context_finish(NULL));
  REFUSED_RESULT(quern_buffer, made, quern_buffer_create(NULL, 64, &made));
  REFUSED(quern_buffer_create(there.context, 64, NULL));
  REFUSED_RESULT(quern_buffer, made, quern_buffer_view(NULL, 0, 4, &made));
  REFUSED(quern_buffer_view(there.buffer, 0, 4, NULL));
  REFUSED(quern_buffer_write(NULL, 0, 1, &byte, QUERN_WAIT));
  REFUSED(quern_buffer_write(there.buffer, 0, 1, NULL, QUERN_WAIT));
  REFUSED(quern_buffer_read(NULL, 0, 1, &byte, QUERN_WAIT));
  REFUSED(quern_buffer_read(there.buffer, 0, 1, NULL, QUERN_WAIT));
  REFUSED(quern_buffer_fill(NULL, 0, 1, 0));
  REFUSED(quern_buffer_copy(NULL, 0, there.buffer, 0, 4));
  REFUSED(quern_buffer_copy(there.buffer, 0, NULL, 0, 4));
  REFUSED_RESULT(quern_staging, staging, quern_staging_create(NULL, &staging));
  REFUSED(quern_staging_create(there.buffer, NULL));
  REFUSED_RESULT(void, object, quern_staging_begin(NULL, &object));
  REFUSED(quern_staging_send(NULL, 1));
  REFUSED(quern_staging_release(NULL));
  REFUSED(quern_thread_group_create(2, 0.0, NULL));
  REFUSED(quern_backend_register(NULL));
  REFUSED(quern_backend_unregister(NULL));
}

static void test_data(void **state) {
  (void)state;
  static const float values[] = {0, 1};
  static const int32_t labels[] = {0};
  quern_dataset *other = NULL;
  REFUSED_RESULT(quern_dataset, dataset, quern_dataset_open(NULL, NULL, &dataset, NULL));
  REFUSED_RESULT(quern_dataset, result, quern_dataset_open("digits", NULL, NULL, &result));
  REFUSED_RESULT(quern_dataset, created, quern_dataset_from_floats(NULL, labels, 1, 2, &created));
  REFUSED_RESULT(quern_dataset, made, quern_dataset_from_floats(values, NULL, 1, 2, &made));
  REFUSED(quern_dataset_from_floats(values, labels, 1, 2, NULL));
  REFUSED_RESULT(quern_dataset, made,
                 quern_dataset_from_targets(NULL, values, QUERN_TASK_REGRESSION, 1, 2, 1, &made));
  REFUSED_RESULT(quern_dataset, made,
                 quern_dataset_from_targets(values, NULL, QUERN_TASK_REGRESSION, 1, 2, 1, &made));
  REFUSED(quern_dataset_from_targets(values, values, QUERN_TASK_REGRESSION, 1, 2, 1, NULL));
  REFUSED_RESULT(quern_dataset, made, quern_dataset_split(NULL, 0.5, 0, &made, &other));
  REFUSED(quern_dataset_split(there.data, 0.5, 0, NULL, &other));
  REFUSED(quern_dataset_split(there.data, 0.5, 0, &other, NULL));
  REFUSED(quern_dataset_fit(NULL, true));
  REFUSED(quern_dataset_apply(NULL, quern_dataset_schema(there.data)));
  REFUSED(quern_dataset_apply(there.data, NULL));
}

static void test_networks(void **state) {
  (void)state;
  const quern_layer layer = quern_dense(2, QUERN_ACTIVATION_IDENTITY);
  float numbers[4];
  REFUSED(quern_network_create(2, &layer, 1, QUERN_LOSS_CATEGORICAL, NULL));
  REFUSED(quern_network_initialize(NULL, QUERN_INITIALIZER_DEFAULT, 0));
  REFUSED(quern_network_set_huber_delta(NULL, 1.0f));
  REFUSED(quern_network_set_schema(NULL, NULL));
  REFUSED(quern_network_set_layer(NULL, 0, numbers, NULL));
  REFUSED(quern_network_get_layer(NULL, 0, numbers, NULL));
  REFUSED(quern_network_set_normalization(NULL, 0, NULL, NULL, NULL, NULL));
  REFUSED(quern_network_get_normalization(NULL, 0, NULL, NULL, NULL, NULL));
  REFUSED(quern_model_save(NULL, "null"));
  REFUSED(quern_model_save(there.network, NULL));
  REFUSED_RESULT(quern_network, result, quern_model_load(NULL, NULL, &result));
  REFUSED(quern_model_load("null", NULL, NULL));
  REFUSED_RESULT(quern_inspection, inspection, quern_inspect(NULL, &inspection));
  REFUSED(quern_inspect("null", NULL));
  if (quern_onnx_save(there.network, NULL) == QUERN_ERROR_UNSUPPORTED) return;
  REFUSED(quern_onnx_save(NULL, "null"));
  REFUSED(quern_onnx_save(there.network, NULL));
  REFUSED_RESULT(quern_network, created, quern_onnx_load(NULL, NULL, &created));
  REFUSED(quern_onnx_load("null", NULL, NULL));
}

static void test_plans(void **state) {
  (void)state;
  const quern_tensor x = quern_matrix(there.buffer, 0, 2, 2),
                     labels = quern_vector(there.buffer, 4, 2),
                     one = quern_vector(there.buffer, 8, 1);
  quern_tensor output;
  size_t bytes;
  REFUSED_RESULT(quern_plan, result,
                 quern_plan_create(NULL, there.network, 2, QUERN_PLAN_TRAINING, &result));
  REFUSED_RESULT(quern_plan, created,
                 quern_plan_create(there.context, NULL, 2, QUERN_PLAN_TRAINING, &created));
  REFUSED(quern_plan_create(there.context, there.network, 2, QUERN_PLAN_TRAINING, NULL));
  REFUSED(quern_plan_bytes(NULL, 2, QUERN_PLAN_TRAINING, &bytes));
  REFUSED(quern_plan_bytes(there.network, 2, QUERN_PLAN_TRAINING, NULL));
  REFUSED(quern_plan_forward(NULL, x, &output));
  REFUSED(quern_plan_predict(NULL, x, &output));
  REFUSED(quern_plan_evaluate(NULL, x, labels, quern_none(), one));
  REFUSED(quern_plan_evaluate_targets(NULL, x, x, labels));
  REFUSED(quern_plan_set_optimizer(NULL, (quern_optimizer[]){quern_optimizer_default()}));
  REFUSED(quern_plan_set_optimizer(there.plan, NULL));
  REFUSED(quern_plan_optimizer_bytes(NULL, (quern_optimizer[]){quern_optimizer_default()}, &bytes));
  REFUSED(quern_plan_optimizer_bytes(there.network, NULL, &bytes));
  REFUSED(quern_plan_optimizer_bytes(there.network, (quern_optimizer[]){quern_optimizer_default()},
                                     NULL));
  REFUSED(quern_plan_step(NULL, x, labels, quern_none()));
  REFUSED(quern_plan_step_targets(NULL, x, x, quern_none()));
  REFUSED(quern_plan_set_clip_norm(NULL, 1.0f));
  REFUSED(quern_plan_set_class_weights(NULL, NULL));
  REFUSED(quern_plan_set_label_smoothing(NULL, 0.0f));
  REFUSED(quern_plan_set_dropout_seed(NULL, 0));
  REFUSED(quern_plan_download(NULL, there.network));
  REFUSED(quern_plan_download(there.plan, NULL));
  REFUSED(quern_plan_upload(NULL, there.network));
  REFUSED(quern_plan_upload(there.plan, NULL));
  REFUSED(quern_plan_layer(NULL, 0, &output, &output));
  REFUSED(quern_plan_layer_gradients(NULL, 0, &output, &output));
  REFUSED(quern_plan_normalization(NULL, 0, &output, &output));
  REFUSED(quern_plan_normalization_gradients(NULL, 0, &output, &output));
  REFUSED(quern_plan_layer(there.plan, 0, NULL, &output));
  REFUSED(quern_plan_layer_gradients(there.plan, 0, &output, NULL));
  REFUSED(quern_plan_normalization(there.plan, 0, NULL, &output));
  REFUSED(quern_plan_normalization_gradients(there.plan, 0, &output, NULL));
  REFUSED(quern_optimizer_check(NULL));
  REFUSED(quern_schedule_check(NULL));
}

static void test_training(void **state) {
  (void)state;
  quern_context *context = there.context, *none = NULL;
  quern_epoch epoch;
  quern_metrics metrics;
  quern_data_residency placement = quern_data_residency_default();
  float outputs[4];
  uint32_t shares[1];
  size_t bytes;
  REFUSED(quern_train(NULL, there.network, there.data, NULL, NULL, NULL));
  REFUSED(quern_train(context, NULL, there.data, NULL, NULL, NULL));
  REFUSED(quern_train(context, there.network, NULL, NULL, NULL, NULL));
  REFUSED(quern_train_on(NULL, 1, NULL, there.network, there.data, NULL, NULL, NULL));
  REFUSED(quern_train_on(&none, 1, NULL, there.network, there.data, NULL, NULL, NULL));
  REFUSED(quern_train_on(&context, 1, NULL, NULL, there.data, NULL, NULL, NULL));
  REFUSED(quern_train_on(&context, 1, NULL, there.network, NULL, NULL, NULL, NULL));
  REFUSED(quern_train_shares(NULL, 1, there.network, there.data, NULL, shares, NULL));
  REFUSED(quern_train_shares(&none, 1, there.network, there.data, NULL, shares, NULL));
  REFUSED(quern_train_shares(&context, 1, NULL, there.data, NULL, shares, NULL));
  REFUSED(quern_train_shares(&context, 1, there.network, NULL, NULL, shares, NULL));
  REFUSED(quern_train_shares(&context, 1, there.network, there.data, NULL, NULL, NULL));
  REFUSED(quern_evaluate(NULL, there.network, there.data, &metrics));
  REFUSED(quern_evaluate(context, NULL, there.data, &metrics));
  REFUSED(quern_evaluate(context, there.network, NULL, &metrics));
  REFUSED(quern_evaluate(context, there.network, there.data, NULL));
  REFUSED(quern_predict(NULL, there.network, there.data, outputs));
  REFUSED(quern_predict(context, NULL, there.data, outputs));
  REFUSED(quern_predict(context, there.network, NULL, outputs));
  REFUSED(quern_predict(context, there.network, there.data, NULL));
  REFUSED_RESULT(quern_trainer, result,
                 quern_trainer_create(NULL, there.network, there.data, NULL, NULL, &result));
  REFUSED_RESULT(quern_trainer, created,
                 quern_trainer_create(context, NULL, there.data, NULL, NULL, &created));
  REFUSED_RESULT(quern_trainer, made,
                 quern_trainer_create(context, there.network, NULL, NULL, NULL, &made));
  REFUSED(quern_trainer_create(context, there.network, there.data, NULL, NULL, NULL));
  REFUSED(quern_trainer_residency(NULL, there.network, there.data, NULL, NULL, &placement));
  REFUSED(quern_trainer_residency(context, NULL, there.data, NULL, NULL, &placement));
  REFUSED(quern_trainer_residency(context, there.network, NULL, NULL, NULL, &placement));
  REFUSED(quern_trainer_residency(context, there.network, there.data, NULL, NULL, NULL));
  REFUSED(quern_trainer_bytes(NULL, there.data, NULL, NULL, &bytes));
  REFUSED(quern_trainer_bytes(there.network, NULL, NULL, NULL, &bytes));
  REFUSED(quern_trainer_bytes(there.network, there.data, NULL, NULL, NULL));
  REFUSED(quern_trainer_epoch(NULL, &epoch));
  REFUSED(quern_trainer_epoch(there.trainer, NULL));
  REFUSED(quern_trainer_steps(NULL, 1, &epoch));
  REFUSED(quern_trainer_steps(there.trainer, 1, NULL));
  REFUSED(quern_trainer_download(NULL, there.network));
  REFUSED(quern_trainer_download(there.trainer, NULL));
  REFUSED(quern_trainer_download_best(NULL, there.network));
  REFUSED(quern_trainer_download_best(there.trainer, NULL));
  REFUSED(quern_trainer_save(NULL, "null"));
  REFUSED(quern_trainer_save(there.trainer, NULL));
  REFUSED(quern_trainer_resume(NULL, "null"));
  REFUSED(quern_trainer_resume(there.trainer, NULL));
}

static void test_tuning_and_verification(void **state) {
  (void)state;
  size_t count;
  REFUSED_RESULT(quern_tune_report, report, quern_tune(NULL, NULL, &report));
  REFUSED(quern_tune(there.device, NULL, NULL));
  REFUSED(quern_tune_reset(NULL, &count));
  REFUSED(quern_verify(NULL, NULL, &count));
}

/* Functions that free accept NULL, and so do those that look up a name or read a text. */
static void test_without_a_status(void **state) {
  (void)state;
  quern_activation activation;
  quern_normalization normalization;
  quern_loss loss;
  float delta;
  quern_optimizer_kind optimizer;
  quern_schedule_kind schedule;
  quern_activation_kind kind;
  quern_device_list_free(NULL);
  quern_context_free(NULL);
  quern_buffer_free(NULL);
  quern_staging_free(NULL);
  quern_dataset_free(NULL);
  quern_network_free(NULL);
  quern_inspection_free(NULL);
  quern_plan_free(NULL);
  quern_trainer_free(NULL);
  quern_tune_report_free(NULL);
  quern_thread_group_free(NULL);
  assert_false(quern_activation_parse(NULL, &activation));
  assert_false(quern_activation_find(NULL, &kind));
  assert_false(quern_normalization_parse(NULL, &normalization));
  assert_false(quern_loss_parse(NULL, &loss, &delta));
  assert_false(quern_loss_find(NULL, &loss));
  assert_false(quern_optimizer_find(NULL, &optimizer));
  assert_false(quern_schedule_find(NULL, &schedule));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_contexts_and_buffers),
                                     cmocka_unit_test(test_data),
                                     cmocka_unit_test(test_networks),
                                     cmocka_unit_test(test_plans),
                                     cmocka_unit_test(test_training),
                                     cmocka_unit_test(test_tuning_and_verification),
                                     cmocka_unit_test(test_without_a_status)};
  return cmocka_run_group_tests_name("api/null", tests, open_all, close_all);
}

/* Each allocation of a public call fails once, alone and with all that follow, on the reference and
 * on the default device. The call must fail with a message, or give exactly the right result, and
 * must not leak. Among allocations with the same call stack, only the first fails; with
 * QUERN_TEST_LONG=1 each does. memory_command.c covers what the command reaches; this file has
 * calls that only programs make. */
#include "alloc_faults.h"
#include "api_walk.h"
#include "plain_options.h"

#include <stdlib.h>
#include <string.h>

/* --- Contexts, buffers, staging --- */

static quern_status create_context(place *where) {
  quern_context *context;
  const quern_status status = quern_context_create(where->device, &context);
  if (status != QUERN_OK) return status;
  quern_device_info info;
  quern_context_describe(context, &info);
  digest(where, info.name, strlen(info.name));
  quern_context_free(context);
  return QUERN_OK;
}

static quern_status use_buffers(place *where) {
  quern_buffer *buffer = NULL, *view = NULL;
  float values[FLOATS] = {1, 2, 3};
  quern_status status = quern_buffer_create(where->context, sizeof values, &buffer);
  if (status == QUERN_OK) status = quern_buffer_view(buffer, 0, sizeof values / 2, &view);
  if (status == QUERN_OK)
    status = quern_buffer_write(view, 0, sizeof values / 2, values, QUERN_WAIT);
  if (status == QUERN_OK)
    status = quern_buffer_read(buffer, 0, sizeof values / 2, values, QUERN_WAIT);
  if (status == QUERN_OK) digest(where, values, sizeof values / 2);
  quern_buffer_free(view);
  quern_buffer_free(buffer);
  return status;
}

static quern_status stage(place *where) {
  quern_staging *staging = NULL;
  void *memory;
  float values[FLOATS];
  quern_status status = quern_staging_create(where->buffer, &staging);
  for (size_t turn = 0; status == QUERN_OK && turn < 2; turn++) {
    status = quern_staging_begin(staging, &memory);
    if (status == QUERN_OK) fill_values(memory, FLOATS);
    if (status == QUERN_OK) status = quern_staging_send(staging, sizeof values);
    if (status == QUERN_OK) status = quern_staging_release(staging);
  }
  if (status == QUERN_OK)
    status = quern_buffer_read(where->buffer, 0, sizeof values, values, QUERN_WAIT);
  if (status == QUERN_OK) digest(where, values, sizeof values);
  quern_staging_free(staging);
  return status;
}

static quern_status create_group(place *where) {
  quern_thread_group *group;
  const quern_status status = quern_thread_group_create(3, 1.0, &group);
  if (status != QUERN_OK) return status;
  digest(where, &quern_thread_group_at(group, 2)->rank, sizeof(size_t));
  quern_thread_group_free(group);
  return QUERN_OK;
}

static void test_contexts(void **state) {
  (void)state;
  walk(&(api_operation){"a context", create_context, true});
  walk(&(api_operation){"buffers", use_buffers, false});
  walk(&(api_operation){"staging", stage, false});
  walk_on(&(api_operation){"a group of threads", create_group, true}, "reference");
}

/* --- Networks and data --- */

static quern_status create_network(place *where) {
  const quern_layer layers[] = {quern_dense(HIDDEN, QUERN_ACTIVATION_TANH),
                                quern_dense(CLASSES, QUERN_ACTIVATION_IDENTITY)};
  quern_network *network = NULL;
  quern_status status = quern_network_create(INPUTS, layers, 2, QUERN_LOSS_CATEGORICAL, &network);
  if (status == QUERN_OK) status = quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 5);
  if (status == QUERN_OK)
    status = quern_network_set_schema(network, quern_dataset_schema(where->data));
  if (status == QUERN_OK) digest_network(where, network);
  quern_network_free(network);
  return status;
}

static quern_status make_sets(place *where) {
  float values[SAMPLES * INPUTS], targets[SAMPLES * TARGETS];
  quern_dataset *dataset = NULL, *rest = NULL, *held_out = NULL;
  fill_values(values, SAMPLES * INPUTS);
  fill_values(targets, SAMPLES * TARGETS);
  quern_status status = quern_dataset_from_targets(values, targets, QUERN_TASK_REGRESSION, SAMPLES,
                                                   INPUTS, TARGETS, &dataset);
  if (status == QUERN_OK) status = quern_dataset_split(dataset, 0.25, 7, &rest, &held_out);
  if (status == QUERN_OK) status = quern_dataset_fit(rest, true);
  if (status == QUERN_OK) status = quern_dataset_apply(held_out, quern_dataset_schema(rest));
  if (status == QUERN_OK) {
    quern_dataset_values(held_out, 0, values);
    digest(where, values, INPUTS * sizeof *values);
  }
  quern_dataset_free(held_out);
  quern_dataset_free(rest);
  quern_dataset_free(dataset);
  return status;
}

/* Reads all sets at `where`. */
static quern_status open_set(place *pos, const char *where) {
  quern_dataset *train = NULL, *test = NULL;
  const quern_status status = quern_dataset_open(where, NULL, &train, &test);
  if (status != QUERN_OK) return status;
  float *values = malloc(quern_dataset_columns(train) * sizeof *values);
  if (values != NULL) quern_dataset_values(train, 0, values);
  if (values != NULL) digest(pos, values, quern_dataset_columns(train) * sizeof *values);
  free(values);
  const size_t counts[] = {quern_dataset_rows(train), quern_dataset_columns(train),
                           quern_dataset_outputs(train)};
  digest(pos, counts, sizeof counts);
  quern_dataset_free(train);
  quern_dataset_free(test);
  return values != NULL ? QUERN_OK : QUERN_ERROR_OUT_OF_MEMORY;
}

static quern_status open_npz(place *where) {
  return open_set(where, QUERN_TEST_DATA "/arrays/deflated.npz");
}

static void test_networks_and_data(void **state) {
  (void)state;
  walk_on(&(api_operation){"a network", create_network, true}, "reference");
  walk_on(&(api_operation){"data sets", make_sets, true}, "reference");
  walk_on(&(api_operation){"reading an archive of arrays", open_npz, true}, "reference");
}

/* Names are found without an allocation. */
static void test_formatting(void **state) {
  (void)state;
  char text[32];
  alloc_faults_start(1, true);
  const size_t length = quern_activation_format(
      (quern_activation){QUERN_ACTIVATION_LEAKY_RELU, 0.2f}, text, sizeof text);
  const bool right = strcmp(text, "leaky-relu:0.2") == 0;
  const size_t none = quern_loss_format((quern_loss)99, 1.5f, text, sizeof text);
  const bool empty = *text == '\0';
  const size_t huber = quern_loss_format(QUERN_LOSS_HUBER, 1.5f, text, sizeof text);
  const size_t count = alloc_faults_stop();
  assert_int_equal(length, strlen("leaky-relu:0.2"));
  assert_true(right && empty);
  assert_int_equal(none, 0);
  assert_int_equal(huber, strlen("huber:1.5"));
  assert_string_equal(text, "huber:1.5");
  assert_int_equal(count, 0);
}

/* --- Plans and training --- */

static quern_status use_plan(place *where) {
  quern_plan *plan = NULL;
  const quern_optimizer adam = quern_optimizer_of(QUERN_OPTIMIZER_ADAM, 0.1);
  const float weights[CLASSES] = {1.0f, 0.5f, 2.0f};
  const quern_tensor x = quern_matrix(where->buffer, 0, BATCH, INPUTS),
                     labels = quern_vector(where->buffer, FLOATS / 2, BATCH);
  quern_tensor output;
  quern_status status =
      quern_plan_create(where->context, where->network, BATCH, QUERN_PLAN_GRADIENTS, &plan);
  if (status == QUERN_OK) status = quern_plan_set_clip_norm(plan, 1.0f);
  if (status == QUERN_OK) status = quern_plan_set_optimizer(plan, &adam);
  if (status == QUERN_OK) status = quern_plan_set_class_weights(plan, weights);
  if (status == QUERN_OK) status = quern_plan_set_label_smoothing(plan, 0.1f);
  if (status == QUERN_OK) status = quern_plan_step(plan, x, labels, quern_none());
  if (status == QUERN_OK) status = quern_plan_predict(plan, x, &output);
  if (status == QUERN_OK) status = quern_plan_download(plan, where->network);
  if (status == QUERN_OK) digest_network(where, where->network);
  quern_plan_free(plan);
  return status;
}

static quern_train_options training_options(void) {
  quern_train_options options = plain_train_options();
  options.epochs = 2;
  options.batch = BATCH;
  options.patience = 2;
  return options;
}

static quern_status train(place *where) {
  const quern_train_options options = training_options();
  quern_epoch last;
  quern_metrics metrics;
  float outputs[SAMPLES * CLASSES];
  quern_status status =
      quern_train(where->context, where->network, where->data, where->data, &options, &last);
  if (status == QUERN_OK)
    status = quern_evaluate(where->context, where->network, where->data, &metrics);
  if (status == QUERN_OK)
    status = quern_predict(where->context, where->network, where->data, outputs);
  if (status == QUERN_OK) digest(where, &metrics.loss, sizeof metrics.loss);
  if (status == QUERN_OK) digest(where, outputs, sizeof outputs);
  return status;
}

static quern_status keep_checkpoint(place *where) {
  quern_train_options options = training_options();
  options.optimizer = quern_optimizer_of(QUERN_OPTIMIZER_ADAMW, 0.01);
  quern_trainer *first = NULL, *second = NULL;
  quern_epoch epoch;
  quern_status status = quern_trainer_create(where->context, where->network, where->data,
                                             where->data, &options, &first);
  if (status == QUERN_OK) status = quern_trainer_steps(first, 2, &epoch);
  if (status == QUERN_OK) status = quern_trainer_save(first, walk_path("checkpoint"));
  if (status == QUERN_OK) digest_file(where, "checkpoint");
  if (status == QUERN_OK)
    status = quern_trainer_create(where->context, where->network, where->data, where->data,
                                  &options, &second);
  if (status == QUERN_OK) status = quern_trainer_resume(second, walk_path("checkpoint"));
  if (status == QUERN_OK) status = quern_trainer_epoch(second, &epoch);
  if (status == QUERN_OK) status = quern_trainer_download_best(second, where->network);
  if (status == QUERN_OK) digest_network(where, where->network);
  quern_trainer_free(second);
  quern_trainer_free(first);
  return status;
}

static quern_status train_on_two(place *where) {
  const quern_train_options options = training_options();
  quern_context *contexts[2] = {NULL, NULL};
  const uint32_t shares[] = {1, 1};
  quern_epoch last;
  quern_status status = quern_context_create(where->device, &contexts[0]);
  if (status == QUERN_OK) status = quern_context_create(where->device, &contexts[1]);
  if (status == QUERN_OK)
    status = quern_train_on(contexts, 2, shares, where->network, where->data, where->data, &options,
                            &last);
  if (status == QUERN_OK) digest_network(where, where->network);
  quern_context_free(contexts[1]);
  quern_context_free(contexts[0]);
  return status;
}

static void test_training(void **state) {
  (void)state;
  walk(&(api_operation){"a plan and a step", use_plan, false});
  walk(&(api_operation){"training, measuring, predicting", train, false});
  walk(&(api_operation){"a checkpoint and its resumption", keep_checkpoint, false});
}

/* Rank 0 waits for a rank that cannot start only until that rank reports it. */
static void test_ranks(void **state) {
  (void)state;
  walk_on(&(api_operation){"training on two contexts", train_on_two, true}, "reference");
}

/* --- Models --- */

static quern_status save_and_load(place *where) {
  quern_network *loaded = NULL;
  quern_inspection *seen = NULL;
  quern_status status = quern_model_save(where->network, walk_path("model"));
  if (status == QUERN_OK) digest_file(where, "model");
  if (status == QUERN_OK) status = quern_model_load(walk_path("model"), NULL, &loaded);
  if (status == QUERN_OK) digest_network(where, loaded);
  if (status == QUERN_OK) status = quern_inspect(walk_path("model"), &seen);
  if (status == QUERN_OK) {
    const char *note = quern_inspection_note(seen);
    digest(where, &(size_t){quern_inspection_tensor_count(seen)}, sizeof(size_t));
    digest(where, &(quern_file_kind){quern_inspection_kind(seen)}, sizeof(quern_file_kind));
    digest(where, note, strlen(note));
  }
  quern_inspection_free(seen);
  quern_network_free(loaded);
  return status;
}

static void test_models(void **state) {
  (void)state;
  walk_on(&(api_operation){"a model saved and loaded", save_and_load, true}, "reference");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_formatting), QUERN_TEST(test_contexts), QUERN_TEST(test_networks_and_data),
      QUERN_TEST(test_training),   QUERN_TEST(test_ranks),    QUERN_TEST(test_models)};
  return cmocka_run_group_tests(tests, make_walk_folder, remove_walk_folder);
}

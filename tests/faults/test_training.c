/* Plans, training, checkpoints and evaluation: each OpenCL call that they make fails once
 * (support/fault_walk.h). */
#include "operations.h"
#include "plain_options.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- Plans, training, evaluation --- */

static quern_status run_plan(fault_place *place) {
  quern_plan *plan;
  quern_status status =
      quern_plan_create(place->context, place->network, 4, QUERN_PLAN_GRADIENTS, &plan);
  if (status != QUERN_OK) return status;
  const quern_tensor x = quern_matrix(place->a, 0, 4, INPUTS),
                     labels = quern_vector(place->b, 0, 4);
  quern_tensor output;
  status = quern_plan_set_clip_norm(plan, 1.0f);
  const quern_optimizer adam = quern_optimizer_of(QUERN_OPTIMIZER_ADAM, 0.1);
  if (status == QUERN_OK) status = quern_plan_set_optimizer(plan, &adam);
  if (status == QUERN_OK) status = quern_plan_step(plan, x, labels, quern_none());
  if (status == QUERN_OK) status = quern_plan_forward(plan, x, &output);
  if (status == QUERN_OK) status = quern_plan_predict(plan, x, &output);
  if (status == QUERN_OK)
    status = quern_plan_evaluate(plan, x, labels, quern_vector(place->b, FLOATS, 4),
                                 quern_vector(place->b, 2 * FLOATS, 1));
  if (status == QUERN_OK) status = quern_plan_download(plan, place->network);
  if (status == QUERN_OK) status = quern_plan_upload(plan, place->network);
  if (status == QUERN_OK) status = quern_context_finish(place->context);
  quern_plan_free(plan);
  return status;
}

static void make_network_and_buffers(fault_place *place) {
  make_network(place);
  make_buffers(place);
}

static quern_status train(fault_place *place) {
  quern_train_options options = plain_train_options();
  options.epochs = 1;
  options.batch = 10;
  quern_epoch last;
  return quern_train(place->context, place->network, place->data, place->data, &options, &last);
}

/* Two chunks of a batch each. Resident data would need 32 bytes more. */
static quern_train_options streaming_options(void) {
  quern_train_options options = plain_train_options();
  options.batch = SAMPLES / 2;
  options.data_memory = 640;
  return options;
}

static quern_status create_streaming(fault_place *place) {
  const quern_train_options options = streaming_options();
  quern_trainer *trainer;
  const quern_status status =
      quern_trainer_create(place->context, place->network, place->data, NULL, &options, &trainer);
  quern_trainer_free(trainer);
  return status;
}

/* Waits for running copies when a trainer is freed. */
static bool ends_copies(const char *entry) {
  return strcmp(entry, "clEnqueueUnmapMemObject") == 0 || strcmp(entry, "clFinish") == 0 ||
         strcmp(entry, "clWaitForEvents") == 0;
}

/* The trainer exists before, so the same one repeats an epoch that failed. */
static void make_trainer_of_network(fault_place *place, size_t batch) {
  quern_train_options options = plain_train_options();
  options.batch = batch;
  assert_ok(quern_trainer_create(place->context, place->network, place->data, NULL, &options,
                                 &place->trainer));
}

static void make_trainer(fault_place *place) {
  make_network(place);
  make_trainer_of_network(place, 7);
}

/* A network that runs single ops, with all features of hidden layers: one step per epoch, of many
 * calls. */
static void make_layered_trainer(fault_place *place) {
  quern_layer hidden = quern_dense(5, QUERN_ACTIVATION_SILU);
  hidden.dropout = 0.5f;
  hidden.normalization = quern_normalization_of(QUERN_NORMALIZATION_BATCH);
  make_network_of(place, hidden);
  make_trainer_of_network(place, SAMPLES);
}

static void make_streaming_trainer(fault_place *place) {
  make_network(place);
  const quern_train_options options = streaming_options();
  quern_data_residency placement = quern_data_residency_default();
  assert_ok(quern_trainer_residency(place->context, place->network, place->data, NULL, &options,
                                    &placement));
  assert_int_equal(placement.train_chunk, SAMPLES / 2);
  assert_ok(quern_trainer_create(place->context, place->network, place->data, NULL, &options,
                                 &place->trainer));
}

static quern_status run_epoch(fault_place *place) {
  quern_epoch epoch;
  const quern_status status = quern_trainer_epoch(place->trainer, &epoch);
  return status == QUERN_OK ? quern_trainer_download(place->trainer, place->network) : status;
}

static quern_status evaluate(fault_place *place) {
  quern_metrics metrics;
  return quern_evaluate(place->context, place->network, place->data, &metrics);
}

static quern_status predict(fault_place *place) {
  /* A buffer of its own, so that a sanitizer detects a copy that ends after it was freed. */
  float *outputs = test_alloc(SAMPLES * CLASSES, sizeof *outputs);
  const quern_status status = quern_predict(place->context, place->network, place->data, outputs);
  free(outputs);
  return status;
}

static void test_plan(void **state) {
  (void)state;
  fault_walk(&(fault_operation){.name = "a plan and a step",
                                .brief = true,
                                .warm = true,
                                .prepare = make_network_and_buffers,
                                .run = run_plan});
}

static void test_training(void **state) {
  (void)state;
  fault_walk(&(fault_operation){
      .name = "training", .brief = true, .warm = true, .prepare = make_network, .run = train});
  fault_walk(&(fault_operation){
      .name = "an epoch", .brief = true, .warm = true, .prepare = make_trainer, .run = run_epoch});
  /* A flush occurs once per several launches, so not in each epoch. */
  fault_walk(&(fault_operation){.name = "an epoch of layers with normalization and dropout",
                                .brief = true,
                                .warm = true,
                                .unheard = 1,
                                .prepare = make_layered_trainer,
                                .run = run_epoch});
}

/* On devices that share the host's memory, and on devices with their own. */
static void test_streaming(void **state) {
  (void)state;
  for (int discrete = 0; discrete < 2; discrete++) {
    assert_true(test_set_discrete(discrete == 1));
    fault_walk(&(fault_operation){.name = "a trainer whose data are streamed",
                                  .brief = true,
                                  .warm = true,
                                  .prepare = make_network,
                                  .run = create_streaming,
                                  .may_fall_back = ends_copies});
    fault_walk(&(fault_operation){.name = "an epoch of streamed data",
                                  .brief = true,
                                  .warm = true,
                                  .prepare = make_streaming_trainer,
                                  .run = run_epoch});
  }
  (void)test_set_discrete(false);
}

/* --- Checkpoints --- */

/* A trainer on the reference reads the checkpoint of the one on the device. */
typedef struct witness {
  quern_context *context;
  quern_trainer *trainer;
} witness;

static char folder[4096], first[sizeof folder + 16], checkpoint[sizeof folder + 16];

static size_t count_files(void) {
  size_t count = 0;
  DIR *files = opendir(folder);
  assert_non_null(files);
  for (const struct dirent *entry; (entry = readdir(files)) != NULL;)
    count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
  closedir(files);
  return count;
}

/* Checkpoints exist from the first step on. */
static void make_checkpoint(fault_place *place) {
  witness *result = test_alloc(1, sizeof *result);
  quern_train_options options = plain_train_options();
  quern_epoch epoch;
  options.batch = 7;
  make_trainer(place);
  assert_ok(quern_context_create("reference", &result->context));
  assert_ok(quern_trainer_create(result->context, place->network, place->data, NULL, &options,
                                 &result->trainer));
  assert_ok(quern_trainer_steps(result->trainer, 1, &epoch));
  assert_ok(quern_trainer_save(result->trainer, first));
  assert_ok(quern_trainer_save(result->trainer, checkpoint));
  place->extra = result;
}

/* Reads a checkpoint, continues, and replaces it with the next. */
static quern_status go_on(fault_place *place) {
  quern_epoch epoch;
  quern_status status = quern_trainer_resume(place->trainer, first);
  if (status == QUERN_OK) status = quern_trainer_steps(place->trainer, 2, &epoch);
  if (status == QUERN_OK) status = quern_trainer_save(place->trainer, checkpoint);
  return status;
}

/* Whatever failed, the file is a whole checkpoint, old or new, and there is no other file. */
static void expect_whole(fault_place *place) {
  const witness *self = place->extra;
  assert_ok(quern_trainer_resume(self->trainer, checkpoint));
  assert_int_equal(count_files(), 2);
}

static void free_witness(fault_place *place) {
  witness *self = place->extra;
  quern_trainer_free(self->trainer);
  quern_context_free(self->context);
  free(self);
}

static void test_checkpoint(void **state) {
  (void)state;
  const char *parent = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/quern-faults-XXXXXX", parent != NULL ? parent : "/tmp");
  assert_non_null(mkdtemp(folder));
  snprintf(first, sizeof first, "%s/first", folder);
  snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", folder);
  fault_walk(&(fault_operation){.name = "resuming and saving",
                                .brief = true,
                                .warm = true,
                                .prepare = make_checkpoint,
                                .run = go_on,
                                .after = expect_whole,
                                .undo = free_witness});
  assert_int_equal(remove(first), 0);
  assert_int_equal(remove(checkpoint), 0);
  assert_int_equal(rmdir(folder), 0);
}

/* --- Numbers that are not finite --- */

static void make_diverging(fault_place *place) {
  make_network(place);
  quern_train_options options = plain_train_options();
  options.batch = 7;
  options.optimizer.learning_rate = 1e30f;
  assert_ok(quern_trainer_create(place->context, place->network, place->data, NULL, &options,
                                 &place->trainer));
}

/* The search for the step succeeds here. It ends with a wait for the queued commands. */
static quern_status diverge(fault_place *place) {
  quern_epoch epoch;
  const quern_status status = quern_trainer_epoch(place->trainer, &epoch);
  if (status == QUERN_ERROR_NOT_FINITE) return QUERN_OK;
  assert_int_not_equal(status, QUERN_OK);
  return status;
}

static void test_not_finite(void **state) {
  (void)state;
  fault_walk(&(fault_operation){.name = "a loss that is not finite",
                                .brief = true,
                                .unheard = 1,
                                .prepare = make_diverging,
                                .run = diverge});
}

/* --- Measuring --- */

static void test_measuring(void **state) {
  (void)state;
  fault_walk(&(fault_operation){
      .name = "evaluating", .brief = true, .warm = true, .prepare = make_network, .run = evaluate});
  fault_walk(&(fault_operation){
      .name = "predicting", .brief = true, .warm = true, .prepare = make_network, .run = predict});
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_plan),       QUERN_TEST(test_training),
                                     QUERN_TEST(test_streaming),  QUERN_TEST(test_checkpoint),
                                     QUERN_TEST(test_not_finite), QUERN_TEST(test_measuring)};
  return cmocka_run_group_tests(tests, NULL, print_count);
}

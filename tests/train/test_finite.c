/* Values that are not finite: detected at the end of an epoch, reported with step and layer, and
 * never saved. */
#include "checkpoint_test.h"

#include <math.h>

static const char *const devices[] = {"reference", "auto"};

/* Sets every parameter of a layer. */
static void set_layer(quern_network *network, size_t layer, float weight, float bias) {
  const quern__placed_layer *placed = &network->shape.layers[layer];
  for (size_t i = 0; i < placed->inputs * placed->layer.units; i++)
    network->parameters[placed->weights + i] = weight;
  for (size_t i = 0; i < placed->layer.units; i++) network->parameters[placed->bias + i] = bias;
}

typedef struct case_ {
  const char *says;   /* the place */
  size_t layer;       /* the layer whose parameters are set */
  float weight, bias; /* to these */
  float learning_rate;
  const char *step;
} case_;

static void check_case(quern_context *context, const task *self, const case_ *what) {
  quern_dataset *data = task_data(self, 0);
  quern_network *network = task_network(self, 5), *before = task_network(self, 5);
  quern_train_options options = task_options(self);
  options.optimizer = quern_optimizer_of(QUERN_OPTIMIZER_SGD, what->learning_rate);
  if (what->weight != 0.0f) {
    set_layer(network, what->layer, what->weight, what->bias);
    set_layer(before, what->layer, what->weight, what->bias);
  }
  quern_epoch last = {.epoch = 77};
  assert_fails(quern_train(context, network, data, data, &options, &last), QUERN_ERROR_NOT_FINITE,
               "train: the loss is ", what->step, "of epoch 1", what->says, "learning rate below");
  assert_same_bits(network, before);
  assert_int_equal(last.epoch, 77);
  quern_network_free(network);
  quern_network_free(before);
  quern_dataset_free(data);
}

/* Of many steps per launch, two launches per step, and single ops. */
static void test_step_and_layer(void **state) {
  (void)state;
  for (size_t d = 0; d < 2; d++) {
    quern_context *context;
    assert_ok(quern_context_create(devices[d], &context));
    for (size_t t = 0; t < TASKS; t++) {
      task current = task_at(t);
      current.clip_norm = 0.0f;
      current.layers[0].freeze_bias = false;
      current.layers[0].activation = quern_activation_of(QUERN_ACTIVATION_RELU);
      current.layers[current.layer_count - 1].activation =
          quern_activation_of(QUERN_ACTIVATION_IDENTITY);
      const char *const first_output =
          current.layer_count == 2 ? "the output of layer 1 of 2" : "the output of layer 1 of 3";
      const char *const second =
          current.layer_count == 2 ? "the output of layer 2 of 2" : "the output of layer 2 of 3";
      const char *const weights =
          current.layer_count == 2 ? "the weights of layer 2 of 2" : "the weights of layer 2 of 3";
      const char *const bias =
          current.layer_count == 2 ? "the bias of layer 1 of 2" : "the bias of layer 1 of 3";
      check_case(context, &current, &(case_){first_output, 0, 3e38f, 1.0f, 0.1f, "step 1 of"});
      check_case(context, &current, &(case_){second, 1, 3e38f, 3e38f, 0.1f, "step 1 of"});
      check_case(context, &current, &(case_){weights, 1, INFINITY, 0.0f, 0.1f, "step 1 of"});
      check_case(context, &current, &(case_){bias, 0, 1.0f, NAN, 0.1f, "step 1 of"});
    }
    quern_context_free(context);
  }
}

/* The trainer's position is that of the file. */
static void assert_stands_at(quern_trainer *trainer, const char *checkpoint) {
  size_t size, other;
  assert_ok(quern_trainer_save(trainer, path_of("other")));
  unsigned char *expected = read_bytes(checkpoint, &size),
                *now = read_bytes(path_of("other"), &other);
  assert_int_equal(size, other);
  assert_memory_equal(expected, now, size);
  free(expected);
  free(now);
}

/* Parameters that grow too fast lead to a bad step within an epoch. Whole epochs find the same step
 * as a trainer that checks each one; the trainer stops before it. */
static void test_the_first_bad_step(void **state) {
  (void)state;
  size_t compared = 0;
  for (size_t d = 0; d < 2; d++) {
    quern_context *context;
    assert_ok(quern_context_create(devices[d], &context));
    for (size_t t = 0; t < TASKS; t++) {
      task current = task_at(t);
      current.clip_norm = 0.0f;
      /* no batch of one sample, which could not be normalized */
      current.samples = current.batch * 12 + 2;
      current.layers[0].activation = quern_activation_of(QUERN_ACTIVATION_RELU);
      current.layers[current.layer_count - 1].activation =
          quern_activation_of(QUERN_ACTIVATION_IDENTITY);
      quern_dataset *data = task_data(&current, 0);
      quern_network *network = task_network(&current, 5);
      quern_train_options options = task_options(&current);
      /* every parameter grows 100,000 times per step */
      options.optimizer = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.1);
      options.optimizer.weight_decay = 1e6;
      quern_trainer *slow, *quick, *late;
      quern_epoch epoch;
      assert_ok(quern_trainer_create(context, network, data, NULL, &options, &slow));
      assert_ok(quern_trainer_create(context, network, data, NULL, &options, &quick));
      size_t good = 0;
      quern_status status = QUERN_OK;
      while (status == QUERN_OK) {
        assert_true(good < 13); /* it fails within the epoch */
        assert_ok(quern_trainer_steps(slow, 1, &epoch));
        status = quern_trainer_save(slow, CHECKPOINT);
        good += status == QUERN_OK;
      }
      assert_int_equal(status, QUERN_ERROR_NOT_FINITE);
      char step[32];
      assert_true(good > 0);
      /* Parameters may become infinite in the step before the loss does. */
      const bool parameters = strstr(quern_last_error(), "in the last step") != NULL;
      snprintf(step, sizeof step, "in step %zu of 13 of", good + 1 + parameters);
      assert_fails(quern_trainer_epoch(quick, &epoch), QUERN_ERROR_NOT_FINITE, step);
      /* The trainer is before that step: another step gives the same error, and before the bad
       * parameters it can be saved. The same holds for one that began within the epoch. */
      assert_fails(quern_trainer_epoch(quick, &epoch), QUERN_ERROR_NOT_FINITE, step);
      assert_ok(quern_trainer_create(context, network, data, NULL, &options, &late));
      assert_ok(quern_trainer_resume(late, CHECKPOINT));
      assert_fails(quern_trainer_epoch(late, &epoch), QUERN_ERROR_NOT_FINITE, step);
      if (!parameters) {
        assert_stands_at(quick, CHECKPOINT);
        assert_stands_at(late, CHECKPOINT);
        compared++;
      }
      quern_trainer_free(late);
      quern_trainer_free(slow);
      quern_trainer_free(quick);
      quern_network_free(network);
      quern_dataset_free(data);
    }
    quern_context_free(context);
  }
  assert_true(compared > 0);
}

/* Parameters that the last step makes infinite show in no loss; they are neither saved nor left in
 * the network. */
static void test_the_last_step(void **state) {
  (void)state;
  quern_context *context;
  assert_ok(quern_context_create("reference", &context));
  task current = task_at(2);
  current.samples = current.batch; /* one step per epoch */
  current.epochs = 1;
  current.layers[1].activation = quern_activation_of(QUERN_ACTIVATION_IDENTITY);
  quern_dataset *data = task_data(&current, 0);
  quern_network *network = task_network(&current, 5), *before = task_network(&current, 5);
  set_layer(network, 1, 1e17f, 0.0f);
  set_layer(before, 1, 1e17f, 0.0f);
  quern_train_options options = task_options(&current);
  options.optimizer.learning_rate = 1e30f;
  assert_fails(quern_train(context, network, data, NULL, &options, NULL), QUERN_ERROR_NOT_FINITE,
               "layer 1 of 2", "in the last step");
  assert_same_bits(network, before);
  options.checkpoint = CHECKPOINT;
  write_bytes(CHECKPOINT, "old", 3);
  assert_fails(quern_train(context, network, data, NULL, &options, NULL), QUERN_ERROR_NOT_FINITE,
               "layer 1 of 2");
  size_t size;
  unsigned char *kept = read_bytes(CHECKPOINT, &size);
  assert_int_equal(size, 3);
  free(kept);
  quern_network_free(network);
  quern_network_free(before);
  quern_dataset_free(data);
  quern_context_free(context);
}

/* Losses may be finite although their sum exceeds a float. */
static void test_large_losses(void **state) {
  (void)state;
  for (size_t d = 0; d < 2; d++) {
    quern_context *context;
    assert_ok(quern_context_create(devices[d], &context));
    task current = task_at(2);
    current.layers[1].activation = quern_activation_of(QUERN_ACTIVATION_IDENTITY);
    current.epochs = 1;
    quern_dataset *data = task_data(&current, 0);
    quern_network *network = task_network(&current, 5);
    set_layer(network, 0, 0.0f, 1.0f);
    set_layer(network, 1, 0.0f, 1e19f); /* each loss is 1e38 */
    quern_train_options options = task_options(&current);
    options.optimizer.learning_rate = 0.0f;
    quern_epoch last;
    assert_ok(quern_train(context, network, data, NULL, &options, &last));
    assert_true(fabs(last.train_loss - 1e38) <= 1e-5 * 1e38);
    quern_network_free(network);
    quern_dataset_free(data);
    quern_context_free(context);
  }
}

static void test_data(void **state) {
  (void)state;
  float values[12] = {0};
  const int32_t labels[4] = {0, 1, 0, 1};
  quern_dataset *data;
  values[7] = NAN;
  assert_fails(quern_dataset_from_floats(values, labels, 4, 3, &data), QUERN_ERROR_DATA, "row 2",
               "column 1", "nan");
  values[7] = -INFINITY;
  assert_fails(quern_dataset_from_floats(values, labels, 4, 3, &data), QUERN_ERROR_DATA, "row 2",
               "column 1", "inf");
}

static int clean(void **state) {
  return test_teardown(state) != 0 || empty_temporary_folder(state) != 0 ? -1 : 0;
}

#define FINITE_TEST(test) cmocka_unit_test_teardown(test, clean)

int main(void) {
  const struct CMUnitTest tests[] = {
      FINITE_TEST(test_step_and_layer), FINITE_TEST(test_the_first_bad_step),
      FINITE_TEST(test_the_last_step), FINITE_TEST(test_large_losses), FINITE_TEST(test_data)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

/* Training that is killed at any moment: there is always a whole checkpoint, and a resumed training
 * has the results of one that never stopped. */
#include "../child.h"
#include "plain_options.h"

#include "network/network.h"
#include "test.h"
#include "verify/values.h"

enum { REFERENCE_KILLS = 80, DEVICE_KILLS = 20, LONGEST_DELAY_US = 25000, SAMPLES = 20, SEED = 5 };

/* The same training, in this process. */
static quern_trainer *make_trainer(quern_context *context, const quern_dataset *data) {
  const quern_layer layers[] = {quern_dense(4, QUERN_ACTIVATION_TANH),
                                quern_dense(3, QUERN_ACTIVATION_IDENTITY)};
  quern_train_options options = plain_train_options();
  options.epochs = 1000000;
  options.batch = 6;
  options.optimizer.learning_rate = 0.05;
  options.seed = SEED;
  quern_network *network;
  quern_trainer *trainer;
  assert_ok(quern_network_create(2, layers, 2, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, SEED));
  assert_ok(quern_trainer_create(context, network, data, NULL, &options, &trainer));
  quern_network_free(network);
  return trainer;
}

static quern_network *learned(quern_trainer *trainer) {
  const quern_layer layers[] = {quern_dense(4, QUERN_ACTIVATION_TANH),
                                quern_dense(3, QUERN_ACTIVATION_IDENTITY)};
  quern_network *network;
  assert_ok(quern_network_create(2, layers, 2, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_trainer_download(trainer, network));
  return network;
}

static void write_data(const char *path) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  for (size_t i = 0; i < SAMPLES; i++)
    fprintf(file, "%zu.%zu,-%zu.5,%zu\n", i % 3, i % 10, i % 5, i % 3);
  assert_int_equal(fclose(file), 0);
}

/* The number of temporary files that killed writers have left. */
static size_t count_temporary(void) {
  size_t count = 0;
  DIR *folder = opendir(temporary_folder);
  assert_non_null(folder);
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
    count += strncmp(entry->d_name, ".quern-", 7) == 0;
  closedir(folder);
  return count;
}

/* Kills a run that writes a checkpoint every three steps, `kills` times. Each run resumes the one
 * before. */
static void check_kills(const char *device, size_t kills) {
  char data_path[2 * PATH_BYTES], checkpoint[2 * PATH_BYTES];
  snprintf(data_path, sizeof data_path, "%s", path_of("data.csv"));
  snprintf(checkpoint, sizeof checkpoint, "%s", path_of("checkpoint"));
  write_data(data_path);
  quern_context *context;
  assert_ok(quern_context_create(device, &context));
  quern_dataset *data = open_one(data_path, NULL);
  quern_trainer *witness = make_trainer(context, data);
  quern_epoch epoch, seen = {0};
  size_t while_writing = 0;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  quern__values random = {.stream = (uint32_t)now.tv_nsec}; /* different moments in every run */
  for (size_t i = 0; i < kills; i++) {
    const char *resume = i > 0 ? "--resume" : NULL;
    child running = start(ARGUMENTS(
        "train", "--data", data_path, "--test", data_path, "--hidden", "4", "--activation", "tanh",
        PLAIN_SGD, "--batch", "6", "--lr", "0.05", "--seed", "5", "--epochs", "1000000", "--device",
        device, "--checkpoint", checkpoint, "--checkpoint-every", "3", resume, checkpoint));
    wait_for_text(&running, running.out, "\nepoch ");
    nanosleep(&(struct timespec){0, (long)quern__values_below(&random, LONGEST_DELAY_US) * 1000},
              NULL);
    assert_int_equal(kill(running.process, SIGKILL), 0);
    command_result result = finish(&running);
    assert_int_equal(result.code, -SIGKILL);
    assert_string_equal(result.err, "");
    result_free(&result);
    const size_t left = count_temporary();
    assert_true(left <= 1); /* files of earlier kills are removed */
    while_writing += left;

    quern_trainer *trainer = make_trainer(context, data);
    assert_ok(quern_trainer_resume(trainer, checkpoint));
    assert_ok(quern_trainer_epoch(trainer, &epoch));
    while (seen.epoch < epoch.epoch) assert_ok(quern_trainer_epoch(witness, &seen));
    assert_int_equal(seen.epoch, epoch.epoch); /* never an older checkpoint */
    assert_true(seen.train_loss == epoch.train_loss);
    quern_network *one = learned(trainer), *other = learned(witness);
    assert_memory_equal(one->parameters, other->parameters, one->shape.flat_count * sizeof(float));
    quern_network_free(one);
    quern_network_free(other);
    quern_trainer_free(trainer);
  }
  print_message("%s: %zu kills, %zu of them while a checkpoint was being written; %zu epochs\n",
                device, kills, while_writing, seen.epoch);
  quern_trainer_free(witness);
  quern_dataset_free(data);
  quern_context_free(context);
}

static void test_reference(void **state) {
  (void)state;
  check_kills("reference", REFERENCE_KILLS);
}

/* On this device a launch has twenty small steps or more. */
static void test_device(void **state) {
  (void)state;
  check_kills("auto", DEVICE_KILLS);
}

static int clean(void **state) {
  return test_teardown(state) != 0 || empty_temporary_folder(state) != 0 ? -1 : 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_reference, clean),
                                     cmocka_unit_test_teardown(test_device, clean)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

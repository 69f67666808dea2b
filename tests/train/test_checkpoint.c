/* Checkpoint files: errors and what they name. If a new file cannot be written, the old one
 * remains. */
#include "base/little_endian.h"
#include "checkpoint_test.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static quern_context *context;

static int open_all(void **state) {
  return make_temporary_folder(state) != 0 ||
         quern_context_create("reference", &context) != QUERN_OK;
}

static int close_all(void **state) {
  quern_context_free(context);
  return remove_temporary_folder(state);
}

/* A checkpoint of the first task after 2 steps, and its bytes. */
static unsigned char *make_checkpoint(size_t *size) {
  const task current = task_at(0);
  quern_epoch epoch;
  quern_trainer *trainer = task_trainer(context, &current, 5);
  assert_ok(quern_trainer_steps(trainer, 2, &epoch));
  assert_ok(quern_trainer_save(trainer, CHECKPOINT));
  quern_trainer_free(trainer);
  return read_bytes(CHECKPOINT, size);
}

static void resume_fails(const task *self, const quern_train_options *options, size_t shift,
                         const char *name, const char *there, const char *here) {
  quern_dataset *data = task_data(self, shift);
  quern_network *network = task_network(self, 5);
  quern_trainer *trainer;
  assert_ok(quern_trainer_create(context, network, data, NULL, options, &trainer));
  assert_fails(quern_trainer_resume(trainer, CHECKPOINT), QUERN_ERROR_FORMAT, CHECKPOINT,
               "another training", name, there, here);
  quern_trainer_free(trainer);
  quern_network_free(network);
  quern_dataset_free(data);
}

/* A training that differs in one setting is refused, and the error has both values. */
static void test_identity(void **state) {
  (void)state;
  size_t size;
  free(make_checkpoint(&size));
  task current = task_at(0);
  const quern_train_options options = task_options(&current);

  current.layers[0].units = 6;
  resume_fails(&current, &options, 0, "its network is", "\"3-4-3\"", "\"3-6-3\"");
  current = task_at(0);
  current.layers[0].activation = quern_activation_of(QUERN_ACTIVATION_LEAKY_RELU);
  current.layers[0].activation.slope = 0.2f;
  resume_fails(&current, &options, 0, "activations", "\"tanh,identity\"",
               "\"leaky-relu:0.2,identity\"");
  current = task_at(0);
  current.loss = QUERN_LOSS_BINARY;
  resume_fails(&current, &options, 0, "its loss is", "\"categorical\"", "\"binary\"");
  current = task_at(0);
  current.layers[1].freeze_weights = true;
  resume_fails(&current, &options, 0, "frozen", "\"\"", "\"1.weight\"");
  current = task_at(0);
  resume_fails(&current, &options, 1, "training data", "23x3 float32", "crc32");
  current.samples = 22;
  resume_fails(&current, &options, 0, "training data", "23x3", "22x3");

  current = task_at(0);
  quern_train_options other = options;
  other.batch = 4;
  resume_fails(&current, &other, 0, "batch", "\"5\"", "\"4\"");
  other = options;
  other.seed = 12;
  resume_fails(&current, &other, 0, "seed", "\"11\"", "\"12\"");
  other = options;
  other.optimizer.learning_rate = nextafter(0.3, 1.0);
  resume_fails(&current, &other, 0, "learning rate", "\"0.3\"", "\"0.30000000000000004\"");
  other = options;
  other.optimizer.weight_decay = 0.0;
  resume_fails(&current, &other, 0, "weight decay", "\"0.01\"", "\"0\"");
  other = options;
  other.optimizer.decay_bias = false;
  resume_fails(&current, &other, 0, "weight decay", "\"0.01\"", "\"0.01, not of biases\"");
  other = options;
  other.optimizer.kind = QUERN_OPTIMIZER_ADAM;
  resume_fails(&current, &other, 0, "optimizer", "\"sgd\"",
               "\"adam, beta1 0.9, beta2 0.999, epsilon 1e-08\"");
  other.optimizer.kind = QUERN_OPTIMIZER_NESTEROV;
  resume_fails(&current, &other, 0, "optimizer", "\"sgd\"", "\"nesterov, momentum 0.9\"");
  other.optimizer.kind = QUERN_OPTIMIZER_RMSPROP;
  resume_fails(&current, &other, 0, "optimizer", "\"sgd\"",
               "\"rmsprop, momentum 0.9, alpha 0.99, epsilon 1e-08\"");
  other = options;
  other.schedule.kind = QUERN_SCHEDULE_STEP;
  resume_fails(&current, &other, 0, "schedule", "\"constant\"",
               "\"step every 3 steps, gamma 0.5\"");
  other.schedule.kind = QUERN_SCHEDULE_COSINE;
  other.schedule.warmup = 2;
  resume_fails(
      &current, &other, 0, "schedule", "\"constant\"",
      "\"cosine over 13 steps, minimum 0, after a warm-up of 2 steps from 0.3333333333333333\"");
  other = options;
  other.clip_norm = 2.5f;
  resume_fails(&current, &other, 0, "norm of the gradients", "\"0\"", "\"2.5\"");
  other = options;
  other.label_smoothing = 0.25f;
  resume_fails(&current, &other, 0, "label smoothing", "\"0\"", "\"0.25\"");
  static const float weights[] = {1, 0.5f, 2};
  other = options;
  other.class_weights = weights;
  resume_fails(&current, &other, 0, "class weights", "\"\"", "\"1,0.5,2\"");
}

/* `epochs` may be larger, or the number that is done, but not smaller. */
static void test_epochs(void **state) {
  (void)state;
  task current = task_at(0);
  quern_epoch epoch;
  quern_trainer *trainer = task_trainer(context, &current, 5);
  for (size_t i = 0; i < 2; i++) assert_ok(quern_trainer_epoch(trainer, &epoch));
  assert_ok(quern_trainer_save(trainer, CHECKPOINT));
  quern_trainer_free(trainer);
  for (current.epochs = 2; current.epochs < 4; current.epochs++) {
    trainer = task_trainer(context, &current, 5);
    assert_ok(quern_trainer_resume(trainer, CHECKPOINT));
    assert_ok(quern_trainer_epoch(trainer, &epoch));
    assert_int_equal(epoch.epoch, 3);
    quern_trainer_free(trainer);
  }
  current.epochs = 1;
  trainer = task_trainer(context, &current, 5);
  assert_fails(quern_trainer_resume(trainer, CHECKPOINT), QUERN_ERROR_ARGUMENT, CHECKPOINT,
               "epoch 3", "after epoch 1");
  quern_trainer_free(trainer);
}

/* Truncated at any byte, it is refused by a trainer that can then resume from the whole file. */
static void test_truncated(void **state) {
  (void)state;
  size_t size;
  unsigned char *bytes = make_checkpoint(&size);
  const task current = task_at(0);
  quern_trainer *trainer = task_trainer(context, &current, 6);
  for (size_t length = 0; length < size; length++) {
    write_bytes(path_of("cut"), bytes, length);
    const quern_status status = quern_trainer_resume(trainer, path_of("cut"));
    if (status != QUERN_ERROR_FORMAT)
      fail_msg("%zu of %zu bytes: %s", length, size, quern_status_name(status));
    assert_error_says(path_of("cut"), NULL);
  }
  write_bytes(path_of("cut"), bytes, size);
  assert_ok(quern_trainer_resume(trainer, path_of("cut")));
  quern_trainer_free(trainer);
  free(bytes);
}

/* Writes the checkpoint with `text` of its header replaced by as many bytes, and resumes. */
static void refuse_header(const unsigned char *bytes, size_t size, const char *text,
                          const char *other, const char *part) {
  assert_int_equal(strlen(text), strlen(other));
  unsigned char *copy = test_alloc(size + 1, 1);
  memcpy(copy, bytes, size);
  copy[size] = '\0';
  const uint64_t header = quern__little_endian_u64(copy);
  char *cursor = memmem(copy + 8, header, text, strlen(text));
  assert_non_null(cursor);
  memcpy(cursor, other, strlen(other));
  write_bytes(path_of("changed"), copy, size);
  free(copy);
  const task current = task_at(0);
  quern_trainer *trainer = task_trainer(context, &current, 6);
  assert_fails(quern_trainer_resume(trainer, path_of("changed")), QUERN_ERROR_FORMAT,
               path_of("changed"), part);
  quern_trainer_free(trainer);
}

static void test_headers(void **state) {
  (void)state;
  size_t size;
  unsigned char *bytes = make_checkpoint(&size);
  refuse_header(bytes, size, "\"quern.checkpoint\":\"1\"", "\"quern.checkpoint\":\"2\"",
                "format \"2\"");
  refuse_header(bytes, size, "\"quern.checkpoint\"", "\"quern.checkpaint\"", "not a checkpoint");
  refuse_header(bytes, size, "\"quern.step\":\"2\"", "\"quern.step\":\"5\"",
                "5, expected a step of an epoch with 5 steps");
  refuse_header(bytes, size, "\"quern.step\":\"2\"", "\"quern.step\":\" \"", "whole number");
  refuse_header(bytes, size, "\"quern.step\":\"2\"", "\"quern.step\":\"-\"", "whole number");
  refuse_header(bytes, size, "\"quern.updates\":\"2\"", "\"quern.updates\":\"3\"", "quern.updates");
  refuse_header(bytes, size, "\"quern.epoch\":\"0\"", "\"quern.epoch\":\"1\"", "quern.updates");
  refuse_header(bytes, size, "\"quern.seed\"", "\"quern.sead\"", "\"quern.seed\" is missing");
  refuse_header(bytes, size, "\"parameters\":", "\"paremeters\":", "\"parameters\" is missing");
  refuse_header(bytes, size, "\"losses\":", "\"lasses\":", "\"losses\" is missing");
  /* Ten losses instead of the step's five, and one tensor too many. */
  refuse_header(bytes, size, "\"shape\":[10]", "\"shape\":[11]", "losses");
  free(bytes);
}

/* Values that are not finite are refused; so is a model file. */
static void test_numbers(void **state) {
  (void)state;
  size_t size;
  unsigned char *bytes = make_checkpoint(&size);
  const float bad[] = {NAN, INFINITY};
  const task current = task_at(0);
  quern_trainer *trainer = task_trainer(context, &current, 6);
  for (size_t i = 0; i < 2; i++) {
    unsigned char *copy = test_alloc(size, 1);
    memcpy(copy, bytes, size);
    /* the last loss; a parameter */
    memcpy(copy + size - (i == 0 ? 4 : 50 * 4), &bad[i], sizeof *bad);
    write_bytes(path_of("changed"), copy, size);
    free(copy);
    assert_fails(quern_trainer_resume(trainer, path_of("changed")), QUERN_ERROR_FORMAT,
                 i == 0 ? "losses" : "parameters", "finite");
  }
  quern_network *network = task_network(&current, 5), *loaded = NULL;
  assert_ok(quern_model_save(network, path_of("model")));
  assert_fails(quern_trainer_resume(trainer, path_of("model")), QUERN_ERROR_FORMAT,
               "not a checkpoint");
  assert_fails(quern_model_load(CHECKPOINT, NULL, &loaded), QUERN_ERROR_FORMAT,
               "checkpoint of training");
  quern_network_free(network);
  quern_trainer_free(trainer);
  free(bytes);
}

static size_t count_files(void) {
  size_t count = 0;
  DIR *folder = opendir(temporary_folder);
  assert_non_null(folder);
  while (readdir(folder) != NULL) count++;
  closedir(folder);
  return count;
}

/* If a checkpoint cannot be written, the error has the reason, the old one remains without other
 * files, and training continues. A limit on file sizes simulates a full disk. */
static void test_old_file_kept(void **state) {
  (void)state;
  size_t size, again;
  unsigned char *bytes = make_checkpoint(&size);
  const task current = task_at(0);
  quern_epoch epoch;
  quern_trainer *trainer = task_trainer(context, &current, 5);
  assert_ok(quern_trainer_steps(trainer, 4, &epoch));
  const size_t files = count_files();

  struct rlimit before, limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  for (rlim_t bytes_allowed = 0; bytes_allowed < size; bytes_allowed += 97) {
    limit = before;
    limit.rlim_cur = bytes_allowed;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    const quern_status status = quern_trainer_save(trainer, CHECKPOINT);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, QUERN_ERROR_FILE);
    assert_error_says(CHECKPOINT, "cannot be written", strerror(EFBIG), NULL);
    assert_int_equal(count_files(), files);
  }
  signal(SIGXFSZ, handler);

  assert_fails(quern_trainer_save(trainer, path_of("missing/checkpoint")), QUERN_ERROR_FILE,
               "missing", "No such file");
  assert_fails(quern_trainer_save(trainer, temporary_folder), QUERN_ERROR_FILE, "folder");
  assert_int_equal(symlink("nowhere", path_of("link")), 0);
  assert_fails(quern_trainer_save(trainer, path_of("link")), QUERN_ERROR_FILE, "link");
  assert_fails(quern_trainer_resume(trainer, path_of("link")), QUERN_ERROR_FILE, "No such file");
  assert_fails(quern_trainer_resume(trainer, temporary_folder), QUERN_ERROR_FILE, "folder");
  /* Root can write everywhere, so root becomes another user for a while. */
  const bool root = geteuid() == 0;
  assert_int_equal(chmod(temporary_folder, 0555), 0);
  if (!root || seteuid(65534) == 0) {
    assert_fails(quern_trainer_save(trainer, CHECKPOINT), QUERN_ERROR_FILE, CHECKPOINT,
                 "Permission denied");
    if (root) assert_int_equal(seteuid(0), 0);
  } else {
    print_message("root cannot be someone else here: a folder that is not writable is left out\n");
  }
  assert_int_equal(chmod(temporary_folder, 0700), 0);
  unsigned char *kept = read_bytes(CHECKPOINT, &again);
  assert_int_equal(again, size);
  assert_memory_equal(kept, bytes, size);
  free(kept);

  /* A link to the old one: the file that it points to is replaced. */
  assert_int_equal(unlink(path_of("link")), 0);
  assert_int_equal(symlink("checkpoint", path_of("link")), 0);
  assert_ok(quern_trainer_save(trainer, path_of("link")));
  assert_ok(quern_trainer_resume(trainer, CHECKPOINT));
  quern_network *network = finish(trainer, &current, &epoch);
  quern_trainer *other = task_trainer(context, &current, 5);
  quern_network *expected = finish(other, &current, &epoch);
  assert_same_bits(network, expected);
  quern_network_free(network);
  quern_network_free(expected);
  quern_trainer_free(other);
  quern_trainer_free(trainer);
  free(bytes);
}

enum { DONE = 0, NO_MOUNT = 77 };

/* In a process and a file system of its own: the first checkpoint fits, then the disk is full. The
 * error on stderr is the result. */
static int fill_disk(quern_trainer *trainer) {
  char block[4096] = "";
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("none", temporary_folder, "tmpfs", 0, "size=16k") != 0)
    return NO_MOUNT;
  if (quern_trainer_save(trainer, CHECKPOINT) != QUERN_OK)
    return fprintf(stderr, "%s\n", quern_last_error());
  FILE *filler = fopen(path_of("filler"), "w");
  if (filler == NULL) return fprintf(stderr, "no file to fill the disk with\n");
  while (fwrite(block, sizeof block, 1, filler) == 1 && fflush(filler) == 0) {
  }
  if (quern_trainer_save(trainer, CHECKPOINT) != QUERN_ERROR_FILE)
    return fprintf(stderr, "it was saved\n");
  if (strstr(quern_last_error(), strerror(ENOSPC)) == NULL)
    return fprintf(stderr, "%s\n", quern_last_error());
  if (quern_trainer_resume(trainer, CHECKPOINT) != QUERN_OK)
    return fprintf(stderr, "the old file: %s\n", quern_last_error());
  return DONE;
}

static void test_full_disk(void **state) {
  (void)state;
  const task current = task_at(0);
  quern_trainer *trainer = task_trainer(context, &current, 5);
  fflush(NULL);
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    const int result = fill_disk(trainer);
    _exit(result == DONE || result == NO_MOUNT ? result : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  quern_trainer_free(trainer);
  assert_true(WIFEXITED(status));
  if (WEXITSTATUS(status) == NO_MOUNT) {
    print_message("no file system can be mounted here: a full disk is left to the limit on the "
                  "size of files\n");
    skip();
  }
  assert_int_equal(WEXITSTATUS(status), DONE);
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {WITH_FOLDER(test_identity),  WITH_FOLDER(test_epochs),
                                     WITH_FOLDER(test_truncated), WITH_FOLDER(test_headers),
                                     WITH_FOLDER(test_numbers),   WITH_FOLDER(test_old_file_kept),
                                     WITH_FOLDER(test_full_disk)};
  return cmocka_run_group_tests(tests, open_all, close_all);
}

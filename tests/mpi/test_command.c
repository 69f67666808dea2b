/* `mpirun -n N quern train`: the result of one process, the output of one rank, one error, and a
 * whole checkpoint whatever happens to a rank. */
#include "launch.h"
#include "ranks.h"

#include "network/network.h"

#include <math.h>
#include <quern/model.h>

#define COMMAND QUERN_TEST_COMMAND
#define RATE    0.3

/* 1,438 samples in batches of 100: unequal parts, and a last batch of 38. */
#define DIGITS                                                                                     \
  "train", "--data", "digits", "--hidden", "6", "--activation", "tanh", "--optimizer", "sgd",      \
      "--schedule", "constant", "--lr", "0.3", "--batch", "100"

static size_t count_of(const char *text, const char *part) {
  size_t count = 0;
  for (; (text = strstr(text, part)) != NULL; text += strlen(part)) count++;
  return count;
}

static quern_network *load(const char *path) {
  quern_network *network;
  assert_ok(quern_model_load(path, NULL, &network));
  return network;
}

/* The largest difference of two networks' parameters; infinite if one is not a number. */
static double furthest(const quern_network *a, const quern_network *b) {
  double most = 0;
  assert_int_equal(a->shape.flat_count, b->shape.flat_count);
  for (size_t i = 0; i < a->shape.flat_count; i++) {
    const double apart = fabs((double)a->parameters[i] - (double)b->parameters[i]);
    if (!(apart <= most)) most = isnan(apart) ? (double)INFINITY : apart;
  }
  return most;
}

/* Trains to a model file on so many ranks of that device. */
static void train_on(const char *ranks, const char *device, const char *path) {
  command_result result = LAUNCH(ranks, COMMAND, DIGITS, "--epochs", "1", "--device", device,
                                 "--share-device", "--save", path);
  assert_code(&result, 0);
  assert_int_equal(count_of(result.out, "epoch 1/1"), 1);
  assert_int_equal(count_of(result.out, "saved "), 1);
  assert_int_equal(count_of(result.out, "rank 0: "), ranks[0] > '1');
  result_free(&result);
}

static void check_answer(const char *device) {
  char alone[300], first[300], again[300];
  snprintf(alone, sizeof alone, "%s", path_of("alone.safetensors"));
  snprintf(first, sizeof first, "%s", path_of("first.safetensors"));
  snprintf(again, sizeof again, "%s", path_of("again.safetensors"));
  command_result result = run(DIGITS, "--epochs", "1", "--device", device, "--save", alone);
  assert_code(&result, 0);
  result_free(&result);
  quern_network *expected = load(alone);
  for (size_t n = 1; n <= TEST_MOST_RANKS; n++) {
    const char ranks[] = {(char)('0' + n), '\0'};
    train_on(ranks, device, first);
    train_on(ranks, device, again);
    quern_network *one = load(first), *two = load(again);
    assert_true(furthest(one, two) == 0.0);
    const double apart = furthest(one, expected),
                 bound = test_reordering_bound(100, n, 64, RATE, 15);
    print_message("%s, %zu ranks: %.3g from one process, the bound being %.3g\n", device, n, apart,
                  bound);
    assert_true(apart <= bound);
    quern_network_free(one);
    quern_network_free(two);
  }
  quern_network_free(expected);
}

/* One line of quern's, whatever the launcher prints. */
static void assert_one_error(command_result result, const char *what) {
  assert_true(result.code != 0);
  assert_says(result.err, what);
  assert_int_equal(count_of(result.err, "quern: "), 1);
  result_free(&result);
}

static void set_vendors(const char *vendors) {
  assert_int_equal(
      vendors != NULL ? setenv("OCL_ICD_VENDORS", vendors, 1) : unsetenv("OCL_ICD_VENDORS"), 0);
}

/* Trains on 4 ranks that use those devices in turn. */
static void train_mixed(const char *devices, bool both, const char *path) {
  command_result result = LAUNCH("4", COMMAND, DIGITS, "--epochs", "1", "--device", devices,
                                 "--share-device", "--save", path);
  assert_code(&result, 0);
  assert_says(result.out, both ? "\nrank 2: reference" : "\nrank 1: reference");
  if (both) assert_says(result.out, "\nrank 1: llvmpipe");
  result_free(&result);
}

/* Ranks on devices of different vendors: PoCL, rusticl if it is installed, and the reference. */
static void test_mixed_devices(void **state) {
  (void)state;
  char first[300], again[300], alone[300], before[1000] = "";
  const char *both = getenv("QUERN_TEST_BOTH_VENDORS"), *single = getenv("OCL_ICD_VENDORS");
  const char *devices = both != NULL ? "Portable,rusticl,reference" : "auto,reference";
  snprintf(first, sizeof first, "%s", path_of("first.safetensors"));
  snprintf(again, sizeof again, "%s", path_of("again.safetensors"));
  snprintf(alone, sizeof alone, "%s", path_of("alone.safetensors"));
  if (single != NULL) snprintf(before, sizeof before, "%s", single);
  if (both != NULL) set_vendors(both);
  train_mixed(devices, both != NULL, first);
  train_mixed(devices, both != NULL, again);
  /* rusticl is an emulator here, which "all" leaves out. */
  if (both != NULL)
    assert_one_error(LAUNCH("2", COMMAND, DIGITS, "--device", "all"),
                     "ranks 0 and 1 would share the cores of");
  set_vendors(single != NULL ? before : NULL);
  command_result result = run(DIGITS, "--epochs", "1", "--device", "reference", "--save", alone);
  assert_code(&result, 0);
  result_free(&result);
  quern_network *expected = load(alone), *one = load(first), *two = load(again);
  const double apart = furthest(one, expected), bound = test_reordering_bound(100, 4, 64, RATE, 15);
  print_message("%s: %.3g from one process, the bound being %.3g\n", devices, apart, bound);
  assert_true(furthest(one, two) == 0.0);
  assert_true(apart <= bound);
  quern_network_free(expected);
  quern_network_free(one);
  quern_network_free(two);
}

/* A list with an empty name, or one that fits nothing. */
static void test_wrong_devices(void **state) {
  (void)state;
  assert_one_error(LAUNCH("2", COMMAND, DIGITS, "--device", "reference,nonsense"),
                   "quern: device 'nonsense': no device matches");
  assert_one_error(LAUNCH("2", COMMAND, DIGITS, "--device", "reference,"),
                   "quern: device 'reference,': a name is empty");
}

/* Ranks that stream have only their own samples in their chunks, and the weights of ranks that do
 * not stream. */
static void test_streamed(void **state) {
  (void)state;
  char whole[300], chunks[300];
  snprintf(whole, sizeof whole, "%s", path_of("whole.safetensors"));
  snprintf(chunks, sizeof chunks, "%s", path_of("chunks.safetensors"));
  train_on("3", "reference", whole);
  command_result result = LAUNCH("3", COMMAND, DIGITS, "--epochs", "1", "--device", "reference",
                                 "--share-device", "--save", chunks, "--data-memory", "20K");
  assert_code(&result, 0);
  assert_says(
      result.out,
      "streaming to 3 devices: training data in chunks of 68 samples, test data whole, in ");
  result_free(&result);
  quern_network *expected = load(whole), *got = load(chunks);
  assert_true(furthest(got, expected) == 0.0);
  quern_network_free(expected);
  quern_network_free(got);
}

/* Mean and variance are of 100 samples, of which each rank has a third, in two layers. */
static void test_normalized(void **state) {
  (void)state;
  char alone[300], together[300];
  snprintf(alone, sizeof alone, "%s", path_of("alone.safetensors"));
  snprintf(together, sizeof together, "%s", path_of("together.safetensors"));
#define NORMALIZED                                                                                 \
  DIGITS, "--hidden", "12,6", "--normalize", "batch", "--epochs", "1", "--device", "reference",    \
      "--save"
  command_result result = run(NORMALIZED, alone);
  assert_code(&result, 0);
  result_free(&result);
  result = LAUNCH("3", COMMAND, NORMALIZED, together, "--share-device");
  assert_code(&result, 0);
  result_free(&result);
  quern_network *expected = load(alone), *got = load(together);
  const double apart = furthest(got, expected), bound = test_reordering_bound(100, 3, 64, RATE, 15);
  print_message("batch normalization, 3 ranks: %.3g from one process, the bound being %.3g\n",
                apart, bound);
  assert_true(apart <= bound);
  quern_network_free(expected);
  quern_network_free(got);
}

static void test_reference(void **state) {
  (void)state;
  check_answer("reference");
}

static void test_device(void **state) {
  (void)state;
  check_answer("auto");
}

static void write_table(const char *path, int last) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  for (int i = 0; i < 30; i++) fprintf(file, "%d,%d,%d\n", i, i < 29 ? i * i : last, i % 3);
  assert_int_equal(fclose(file), 0);
}

static void test_differences(void **state) {
  (void)state;
  char one[300], other[300], missing[300];
  snprintf(one, sizeof one, "%s", path_of("one.csv"));
  snprintf(other, sizeof other, "%s", path_of("other.csv"));
  snprintf(missing, sizeof missing, "%s", path_of("missing.csv"));
  write_table(one, 1);
  write_table(other, 2);
#define RANK(data, hidden)                                                                         \
  COMMAND, "train", "--data", data, "--hidden", hidden, "--device", "reference"
  assert_one_error(LAUNCH("3", RANK(one, "4"), ":", "-n", "1", RANK(one, "5")),
                   "rank 3 of 4 differs from rank 0: its network is");
  assert_one_error(LAUNCH("1", RANK(one, "4"), ":", "-n", "1", RANK(other, "4")),
                   "rank 1 of 2 differs from rank 0: its training data is");
  assert_one_error(LAUNCH("1", RANK(one, "4"), ":", "-n", "1", RANK(missing, "4")),
                   "rank 1 of 2: quern: ");
  assert_one_error(
      LAUNCH("1", RANK(one, "4"), ":", "-n", "1", getenv("QUERN_TEST_RANK"), "stranger"),
      "rank 1 of 2 has quern 0.0.9");
#undef RANK
}

/* Other ranks do nothing and print nothing. */
static void test_other_commands(void **state) {
  (void)state;
  command_result result = LAUNCH("3", COMMAND, "--version");
  assert_code(&result, 0);
  assert_int_equal(count_of(result.out, "quern "), 1);
  result_free(&result);
  result = LAUNCH("3", COMMAND, "train", "--nonsense");
  assert_true(result.code != 0);
  assert_int_equal(count_of(result.err, "quern train: "), 1);
  result_free(&result);
}

/* Ranks that share cores are refused without --share-device. */
static void test_shared_device(void **state) {
  (void)state;
  command_result result = LAUNCH("2", COMMAND, DIGITS, "--epochs", "1");
  if (result.code == 0) print_message("the launcher bound the ranks\n");
  if (result.code != 0)
    assert_one_error(result, "--share-device");
  else
    result_free(&result);
}

/* A training on 3 ranks that does not end by itself; each rank writes its process number to a
 * file. */
static child start_ranks(const char *checkpoint) {
  static const char *const shell = "echo $$ > \"$0.$OMPI_COMM_WORLD_RANK$PMI_RANK.new\"; mv "
                                   "\"$0.$OMPI_COMM_WORLD_RANK$PMI_RANK.new\" "
                                   "\"$0.$OMPI_COMM_WORLD_RANK$PMI_RANK\"; exec \"$@\"";
  child running = launch_start(
      "3", (const char *const[]){"sh", "-c", shell, checkpoint, COMMAND, DIGITS, "--epochs",
                                 "1000000", "--device", "reference", "--checkpoint", checkpoint,
                                 "--checkpoint-every", "7", "--rank-timeout", "4", NULL});
  wait_for_text(&running, running.out, "\nepoch ");
  return running;
}

static pid_t process_of(const char *checkpoint, int rank) {
  char path[400];
  int number = 0;
  snprintf(path, sizeof path, "%s.%d", checkpoint, rank);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%d", &number), 1);
  fclose(file);
  return number;
}

/* On 1 and 2 ranks, until another epoch. */
static void check_resumes(const char *checkpoint) {
  for (int n = 1; n <= 2; n++) {
    child running =
        launch_start(n == 1 ? "1" : "2",
                     (const char *const[]){
                         "sh", "-c", "echo $$ > \"$0.$OMPI_COMM_WORLD_RANK$PMI_RANK\"; exec \"$@\"",
                         checkpoint, COMMAND, DIGITS, "--epochs", "1000000", "--device",
                         "reference", "--resume", checkpoint, NULL});
    wait_for_text(&running, running.out, "\nepoch ");
    /* One rank is asked to stop, and all do. */
    assert_int_equal(kill(process_of(checkpoint, n - 1), SIGTERM), 0);
    command_result result = finish(&running);
    assert_true(result.code != 0);
    assert_int_equal(count_of(result.err, "quern: interrupted "), 1);
    result_free(&result);
  }
}

/* An ended process may remain until its parent waits for it. */
static bool runs(pid_t process) {
  char path[64], state = 'Z';
  snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
  FILE *file = fopen(path, "r");
  if (file == NULL) return false;
  if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1) state = 'Z';
  fclose(file);
  return state != 'Z' && state != 'X';
}

static void assert_ends(pid_t process) {
  for (int i = 0; i < 1000 && runs(process); i++) pause_for(5);
  assert_false(runs(process));
}

static void check_fault(int rank, int signal, const char *what) {
  char checkpoint[300];
  snprintf(checkpoint, sizeof checkpoint, "%s", path_of("checkpoint"));
  child running = start_ranks(checkpoint);
  assert_int_equal(kill(process_of(checkpoint, rank), signal), 0);
  command_result result = finish(&running);
  if (result.code == 0 || (what[0] != '\0' && strstr(result.err, what) == NULL))
    fail_msg("exit code %d; %s", result.code, result.err);
  for (int r = 0; r < 3; r++) assert_ends(process_of(checkpoint, r));
  result_free(&result);
  check_resumes(checkpoint);
}

/* The launcher notices this one and ends the others, or they detect it. */
static void test_killed(void **state) {
  (void)state;
  check_fault(1, SIGKILL, "");
}

/* Only the ranks that wait notice this one. The time-out is longer than a busy disk takes for a
 * checkpoint. */
static void test_stopped(void **state) {
  (void)state;
  check_fault(2, SIGSTOP, "quern: rank 2 of 3: did not answer within 4 s in an all-");
  check_fault(0, SIGSTOP, " of 3: quern: rank 0 of 3: did not answer within 4 s in an all-");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reference),     cmocka_unit_test(test_device),
      cmocka_unit_test(test_mixed_devices), cmocka_unit_test(test_wrong_devices),
      cmocka_unit_test(test_streamed),      cmocka_unit_test(test_normalized),
      cmocka_unit_test(test_differences),   cmocka_unit_test(test_other_commands),
      cmocka_unit_test(test_shared_device), cmocka_unit_test(test_killed),
      cmocka_unit_test(test_stopped)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

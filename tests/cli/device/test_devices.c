/* Training on several devices from the command line. One of them is the reference, which is always
 * there. */
#include "../child.h"

#include <math.h>
#include <quern/device.h>

#define TRAIN "train", "--data", "digits", PLAIN_SGD, "--hidden", "16"

/* True if there is a device besides the reference. */
static bool has_another(void) {
  quern_device_list *list;
  assert_int_equal(quern_device_list_create(&list), QUERN_OK);
  const bool has = quern_device_list_count(list) > 1;
  quern_device_list_free(list);
  return has;
}

static void test_refusals(void **state) {
  (void)state;
  assert_one_line(run(TRAIN, "--device", "reference,reference"), 1,
                  PARTS("device 'reference,reference'", "'reference'", "name each device once"));
  assert_one_line(run(TRAIN, "--device", "reference,"), 1,
                  PARTS("device 'reference,'", "a name is empty"));
  assert_one_line(run(TRAIN, "--device", "reference,nothing-like-it"), 1,
                  PARTS("nothing-like-it", "no device matches"));
  assert_one_line(run(TRAIN, "--device", "reference", "--shares", "1,x"), 2,
                  PARTS("--shares", "\"1,x\""));
}

static void test_one(void **state) {
  (void)state;
  command_result result = run(TRAIN, "--epochs", "1", "--device", "reference", "--shares", "3,1");
  assert_code(&result, 1);
  assert_says(result.err, "--shares has 2 numbers, but there is 1 device");
  result_free(&result);
  result = run(TRAIN, "--epochs", "1", "--device", "all", "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  const cJSON *devices = cJSON_GetObjectItemCaseSensitive(json, "devices");
  assert_true(cJSON_GetArraySize(devices) >= 1);
  if (has_another()) assert_says(result.err, "left out: ");
  cJSON_Delete(json);
  result_free(&result);
}

/* --profile shows the time of the steps and of the test data, and for several devices that of the
 * reduction of gradients, which is part of the steps. */
static void test_profile(void **state) {
  (void)state;
  command_result result = run(TRAIN, "--epochs", "2", "--device", "reference", "--profile");
  assert_code(&result, 0);
  assert_says(result.out, "\nprofile of 2 epochs\n  steps ");
  assert_says(result.out, "\n  test data ");
  assert_null(strstr(result.out, "reduction"));
  result_free(&result);
  if (!has_another()) return;
  result = run(TRAIN, "--epochs", "1", "--device", "auto,reference", "--shares", "1,1", "--profile",
               "--json");
  assert_code(&result, 0);
  assert_says(result.err, "\nprofile of 1 epoch\n");
  assert_says(result.err, "\n    reduction ");
  cJSON *json = parse_json(&result);
  const cJSON *profile = cJSON_GetObjectItemCaseSensitive(json, "profile");
  const double all = json_number(profile, "reduction_seconds"),
               hidden = json_number(profile, "reduction_hidden_seconds"),
               exposed = json_number(profile, "reduction_exposed_seconds");
  assert_true(hidden >= 0.0 && exposed > 0.0 && fabs(hidden + exposed - all) <= 1e-9);
  assert_true(all < json_number(profile, "train_seconds"));
  assert_true(json_number(profile, "test_seconds") > 0.0);
  cJSON_Delete(json);
  result_free(&result);
}

/* A training on two devices that is interrupted and resumed by the checkpoint's shares ends with
 * the same bits as one without interruption. Also with measured shares. */
static void test_two(void **state) {
  (void)state;
  if (!has_another()) skip();
  const char *full = path_of("full"), *resumed = path_of("resumed"),
             *checkpoint = path_of("checkpoint");
#define TWO TRAIN, "--device", "auto,reference"
  command_result result = run(TWO, "--epochs", "2", "--shares", "7,1", "--save", full);
  assert_code(&result, 0);
  assert_says(result.out, "shares: 7 ");
  assert_says(result.out, ", 1 reference; as given\n");
  assert_says(result.out, "epoch 2/2");
  result_free(&result);
  result = run(TWO, "--epochs", "1", "--shares", "7,1", "--checkpoint", checkpoint);
  assert_code(&result, 0);
  result_free(&result);
  result = run(TWO, "--epochs", "2", "--resume", checkpoint, "--save", resumed, "--json");
  assert_code(&result, 0);
  assert_says(result.err, ", 1 reference; of the checkpoint\n");
  cJSON *json = parse_json(&result);
  const cJSON *devices = cJSON_GetObjectItemCaseSensitive(json, "devices");
  assert_int_equal(cJSON_GetArraySize(devices), 2);
  assert_true(json_number(cJSON_GetArrayItem(devices, 0), "share") == 7);
  assert_true(json_number(cJSON_GetArrayItem(devices, 1), "share") == 1);
  assert_true(json_number(json, "test_accuracy") > 0.5);
  cJSON_Delete(json);
  result_free(&result);
  assert_same_files(full, resumed);
  result = run(TWO, "--epochs", "1");
  assert_code(&result, 0);
  assert_says(result.out, " reference; measured\n");
  result_free(&result);
  result = run(TWO, "--shares", "0,0");
  assert_code(&result, 1);
  assert_says(result.err, "--shares add up to 0, expected 1 to 4294967295");
  result_free(&result);
}

/* Each device streams its own samples in chunks, and the command reports this for each. The weights
 * equal those of resident data. */
static void test_streamed(void **state) {
  (void)state;
  if (!has_another()) skip();
  const char *whole = path_of("whole"), *chunks = path_of("chunks");
  command_result result =
      run(TWO, "--epochs", "1", "--batch", "64", "--shares", "3,1", "--save", whole);
  assert_code(&result, 0);
  assert_null(strstr(result.out, "streaming"));
  result_free(&result);
  result = run(TWO, "--epochs", "1", "--batch", "64", "--shares", "3,1", "--save", chunks,
               "--data-memory", "15K", "--json");
  assert_code(&result, 0);
  assert_says(result.err, "streaming to 2 devices: training data in chunks of 48 samples, test "
                          "data in chunks of 48 samples on 1 of them, whole on 1, in ");
  cJSON *json = parse_json(&result);
  const cJSON *devices = cJSON_GetObjectItemCaseSensitive(json, "devices");
  assert_true(json_number(json, "train_chunk") == 48);
  for (int i = 0; i < 2; i++) /* the first device has 3 batches in a chunk */
    assert_true(json_number(cJSON_GetArrayItem(devices, i), "train_chunk") == 48);
  assert_true(json_number(cJSON_GetArrayItem(devices, 0), "test_chunk") == 48);
  assert_true(json_number(cJSON_GetArrayItem(devices, 1), "test_chunk") == 0);
  cJSON_Delete(json);
  result_free(&result);
  assert_same_files(whole, chunks);
  result = run(TWO, "--shares", "1,3", "--data-memory", "4K");
  assert_code(&result, 1);
  assert_says(result.err, "a data memory of 4096 bytes, expected at least ");
  assert_says(result.err, " samples for this rank");
  result_free(&result);
}

/* Ctrl-C stops both devices, writes a checkpoint, and prints the command that continues. */
static void test_interrupt(void **state) {
  (void)state;
  if (!has_another()) skip();
  const char *checkpoint = path_of("checkpoint");
  child running =
      start(ARGUMENTS(TWO, "--shares", "1,1", "--epochs", "1000000", "--checkpoint", checkpoint));
  wait_for_text(&running, running.out, "\nepoch ");
  assert_int_equal(kill(running.process, SIGINT), 0);
  command_result result = finish(&running);
  assert_code(&result, 128 + SIGINT);
  assert_says(result.err, "interrupted ");
  assert_says(result.err, "--device auto,reference --shares 1,1");
  result_free(&result);
  result = run("inspect", checkpoint);
  assert_code(&result, 0);
  assert_says(result.out, "quern.shares");
  result_free(&result);
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {WITH_FOLDER(test_refusals), WITH_FOLDER(test_one),
                                     WITH_FOLDER(test_two),      WITH_FOLDER(test_profile),
                                     WITH_FOLDER(test_streamed), WITH_FOLDER(test_interrupt)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

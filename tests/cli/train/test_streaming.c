/* quern train --data-memory: streamed data give the same model. */
#include "../command.h"

#include <stdlib.h>
#include <string.h>

static char *bytes_of(const char *path, size_t *size) {
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  char *bytes = read_stream(file);
  *size = (size_t)ftell(file);
  assert_int_equal(fclose(file), 0);
  return bytes;
}

static void assert_same_file(const char *a, const char *b) {
  size_t a_size, b_size;
  char *a_bytes = bytes_of(a, &a_size), *b_bytes = bytes_of(b, &b_size);
  assert_int_equal(a_size, b_size);
  assert_memory_equal(a_bytes, b_bytes, a_size);
  free(a_bytes);
  free(b_bytes);
}

static void test_same_model(void **state) {
  (void)state;
  const char *whole = path_of("whole.safetensors"), *chunks = path_of("chunks.safetensors"),
             *config = path_of("run.conf");
  command_result resident =
      run("train", "--data", "digits", "--epochs", "2", "--save", whole, "--json");
  command_result streamed = run("train", "--data", "digits", "--epochs", "2", "--save", chunks,
                                "--json", "--data-memory", "40K", "--write-config", config);
  assert_code(&resident, 0);
  assert_code(&streamed, 0);
  assert_null(strstr(resident.err, "streaming: "));
  assert_says(streamed.err, "streaming: training data in chunks of ");
  assert_same_file(whole, chunks);
  cJSON *first = parse_json(&resident), *second = parse_json(&streamed);
  assert_true(json_number(first, "train_loss") == json_number(second, "train_loss"));
  assert_true(json_number(first, "test_loss") == json_number(second, "test_loss"));
  assert_true(json_number(first, "train_chunk") == 0);
  assert_true((int)json_number(second, "train_chunk") % 64 == 0 &&
              json_number(second, "train_chunk") > 0);
  cJSON_Delete(first);
  cJSON_Delete(second);
  result_free(&resident);
  result_free(&streamed);

  FILE *file = fopen(config, "r");
  assert_non_null(file);
  char *text = read_stream(file);
  assert_int_equal(fclose(file), 0);
  assert_says(text, "data-memory = 40K\n");
  free(text);
  command_result again = run("train", "--config", config);
  assert_code(&again, 0);
  assert_says(again.err, "streaming: "); /* with --json, this is in the file */
  assert_same_file(whole, chunks);
  result_free(&again);
}

static void test_too_little(void **state) {
  (void)state;
  command_result result = run("train", "--data", "digits", "--epochs", "1", "--data-memory", "1K");
  assert_code(&result, 1);
  assert_says(result.err, "1024 bytes");
  const char *least = strstr(result.err, "at least ");
  assert_non_null(least);
  char text[32];
  snprintf(text, sizeof text, "%llu", strtoull(least + strlen("at least "), NULL, 10));
  result_free(&result);
  result = run("train", "--data", "digits", "--epochs", "1", "--data-memory", text);
  assert_code(&result, 0);
  assert_says(
      result.out,
      "streaming: training data in chunks of 64 samples, test data in chunks of 64 samples");
  result_free(&result);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(test_same_model, empty_temporary_folder),
      cmocka_unit_test_teardown(test_too_little, empty_temporary_folder)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

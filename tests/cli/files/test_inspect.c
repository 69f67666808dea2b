/* `quern inspect` on files that `quern train` writes, and on names with control characters. */
#include "../command.h"

#define DIGITS                                                                                     \
  "train", "--data", "digits", "--hidden", "16", "--device", "reference", "--epochs", "1"

static void run_well(command_result result) {
  assert_code(&result, 0);
  result_free(&result);
}

static void test_model(void **state) {
  (void)state;
  run_well(run(DIGITS, "--save", path_of("model.safetensors")));
  command_result result = run("inspect", path_of("model.safetensors"));
  assert_code(&result, 0);
  assert_says(result.out, "model.safetensors: model, safetensors, written by quern ");
  assert_says(result.out, "network: 64-16-10, relu, categorical loss, 1,210 parameters\n");
  assert_says(result.out, "\n0.weight  F32   16 x 64 ");
  assert_says(result.out, "quern.activations  relu,identity\n");
  result_free(&result);

  result = run("inspect", "--json", path_of("model.safetensors"));
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  assert_string_equal(json_text(json, "kind"), "model");
  const cJSON *first = cJSON_GetObjectItemCaseSensitive(json, "tensors")->child;
  assert_string_equal(json_text(first, "name"), "0.weight");
  assert_true(json_number(first, "least") < 0.0 && json_number(first, "most") > 0.0);
  assert_true(json_number(cJSON_GetObjectItemCaseSensitive(json, "network"), "parameters") == 1210);
  cJSON_Delete(json);
  result_free(&result);
}

static void test_checkpoint(void **state) {
  (void)state;
  run_well(run(DIGITS, "--checkpoint", path_of("checkpoint")));
  command_result result = run("inspect", path_of("checkpoint"));
  assert_code(&result, 0);
  assert_says(result.out,
              "checkpoint: checkpoint, safetensors, checkpoint format 1, written by quern ");
  assert_says(
      result.out,
      "\nnetwork: 64-16-10\nepochs done: 1, steps of the next one: 0, updates in all: 23\n");
  assert_says(result.out, "\nparameters: layer 1 weights  F32   16 x 10 ");
  assert_says(result.out, "\nmomentum: layer 1 weights    F32   16 x 10 ");
  assert_says(result.out, "\nsquare: layer 1 bias         F32   10 ");
  assert_says(result.out, "quern.batch            64\n");
  result_free(&result);
}

static void test_foreign_names(void **state) {
  (void)state;
  const char header[] = "{\"\\u001b[2J\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                        "\"__metadata__\":{\"k\":\"\\u009b1m\\n\"}}";
  char bytes[256] = {(char)(sizeof header - 1)};
  memcpy(bytes + 8, header, sizeof header - 1);
  bytes[8 + sizeof header - 1] = 7;
  write_bytes(path_of("foreign"), bytes, 8 + sizeof header - 1 + 1);
  command_result result = run("inspect", path_of("foreign"));
  assert_code(&result, 0);
  assert_null(strchr(result.out, '\033'));
  assert_null(strstr(result.out, "\xc2\x9b"));
  assert_says(result.out, "foreign: tensors, safetensors\n");
  assert_says(result.out, "\n?[2J ");
  assert_says(result.out, "  k  ?1m?\n");
  result_free(&result);
}

static void test_refusals(void **state) {
  (void)state;
  assert_one_line(run("inspect"), 2, PARTS("FILE is missing"));
  assert_one_line(run("inspect", "a", "b"), 2, PARTS("\"b\" is not expected"));
  assert_one_line(run("inspect", path_of("missing")), 1, PARTS("missing", "No such file"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_model), cmocka_unit_test(test_checkpoint),
      cmocka_unit_test(test_foreign_names), cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

/* What was left out or assumed when a model was read is reported on stderr by every command. */
#include "../../model/model_test.h"
#include "../command.h"

static void test_notes_of_models(void **state) {
  (void)state;
  static const char header[] = "{" WEIGHT("0.weight", 2, 1, 0, 8) "," WEIGHT(
      "2.weight", 2, 2, 8, 24) "," BIAS("criterion.weight", 2, 24, 32) "}";
  write_header(path_of("model.safetensors"), header, strlen(header), 32);
  write_bytes(path_of("x.csv"), "1,0\n2,1\n", 8);
  static const char *const commands[] = {"predict", "eval"};
  for (size_t i = 0; i < 2; i++) {
    command_result result = run(commands[i], "--model", path_of("model.safetensors"), "--data",
                                path_of("x.csv"), "--device", "reference");
    assert_int_equal(result.code, 0);
    assert_non_null(strstr(result.err, "model.safetensors: \"criterion.weight\" belongs to a loss "
                                       "and is left out; the file does not name its activations"));
    assert_non_null(strstr(result.err, "note: "));
    result_free(&result);
    result = run(commands[i], "--model", path_of("model.safetensors"), "--data", path_of("x.csv"),
                 "--device", "reference", "--activation", "tanh", "--loss", "categorical");
    assert_int_equal(result.code, 0);
    assert_non_null(strstr(result.err, "is left out\n"));
    result_free(&result);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {MODEL_TEST(test_notes_of_models)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

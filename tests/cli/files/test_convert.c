/* `quern convert`, and ONNX models in every command that reads a model. */
#include "../command.h"

#include <math.h>

#define DIGITS                                                                                     \
  "train", "--data", "digits", "--hidden", "16", "--device", "reference", "--epochs", "1"

/* Without protobuf-c, quern reports that it was built without it. */
static bool is_supported(void) {
  command_result result = run("convert", path_of("model.safetensors"), path_of("probe.onnx"));
  const bool supported = strstr(result.err, "built without protobuf-c") == NULL;
  assert_int_equal(result.code, supported ? 0 : 1);
  result_free(&result);
  return supported;
}

static int prepare(void **state) {
  if (make_temporary_folder(state) != 0) return -1;
  command_result result = run(DIGITS, "--save", path_of("model.safetensors"));
  const int code = result.code;
  result_free(&result);
  return code;
}

static void test_there_and_back(void **state) {
  (void)state;
  if (!is_supported()) skip();
  const char *model = path_of("model.safetensors"), *other = path_of("model.onnx"),
             *back = path_of("back.safetensors");
  command_result result = run("convert", model, other);
  assert_code(&result, 0);
  assert_says(result.out, "64-16-10, relu, categorical loss");
  assert_says(result.out, "saved ");
  result_free(&result);
  result = run("convert", "--json", other, back);
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  assert_string_equal(json_text(json, "to"), back);
  cJSON_Delete(json);
  result_free(&result);
  size_t size, back_size;
  unsigned char *bytes = read_bytes(model, &size), *back_bytes = read_bytes(back, &back_size);
  assert_int_equal(size, back_size);
  assert_memory_equal(bytes, back_bytes, size);
  free(bytes);
  free(back_bytes);
}

static void test_eval_and_predict_take_it(void **state) {
  (void)state;
  if (!is_supported()) skip();
  static const char *const commands[] = {"eval", "predict"};
  command_result created = run("convert", path_of("model.safetensors"), path_of("model.onnx"));
  assert_code(&created, 0);
  result_free(&created);
  for (size_t i = 0; i < 2; i++) {
    command_result a = run(commands[i], "--model", path_of("model.safetensors"), "--data", "digits",
                           "--device", "reference");
    command_result b = run(commands[i], "--model", path_of("model.onnx"), "--data", "digits",
                           "--device", "reference");
    assert_code(&a, 0);
    assert_code(&b, 0);
    /* Removes what differs between runs: the file's name and the speed. Keeps the table of classes
     * and the rows. */
    const char *begin_a = i == 0 ? strstr(a.out, "\nclass ") : a.out,
               *begin_b = i == 0 ? strstr(b.out, "\nclass ") : b.out;
    assert_non_null(begin_a);
    assert_non_null(begin_b);
    const char *end = i == 0 ? strstr(begin_a, "\naccuracy ") : begin_a + strlen(begin_a);
    assert_memory_equal(begin_a, begin_b, (size_t)(end - begin_a));
    result_free(&a);
    result_free(&b);
  }
}

/* PyTorch's Linear(…, bias=False) has a frozen bias of zeros, which ONNX cannot express. */
static void test_frozen_parameters_are_told_of(void **state) {
  (void)state;
  if (!is_supported()) skip();
  static const char header[] =
      "{\"0.weight\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}";
  const uint64_t length = sizeof header - 1;
  unsigned char file[8 + sizeof header - 1 + 8] = {0};
  for (size_t i = 0; i < 8; i++) file[i] = (unsigned char)(length >> 8 * i);
  memcpy(file + 8, header, length);
  write_bytes(path_of("frozen.safetensors"), file, sizeof file);
  command_result result =
      run("convert", "--loss", "squared", path_of("frozen.safetensors"), path_of("frozen.onnx"));
  assert_code(&result, 0);
  assert_says(result.out, "note: ONNX does not keep which parameters are frozen\n");
  result_free(&result);
  result = run("convert", "--loss", "squared", path_of("frozen.safetensors"),
               path_of("thawed.safetensors"));
  assert_code(&result, 0);
  if (strstr(result.out, "note") != NULL)
    fail_msg("a note on a format that keeps it: \"%s\"", result.out);
  result_free(&result);
}

/* An ONNX file does not describe its data: a table may have the target behind the inputs, or not.
 */
static void test_predicting_from_inputs_alone(void **state) {
  (void)state;
  if (!is_supported()) skip();
  static const char *const tables[] = {"1,2\n3,4\n", "1,2,0\n3,4,0\n"};
  char *first = NULL;
  command_result created =
      run("train", "--data", QUERN_TEST_DATA "/../../data/iris.csv", "--inputs", "1,2", "--device",
          "reference", "--epochs", "1", "--save", path_of("two.safetensors"));
  assert_code(&created, 0);
  result_free(&created);
  created = run("convert", path_of("two.safetensors"), path_of("two.onnx"));
  assert_code(&created, 0);
  result_free(&created);
  for (size_t i = 0; i < 2; i++) {
    write_bytes(path_of("samples.csv"), tables[i], strlen(tables[i]));
    command_result result = run("predict", "--model", path_of("two.onnx"), "--data",
                                path_of("samples.csv"), "--device", "reference");
    assert_code(&result, 0);
    assert_int_equal(count_lines(result.out), 3);
    if (first == NULL)
      first = strdup(result.out);
    else
      assert_string_equal(result.out, first);
    result_free(&result);
  }
  free(first);
  write_bytes(path_of("samples.csv"), "1,x\n", 4);
  assert_one_line(run("predict", "--model", path_of("two.onnx"), "--data", path_of("samples.csv")),
                  1, PARTS("samples.csv", "takes 2 values per sample, but", "has 1"));
}

static void test_the_loss_that_a_file_does_not_say(void **state) {
  (void)state;
  if (!is_supported()) skip();
  command_result result =
      run("convert", "--loss", "categorical", QUERN_TEST_DATA "/../onnx/files/no-bias-plain.onnx",
          path_of("c.safetensors"));
  assert_code(&result, 0);
  assert_says(result.out, "5-3-2, leaky-relu:0.2, categorical loss");
  result_free(&result);
  result =
      run("convert", QUERN_TEST_DATA "/../onnx/files/no-bias-plain.onnx", path_of("c.safetensors"));
  assert_code(&result, 0);
  assert_says(result.out, "squared loss");
  result_free(&result);
}

static void test_refusals(void **state) {
  (void)state;
  const char *model = path_of("model.safetensors");
  assert_one_line(run("convert", model), 2, PARTS("IN OUT is missing"));
  assert_one_line(run("convert", model, path_of("model.pt")), 1,
                  PARTS("model.pt", ".safetensors or .onnx"));
  assert_one_line(run("convert", path_of("missing.safetensors"), path_of("x.onnx")), 1,
                  PARTS("missing.safetensors"));
  assert_one_line(run("convert", model, path_of("missing/x.onnx")), 1,
                  PARTS("missing", "No such file"));
  if (is_supported()) {
    write_bytes(path_of("bad.onnx"), "hello", 5);
    assert_one_line(run("convert", path_of("bad.onnx"), path_of("x.safetensors")), 1,
                    PARTS("bad.onnx: is not an ONNX file"));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_there_and_back),
                                     cmocka_unit_test(test_eval_and_predict_take_it),
                                     cmocka_unit_test(test_frozen_parameters_are_told_of),
                                     cmocka_unit_test(test_predicting_from_inputs_alone),
                                     cmocka_unit_test(test_the_loss_that_a_file_does_not_say),
                                     cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests(tests, prepare, remove_temporary_folder);
}

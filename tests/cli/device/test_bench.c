/* quern bench: it measures, prints what it measured, and refuses unknown arguments. No figure is
 * compared with anything, since machines differ. */
#include "../command.h"

/* A figure is positive, and its median is between its quartiles. */
static void assert_figure(const cJSON *object, const char *name) {
  const cJSON *figure = cJSON_GetObjectItemCaseSensitive(object, name);
  if (!cJSON_IsObject(figure)) fail_msg("no figure \"%s\"", name);
  double low = json_number(figure, "low");
  double median = json_number(figure, "median");
  double high = json_number(figure, "high");
  if (!(low > 0 && low <= median && median <= high))
    fail_msg("%s: low %g, median %g, high %g", name, low, median, high);
}

static void assert_products(const cJSON *json) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "products"), *item;
  assert_true(cJSON_GetArraySize(list) > 0);
  cJSON_ArrayForEach(item, list) {
    assert_true(json_number(item, "samples") > 0);
    assert_figure(item, "forward_gflops");
    assert_figure(item, "backward_data_gflops");
    assert_figure(item, "backward_weights_gflops");
  }
}

static void assert_training(const cJSON *json) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "training"), *item;
  assert_true(cJSON_GetArraySize(list) > 0);
  cJSON_ArrayForEach(item, list) {
    assert_non_null(strstr(json_text(item, "network"), "-"));
    assert_figure(item, "step_samples_per_second");
  }
}

static void test_json(void **state) {
  (void)state;
  command_result result = run("bench", "--quick", "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  const cJSON *limits = cJSON_GetObjectItemCaseSensitive(json, "limits");
  assert_figure(limits, "launches_per_second");
  assert_figure(limits, "waits_per_second");
  assert_figure(limits, "copy_gigabytes_per_second");
  assert_products(json);
  assert_training(json);
  assert_true(*json_text(json, "device") != '\0');
  assert_says(result.err, "samples x out x in");
  cJSON_Delete(json);
  result_free(&result);
}

static void test_one_part(void **state) {
  (void)state;
  command_result result = run("bench", "gemm", "--quick", "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  assert_products(json);
  assert_null(cJSON_GetObjectItemCaseSensitive(json, "training"));
  cJSON_Delete(json);
  result_free(&result);

  result = run("bench", "train", "--quick", "--device", "reference");
  assert_code(&result, 0);
  assert_says(result.out, "samples/s");
  assert_null(strstr(result.out, "GFLOPS"));
  result_free(&result);
}

static void test_usage(void **state) {
  (void)state;
  command_result help = run("bench", "--help");
  assert_says(help.out, "quern bench [gemm|train] [OPTION]...");
  result_free(&help);
  assert_one_line(run("bench", "gem"), 2, PARTS("quern bench: ", "\"gem\"", "--help"));
  assert_one_line(run("bench", "--quick", "gem"), 2, PARTS("expected gemm or train", "\"gem\""));
  assert_one_line(run("bench", "gemm", "train"), 2, PARTS("\"train\" is not expected"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_json), cmocka_unit_test(test_one_part),
                                     cmocka_unit_test(test_usage)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

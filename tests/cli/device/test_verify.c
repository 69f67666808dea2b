/* quern verify: its output, its exit codes, and what it refuses. The test verify_quick checks that
 * it passes. */
#include "../command.h"

static void test_json(void **state) {
  (void)state;
  command_result result = run("verify", "--device", "reference", "--quick", "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  const cJSON *results = cJSON_GetObjectItemCaseSensitive(json, "results"), *item;
  assert_true(cJSON_GetArraySize(results) > 20);
  double cases = 0;
  cJSON_ArrayForEach(item, results) {
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "passed")));
    assert_true(json_number(item, "worst") <= 1);
    assert_string_equal(json_text(item, "variant"), "as opened");
    assert_says(result.err, json_text(item, "op"));
    cases += json_number(item, "cases");
  }
  assert_true(json_number(json, "cases") == cases);
  assert_true(json_number(json, "failed") == 0);
  assert_string_equal(json_text(json, "device"), "reference");
  assert_true(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "facts")) > 0);
  assert_says(result.err, "all passed");
  cJSON_Delete(json);
  result_free(&result);
}

/* The table is made for bug reports: it names the device and its driver. */
static void test_table(void **state) {
  (void)state;
  command_result devices = run("devices", "--json"),
                 result = run("verify", "--quick", "--op", "softmax");
  cJSON *json = parse_json(&devices);
  const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(json, "devices"), 0);
  assert_code(&result, 0);
  assert_says(result.out, json_text(first, "name"));
  assert_says(result.out, json_text(first, "driver"));
  assert_says(result.out, "quern      ");
  assert_says(result.out, "error/bound");
  assert_says(result.out, "softmax");
  assert_null(strstr(result.out, "argmax"));
  assert_string_equal(result.err, "");
  cJSON_Delete(json);
  result_free(&devices);
  result_free(&result);
}

static void test_usage(void **state) {
  (void)state;
  assert_one_line(run("verify", "--quick", "--full"), 2, PARTS("--quick", "--full", "combined"));
  assert_one_line(run("verify", "--op", "hardmax"), 2,
                  PARTS("\"hardmax\"", "softmax, ", "training"));
  assert_one_line(run("verify", "all"), 2, PARTS("\"all\" is not expected"));
  assert_one_line(run("verify", "--device", "no such device"), 1, PARTS("no such device"));
  command_result help = run("verify", "--help");
  assert_code(&help, 0);
  assert_says(help.out, "--full");
  result_free(&help);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_json), cmocka_unit_test(test_table),
                                     cmocka_unit_test(test_usage)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* quern tune: a quick run in a cache folder of its own, what other commands report afterwards, and
 * --reset. */
#include "../command.h"
#include "opencl/tuning_file.h"
#include <quern/device.h>

static char cache_variable[PATH_BYTES + 32];

/* Runs the command with this test's cache folder. */
static command_result run_cached(const char *const *arguments) {
  const char *const environment[] = {"QUERN_CACHE=", cache_variable, NULL};
  return run_with(&(const command_setting){environment, NULL}, arguments);
}

static void test_quick(void **state) {
  (void)state;
  command_result tuned = run_cached(ARGUMENTS("tune", "--quick", "--json"));
  assert_code(&tuned, 0);
  assert_says(tuned.err, "forward");
  assert_says(tuned.err, "ratio");
  cJSON *json = parse_json(&tuned);
  const cJSON *parts = cJSON_GetObjectItemCaseSensitive(json, "parts"), *part;
  assert_true(cJSON_GetArraySize(parts) >= 3);
  bool changed = false;
  cJSON_ArrayForEach(part, parts) {
    const cJSON *its = cJSON_GetObjectItemCaseSensitive(part, "changed");
    assert_true(json_number(part, "tried") > 0);
    assert_true(json_number(part, "wrong") == 0);
    assert_true(cJSON_IsBool(its));
    const bool same = strcmp(json_text(part, "before"), json_text(part, "after")) == 0;
    assert_true(cJSON_IsTrue(its) ? !same && json_number(part, "ratio") >= 1.03 : same);
    changed = changed || cJSON_IsTrue(its);
  }
  const cJSON *products = cJSON_GetObjectItemCaseSensitive(json, "products");
  assert_true((cJSON_GetArraySize(products) > 0) == changed);

  /* Other commands use the file that was written; if no candidate won, there is no file. */
  const cJSON *file = cJSON_GetObjectItemCaseSensitive(json, "file");
  command_result devices = run_cached(ARGUMENTS("devices"));
  command_result reset = run_cached(ARGUMENTS("tune", "--reset"));
  if (cJSON_IsString(file)) {
    assert_true(changed);
    assert_says(devices.out, file->valuestring);
    assert_says(reset.out, "Deleted 1 tuning file.");
  } else {
    assert_true(cJSON_IsNull(file));
    assert_null(strstr(devices.out, "tuned"));
    assert_says(reset.out, "There is no tuning file");
  }
  assert_code(&devices, 0);
  assert_code(&reset, 0);
  result_free(&tuned);
  result_free(&devices);
  result_free(&reset);
  cJSON_Delete(json);
}

/* A damaged file is ignored, and commands that open the device report it. */
static void test_note(void **state) {
  (void)state;
  char *path;
  quern_device_list *list;
  quern_device_info info;
  assert_int_equal(quern_device_list_create(&list), QUERN_OK);
  quern_device_describe(quern_device_list_at(list, 0), &info);
  assert_string_equal(info.backend, "opencl");
  assert_int_equal(setenv("QUERN_CACHE", "", 1), 0);
  assert_int_equal(setenv("QUERN_CACHE_DIR", temporary_folder, 1), 0);
  assert_int_equal(quern__tuning_path(&info, &path), QUERN_OK);
  assert_int_equal(setenv("QUERN_CACHE", "off", 1), 0);
  write_bytes(path, "quern tuning 2\n", 15);
  command_result devices = run_cached(ARGUMENTS("devices"));
  command_result train = run_cached(ARGUMENTS("train", "--data", "digits", "--epochs", "1"));
  assert_code(&devices, 0);
  assert_code(&train, 0);
  assert_says(devices.out, path);
  assert_says(devices.out, "line 1: expected \"quern tuning 1\"");
  assert_says(train.out, "note: ");
  assert_says(train.out, path);
  result_free(&devices);
  result_free(&train);

  /* QUERN_CACHE=off: the file is not read, and tuning is refused. */
  const char *const environment[] = {"QUERN_CACHE=off", cache_variable, NULL};
  command_result quiet =
      run_with(&(const command_setting){environment, NULL}, ARGUMENTS("devices"));
  assert_code(&quiet, 0);
  assert_null(strstr(quiet.out, path));
  command_result off =
      run_with(&(const command_setting){environment, NULL}, ARGUMENTS("tune", "--quick"));
  assert_code(&off, 1);
  assert_says(off.err, "QUERN_CACHE is off");
  result_free(&quiet);
  result_free(&off);
  assert_int_equal(remove(path), 0);
  free(path);
  quern_device_list_free(list);
}

static void test_usage(void **state) {
  (void)state;
  command_result help = run("tune", "--help");
  assert_code(&help, 0);
  assert_says(help.out, "--quick");
  assert_says(help.out, "--reset");
  result_free(&help);
  command_result all = run("--help");
  assert_says(all.out, "  tune ");
  assert_says(all.out, "QUERN_CACHE_DIR");
  result_free(&all);
  assert_one_line(run("tune", "gemm"), 2, PARTS("\"gemm\" is not expected"));
  command_result reference = run("tune", "--device", "reference");
  assert_code(&reference, 1);
  assert_says(reference.err, "reference has no parameters to tune");
  result_free(&reference);
}

static int set_up(void **state) {
  if (make_temporary_folder(state) != 0) return -1;
  snprintf(cache_variable, sizeof cache_variable, "QUERN_CACHE_DIR=%s", temporary_folder);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_quick), cmocka_unit_test(test_note),
                                     cmocka_unit_test(test_usage)};
  return cmocka_run_group_tests_name("cli/tune", tests, set_up, remove_temporary_folder);
}

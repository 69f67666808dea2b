/* Help, version, wrong command lines, and the list of devices. */
#include "../command.h"
#include <quern/version.h>

static const char *const commands[] = {"devices", "train", "eval", "predict", "inspect", "convert",
                                       "plot",    "bench", "tune", "verify",  "example"};

/* No line is wider than 80 columns, and each option has one line. */
static void assert_narrow(const char *text) {
  for (const char *line = text; *line != '\0';) {
    const size_t bytes = strcspn(line, "\n");
    size_t columns = 0;
    for (size_t i = 0; i < bytes; i++) columns += ((unsigned char)line[i] & 0xc0) != 0x80;
    if (columns > 80) fail_msg("%zu columns: %.*s", columns, (int)bytes, line);
    line += bytes + (line[bytes] == '\n');
  }
}

static void test_help(void **state) {
  (void)state;
  command_result all = run("--help");
  assert_code(&all, 0);
  assert_string_equal(all.err, "");
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    assert_says(all.out, commands[i]);
    command_result one = run(commands[i], "--help");
    assert_code(&one, 0);
    assert_string_equal(one.err, "");
    assert_says(one.out, "Usage: quern ");
    assert_says(one.out, commands[i]);
    assert_says(one.out, "Examples:\n  quern ");
    assert_narrow(one.out);
    result_free(&one);
  }
  assert_narrow(all.out);
  result_free(&all);
}

static void test_help_of_train(void **state) {
  (void)state;
  static const char *const parts[] = {"\nData:\n  --data WHERE",
                                      "\nModel:\n  --hidden N,N",
                                      "\nTraining:\n  --epochs N",
                                      "\nRegularization:\n",
                                      "\nDevices:\n  --device DEVICE",
                                      "\nFiles:\n  --save FILE",
                                      "(required)",
                                      "(default 256)",
                                      "(default 20)",
                                      "(default 64,",
                                      "(default one-cycle)",
                                      "(default 60)",
                                      "leaky-relu",
                                      "elementwise"};
  command_result result = run("train", "--help");
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) assert_says(result.out, parts[i]);
  result_free(&result);
}

/* The help as data, for completion in shells and for the manual page. */
static void test_help_as_data(void **state) {
  (void)state;
  command_result result = run("--help-table");
  assert_code(&result, 0);
  assert_says(result.out, "train\ttrain a network");
  result_free(&result);
  result = run("train", "--help-table");
  assert_code(&result, 0);
  assert_says(result.out, "\n--activation\tNAME\tidentity relu ");
  assert_says(result.out, "\n--json\t\t\t");
  result_free(&result);
  result = run("plot", "--help-table");
  assert_int_equal(strncmp(result.out, "\tLOG...\t", strlen("\tLOG...\t")), 0);
  result_free(&result);
  result = run("--help-manual");
  assert_code(&result, 0);
  assert_says(result.out, "\n.Ss verify\n");
  assert_says(result.out, "\n.It Fl o , Fl Fl output Ar file\n");
  assert_says(result.out, "\n.It Ev NO_COLOR\n");
  result_free(&result);
}

static void test_version(void **state) {
  (void)state;
  command_result result = run("--version");
  assert_code(&result, 0);
  assert_string_equal(result.out, "quern " QUERN_VERSION "\n");
  result_free(&result);
}

static void test_bad_usage(void **state) {
  (void)state;
  static const struct {
    const char *const arguments[9];
    const char *const parts[4];
  } cases[] = {
      {{"quern"}, {"no command", "--help"}},
      {{"quern", "grind"}, {"grind", "--help"}},
      {{"quern", "--grind"}, {"--grind", "--help"}},
      {{"quern", "train"}, {"--data", "missing"}},
      {{"quern", "train", "--data"}, {"--data", "value"}},
      {{"quern", "train", "--data", ""}, {"--data", "empty"}},
      {{"quern", "train", "--data", "digits", "--grind"}, {"--grind", "quern train --help"}},
      {{"quern", "train", "--data", "digits", "more"}, {"\"more\" is not expected; see"}},
      {{"quern", "train", "a.csv"}, {"not expected (did you mean \"--data a.csv\"?)"}},
      {{"quern", "eval", "--data", "a.csv", "b"}, {"did you mean \"--model b\"?"}},
      {{"quern", "train", "--data", "digits", "--json=1"}, {"--json=1"}},
      {{"quern", "train", "--data", "digits", "--epochs", "0"}, {"--epochs", "\"0\"", "from 1"}},
      {{"quern", "train", "--data", "digits", "--epochs", "ten"}, {"--epochs", "\"ten\""}},
      {{"quern", "train", "--data", "digits", "--epochs", "1e1"}, {"--epochs", "\"1e1\""}},
      {{"quern", "train", "--data", "digits", "--epochs", " 1"}, {"--epochs", "\" 1\""}},
      {{"quern", "train", "--data", "digits", "--batch", "0"}, {"--batch", "\"0\"", "from 1"}},
      {{"quern", "train", "--data", "digits", "--batch", "-1"}, {"--batch", "\"-1\""}},
      {{"quern", "train", "--data", "digits", "--lr", "0"}, {"--lr", "\"0\"", "above 0"}},
      {{"quern", "train", "--data", "digits", "--lr", "nan"}, {"--lr", "\"nan\""}},
      {{"quern", "train", "--data", "digits", "--lr", "inf"}, {"--lr", "\"inf\""}},
      {{"quern", "train", "--data", "digits", "--lr", "1e99"}, {"--lr", "\"1e99\""}},
      {{"quern", "train", "--data", "digits", "--lr", "1e-50"},
       {"--lr", "\"1e-50\"", "at least 1.2e-38"}},
      {{"quern", "train", "--data", "digits", "--clip-norm", "1e-400"},
       {"--clip-norm", "at least 1.2e-38"}},
      {{"quern", "train", "--data", "digits", "--class-weights", "1,1e39"},
       {"--class-weights", "\"1,1e39\"", "at most 3.4e38"}},
      {{"quern", "train", "--data", "digits", "--lr", "0.1f"}, {"--lr", "\"0.1f\""}},
      {{"quern", "train", "--data", "digits", "--weight-decay", "-1"},
       {"--weight-decay", "\"-1\""}},
      {{"quern", "train", "--data", "digits", "--optimizer", "adm"}, {"--optimizer", "adam"}},
      {{"quern", "train", "--data", "digits", "--optimizer", "sgd", "--beta1", "0.8"},
       {"--beta1 is for", "adam or adamw"}},
      {{"quern", "train", "--data", "digits", "--optimizer", "adam", "--momentum", "0.8"},
       {"--momentum is for", "nesterov"}},
      {{"quern", "train", "--data", "digits", "--optimizer", "adam", "--beta2", "1"},
       {"--beta2", "below 1"}},
      {{"quern", "train", "--data", "digits", "--optimizer", "rmsprop", "--alpha", "1.5"},
       {"--alpha", "0 to 1"}},
      {{"quern", "train", "--data", "digits", "--gamma", "0.5"},
       {"--gamma is for", "--schedule step"}},
      {{"quern", "train", "--data", "digits", "--step-epochs", "5"},
       {"--step-epochs is for", "--schedule step"}},
      {{"quern", "train", "--data", "digits", "--schedule", "cosin"}, {"--schedule", "cosine"}},
      {{"quern", "train", "--data", "digits", "--decay-bias", "no"}, {"--decay-bias", "on or off"}},
      {{"quern", "train", "--data", "digits", "--patience", "0"}, {"--patience", "from 1"}},
      {{"quern", "train", "--data", "digits", "--data-memory", "0"},
       {"--data-memory", "64K", "\"0\""}},
      {{"quern", "train", "--data", "digits", "--data-memory", "64k"},
       {"--data-memory", "\"64k\""}},
      {{"quern", "train", "--data", "digits", "--data-memory", "1MB"},
       {"--data-memory", "\"1MB\""}},
      {{"quern", "train", "--data", "digits", "--data-memory", "17179869184G"},
       {"--data-memory", "2G"}},
      {{"quern", "train", "--data", "digits", "--seed", "18446744073709551616"},
       {"--seed", "18446744073709551615"}},
      {{"quern", "train", "--data", "digits", "--hidden", "0"}, {"--hidden", "\"0\""}},
      {{"quern", "train", "--data", "digits", "--hidden", "64,"}, {"--hidden", "\"64,\""}},
      {{"quern", "train", "--data", "digits", "--hidden", "64;32"}, {"--hidden", "\"64;32\""}},
      {{"quern", "train", "--data", "digits", "--hidden", "99999999999999999999"},
       {"--hidden", "2147483647"}},
      {{"quern", "train", "--data", "digits", "--activation", "step"},
       {"--activation", "leaky-relu", "\"step\""}},
      {{"quern", "train", "--data", "digits", "--loss", "hinge"},
       {"--loss", "categorical", "\"hinge\""}},
      {{"quern", "train", "--data", "digits", "--header", "two"}, {"--header", "auto", "\"two\""}},
      {{"quern", "eval", "--data", "digits"}, {"quern eval", "--model", "missing"}},
      {{"quern", "eval", "--model", "m", "--data", "digits", "--show"}, {"--show", "value"}},
      {{"quern", "predict", "--model", "m"}, {"quern predict", "--data", "missing"}},
      {{"quern", "example", "--loss", "squared"}, {"quern example", "elementwise or categorical"}},
      {{"quern", "devices", "all"}, {"quern devices", "all"}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_one_line(run_with(&(const command_setting){NULL, NULL}, cases[i].arguments), 2,
                    cases[i].parts);
}

/* The nearest name is suggested, and none if nothing is near. */
static void test_suggestions(void **state) {
  (void)state;
  static const struct {
    int code;
    const char *const arguments[9];
    const char *meant; /* NULL: nothing is near */
  } cases[] = {
      {2, {"quern", "trian"}, "train"},
      {2, {"quern", "Evla"}, "eval"},
      {2, {"quern", "--hlep"}, "--help"},
      {2, {"quern", "grind"}, NULL},
      {2, {"quern", "train", "--epoks", "3"}, "--epochs"},
      {2, {"quern", "train", "--weigth-decay=1"}, "--weight-decay"},
      {2, {"quern", "train", "--rl", "3"}, "--lr"},
      {2, {"quern", "train", "--grind"}, NULL},
      {2, {"quern", "train", "-x"}, NULL},
      {2, {"quern", "train", "--data", "digits", "--activation", "sigmiod"}, "sigmoid"},
      {2, {"quern", "train", "--data", "digits", "--activation", "gauss"}, NULL},
      {1, {"quern", "train", "--data", "digits", "--device", "refernce"}, "reference"},
      {1, {"quern", "train", "--data", "digits", "--device", "quantum computer"}, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char meant[64] = "";
    if (cases[i].meant != NULL)
      snprintf(meant, sizeof meant, "(did you mean \"%s\"?)", cases[i].meant);
    command_result result = run_with(&(const command_setting){NULL, NULL}, cases[i].arguments);
    if (cases[i].meant == NULL) assert_null(strstr(result.err, "did you mean"));
    assert_one_line(result, cases[i].code, PARTS(meant));
  }
  assert_one_line(run("train", "--check", "x"), 2,
                  PARTS("--check may be --checkpoint or --checkpoint-every"));
}

static void test_devices(void **state) {
  (void)state;
  command_result result = run("devices");
  assert_code(&result, 0);
  assert_says(result.out, "reference");
  result_free(&result);

  result = run("devices", "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  const cJSON *devices = cJSON_GetObjectItemCaseSensitive(json, "devices");
  int count = cJSON_GetArraySize(devices);
  assert_true(count >= 1);
  for (int i = 0; i < count; i++) {
    const cJSON *device = cJSON_GetArrayItem(devices, i);
    assert_true(json_number(device, "index") == i);
    assert_true(strlen(json_text(device, "name")) > 0);
    assert_true(json_number(device, "compute_units") >= 1);
    bool last = i + 1 == count;
    assert_string_equal(json_text(device, "backend"), last ? "reference" : "opencl");
    assert_true((strcmp(json_text(device, "kind"), "reference") == 0) == last);
  }
  double chosen = json_number(json, "chosen");
  assert_true(chosen >= 0 && chosen < count);
  cJSON_Delete(json);
  result_free(&result);
}

static void test_devices_names_the_environments_choice(void **state) {
  (void)state;
  const command_setting reference = {PARTS("QUERN_DEVICE=reference"), NULL};
  command_result result = run_with(&reference, ARGUMENTS("devices", "--json"));
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  const cJSON *devices = cJSON_GetObjectItemCaseSensitive(json, "devices");
  assert_true(json_number(json, "chosen") == cJSON_GetArraySize(devices) - 1);
  cJSON_Delete(json);
  result_free(&result);

  const command_setting missing = {PARTS("QUERN_DEVICE=abacus"), NULL};
  result = run_with(&missing, ARGUMENTS("devices"));
  assert_code(&result, 1);
  assert_says(result.err, "abacus");
  assert_says(result.out, "reference"); /* the list is printed nevertheless */
  result_free(&result);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_help),
      cmocka_unit_test(test_help_of_train),
      cmocka_unit_test(test_help_as_data),
      cmocka_unit_test(test_version),
      cmocka_unit_test(test_bad_usage),
      cmocka_unit_test(test_suggestions),
      cmocka_unit_test(test_devices),
      cmocka_unit_test(test_devices_names_the_environments_choice),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

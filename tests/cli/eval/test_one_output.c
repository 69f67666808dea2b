/* Models with one output that do not describe their data: a probability, or a number. */
#include "../command.h"

/* Writes a state_dict of one layer: the output is the sum of two inputs. */
static void write_model(const char *path) {
  static const char header[] = "{\"0.weight\":{\"dtype\":\"F32\",\"shape\":[1,2],"
                               "\"data_offsets\":[0,8]},\"0.bias\":{\"dtype\":\"F32\","
                               "\"shape\":[1],\"data_offsets\":[8,12]}}";
  static const float values[] = {1.0f, 1.0f, 0.0f};
  unsigned char bytes[8 + sizeof header - 1 + sizeof values] = {sizeof header - 1};
  memcpy(bytes + 8, header, sizeof header - 1);
  memcpy(bytes + 8 + sizeof header - 1, values, sizeof values);
  write_bytes(path, bytes, sizeof bytes);
}

static void assert_prints(const char *loss, const char *task, const char *expected) {
  command_result result = task != NULL
                              ? run("predict", "--model", path_of("one.safetensors"), "--data",
                                    path_of("one.csv"), "--loss", loss, "--task", task)
                              : run("predict", "--model", path_of("one.safetensors"), "--data",
                                    path_of("one.csv"), "--loss", loss);
  assert_code(&result, 0);
  assert_string_equal(result.out, expected);
  result_free(&result);
}

static void write_table(const char *text) {
  write_bytes(path_of("one.csv"), text, strlen(text));
}

static void test_predict(void **state) {
  (void)state;
  static const char *const tables[] = {"a,b\n1,0\n-1,0\n0,0\n", "a,b,y\n1,0,1\n-1,0,1\n0,0,0\n"};
  write_model(path_of("one.safetensors"));
  for (size_t i = 0; i < 2; i++) {
    write_table(tables[i]);
    assert_prints("binary", NULL, "class,p1\n1,0.7310586\n0,0.2689414\n0,0.5\n");
    assert_prints("binary", "classes", "class,p1\n1,0.7310586\n0,0.2689414\n0,0.5\n");
    assert_prints("binary", "labels", "label0,p0\n1,0.7310586\n0,0.2689414\n0,0.5\n");
    assert_prints("squared", NULL, "y0\n1\n-1\n0\n");
  }
  write_table("a,b,y\n1,0,1.25\n-1,0,-0.5\n0,0,7\n");
  assert_prints("squared", NULL, "y0\n1\n-1\n0\n");
}

static void assert_evaluates(const char *loss, const char *task, const char *expected) {
  command_result result = run("eval", "--model", path_of("one.safetensors"), "--data",
                              path_of("one.csv"), "--loss", loss, "--task", task);
  assert_code(&result, 0);
  assert_says(result.out, expected);
  result_free(&result);
}

static void test_eval(void **state) {
  (void)state;
  write_model(path_of("one.safetensors"));
  write_table("a,b,y\n1,0,1\n-1,0,1\n0,0,0\n-2,0,0\n");
  assert_evaluates("binary", "auto", "label accuracy 0.7500");
  assert_evaluates("binary", "classes", "label accuracy 0.7500");
  write_table("a,b,y\n1,0,1.5\n-1,0,-1\n");
  assert_evaluates("squared", "auto", "R² 0.9200");
}

/* The softmax of one output is always 1. */
static void test_loss_is_needed(void **state) {
  (void)state;
  const char *model = path_of("one.safetensors"), *data = path_of("one.csv");
  write_model(model);
  write_table("a,b\n1,0\n");
  const char *const parts[] = {"one.safetensors has one output", "--loss binary", "--loss squared",
                               NULL};
  assert_one_line(run("predict", "--model", model, "--data", data), 1, parts);
  assert_one_line(run("predict", "--model", model, "--data", data, "--loss", "categorical"), 1,
                  parts);
}

#define WITH_FOLDER(test) cmocka_unit_test_teardown(test, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {WITH_FOLDER(test_predict), WITH_FOLDER(test_eval),
                                     WITH_FOLDER(test_loss_is_needed)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

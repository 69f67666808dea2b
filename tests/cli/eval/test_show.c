/* Images of `quern eval --show`: plain characters in a file, shades of gray in a terminal, as many
 * side by side as fit. */
#include "../pty.h"

#define IMAGES "some-images-idx3-ubyte"
#define LABELS "some-labels-idx1-ubyte"
#define MODEL  "model.safetensors"

/* Four images of 4 rows of 3 pixels: black, white, white above black, and gray. */
static const unsigned char images[] = {
    0,   0,   8,   3,   0,   0,   0,   4,   0,   0,   0,   4,   0,   0,   0,   3,
    0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0,   0,
    0,   0,   0,   0,   128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128};
static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 2, 0};

static int prepare(void **state) {
  if (make_temporary_folder(state) != 0) return -1;
  write_bytes(path_of(IMAGES), images, sizeof images);
  write_bytes(path_of(LABELS), labels, sizeof labels);
  command_result result =
      run("train", "--data", path_of(IMAGES), "--test", path_of(IMAGES), "--hidden", "8", PLAIN_SGD,
          "--epochs", "300", "--save", path_of(MODEL));
  int code = result.code;
  result_free(&result);
  return code;
}

static void test_plain_characters(void **state) {
  (void)state;
  command_result result = run("eval", "--model", path_of(MODEL), "--data", path_of(IMAGES),
                              "--show", "9", "--class-names", "night,snow,hill");
  assert_code(&result, 0);
  assert_null(strchr(result.out, '\033'));
  /* Three images fit into 80 columns: the longest caption is "predicted night (0.97),", and gaps
   * are 2. */
  assert_says(result.out, "\n                         @@@                      @@@\n"
                          "                         @@@\n"
                          "predicted night (");
  assert_says(result.out, "is night                 is snow                  is hill\n");
  assert_says(result.out, "\n+++\n+++\npredicted night");
  assert_says(result.out, "over 4 samples");
  result_free(&result);
}

static void test_json_keeps_images_off_stdout(void **state) {
  (void)state;
  command_result result =
      run("eval", "--model", path_of(MODEL), "--data", path_of(IMAGES), "--show", "1", "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  assert_true(json_number(json, "samples") == 4);
  assert_says(result.err, "\nis 0\n");
  cJSON_Delete(json);
  result_free(&result);
}

/* The command's output in a terminal of `columns`; the caller frees it. */
static char *show_in_terminal(unsigned short columns, const char *const *environment) {
  command_result result = run_in_terminal(
      columns, environment,
      ARGUMENTS("eval", "--model", path_of(MODEL), "--data", path_of(IMAGES), "--show", "4"));
  assert_code(&result, 0);
  free(result.err);
  return result.out;
}

static void test_terminal_gets_grays(void **state) {
  (void)state;
  char *text = show_in_terminal(100, PARTS("NO_COLOR=", "TERM=xterm"));
  assert_says(text, "\033[38;5;232;48;5;232m\u2580"); /* black */
  assert_says(text, "\033[38;5;255;48;5;255m\u2580"); /* white */
  assert_says(text, "\033[0m");
  /* Four captions of 19 and gaps of 2 fit into 100 columns. */
  assert_says(text, "is 0                 is 1                 is 2                 is 0\r\n");
  free(text);
}

static void test_terminal_width_wraps(void **state) {
  (void)state;
  char *text = show_in_terminal(45, PARTS("NO_COLOR=", "TERM=xterm"));
  assert_says(text, "is 0                 is 1\r\n");
  assert_says(text, "is 2                 is 0\r\n");
  free(text);
}

static void test_no_color_is_heeded(void **state) {
  (void)state;
  char *text = show_in_terminal(100, PARTS("NO_COLOR=1", "TERM=xterm"));
  assert_null(strchr(text, '\033'));
  assert_says(text, "@@@");
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain_characters),
      cmocka_unit_test(test_json_keeps_images_off_stdout),
      cmocka_unit_test(test_terminal_gets_grays),
      cmocka_unit_test(test_terminal_width_wraps),
      cmocka_unit_test(test_no_color_is_heeded),
  };
  return cmocka_run_group_tests(tests, prepare, remove_temporary_folder);
}

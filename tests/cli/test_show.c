/* Images of `quern eval --show`: plain characters in a file, shades of grey in a terminal as wide as it is. */
#include "command.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#define IMAGES "some-images-idx3-ubyte"
#define LABELS "some-labels-idx1-ubyte"
#define MODEL  "model.safetensors"

/* Four images of 4 rows of 3 pixels: black, white, white above black, and grey. */
static const unsigned char images[] = {
    0,   0,   8, 3, 0, 0, 0,   4,   0,   0,   0,   4,   0,   0,   0,   3,   0,   0,   0,   0,   0,   0,
    0,   0,   0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 0, 0, 0, 0, 0,   0,   128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128};
static const unsigned char labels[] = {0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 2, 0};

static int prepare(void **state) {
  if (make_temporary_folder(state) != 0) return -1;
  write_bytes(path_of(IMAGES), images, sizeof images);
  write_bytes(path_of(LABELS), labels, sizeof labels);
  command_result result = run("train", "--data", path_of(IMAGES), "--test", path_of(IMAGES), "--hidden", "8",
                              "--epochs", "300", "--save", path_of(MODEL));
  int code = result.code;
  result_free(&result);
  return code;
}

static void test_plain_characters(void **state) {
  (void)state;
  command_result result = run("eval", "--model", path_of(MODEL), "--data", path_of(IMAGES), "--show", "9",
                              "--class-names", "night,snow,hill");
  assert_code(&result, 0);
  assert_null(strchr(result.out, '\033'));
  /* Three fit into 80 columns: the longest caption is "predicted night (0.97),", and gaps are 2. */
  assert_says(result.out, "\n                         @@@                      @@@\n"
                          "                         @@@                         \n"
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

/* What the command writes into a terminal of `columns`; the caller frees it. */
static char *run_in_terminal(unsigned short columns, const char *const *environment) {
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  assert_true(master >= 0);
  assert_int_equal(grantpt(master), 0);
  assert_int_equal(unlockpt(master), 0);
  const char *name = ptsname(master);
  assert_non_null(name);
  int slave = open(name, O_RDWR | O_NOCTTY); /* held, so that what was written outlives the writer */
  assert_true(slave >= 0);
  const struct winsize size = {.ws_col = columns, .ws_row = 24};
  assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
  const command_setting setting = {environment, name};
  const char *text_path = path_of("text");
  FILE *text = fopen(text_path, "w");
  assert_non_null(text);
  fflush(NULL);
  pid_t reader = fork();
  assert_true(reader >= 0);
  if (reader == 0) {
    /* Reads until the marker that follows the command's end. */
    char byte;
    while (read(master, &byte, 1) == 1 && byte != '\x04') fputc(byte, text);
    _exit(fclose(text) == 0 ? 0 : 1);
  }
  command_result result = run_with(
      &setting, ARGUMENTS("eval", "--model", path_of(MODEL), "--data", path_of(IMAGES), "--show", "4"));
  assert_int_equal(write(slave, "\x04", 1), 1);
  int status;
  assert_int_equal(waitpid(reader, &status, 0), reader);
  assert_int_equal(status, 0);
  fclose(text);
  assert_code(&result, 0);
  result_free(&result);
  close(slave);
  close(master);
  size_t bytes;
  char *read_back = (char *)read_bytes(text_path, &bytes);
  read_back[bytes] = '\0';
  return read_back;
}

static void test_terminal_gets_greys(void **state) {
  (void)state;
  char *text = run_in_terminal(100, PARTS("NO_COLOR="));
  assert_says(text, "\033[38;5;232;48;5;232m\u2580"); /* black */
  assert_says(text, "\033[38;5;255;48;5;255m\u2580"); /* white */
  assert_says(text, "\033[0m");
  /* Four captions of 19 and gaps of 2 fit into 100 columns. */
  assert_says(text, "is 0                 is 1                 is 2                 is 0\r\n");
  free(text);
}

static void test_terminal_width_wraps(void **state) {
  (void)state;
  char *text = run_in_terminal(45, PARTS("NO_COLOR="));
  assert_says(text, "is 0                 is 1\r\n");
  assert_says(text, "is 2                 is 0\r\n");
  free(text);
}

static void test_no_color_is_heeded(void **state) {
  (void)state;
  char *text = run_in_terminal(100, PARTS("NO_COLOR=1"));
  assert_null(strchr(text, '\033'));
  assert_says(text, "@@@");
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain_characters),    cmocka_unit_test(test_json_keeps_images_off_stdout),
      cmocka_unit_test(test_terminal_gets_greys), cmocka_unit_test(test_terminal_width_wraps),
      cmocka_unit_test(test_no_color_is_heeded),
  };
  return cmocka_run_group_tests(tests, prepare, remove_temporary_folder);
}

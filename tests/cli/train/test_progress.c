/* The progress line that training rewrites on a terminal, and only there. */
#include "../pty.h"

/* Slow enough that an epoch shows such a line. */
#define TRAIN "train", "--data", "digits", PLAIN_SGD, "--hidden", "256,256", "--device", "reference"
/* No driver is loaded, since that would take longer than the training. */
#define TERMINAL "TERM=xterm", "CLICOLOR=", "CLICOLOR_FORCE=", "QUERN_OPENCL_LIBRARY=none"

#define CLEAR "\033[K"

/* The columns of a text of `bytes` bytes. Color codes and UTF-8's further bytes take none. */
static size_t columns_of(const char *text, size_t bytes) {
  size_t columns = 0;
  for (size_t i = 0; i < bytes; i++) {
    if (text[i] == '\033') {
      while (i < bytes && strchr("mK", text[i]) == NULL) i++;
      continue;
    }
    columns += ((unsigned char)text[i] & 0xC0) != 0x80;
  }
  return columns;
}

/* Counts the progress lines, which are between "\r" and the code that clears the rest, and checks
 * that each fits. An epoch's own line fits too, unless the terminal is narrower than its losses and
 * accuracy. */
static size_t check_lines(const char *text, size_t most_columns) {
  size_t lines = 0;
  const char *end;
  for (const char *cursor = text; (end = strstr(cursor, CLEAR)) != NULL;
       cursor = end + strlen(CLEAR)) {
    const char *begin = end;
    while (begin > text && begin[-1] != '\r') begin--;
    assert_true(begin > text);
    const bool within = memchr(begin, '%', (size_t)(end - begin)) != NULL;
    lines += within;
    if ((within || most_columns >= 60) && columns_of(begin, (size_t)(end - begin)) > most_columns)
      fail_msg("more than %zu columns: \"%.*s\"", most_columns, (int)(end - begin), begin);
  }
  return lines;
}

static void check_terminal(unsigned short columns, bool color, const char *const *environment) {
  command_result result = run_in_terminal(columns, environment, ARGUMENTS(TRAIN, "--epochs", "1"));
  assert_code(&result, 0);
  assert_true(check_lines(result.out, (size_t)columns) >= 1);
  assert_true((strstr(result.out, "\033[36m") != NULL) == color);
  /* The epoch's own line overwrites the progress line and leaves nothing of it. */
  if (columns >= 60) assert_says(result.out, "loss ");
  const char *begin = columns > 100 ? "\repoch 1/1   train loss" : "\repoch 1/1  train";
  const char *line = strstr(result.out, begin);
  if (line == NULL) fail_msg("no \"%s\" in \"%s\"", begin, result.out);
  const char *end = strstr(line, CLEAR);
  assert_non_null(end);
  assert_int_equal(strncmp(end, CLEAR "\r\n", 5), 0); /* the \r is the terminal's */
  result_free(&result);
}

static void test_a_wide_terminal(void **state) {
  (void)state;
  check_terminal(120, true, PARTS(TERMINAL, "NO_COLOR="));
}

static void test_a_narrow_terminal(void **state) {
  (void)state;
  check_terminal(60, false, PARTS(TERMINAL, "NO_COLOR=1"));
  check_terminal(30, false, PARTS(TERMINAL, "NO_COLOR=1"));
}

static void test_colors_are_as_wished(void **state) {
  (void)state;
  check_terminal(120, false, PARTS(TERMINAL, "NO_COLOR=1"));
  check_terminal(120, false, PARTS(TERMINAL, "NO_COLOR=", "CLICOLOR=0"));
}

static void test_plain_where_it_is_piped(void **state) {
  (void)state;
  const command_setting setting = {PARTS(TERMINAL, "CLICOLOR_FORCE=1"), NULL};
  command_result result = run_with(&setting, ARGUMENTS(TRAIN, "--epochs", "1"));
  assert_code(&result, 0);
  assert_null(strchr(result.out, '\r'));
  assert_null(strchr(result.out, '\033'));
  assert_says(result.out, "\nepoch 1/1   train loss ");
  result_free(&result);

  result = run_in_terminal(120, PARTS(TERMINAL, "TERM=dumb"), ARGUMENTS(TRAIN, "--epochs", "1"));
  assert_code(&result, 0);
  assert_null(strchr(result.out, '\033'));
  assert_says(result.out, "\nepoch 1/1   train loss ");
  result_free(&result);
}

/* The line is cleared before anything else is printed. */
static void test_an_interrupt_leaves_nothing(void **state) {
  (void)state;
  pty terminal = pty_open(100);
  const command_setting setting = {PARTS(TERMINAL, "NO_COLOR=1"), terminal.name};
  child running = start_with(&setting, ARGUMENTS(TRAIN, "--epochs", "100000"));
  wait_for_text(&running, terminal.text, " left" CLEAR);
  assert_int_equal(kill(running.process, SIGINT), 0);
  command_result result = finish(&running);
  assert_code(&result, 128 + SIGINT);
  assert_says(result.err, "interrupted ");
  free(result.out);
  result.out = pty_close(&terminal);
  const size_t length = strlen(result.out);
  const bool cleared = length > 4 && strcmp(result.out + length - 4, "\r" CLEAR) == 0;
  /* the signal came between two epochs */
  const bool ended = length > 0 && result.out[length - 1] == '\n';
  assert_true(cleared || ended);
  result_free(&result);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_wide_terminal),
      cmocka_unit_test(test_a_narrow_terminal),
      cmocka_unit_test(test_colors_are_as_wished),
      cmocka_unit_test(test_plain_where_it_is_piped),
      cmocka_unit_test(test_an_interrupt_leaves_nothing),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}

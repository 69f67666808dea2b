/* Which characters may be printed on a terminal, and that errors have no others. */
#include "base/error.h"
#include "test.h"

#include <quern/status.h>
#include <stdio.h>
#include <string.h>

static void assert_character(const char *text, size_t bytes, bool fit) {
  bool printable = !fit;
  assert_int_equal(quern_text_character(text, &printable), bytes);
  if (printable != fit) fail_msg("\"%s\" is taken for the other kind", text);
}

static void test_fit(void **state) {
  (void)state;
  static const char *const fit[] = {" ",          "a",          "~",           "\xc2\xa0", "é",
                                    "\u061b",     "\u061d",     "\u200d",      "\u2010",   "\u2027",
                                    "\u202f",     "\u2065",     "\u206a",      "\ufffd",   "日",
                                    "\U0001F600", "\U0010FFFD", "\xef\xbc\xa1"};
  for (size_t i = 0; i < sizeof fit / sizeof *fit; i++) {
    char text[8];
    snprintf(text, sizeof text, "%sx", fit[i]);
    assert_character(text, strlen(fit[i]), true);
    assert_character(fit[i], strlen(fit[i]), true);
  }
  assert_character("", 0, true);
}

static void test_unfit(void **state) {
  (void)state;
  for (int i = 1; i < ' '; i++) assert_character((const char[]){(char)i, 'x', '\0'}, 1, false);
  assert_character("\x7f", 1, false);
  for (int i = 0x80; i < 0xA0; i++)
    assert_character((const char[]){(char)0xC2, (char)i, 'x', '\0'}, 2, false);
  static const char *const others[] = {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a",
                                       "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067",
                                       "\u2068", "\u2069", "\ufffe", "\uffff"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    assert_character(others[i], strlen(others[i]), false);
}

/* Invalid bytes: a lone continuation, a truncated character, an overlong one, half of a surrogate
 * pair, one past the last code point. */
static void test_no_utf8(void **state) {
  (void)state;
  static const char *const broken[] = {
      "\x80x",        "\xbf",     "\xc3",     "\xc3x",        "\xe2\x82",     "\xe2\x82x",
      "\xf0\x9f\x98", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
      "\xf4\x90x",    "\xf5x",    "\xff"};
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) assert_character(broken[i], 1, false);
}

static void test_errors(void **state) {
  (void)state;
  quern__set_error("a\x1b[31m \x7f|\xc2\x9b|\u202e|\x80|é\n\r\tz");
  assert_string_equal(quern_last_error(), "a?[31m ?|?|?|?|é   z");
  /* A text that is too long is cut, also within a character. */
  char text[4096];
  for (size_t i = 0; i + 1 < sizeof text; i += 2) memcpy(text + i, "é", 2);
  text[sizeof text - 2] = '\0';
  for (int skip = 0; skip < 2; skip++) {
    quern__set_error("%s%s", skip ? "x" : "", text);
    bool printable;
    for (const char *cursor = quern_last_error(); *cursor != '\0';) {
      const size_t bytes = quern_text_character(cursor, &printable);
      assert_true(printable);
      cursor += bytes;
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_fit), cmocka_unit_test(test_unfit),
                                     cmocka_unit_test(test_no_utf8), cmocka_unit_test(test_errors)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

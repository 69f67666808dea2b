/* Whole numbers in text. */
#include "base/text.h"
#include "test.h"

static void assert_whole(const char *text, uint64_t most, uint64_t expected, const char *rest) {
  uint64_t value;
  const char *end;
  if (!quern__parse_whole(text, most, &value, &end)) fail_msg("\"%s\" is refused", text);
  assert_true(value == expected);
  assert_string_equal(end, rest);
}

static void test_whole(void **state) {
  (void)state;
  assert_whole("0", 0, 0, "");
  assert_whole("007,8", 10, 7, ",8");
  assert_whole("18446744073709551615", UINT64_MAX, UINT64_MAX, "");
  static const char *const bad[] = {"", " 1", "+1", "-1", "x", "18446744073709551616", "11"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    uint64_t value;
    const char *end;
    const uint64_t most = i + 1 < sizeof bad / sizeof *bad ? UINT64_MAX : 10;
    if (quern__parse_whole(bad[i], most, &value, &end)) fail_msg("\"%s\" is taken", bad[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_whole)};
  return cmocka_run_group_tests_name("base/numbers", tests, NULL, NULL);
}

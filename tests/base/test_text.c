/* Whole numbers read from text. */
#include "base/text.h"
#include "test.h"

/* Parses the whole text. */
static bool parse(const char *text, uint64_t most, uint64_t *value) {
  const char *end;
  return quern__parse_whole(text, most, value, &end) && *end == '\0';
}

static void test_parse_whole(void **state) {
  (void)state;
  uint64_t value;
  static const char *const wrong[] = {"", " 1", "+1", "-1", "1 ", "1.0", "0x1", "a", "101", "1000"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_false(parse(wrong[i], 100, &value));
  assert_true(parse("0", 0, &value) && value == 0);
  assert_false(parse("1", 0, &value));
  assert_true(parse("100", 100, &value) && value == 100);
  assert_true(parse("007", 100, &value) && value == 7);
  assert_true(parse("18446744073709551615", UINT64_MAX, &value));
  assert_true(value == UINT64_MAX);
  assert_false(parse("18446744073709551616", UINT64_MAX, &value));
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_parse_whole)};
  return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}

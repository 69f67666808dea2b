/* docs/mathematics.md has the numbers that `quern example` computes, and all of them. */
#include "../command.h"

#include <math.h>

#define PAGE QUERN_TEST_DATA "/../../docs/mathematics.md"

/* How far floats of devices, all at most 3 in size, may differ, besides the rounding to the digits
 * shown. */
#define TOLERANCE 2e-7

/* Reads the numbers under a key of the JSON, row by row; its rows are lists or numbers. Returns
 * their count. */
static size_t numbers_of(const cJSON *item, double values[9]) {
  if (cJSON_IsNumber(item)) {
    values[0] = item->valuedouble;
    return 1;
  }
  size_t count = 0;
  const cJSON *child;
  cJSON_ArrayForEach(child, item) {
    assert_true(count < 9);
    count += numbers_of(child, values + count);
  }
  return count;
}

static void check_number(const char *key, const char *text, size_t length, double value) {
  const char *point = memchr(text, '.', length);
  assert_non_null(point);
  const double half = 0.5 * pow(10.0, -(double)(text + length - point - 1)),
               shown = strtod(text, NULL);
  if (!(fabs(shown - value) <= half + TOLERANCE))
    fail_msg("%s of the page has %.*s, the device %.9g", key, (int)length, text, value);
}

/* Reads "key = [1.0 2.0 …]" at *text, compares it with the JSON, and removes the key from the JSON.
 * Returns false at the end of the block. */
static bool check_quantity(char **text, cJSON *json) {
  if (strncmp(*text, "```", 3) == 0) return false;
  char *equals = strstr(*text, " = ["), *end = strchr(*text, ']');
  if (equals == NULL || end == NULL || equals > end || end[1] != '\n')
    fail_msg("no \"key = [numbers]\" in \"%.40s\"", *text);
  *equals = '\0';
  const char *key = *text;
  double values[9];
  size_t count = 0;
  const size_t wanted = numbers_of(cJSON_GetObjectItemCaseSensitive(json, key), values);
  if (wanted == 0) fail_msg("the page has %s, which the command has not, or twice", key);
  for (char *cursor = equals + 4;; count++) {
    cursor += strspn(cursor, " \n");
    if (cursor == end) break;
    const size_t length = strcspn(cursor, " \n]");
    if (count == wanted) fail_msg("%s of the page has more than %zu numbers", key, wanted);
    check_number(key, cursor, length, values[count]);
    cursor += length;
  }
  if (count != wanted) fail_msg("%s of the page has %zu numbers, expected %zu", key, count, wanted);
  cJSON_DeleteItemFromObjectCaseSensitive(json, key);
  *text = end + 2;
  return true;
}

/* Compares every block of the page's language with the command's JSON for the loss. Returns the
 * keys that the page did not have; the caller deletes them. */
static cJSON *check_page(const char *language, const char *loss, const char *device) {
  command_result result = run("example", "--json", "--loss", loss, "--device", device);
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  size_t size, blocks = 0;
  char *page = (char *)read_bytes(PAGE, &size), opening[32];
  page[size] = '\0';
  snprintf(opening, sizeof opening, "\n```%s\n", language);
  for (char *cursor = strstr(page, opening); cursor != NULL;
       cursor = strstr(cursor, opening), blocks++) {
    cursor += strlen(opening);
    while (check_quantity(&cursor, json)) {
    }
  }
  assert_true(blocks > 0);
  free(page);
  result_free(&result);
  return json;
}

static void test_numbers(void **state) {
  (void)state;
  static const char *const devices[] = {"auto", "reference"};
  for (size_t i = 0; i < 2; i++) {
    cJSON *left = check_page("numbers", "elementwise", devices[i]);
    const cJSON *item;
    cJSON_ArrayForEach(item, left) if (cJSON_IsArray(item) || strcmp(item->string, "loss") == 0)
        fail_msg("the page has no %s", item->string);
    cJSON_Delete(left);
    cJSON_Delete(check_page("categorical", "categorical", devices[i]));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

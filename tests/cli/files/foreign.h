/* Hostile names, and whether anything of them reaches what a command prints. */
#ifndef QUERN_TESTS_CLI_FOREIGN_H
#define QUERN_TESTS_CLI_FOREIGN_H

#include "../command.h"

#include <locale.h>
#include <wchar.h>

/* Escape sequences in 7 and 8 bits, a bell, a return, a tab, a delete; marks and overrides of
 * direction; an end of a line. Without a slash, so that it names a file too. */
#define HOSTILE                                                                                    \
  "\x1b[31m\a\r\t\x7f\x01\xc2\x9b"                                                                 \
  "5m\u202e\u2066\u200f\u061c\u2028é"
#define SHOWN "?[31m??????5m?????é" /* what of it is printed */
#define TRAIN "train", "--device", "reference", "--epochs", "1", "--hidden", "4"

/* Tabs are what JSON is indented by. */
static inline bool is_hostile(wchar_t letter, bool json) {
  return (letter < 0x20 && letter != L'\n' && !(json && letter == L'\t')) ||
         (letter >= 0x7f && letter <= 0x9f) || letter == 0x61c || letter == 0x200e ||
         letter == 0x200f || (letter >= 0x2028 && letter <= 0x202e) ||
         (letter >= 0x2066 && letter <= 0x2069);
}

static inline void assert_clean(const char *text) {
  mbstate_t state = {0};
  const bool json = *text == '{';
  for (const char *cursor = text; *cursor != '\0';) {
    wchar_t letter;
    const size_t bytes = mbrtowc(&letter, cursor, MB_CUR_MAX, &state);
    if (bytes > MB_CUR_MAX) fail_msg("no UTF-8 at byte %td of \"%s\"", cursor - text, text);
    if (is_hostile(letter, json))
      fail_msg("U+%04X at byte %td of \"%s\"", (unsigned)letter, cursor - text, text);
    cursor += bytes;
  }
}

/* The command ends with this code, and nothing that it says is hostile; what is for programs is
 * JSON. */
static inline command_result check_with(const command_setting *setting, int code,
                                        const char *const *arguments) {
  command_result result = run_with(setting, arguments);
  assert_code(&result, code);
  assert_clean(result.out);
  assert_clean(result.err);
  bool json = false;
  for (; *arguments != NULL; arguments++) json = json || strcmp(*arguments, "--json") == 0;
  if (json && code == 0) cJSON_Delete(parse_json(&result));
  return result;
}

static inline void check(int code, const char *const *arguments) {
  command_result result = check_with(&(const command_setting){NULL, NULL}, code, arguments);
  result_free(&result);
}
#define CHECK(code, ...) check(code, ARGUMENTS(__VA_ARGS__))

/* And says this. */
static inline void check_says(int code, const char *part, const char *const *arguments) {
  command_result result = check_with(&(const command_setting){NULL, NULL}, code, arguments);
  assert_says(code == 0 ? result.out : result.err, part);
  result_free(&result);
}

/* A path that stays, of a name in the folder of this test. */
typedef struct kept_path {
  char text[2 * PATH_BYTES];
} kept_path;

static inline kept_path keep(const char *name) {
  kept_path path;
  snprintf(path.text, sizeof path.text, "%s", path_of(name));
  return path;
}

/* Rows of two inputs and what `last` makes of each, under these names. */
static inline void write_table(const char *path, const char *header, const char *const *last) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fprintf(file, "%s\n", header);
  for (int i = 0; i < 60; i++) fprintf(file, "%d,%d,%s\n", i % 7, i % 5, last[i % 2]);
  assert_int_equal(fclose(file), 0);
}

/* Runs a command that may take its file or refuse it. */
static inline void check_any(const command_setting *setting, const char *const *arguments) {
  command_result result = run_with(setting, arguments);
  assert_in_range(result.code, 0, 2);
  assert_clean(result.out);
  assert_clean(result.err);
  result_free(&result);
}
#define CHECK_ANY(...) check_any(&(const command_setting){NULL, NULL}, ARGUMENTS(__VA_ARGS__))

/* Group setup: as make_temporary_folder, with UTF-8 for assert_clean. */
static inline int set_up_foreign(void **state) {
  return setlocale(LC_CTYPE, "C.UTF-8") != NULL ? make_temporary_folder(state) : -1;
}

#endif

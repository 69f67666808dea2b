/* Classifies the characters of untrusted text as printable or not. */
#include "utf8.h"
#include <quern/status.h>
#include <string.h>

static unsigned code_point(const unsigned char *cursor, size_t bytes) {
  if (bytes == 1) return cursor[0];
  unsigned code = cursor[0] & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; i++) code = code << 6 | (cursor[i] & 0x3Fu);
  return code;
}

/* Control characters, line separators, direction marks, and noncharacters. */
static bool is_control(unsigned code) {
  static const struct {
    unsigned first, last;
  } ranges[] = {{0x0, 0x1F},      {0x7F, 0x9F},     {0x61C, 0x61C},  {0x200E, 0x200F},
                {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFFFE, 0xFFFF}};
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
    if (code >= ranges[i].first && code <= ranges[i].last) return true;
  return false;
}

size_t quern_text_character(const char *text, bool *printable) {
  enum { MOST_BYTES = 4 };
  const unsigned char *cursor = (const unsigned char *)text;
  *printable = true;
  if (*cursor == '\0') return 0;
  const size_t bytes = quern__utf8_length(cursor, strnlen(text, MOST_BYTES));
  *printable = bytes > 0 && !is_control(code_point(cursor, bytes));
  return bytes > 0 ? bytes : 1;
}

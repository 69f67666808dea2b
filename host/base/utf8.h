/* Validation of UTF-8. */
#ifndef QUERN_HOST_BASE_UTF8_H
#define QUERN_HOST_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Returns the length in bytes of the first UTF-8 character of `text`, which has `left` bytes. 0 if
 * it is invalid: overlong, a surrogate, past U+10FFFF, or truncated. */
static inline size_t quern__utf8_length(const unsigned char *text, size_t left) {
  const unsigned char first = left > 0 ? text[0] : 0, second = left > 1 ? text[1] : 0;
  if (left == 0) return 0;
  if (first < 0x80) return 1;
  const size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                        : first >= 0xE0 && first <= 0xEF ? 3
                        : first >= 0xF0 && first <= 0xF4 ? 4
                                                         : 0;
  if (length > left) return 0;
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second > 0x9F) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  for (size_t i = 1; i < length; i++)
    if ((text[i] & 0xC0) != 0x80) return 0;
  return length;
}

/* True if the bytes are UTF-8 without a zero byte. */
static inline bool quern__is_text(const char *text, size_t length) {
  const unsigned char *cursor = (const unsigned char *)text;
  while (length > 0) {
    const size_t one = *cursor == 0 ? 0 : quern__utf8_length(cursor, length);
    if (one == 0) return false;
    cursor += one;
    length -= one;
  }
  return true;
}

#endif

#include "layer_names.h"

#include <string.h>
#include <strings.h>

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* True if the word occurs in the text, in any case. */
static bool contains(const char *text, size_t length, const char *word) {
  const size_t size = strlen(word);
  for (size_t i = 0; i + size <= length; i++)
    if (strncasecmp(text + i, word, size) == 0) return true;
  return false;
}

/* Returns the last part of a dotted name, and its length. */
static const char *last_part(const char *name, size_t *length) {
  size_t first = *length;
  while (first > 0 && name[first - 1] != '.') first--;
  *length -= first;
  return name + first;
}

bool quern__name_is_of_loss(const char *tensor) {
  const char *dot = strrchr(tensor, '.');
  const size_t length = dot != NULL ? (size_t)(dot - tensor) : 0;
  return contains(tensor, length, "loss") || contains(tensor, length, "criterion");
}

/* True if the word occurs with no letter before or after it. */
static bool has_word(const char *text, size_t length, const char *word) {
  const size_t size = strlen(word);
  for (size_t i = 0; i + size <= length; i++)
    if (strncasecmp(text + i, word, size) == 0 && (i == 0 || !is_letter(text[i - 1])) &&
        (i + size == length || !is_letter(text[i + size])))
      return true;
  return false;
}

bool quern__name_is_of_normalization(const char *name, size_t length) {
  name = last_part(name, &length);
  return contains(name, length, "norm") || has_word(name, length, "bn") ||
         has_word(name, length, "ln");
}

bool quern__names_differ_in_numbers(const char *a, size_t a_length, const char *b,
                                    size_t b_length) {
  size_t i = 0, j = 0;
  while (i < a_length && j < b_length) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      while (i < a_length && is_digit(a[i])) i++;
      while (j < b_length && is_digit(b[j])) j++;
    } else if (a[i++] != b[j++])
      return false;
  }
  return i == a_length && j == b_length;
}

/* Reads the position at the end of a module's name; false if it does not end with one. *prefix is
 * the length of the name before it. */
static bool read_position(const char *name, size_t length, size_t *prefix, uint64_t *number) {
  *prefix = length;
  *number = 0;
  while (*prefix > 0 && is_digit(name[*prefix - 1])) --*prefix;
  for (size_t i = *prefix; i < length; i++) {
    if (*number > (UINT64_MAX - 9) / 10) return false;
    *number = 10 * *number + (uint64_t)(name[i] - '0');
  }
  return *prefix < length && (*prefix == 0 || name[*prefix - 1] == '.');
}

bool quern__name_distance(const char *a, size_t a_length, const char *b, size_t b_length,
                          uint64_t *distance) {
  size_t a_prefix, b_prefix;
  uint64_t first, second;
  if (!read_position(a, a_length, &a_prefix, &first) ||
      !read_position(b, b_length, &b_prefix, &second) || a_prefix != b_prefix ||
      memcmp(a, b, a_prefix) != 0)
    return false;
  *distance = second - first;
  return true;
}

int quern__name_place(const char *name, size_t length) {
  static const char *const first[] = {"in", "input", "inp", "first", "stem", "encoder", "embed"},
                           *const last[] = {"out",  "output",  "final",     "last",
                                            "head", "decoder", "classifier"};
  const char *part = last_part(name, &length);
  for (size_t i = 0; i < sizeof first / sizeof *first; i++)
    if (has_word(part, length, first[i])) return -1;
  for (size_t i = 0; i < sizeof last / sizeof *last; i++)
    if (has_word(part, length, last[i])) return 1;
  return 0;
}

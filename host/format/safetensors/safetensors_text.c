/* Checks a safetensors header's text: its strings, its numbers, and the characters between them.
 * The parser checks that these form JSON. */
#include "../../base/utf8.h"
#include "safetensors.h"
#include <string.h>

/* Depth of { tensor: { "shape": [ … ] } }. */
enum { DEEPEST = 3 };

typedef struct text_reader {
  const char *path;
  const unsigned char *text;
  size_t length, position;
} text_reader;

static quern_status fail_safetensors_text(const text_reader *reader, const char *found,
                                          const char *expected) {
  return quern__fail(QUERN_ERROR_FORMAT, "%s: safetensors header, byte %zu: %s, expected %s",
                     reader->path, reader->position, found, expected);
}

/* Returns the byte `ahead` positions further; past the end 0, which is valid nowhere. */
static unsigned char peek_byte(const text_reader *reader, size_t ahead) {
  return ahead < reader->length - reader->position ? reader->text[reader->position + ahead] : 0;
}

static bool is_digit(unsigned char c) {
  return c >= '0' && c <= '9';
}

static quern_status skip_string(text_reader *reader) {
  for (reader->position++; reader->position < reader->length;) {
    unsigned char c = peek_byte(reader, 0);
    if (c == '"') {
      reader->position++;
      return QUERN_OK;
    }
    if (c < 0x20)
      return fail_safetensors_text(reader, "a control character in a string", "it to be escaped");
    if (c == '\\') {
      if (reader->length - reader->position >= 6 &&
          memcmp(reader->text + reader->position, "\\u0000", 6) == 0)
        return fail_safetensors_text(reader, "\\u0000 in a string", "no zero character");
      reader->position += reader->length - reader->position >= 2 ? 2 : 1;
      continue;
    }
    size_t length =
        quern__utf8_length(reader->text + reader->position, reader->length - reader->position);
    if (length == 0) return fail_safetensors_text(reader, "a byte that is not UTF-8", "UTF-8");
    reader->position += length;
  }
  return fail_safetensors_text(reader, "the end inside a string", "a closing quote");
}

static quern_status skip_number(text_reader *reader) {
  if (peek_byte(reader, 0) == '0' && is_digit(peek_byte(reader, 1)))
    return fail_safetensors_text(reader, "a leading zero", "a number without one");
  while (is_digit(peek_byte(reader, 0))) reader->position++;
  return QUERN_OK;
}

quern_status quern__safetensors_check_text(const char *path, const char *text, size_t length,
                                           quern__header_counts *counts) {
  text_reader reader = {path, (const unsigned char *)text, length, 0};
  size_t depth = 0;
  *counts = (quern__header_counts){0};
  if (peek_byte(&reader, 0) != '{') return fail_safetensors_text(&reader, "something else", "'{'");
  while (reader.position < length) {
    unsigned char c = peek_byte(&reader, 0);
    if (c == '"') {
      QUERN__FORWARD(skip_string(&reader));
      continue;
    }
    if (is_digit(c)) {
      QUERN__FORWARD(skip_number(&reader));
      counts->numbers++;
      continue;
    }
    if (memchr(" \t\r\n,:{}[]", c, 10) == NULL)
      return fail_safetensors_text(&reader, "an invalid character",
                                   "a string, a whole number, a list or an object");
    if (c == '{') counts->objects++;
    if (c == ':') counts->members++;
    if (c == '{' || c == '[') depth++;
    if (depth > DEEPEST)
      return fail_safetensors_text(&reader, "a fourth level of nesting", "three at most");
    if ((c == '}' || c == ']') && depth > 0) depth--;
    reader.position++;
  }
  return QUERN_OK;
}

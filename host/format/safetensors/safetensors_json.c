#include "safetensors_json.h"
#include <string.h>

quern_status quern__json_fail(const quern__json *json) {
  return quern__fail(QUERN_ERROR_FORMAT, "%s: safetensors header, byte %zu: not valid JSON",
                     json->path, json->next);
}

char quern__json_peek(quern__json *json) {
  while (json->next < json->length && memchr(" \t\r\n", json->text[json->next], 4) != NULL)
    json->next++;
  return json->next < json->length ? json->text[json->next] : '\0';
}

bool quern__json_take(quern__json *json, char expected) {
  if (quern__json_peek(json) != expected) return false;
  json->next++;
  return true;
}

quern_status quern__json_check_value(quern__json *json) {
  const char next = quern__json_peek(json);
  return next != '\0' && strchr("\"[{0123456789", next) != NULL ? QUERN_OK : quern__json_fail(json);
}

/* Parses four hexadecimal digits. A zero byte is not a digit. */
static bool read_code(const char *digits, uint32_t *code) {
  static const char known[] = "0123456789abcdef0123456789ABCDEF";
  *code = 0;
  for (size_t i = 0; i < 4; i++) {
    const char *found = digits[i] != '\0' ? strchr(known, digits[i]) : NULL;
    if (found == NULL) return false;
    *code = *code << 4 | (uint32_t)(found - known) % 16;
  }
  return true;
}

/* Writes a character as UTF-8, which is shorter than its escape. */
static char *write_character(uint32_t code, char *to) {
  static const unsigned char first[] = {0, 0, 0xC0, 0xE0, 0xF0};
  const size_t bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (size_t i = bytes; i > 1; i--, code >>= 6) to[i - 1] = (char)(0x80 | (code & 0x3F));
  to[0] = (char)(first[bytes < 2 ? 0 : bytes] | code);
  return to + bytes;
}

/* Reads what follows "\\u", including the second of a surrogate pair. */
static bool read_character(quern__json *json, char **to) {
  uint32_t code, low;
  const char *text = json->text + json->next;
  if (!read_code(text, &code) || (code >= 0xDC00 && code <= 0xDFFF)) return false;
  json->next += 4;
  if (code >= 0xD800 && code <= 0xDBFF) {
    if (text[4] != '\\' || text[5] != 'u' || !read_code(text + 6, &low) || low < 0xDC00 ||
        low > 0xDFFF)
      return false;
    json->next += 6;
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  *to = write_character(code, *to);
  return true;
}

static bool read_escape(quern__json *json, char **to) {
  static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
  const char letter = json->text[json->next];
  if (letter == 'u') {
    json->next++;
    return read_character(json, to);
  }
  const char *found = letter != '\0' ? strchr(letters, letter) : NULL;
  if (found == NULL) return false;
  *(*to)++ = meant[found - letters];
  json->next++;
  return true;
}

quern_status quern__json_string(quern__json *json, char **string) {
  if (!quern__json_take(json, '"')) return quern__json_fail(json);
  char *to = *string = json->text + json->next;
  while (json->next < json->length && json->text[json->next] != '"') {
    const char c = json->text[json->next];
    json->next++;
    if (c != '\\')
      *to++ = c;
    else if (!read_escape(json, &to))
      return quern__json_fail(json);
  }
  if (json->next == json->length) return quern__json_fail(json);
  json->next++;
  *to = '\0';
  return QUERN_OK;
}

bool quern__json_size(quern__json *json, size_t *size) {
  const uint64_t bound = (uint64_t)1 << 53;
  uint64_t value = 0;
  quern__json_peek(json);
  size_t end = json->next;
  for (; json->text[end] >= '0' && json->text[end] <= '9' && value < bound; end++)
    value = 10 * value + (uint64_t)(json->text[end] - '0');
  if (end == json->next || value >= bound || value > SIZE_MAX) return false;
  json->next = end;
  *size = (size_t)value;
  return true;
}

quern_status quern__json_members(quern__json *json, quern__json_member member, void *user) {
  if (!quern__json_take(json, '{')) return quern__json_fail(json);
  if (quern__json_take(json, '}')) return QUERN_OK;
  do {
    char *name;
    QUERN__FORWARD(quern__json_string(json, &name));
    if (!quern__json_take(json, ':')) return quern__json_fail(json);
    QUERN__FORWARD(member(user, json, name));
  } while (quern__json_take(json, ','));
  return quern__json_take(json, '}') ? QUERN_OK : quern__json_fail(json);
}

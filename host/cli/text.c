#include "text.h"

#include <stdbool.h>
#include <string.h>

static size_t length_of(const char *text, size_t bytes) {
  size_t length = 0;
  for (size_t i = 0; i < bytes; i++) length += ((unsigned char)text[i] & 0xC0) != 0x80;
  return length;
}

size_t cli_text_length(const char *text) {
  return length_of(text, strlen(text));
}

void cli_print_foreign(FILE *stream, const char *text) {
  for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
    /* U+0080 to U+009F are control characters too. */
    const bool wide = at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0;
    fputc(*at < ' ' || *at == 0x7F || wide ? '?' : *at, stream);
    if (wide) at++;
  }
}

void cli_print_wrapped(FILE *stream, const char *text, size_t at, size_t indent) {
  while (*text != '\0') {
    size_t bytes = strcspn(text, " \n");
    size_t length = length_of(text, bytes);
    if (at > indent && at + 1 + length > CLI_TEXT_WIDTH) {
      fprintf(stream, "\n%*s", (int)indent, "");
      at = indent;
    } else if (at > indent) {
      fputc(' ', stream);
      at++;
    }
    fwrite(text, 1, bytes, stream);
    at += length;
    text += bytes;
    for (; *text == '\n' || *text == ' '; text++) {
      if (*text != '\n') continue;
      fprintf(stream, "\n%*s", (int)indent, "");
      at = indent;
    }
  }
  fputc('\n', stream);
}

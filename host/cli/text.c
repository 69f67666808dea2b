#include "text.h"

#include <string.h>

static size_t length_of(const char *text, size_t bytes) {
  size_t length = 0;
  for (size_t i = 0; i < bytes; i++) length += ((unsigned char)text[i] & 0xC0) != 0x80;
  return length;
}

size_t cli_text_length(const char *text) {
  return length_of(text, strlen(text));
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

#include "text.h"

#include <quern/status.h>
#include <stdbool.h>
#include <string.h>

static size_t length_of(const char *text, size_t bytes) {
  size_t length = 0;
  bool printable;
  for (size_t i = 0; i < bytes; length++) i += quern_text_character(text + i, &printable);
  return length;
}

size_t cli_text_length(const char *text) {
  return length_of(text, strlen(text));
}

char *cli_text_clean(const char *text) {
  char *made = strdup(text), *to = made;
  bool printable;
  for (size_t bytes; made != NULL && (bytes = quern_text_character(text, &printable)) > 0;
       text += bytes) {
    if (!printable) *to = '?';
    if (printable) memcpy(to, text, bytes);
    to += printable ? bytes : 1;
  }
  if (made != NULL) *to = '\0';
  return made;
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

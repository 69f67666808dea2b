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
  char *result = strdup(text), *to = result;
  bool printable;
  for (size_t bytes; result != NULL && (bytes = quern_text_character(text, &printable)) > 0;
       text += bytes) {
    if (!printable) *to = '?';
    if (printable) memcpy(to, text, bytes);
    to += printable ? bytes : 1;
  }
  if (result != NULL) *to = '\0';
  return result;
}

void cli_print_wrapped(FILE *stream, const char *text, size_t position, size_t indent,
                       size_t width) {
  while (*text != '\0') {
    size_t bytes = strcspn(text, " \n");
    size_t length = length_of(text, bytes);
    if (position > indent && position + 1 + length > width) {
      fprintf(stream, "\n%*s", (int)indent, "");
      position = indent;
    } else if (position > indent) {
      fputc(' ', stream);
      position++;
    }
    fwrite(text, 1, bytes, stream);
    position += length;
    text += bytes;
    for (; *text == '\n' || *text == ' '; text++) {
      if (*text != '\n') continue;
      fprintf(stream, "\n%*s", (int)indent, "");
      position = indent;
    }
  }
  fputc('\n', stream);
}

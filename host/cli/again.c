#include "again.h"

#include <errno.h>
#include <string.h>

/* As it is where a shell takes it so, else in quotes. */
static void print_word(FILE *stream, const char *word) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
  if (*word != '\0' && word[strspn(word, plain)] == '\0') {
    fputs(word, stream);
    return;
  }
  fputc('\'', stream);
  for (; *word != '\0'; word++) {
    if (*word == '\'')
      fputs("'\\''", stream);
    else
      fputc(*word, stream);
  }
  fputc('\'', stream);
}

void cli_print_again(FILE *stream, char *const *arguments, const char *checkpoint) {
  print_word(stream, program_invocation_name);
  fputs(" train", stream);
  for (; *arguments != NULL; arguments++) {
    if (strncmp(*arguments, "--resume=", strlen("--resume=")) == 0) continue;
    if (strcmp(*arguments, "--resume") == 0 && arguments[1] != NULL) {
      arguments++;
      continue;
    }
    fputc(' ', stream);
    print_word(stream, *arguments);
  }
  fputs(" --resume ", stream);
  print_word(stream, checkpoint);
  fputc('\n', stream);
}

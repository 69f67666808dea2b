#include "stopped.h"

#include <errno.h>
#include <stdio.h>
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

static void print_command(FILE *stream, char *const *arguments, const char *checkpoint) {
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

cli_exit cli_report_stopped(const quern_epoch *at, char *const *arguments, const char *checkpoint,
                            int signal) {
  fprintf(stderr, "\nquern: interrupted ");
  if (at->step < at->steps)
    fprintf(stderr, "in epoch %zu of %zu, after step %zu of %zu", at->epoch, at->epochs, at->step, at->steps);
  else
    fprintf(stderr, "after epoch %zu of %zu", at->epoch, at->epochs);
  if (checkpoint != NULL) {
    fprintf(stderr, "; saved %s; to go on:\n  ", checkpoint);
    print_command(stderr, arguments, checkpoint);
  } else {
    fprintf(stderr, "; nothing was asked to be saved: --checkpoint FILE keeps what it takes to go on\n");
  }
  return (cli_exit)(CLI_SIGNAL + signal);
}

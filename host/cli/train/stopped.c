#include "stopped.h"
#include "../text/text.h"

#include <errno.h>
#include <quern/status.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Prints a word in $'…' (bash, zsh, POSIX 2024), with bytes that are not fit for a terminal as
 * escapes. */
static void print_escaped(FILE *stream, const char *word) {
  fputs("$'", stream);
  bool printable;
  for (size_t bytes; (bytes = quern_text_character(word, &printable)) > 0; word += bytes)
    for (size_t i = 0; i < bytes; i++)
      if (!printable)
        fprintf(stream, "\\%03o", (unsigned)(unsigned char)word[i]);
      else if (word[i] == '\'' || word[i] == '\\')
        fprintf(stream, "\\%c", word[i]);
      else
        fputc(word[i], stream);
  fputc('\'', stream);
}

static bool is_printable(const char *word) {
  bool printable = true;
  for (size_t bytes; printable && (bytes = quern_text_character(word, &printable)) > 0;)
    word += bytes;
  return printable;
}

/* Prints a word as a shell reads it, in quotes if necessary. */
static void print_word(FILE *stream, const char *word) {
  static const char plain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
  if (*word != '\0' && word[strspn(word, plain)] == '\0') {
    cli_print(stream, "%s", word);
    return;
  }
  if (!is_printable(word)) {
    print_escaped(stream, word);
    return;
  }
  fputc('\'', stream);
  for (; *word != '\0'; word++)
    if (*word == '\'')
      fputs("'\\''", stream);
    else
      fputc(*word, stream);
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

/* Ctrl-C and SIGTERM need no explanation. */
static const char *cause_of(int signal) {
  switch (signal) {
  case SIGHUP:
    return "by a hangup ";
  case SIGPIPE:
    return "because its output is closed ";
  case SIGXFSZ:
    return "by the limit on the size of a file ";
  default:
    return "";
  }
}

static void print_place(const quern_epoch *epoch) {
  if (epoch->step < epoch->steps)
    fprintf(stderr, "in epoch %zu of %zu, after step %zu of %zu", epoch->epoch, epoch->epochs,
            epoch->step, epoch->steps);
  else
    fprintf(stderr, "after epoch %zu of %zu", epoch->epoch, epoch->epochs);
}

cli_exit cli_report_stopped(const cli_stopped *stopped) {
  const char *model = stopped->model, *checkpoint = stopped->checkpoint;
  const cli_exit code = (cli_exit)(CLI_SIGNAL + stopped->signal);
  /* "quern train … | head" is intended: print nothing, unless files were written. */
  if (stopped->signal == SIGPIPE && model == NULL && checkpoint == NULL) return code;
  cli_print(stderr, "\nquern: interrupted %s", cause_of(stopped->signal));
  print_place(stopped->epoch);
  if (model != NULL) cli_print(stderr, "; saved the model so far to %s", model);
  if (checkpoint != NULL) {
    cli_print(stderr, "; saved %s; to continue:\n  ", checkpoint);
    print_command(stderr, stopped->arguments, checkpoint);
  } else {
    fprintf(stderr, "; %suse --checkpoint FILE to be able to continue\n",
            model == NULL ? "nothing was saved: " : "");
  }
  return code;
}

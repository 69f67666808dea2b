/* Prints the values of options, as cli_option_set reads them. */
#include "option_value.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The shortest text that reads as the same number. */
static void print_number(FILE *stream, double value) {
  enum { MOST_DIGITS = 17 };
  char shortest[32] = "", text[32];
  for (int digits = 1; digits <= MOST_DIGITS; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) != value) continue;
    if (*shortest == '\0' || strlen(text) < strlen(shortest)) strcpy(shortest, text);
  }
  fputs(shortest, stream);
}

/* Prints a size with the letter that gives the shortest number. */
static void print_size(FILE *stream, size_t size) {
  size_t letters = 0;
  for (; size > 0 && size % 1024 == 0 && cli_size_letters[letters] != '\0'; letters++) size /= 1024;
  fprintf(stream, "%zu", size);
  if (letters > 0) fputc(cli_size_letters[letters - 1], stream);
}

static void print_counts(FILE *stream, const cli_counts *counts) {
  if (counts->count == 0) fputs("none", stream);
  for (size_t i = 0; i < counts->count; i++)
    fprintf(stream, "%s%zu", i > 0 ? "," : "", counts->items[i]);
}

static void print_reals(FILE *stream, const cli_reals *reals, const char *word) {
  if (reals->word) fputs(word, stream);
  for (size_t i = 0; i < reals->count; i++) {
    if (i > 0) fputc(',', stream);
    print_number(stream, reals->items[i]);
  }
}

bool cli_option_is_set(const cli_option *option, const void *settings) {
  const void *target = (const char *)settings + option->offset;
  switch (option->kind) {
  case CLI_TEXT:
  case CLI_CONFIG:
    return *(const char *const *)target != NULL;
  case CLI_COUNT:
  case CLI_SIZE:
    return *(const size_t *)target >= option->least;
  case CLI_NUMBER:
    return !isnan(*(const double *)target);
  case CLI_CHOICE:
    return *(const int *)target != CLI_UNSET;
  case CLI_ACTIVATION:
    return (int)((const quern_activation *)target)->kind != CLI_UNSET;
  case CLI_LOSS:
    return cli_loss_may_be_open(option) || (int)((const cli_loss *)target)->kind != CLI_UNSET;
  case CLI_REALS:
    return ((const cli_reals *)target)->word || ((const cli_reals *)target)->count > 0;
  case CLI_FLAG:
  case CLI_COUNTS:
  case CLI_SEED:
    break;
  }
  return true;
}

void cli_option_print(FILE *stream, const cli_option *option, const void *settings) {
  const void *target = (const char *)settings + option->offset;
  const cli_loss *loss;
  char name[64]; /* for any name with its parameter */
  switch (option->kind) {
  case CLI_FLAG:
    fputs(*(const bool *)target ? "true" : "false", stream);
    break;
  case CLI_TEXT:
  case CLI_CONFIG:
    fputs(*(const char *const *)target, stream);
    break;
  case CLI_COUNT:
    fprintf(stream, "%zu", *(const size_t *)target);
    break;
  case CLI_SIZE:
    print_size(stream, *(const size_t *)target);
    break;
  case CLI_COUNTS:
    print_counts(stream, target);
    break;
  case CLI_SEED:
    fprintf(stream, "%" PRIu64, *(const uint64_t *)target);
    break;
  case CLI_NUMBER:
    print_number(stream, *(const double *)target);
    break;
  case CLI_REALS:
    print_reals(stream, target, option->choices[0]);
    break;
  case CLI_CHOICE:
    fputs(option->choices[*(const int *)target], stream);
    break;
  case CLI_ACTIVATION:
    quern_activation_format(*(const quern_activation *)target, name, sizeof name);
    fputs(name, stream);
    break;
  case CLI_LOSS:
    loss = target;
    if ((int)loss->kind == CLI_UNSET)
      snprintf(name, sizeof name, "auto");
    else
      quern_loss_format(loss->kind, loss->delta, name, sizeof name);
    fputs(name, stream);
    break;
  }
}

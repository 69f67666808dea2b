/* Reads the values of options. */
#include "option_value.h"

#include "../text/digits.h"
#include "../text/nearest.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char cli_size_letters[] = "KMGT";

static bool parse_size(const cli_option *option, const char *text, size_t *size) {
  uint64_t whole;
  const char *end;
  if (!cli_parse_whole(text, SIZE_MAX, &whole, &end)) return false;
  const char *letter = *end != '\0' ? strchr(cli_size_letters, *end) : NULL;
  const unsigned bits = letter != NULL ? 10 * (unsigned)(letter - cli_size_letters + 1) : 0;
  if (end[letter != NULL] != '\0' || whole > SIZE_MAX >> bits || whole << bits < option->least)
    return false;
  *size = (size_t)(whole << bits);
  return true;
}

static cli_parsed parse_counts(const cli_option *option, const char *text, cli_counts *counts) {
  free(counts->items);
  *counts = (cli_counts){NULL, 0};
  if (*text == '\0' || strcmp(text, "none") == 0) return CLI_PARSED_RUN;
  size_t fields = 1;
  for (const char *cursor = text; *cursor != '\0'; cursor++) fields += *cursor == ',';
  counts->items = calloc(fields, sizeof *counts->items);
  if (counts->items == NULL) return CLI_PARSED_NO_MEMORY;
  while (counts->count < fields) {
    uint64_t value;
    const char *end;
    if (!cli_parse_whole(text, option->most, &value, &end) || value < option->least)
      return CLI_PARSED_BAD;
    if (*end != (counts->count + 1 < fields ? ',' : '\0')) return CLI_PARSED_BAD;
    counts->items[counts->count++] = (size_t)value;
    text = end + 1;
  }
  return CLI_PARSED_RUN;
}

bool cli_parse_float(const char *text, double *value, char **end) {
  errno = 0;
  *value = strtod(text, end);
  const double size = fabs(*value);
  return errno != ERANGE && (size == 0.0 || (size >= (double)FLT_MIN && size <= (double)FLT_MAX));
}

static bool parse_number(const cli_option *option, const char *text, double *number) {
  char *end;
  double value;
  if (strchr("+-.0123456789", *text) == NULL)
    return false; /* strtod would skip blanks and take "inf" */
  if (!cli_parse_float(text, &value, &end) || end == text || *end != '\0' || !(value >= 0.0))
    return false;
  if (option->least > 0 && !(value > 0.0)) return false;
  if (option->most > 0 && value > (double)option->most) return false;
  *number = value;
  return true;
}

static cli_parsed parse_reals(const cli_option *option, const char *text, cli_reals *reals) {
  free(reals->items);
  *reals = (cli_reals){NULL, 0, strcmp(text, option->choices[0]) == 0};
  if (reals->word) return CLI_PARSED_RUN;
  size_t fields = 1;
  for (const char *cursor = text; *cursor != '\0'; cursor++) fields += *cursor == ',';
  char *copy = strdup(text), *rest = copy;
  reals->items = calloc(fields, sizeof *reals->items);
  bool good = copy != NULL && reals->items != NULL;
  const cli_parsed otherwise = good ? CLI_PARSED_BAD : CLI_PARSED_NO_MEMORY;
  for (; good && reals->count < fields; reals->count++)
    good = parse_number(option, strsep(&rest, ","), &reals->items[reals->count]);
  free(copy);
  return good ? CLI_PARSED_RUN : otherwise;
}

static bool parse_choice(const cli_option *option, const char *text, int *choice) {
  for (int i = 0; option->choices[i] != NULL; i++) {
    if (strcmp(option->choices[i], text) == 0) {
      *choice = i;
      return true;
    }
  }
  return false;
}

bool cli_loss_may_be_open(const cli_option *option) {
  return strcmp(option->choices[0], "auto") == 0;
}

static bool parse_loss(const cli_option *option, const char *text, cli_loss *loss) {
  if (cli_loss_may_be_open(option) && strcmp(text, "auto") == 0) {
    *loss = (cli_loss){(quern_loss)CLI_UNSET, QUERN_HUBER_DELTA};
    return true;
  }
  return quern_loss_parse(text, &loss->kind, &loss->delta);
}

cli_parsed cli_option_set(const cli_option *option, const char *text, void *settings) {
  void *target = (char *)settings + option->offset;
  uint64_t whole;
  const char *end;
  bool good = false;
  switch (option->kind) {
  case CLI_FLAG:
    good = text == NULL || strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    if (good) *(bool *)target = text == NULL || strcmp(text, "true") == 0;
    break;
  case CLI_TEXT:
  case CLI_CONFIG:
    *(const char **)target = text;
    good = *text != '\0';
    break;
  case CLI_COUNT:
    good =
        cli_parse_whole(text, option->most, &whole, &end) && *end == '\0' && whole >= option->least;
    if (good) *(size_t *)target = (size_t)whole;
    break;
  case CLI_SIZE:
    good = parse_size(option, text, target);
    break;
  case CLI_COUNTS:
    return parse_counts(option, text, target);
  case CLI_SEED:
    good = cli_parse_whole(text, UINT64_MAX, &whole, &end) && *end == '\0';
    if (good) *(uint64_t *)target = whole;
    break;
  case CLI_NUMBER:
    good = parse_number(option, text, target);
    break;
  case CLI_REALS:
    return parse_reals(option, text, target);
  case CLI_CHOICE:
    good = parse_choice(option, text, target);
    break;
  case CLI_ACTIVATION:
    good = quern_activation_parse(text, target);
    break;
  case CLI_LOSS:
    good = parse_loss(option, text, target);
    break;
  }
  return good ? CLI_PARSED_RUN : CLI_PARSED_BAD;
}

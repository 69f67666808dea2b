/* Values of options: read, refused with what was expected, and written as they are read. */
#include "option_value.h"

#include "../text/digits.h"
#include "../text/nearest.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 1024 to the power of a letter's place. */
static const char size_letters[] = "KMGT";

static bool parse_size(const cli_option *option, const char *text, size_t *size) {
  uint64_t whole;
  const char *end;
  if (!cli_parse_whole(text, SIZE_MAX, &whole, &end)) return false;
  const char *letter = *end != '\0' ? strchr(size_letters, *end) : NULL;
  const unsigned bits = letter != NULL ? 10 * (unsigned)(letter - size_letters + 1) : 0;
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

/* A number at the beginning of a text, which *end is behind; false where a float would make
 * infinity or nothing of it. */
static bool fits_float(const char *text, double *value, char **end) {
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
  if (!fits_float(text, &value, &end) || end == text || *end != '\0' || !(value >= 0.0))
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

/* Where "auto" is the first choice, it stands for none. */
static bool leaves_loss_open(const cli_option *option) {
  return strcmp(option->choices[0], "auto") == 0;
}

static bool parse_loss(const cli_option *option, const char *text, cli_loss *loss) {
  if (leaves_loss_open(option) && strcmp(text, "auto") == 0) {
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

/* "a, b or c". The caller frees it; NULL where memory is out. */
static char *join_choices(const char *const *choices) {
  size_t bytes = 1;
  for (const char *const *choice = choices; *choice != NULL; choice++) bytes += strlen(*choice) + 4;
  char *text = malloc(bytes);
  if (text == NULL) return NULL;
  char *cursor = text;
  *cursor = '\0';
  for (const char *const *choice = choices; *choice != NULL; choice++) {
    const char *before = choice == choices ? "" : choice[1] != NULL ? ", " : " or ";
    cursor = stpcpy(stpcpy(cursor, before), *choice);
  }
  return text;
}

/* What to say where one of the numbers between commas is a number, but not to a float. */
static const char *of_range(const char *text) {
  for (const char *field = text; field != NULL; field = strchr(field, ',')) {
    double value;
    char *end;
    field += *field == ',';
    if (!fits_float(field, &value, &end) && end != field)
      return "; what is not 0 is at least 1.2e-38 and at most 3.4e38";
  }
  return "";
}

/* What to say of the parameter behind a name that is known. */
static const char *of_parameter(const cli_option *option, const char *text) {
  if (strchr(text, ':') == NULL || option->kind == CLI_CHOICE) return "";
  return option->kind == CLI_LOSS
             ? "; a number above 0 may stand behind huber, as in huber:1.5"
             : "; a number of at least 0 may stand behind leaky-relu and elu, as in elu:1.5";
}

cli_parsed cli_option_refuse(const cli_command *command, const cli_option *option,
                             const char *label, const char *text) {
  unsigned long long least = option->least, most = option->most;
  char *choices;
  switch (option->kind) {
  case CLI_COUNT:
    cli_fail_usage(command, "%s takes a whole number from %llu to %llu, not \"%s\"", label, least,
                   most, text);
    break;
  case CLI_SIZE:
    cli_fail_usage(command, "%s takes a size in bytes such as 1500000, 64K, 500M or 2G, not \"%s\"",
                   label, text);
    break;
  case CLI_COUNTS:
    cli_fail_usage(
        command,
        "%s takes whole numbers from %llu to %llu separated by commas, or none, not \"%s\"", label,
        least, most, text);
    break;
  case CLI_SEED:
    cli_fail_usage(command, "%s takes a whole number from 0 to %llu, not \"%s\"", label,
                   (unsigned long long)UINT64_MAX, text);
    break;
  case CLI_NUMBER:
    if (most > 0)
      cli_fail_usage(command, "%s takes a number from %llu to %llu, not \"%s\"%s", label, least,
                     most, text, of_range(text));
    else
      cli_fail_usage(command, "%s takes a number %s, not \"%s\"%s", label,
                     least > 0 ? "above 0" : "of 0 or more", text, of_range(text));
    break;
  case CLI_REALS:
    cli_fail_usage(command,
                   "%s takes numbers of 0 or more separated by commas, or %s, not \"%s\"%s", label,
                   option->choices[0], text, of_range(text));
    break;
  case CLI_CHOICE:
  case CLI_ACTIVATION:
  case CLI_LOSS:
    choices = join_choices(option->choices);
    if (choices == NULL) return CLI_PARSED_NO_MEMORY;
    cli_fail_usage(command, "%s takes %s, not \"%s\"%s%s", label, choices, text,
                   of_parameter(option, text), cli_hint_of(text, option->choices).text);
    free(choices);
    break;
  case CLI_FLAG:
    cli_fail_usage(command, "%s takes true or false, not \"%s\"", label, text);
    break;
  case CLI_TEXT:
  case CLI_CONFIG:
    cli_fail_usage(command, "%s is empty, expected %s", label, option->value);
    break;
  }
  return CLI_PARSED_BAD;
}

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

/* With the letter that leaves the shortest number. */
static void print_size(FILE *stream, size_t size) {
  size_t letters = 0;
  for (; size > 0 && size % 1024 == 0 && size_letters[letters] != '\0'; letters++) size /= 1024;
  fprintf(stream, "%zu", size);
  if (letters > 0) fputc(size_letters[letters - 1], stream);
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
    return leaves_loss_open(option) || (int)((const cli_loss *)target)->kind != CLI_UNSET;
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

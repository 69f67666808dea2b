/* Reads the command line by a command's table of options. */
#include "options.h"

#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <quern/activation.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_OF(name, text) text,
const char *const cli_activations[] = {QUERN_ACTIVATIONS(NAME_OF) NULL};
const char *const cli_losses[] = {QUERN_LOSSES(NAME_OF) NULL};
const char *const cli_headers[] = {"auto", "none", "one", NULL};
const char *const cli_labels[] = {"last", "first", NULL};

/* A whole number of digits only, up to `most`; *end is the first byte after it. */
static bool parse_whole(const char *text, uint64_t most, uint64_t *value, const char **end) {
  if (*text < '0' || *text > '9') return false;
  char *after;
  errno = 0;
  unsigned long long number = strtoull(text, &after, 10);
  *end = after;
  *value = number;
  return errno == 0 && number <= most;
}

static cli_parsed parse_counts(const cli_option *option, const char *text, cli_counts *counts) {
  free(counts->items);
  *counts = (cli_counts){NULL, 0};
  if (*text == '\0' || strcmp(text, "none") == 0) return CLI_PARSED_RUN;
  size_t fields = 1;
  for (const char *at = text; *at != '\0'; at++) fields += *at == ',';
  counts->items = calloc(fields, sizeof *counts->items);
  if (counts->items == NULL) return CLI_PARSED_NO_MEMORY;
  while (counts->count < fields) {
    uint64_t value;
    const char *end;
    if (!parse_whole(text, option->most, &value, &end) || value < option->least) return CLI_PARSED_BAD;
    if (*end != (counts->count + 1 < fields ? ',' : '\0')) return CLI_PARSED_BAD;
    counts->items[counts->count++] = (size_t)value;
    text = end + 1;
  }
  return CLI_PARSED_RUN;
}

static bool parse_real(const cli_option *option, const char *text, float *real) {
  char *end;
  if (strchr("+-.0123456789", *text) == NULL) return false; /* strtof would skip blanks and take "inf" */
  float value = strtof(text, &end);
  if (end == text || *end != '\0' || !isfinite(value) || value < 0.0f) return false;
  if (option->least > 0 && !(value > 0.0f)) return false;
  *real = value;
  return true;
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

static cli_parsed parse_value(const cli_option *option, const char *text, void *target) {
  uint64_t whole;
  const char *end;
  bool good = false;
  switch (option->kind) {
  case CLI_FLAG:
    *(bool *)target = true;
    good = true;
    break;
  case CLI_TEXT:
    *(const char **)target = text;
    good = *text != '\0';
    break;
  case CLI_COUNT:
    good = parse_whole(text, option->most, &whole, &end) && *end == '\0' && whole >= option->least;
    if (good) *(size_t *)target = (size_t)whole;
    break;
  case CLI_COUNTS:
    return parse_counts(option, text, target);
  case CLI_SEED:
    good = parse_whole(text, UINT64_MAX, &whole, &end) && *end == '\0';
    if (good) *(uint64_t *)target = whole;
    break;
  case CLI_REAL:
    good = parse_real(option, text, target);
    break;
  case CLI_CHOICE:
    good = parse_choice(option, text, target);
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
  char *at = text;
  *at = '\0';
  for (const char *const *choice = choices; *choice != NULL; choice++) {
    const char *before = choice == choices ? "" : choice[1] != NULL ? ", " : " or ";
    at = stpcpy(stpcpy(at, before), *choice);
  }
  return text;
}

static cli_parsed fail_value(const cli_command *command, const cli_option *option, const char *text) {
  unsigned long long least = option->least, most = option->most;
  char *choices;
  switch (option->kind) {
  case CLI_COUNT:
    cli_fail_usage(command, "--%s takes a whole number from %llu to %llu, not \"%s\"", option->name, least,
                   most, text);
    break;
  case CLI_COUNTS:
    cli_fail_usage(command,
                   "--%s takes whole numbers from %llu to %llu separated by commas, or none, not \"%s\"",
                   option->name, least, most, text);
    break;
  case CLI_SEED:
    cli_fail_usage(command, "--%s takes a whole number from 0 to %llu, not \"%s\"", option->name,
                   (unsigned long long)UINT64_MAX, text);
    break;
  case CLI_REAL:
    cli_fail_usage(command, "--%s takes a number %s, not \"%s\"", option->name,
                   least > 0 ? "above 0" : "of 0 or more", text);
    break;
  case CLI_CHOICE:
    choices = join_choices(option->choices);
    if (choices == NULL) return CLI_PARSED_NO_MEMORY;
    cli_fail_usage(command, "--%s takes %s, not \"%s\"", option->name, choices, text);
    free(choices);
    break;
  case CLI_FLAG:
  case CLI_TEXT:
    cli_fail_usage(command, "--%s takes a %s that is not empty", option->name, option->value);
    break;
  }
  return CLI_PARSED_BAD;
}

static size_t count_options(const cli_option *options) {
  size_t count = 0;
  while (options[count].name != NULL) count++;
  return count;
}

/* What getopt_long made of the line: `seen` notes the options that were given. */
static cli_parsed read_line(const cli_command *command, int argc, char **argv, const struct option *table,
                            size_t count, bool *seen, void *settings) {
  int chosen;
  opterr = 0;
  optind = 1;
  for (;;) {
    int index = -1;
    int at = optind;
    chosen = getopt_long(argc, argv, ":h", table, &index);
    if (chosen == -1) break;
    if (chosen == 'h' || (chosen == 0 && (size_t)index == count)) {
      cli_help_command(command);
      return CLI_PARSED_HELP;
    }
    if (chosen == ':') {
      cli_fail_usage(command, "%s needs a value", argv[at]);
      return CLI_PARSED_BAD;
    }
    if (chosen != 0) {
      cli_fail_usage(command, "unknown option %s", argv[at]);
      return CLI_PARSED_BAD;
    }
    const cli_option *option = &command->options[index];
    seen[index] = true;
    cli_parsed parsed = parse_value(option, optarg, (char *)settings + option->offset);
    if (parsed == CLI_PARSED_BAD) return fail_value(command, option, optarg);
    if (parsed != CLI_PARSED_RUN) return parsed;
  }
  if (optind < argc) {
    cli_fail_usage(command, "\"%s\" is not expected", argv[optind]);
    return CLI_PARSED_BAD;
  }
  for (size_t i = 0; i < count; i++) {
    if (command->options[i].required && !seen[i]) {
      cli_fail_usage(command, "--%s is missing", command->options[i].name);
      return CLI_PARSED_BAD;
    }
  }
  return CLI_PARSED_RUN;
}

cli_parsed cli_parse(const cli_command *command, int argc, char **argv, void *settings) {
  size_t count = count_options(command->options);
  struct option *table = calloc(count + 2, sizeof *table); /* --help, and getopt's end */
  bool *seen = calloc(count + 1, sizeof *seen);
  cli_parsed parsed = CLI_PARSED_NO_MEMORY;
  if (table != NULL && seen != NULL) {
    for (size_t i = 0; i < count; i++) {
      table[i].name = command->options[i].name;
      table[i].has_arg = command->options[i].kind == CLI_FLAG ? no_argument : required_argument;
    }
    table[count].name = "help";
    parsed = read_line(command, argc, argv, table, count, seen, settings);
  }
  free(table);
  free(seen);
  if (parsed == CLI_PARSED_NO_MEMORY) cli_fail_memory();
  return parsed;
}

int cli_parsed_exit(cli_parsed parsed) {
  static const cli_exit exits[] = {[CLI_PARSED_RUN] = CLI_OK,
                                   [CLI_PARSED_HELP] = CLI_OK,
                                   [CLI_PARSED_BAD] = CLI_USAGE,
                                   [CLI_PARSED_NO_MEMORY] = CLI_FAILED};
  return (int)exits[parsed];
}

/* Reads the command line by a command's table of options. */
#include "options.h"

#include "../text/nearest.h"
#include "config.h"
#include "help.h"
#include "option_value.h"

#include <getopt.h>
#include <quern/activation.h>
#include <quern/optimizer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_OF(name, text) text,
const char *const cli_activations[] = {QUERN_ACTIVATIONS(NAME_OF) NULL};
const char *const cli_losses[] = {QUERN_LOSSES(NAME_OF) NULL};
const char *const cli_optimizers[] = {QUERN_OPTIMIZERS(NAME_OF) NULL};
const char *const cli_schedules[] = {QUERN_SCHEDULES(NAME_OF) NULL};
const char *const cli_switches[] = {"on", "off", NULL};

const cli_option *cli_option_at(const cli_command *command, size_t index) {
  for (const cli_option_group *group = command->groups; group->title != NULL; group++)
    for (const cli_option *option = group->options; option->name != NULL; option++)
      if (index-- == 0) return option;
  return NULL;
}

size_t cli_option_count(const cli_command *command) {
  size_t count = 0;
  while (cli_option_at(command, count) != NULL) count++;
  return count;
}

/* getopt_long returns a letter, or this plus the index of an option. If two options had one number,
 * it would take a common prefix for the first instead of refusing it. */
enum { FIRST_WORD = 256 };

/* A command's options for getopt_long. */
typedef struct option_tables {
  struct option *words; /* owned; the options, --help, and the end */
  char *letters;        /* owned; ":h" and those that have one */
} option_tables;

static void free_tables(option_tables *tables) {
  free(tables->words);
  free(tables->letters);
}

static bool make_tables(const cli_command *command, size_t count, option_tables *tables) {
  enum { LETTER = 2 /* and its colon */, OTHERS = sizeof ":h" };
  *tables =
      (option_tables){calloc(count + 2, sizeof *tables->words), malloc(LETTER * count + OTHERS)};
  if (tables->words == NULL || tables->letters == NULL) return false;
  char *letter = stpcpy(tables->letters, ":h");
  for (size_t i = 0; i < count; i++) {
    const cli_option *option = cli_option_at(command, i);
    const bool flag = option->kind == CLI_FLAG;
    tables->words[i].name = option->name;
    tables->words[i].has_arg = flag ? no_argument : required_argument;
    tables->words[i].val = FIRST_WORD + (int)i;
    if (option->letter == '\0') continue;
    *letter++ = option->letter;
    if (!flag) *letter++ = ':';
  }
  *letter = '\0';
  tables->words[count].name = "help";
  tables->words[count].val = 'h';
  return true;
}

/* An option of the command line. */
typedef struct given_option {
  size_t index;
  const char *value;
} given_option;

/* The index of the option with that letter; one past the last if there is none. */
static size_t find_letter(const cli_command *command, int letter) {
  size_t index = 0;
  for (const cli_option *option; (option = cli_option_at(command, index)) != NULL; index++)
    if (option->letter != '\0' && option->letter == letter) break;
  return index;
}

/* getopt_long takes a prefix for the name, and refuses a prefix of several. */
static cli_parsed fail_unknown(const cli_command *command, const char *word) {
  const size_t length = strcspn(word, "=");
  char *name = strndup(word, length);
  if (name == NULL) return CLI_PARSED_NO_MEMORY;
  const bool is_long = strncmp(name, "--", 2) == 0;
  cli_nearest nearest = cli_nearest_to(is_long ? name + 2 : "");
  const cli_option *first = NULL, *second = NULL;
  bool whole = false;
  const cli_option *option;
  for (size_t i = 0; (option = cli_option_at(command, i)) != NULL; i++) {
    cli_nearest_offer(&nearest, option->name);
    if (!is_long || length <= 2 || strncmp(option->name, name + 2, length - 2) != 0) continue;
    if (strcmp(option->name, name + 2) == 0) whole = true;
    if (first == NULL)
      first = option;
    else if (second == NULL)
      second = option;
  }
  if (whole)
    cli_fail_usage(command, "%s: %s takes no value", word, name);
  else if (second != NULL)
    cli_fail_usage(command, "%s may be --%s or --%s", name, first->name, second->name);
  else
    cli_fail_usage(command, "unknown option %s%s", word, cli_nearest_hint(&nearest, "--").text);
  free(name);
  return CLI_PARSED_BAD;
}

/* Splits the line into options, checked by name only, and operands, which getopt_long moves to the
 * end. */
static cli_parsed split_line(const cli_command *command, int argc, char **argv,
                             const option_tables *tables, const void *settings, given_option *given,
                             size_t *count) {
  opterr = 0;
  optind = 1;
  for (;;) {
    const int index = optind;
    const int chosen = getopt_long(argc, argv, tables->letters, tables->words, NULL);
    if (chosen == -1) return CLI_PARSED_RUN;
    if (chosen == 'h') {
      cli_help_command(command, settings);
      return CLI_PARSED_HELP;
    }
    if (chosen == ':') {
      cli_fail_usage(command, "%s needs a value", argv[index]);
      return CLI_PARSED_BAD;
    }
    const size_t option =
        chosen >= FIRST_WORD ? (size_t)(chosen - FIRST_WORD) : find_letter(command, chosen);
    if (cli_option_at(command, option) == NULL) return fail_unknown(command, argv[index]);
    given[(*count)++] = (given_option){option, optarg};
  }
}

/* The first required option that is not given; NULL if there is none. */
static const cli_option *find_missing(const cli_command *command, const given_option *given,
                                      size_t count) {
  const cli_option *option;
  for (size_t i = 0; (option = cli_option_at(command, i)) != NULL; i++) {
    size_t g = 0;
    while (g < count && given[g].index != i) g++;
    if (option->required && g == count) return option;
  }
  return NULL;
}

/* An argument without an option may be the value of the one that is missing. */
static cli_parsed fail_unexpected(const cli_command *command, const char *word,
                                  const given_option *given, size_t count) {
  const cli_option *missing = find_missing(command, given, count);
  if (missing != NULL)
    cli_fail_usage(command, "\"%s\" is not expected (did you mean \"--%s %s\"?)", word,
                   missing->name, word);
  else
    cli_fail_usage(command, "\"%s\" is not expected", word);
  return CLI_PARSED_BAD;
}

static cli_parsed take_operands(const cli_command *command, int argc, char **argv,
                                const given_option *given, size_t given_count, void *settings) {
  const cli_operand_rule *rule = &command->operands;
  const size_t count = (size_t)(argc - optind);
  if (count > rule->most)
    return fail_unexpected(command, argv[(size_t)optind + rule->most], given, given_count);
  if (count < rule->least) {
    cli_fail_usage(command, "%s is missing", rule->name);
    return CLI_PARSED_BAD;
  }
  if (rule->most > 0)
    *(cli_operands *)((char *)settings + rule->offset) = (cli_operands){argv + optind, count};
  return CLI_PARSED_RUN;
}

/* Reads configuration files first: the command line takes precedence. */
static cli_parsed take_options(const cli_command *command, const given_option *given, size_t count,
                               bool *seen, void *settings) {
  cli_parsed parsed = CLI_PARSED_RUN;
  for (size_t i = 0; i < count && parsed == CLI_PARSED_RUN; i++)
    if (cli_option_at(command, given[i].index)->kind == CLI_CONFIG)
      parsed = cli_config_read(command, given[i].value, seen, settings);
  for (size_t i = 0; i < count && parsed == CLI_PARSED_RUN; i++) {
    const cli_option *option = cli_option_at(command, given[i].index);
    parsed = cli_option_set(option, given[i].value, settings);
    seen[given[i].index] = true;
    if (parsed != CLI_PARSED_BAD) continue;
    char *label;
    if (asprintf(&label, "--%s", option->name) < 0) return CLI_PARSED_NO_MEMORY;
    parsed = cli_option_refuse(command, option, label, given[i].value);
    free(label);
  }
  return parsed;
}

static cli_parsed check_required(const cli_command *command, const bool *seen) {
  const cli_option *option;
  for (size_t i = 0; (option = cli_option_at(command, i)) != NULL; i++) {
    if (!option->required || seen[i]) continue;
    cli_fail_usage(command, "--%s %s is missing", option->name, option->value);
    return CLI_PARSED_BAD;
  }
  return CLI_PARSED_RUN;
}

cli_parsed cli_parse(const cli_command *command, int argc, char **argv, void *settings) {
  if (argc == 2 && cli_help_data(command, argv[1], settings)) return CLI_PARSED_HELP;
  const size_t count = cli_option_count(command);
  option_tables tables;
  bool *seen = calloc(count + 1, sizeof *seen);
  /* A word has at most as many options as letters. */
  size_t most = 1, given_count = 0;
  for (int i = 1; i < argc; i++) most += strlen(argv[i]) + 1;
  given_option *given = calloc(most, sizeof *given);
  const bool created = make_tables(command, count, &tables);
  cli_parsed parsed =
      created && seen != NULL && given != NULL ? CLI_PARSED_RUN : CLI_PARSED_NO_MEMORY;
  if (parsed == CLI_PARSED_RUN)
    parsed = split_line(command, argc, argv, &tables, settings, given, &given_count);
  if (parsed == CLI_PARSED_RUN)
    parsed = take_operands(command, argc, argv, given, given_count, settings);
  if (parsed == CLI_PARSED_RUN) parsed = take_options(command, given, given_count, seen, settings);
  if (parsed == CLI_PARSED_RUN) parsed = check_required(command, seen);
  free_tables(&tables);
  free(given);
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

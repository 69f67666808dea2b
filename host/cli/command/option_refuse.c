/* Refuses the values of options, with what was expected. */
#include "../text/nearest.h"
#include "option_value.h"

#include <stdlib.h>
#include <string.h>

/* "a, b or c". The caller frees it; NULL if memory is out. */
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

/* The range of a float, if one of the numbers between commas is outside of it; else "". */
static const char *range_hint(const char *text) {
  for (const char *field = text; field != NULL; field = strchr(field, ',')) {
    double value;
    char *end;
    field += *field == ',';
    if (!cli_parse_float(field, &value, &end) && end != field)
      return "; a number other than 0 is at least 1.2e-38 and at most 3.4e38";
  }
  return "";
}

/* The form of a name with a parameter, if the text has one; else "". */
static const char *parameter_hint(const cli_option *option, const char *text) {
  if (strchr(text, ':') == NULL || option->kind == CLI_CHOICE) return "";
  return option->kind == CLI_LOSS
             ? "; huber takes a number above 0, as in huber:1.5"
             : "; leaky-relu and elu take a number of 0 or more, as in elu:1.5";
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
                     most, text, range_hint(text));
    else
      cli_fail_usage(command, "%s takes a number %s, not \"%s\"%s", label,
                     least > 0 ? "above 0" : "of 0 or more", text, range_hint(text));
    break;
  case CLI_REALS:
    cli_fail_usage(command,
                   "%s takes numbers of 0 or more separated by commas, or %s, not \"%s\"%s", label,
                   option->choices[0], text, range_hint(text));
    break;
  case CLI_CHOICE:
  case CLI_ACTIVATION:
  case CLI_LOSS:
    choices = join_choices(option->choices);
    if (choices == NULL) return CLI_PARSED_NO_MEMORY;
    cli_fail_usage(command, "%s takes %s, not \"%s\"%s%s", label, choices, text,
                   parameter_hint(option, text), cli_hint_of(text, option->choices).text);
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

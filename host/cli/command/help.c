/* The help for people, in at most CLI_HELP_WIDTH columns: a line for each option. */
#include "help.h"

#include "../text/draft.h"
#include "../text/text.h"
#include "option_value.h"

#include <stdlib.h>
#include <string.h>

static const cli_option help_option = {.name = "help", .kind = CLI_FLAG, .help = "print this help"};

static size_t flag_width(const cli_option *option) {
  return strlen("--") + strlen(option->name) +
         (option->value != NULL ? 1 + cli_text_length(option->value) : 0);
}

bool cli_option_lists_choices(const cli_option *option) {
  return option->value != NULL && strchr(option->value, '|') != NULL;
}

char *cli_option_default(const cli_option *option, const void *settings) {
  cli_draft text;
  if (option->otherwise != NULL) return strdup(option->otherwise);
  if (option->kind == CLI_FLAG || !cli_option_is_set(option, settings)) return NULL;
  if (!cli_draft_open(&text)) return NULL;
  cli_option_print(text.stream, option, settings);
  return cli_draft_take(&text);
}

static void print_option(const cli_option *option, size_t column, const void *settings) {
  char *usual =
      option->required || option == &help_option ? NULL : cli_option_default(option, settings);
  printf("  --%s%s%s%*s", option->name, option->value != NULL ? " " : "",
         option->value != NULL ? option->value : "", (int)(column - 2 - flag_width(option)), "");
  printf("%s%s%s%s%s\n", option->help, option->required ? " (required)" : "",
         usual != NULL ? " (default " : "", usual != NULL ? usual : "", usual != NULL ? ")" : "");
  free(usual);
}

/* The column behind the longest flag. */
static size_t help_column(const cli_command *command) {
  size_t column = flag_width(&help_option);
  const cli_option *option;
  for (size_t i = 0; (option = cli_option_at(command, i)) != NULL; i++)
    if (flag_width(option) > column) column = flag_width(option);
  return column + 4;
}

static bool has_names(const cli_option *option) {
  return option->choices != NULL && option->value != NULL && strcmp(option->value, "NAME") == 0;
}

/* The names that options take, which have no room in their lines. */
static void print_names(const cli_command *command) {
  const char *heading = "\nNames:\n";
  const cli_option *option;
  for (size_t i = 0; (option = cli_option_at(command, i)) != NULL; i++) {
    enum { COLUMN = 16 };
    cli_draft names;
    if (!has_names(option)) continue;
    printf("%s  --%-*s", heading, COLUMN - 4, option->name);
    heading = "";
    if (!cli_draft_open(&names)) continue;
    for (size_t c = 0; option->choices[c] != NULL; c++)
      fprintf(names.stream, "%s%s", c > 0 ? ", " : "", option->choices[c]);
    char *text = cli_draft_take(&names);
    if (text != NULL) cli_print_wrapped(stdout, text, COLUMN, COLUMN, CLI_HELP_WIDTH);
    free(text);
  }
}

static void print_usage(const cli_command *command) {
  const cli_option *option;
  printf("Usage: quern %s", command->name);
  for (size_t i = 0; (option = cli_option_at(command, i)) != NULL; i++)
    if (option->required) printf(" --%s %s", option->name, option->value);
  if (command->operands.most > 0) printf(" %s", command->operands.name);
  printf(" [OPTION]...\n\n");
}

void cli_help_command(const cli_command *command, const void *settings) {
  const size_t column = help_column(command);
  print_usage(command);
  cli_print_wrapped(stdout, command->about, 0, 0, CLI_HELP_WIDTH);
  for (const cli_option_group *group = command->groups; group->title != NULL; group++) {
    printf("\n%s:\n", group->title);
    for (const cli_option *option = group->options; option->name != NULL; option++)
      print_option(option, column, settings);
  }
  print_option(&help_option, column, settings);
  print_names(command);
  printf("\nExamples:\n");
  for (const char *const *example = command->examples; *example != NULL; example++)
    printf("  %s\n", *example);
  printf("\nThe manual page has more on each option: man quern\n");
}

void cli_help(void) {
  printf("Usage: quern COMMAND [OPTION]...\n\n"
         "Trains multilayer perceptrons on OpenCL devices.\n\nCommands:\n");
  for (const cli_command *const *command = cli_commands; *command != NULL; command++)
    printf("  %-9s %s\n", (*command)->name, (*command)->summary);
  printf("\nOptions:\n"
         "  --help     print this help; quern COMMAND --help prints a command's options\n"
         "  --version  print the version\n\n"
         "Environment:\n");
  for (const cli_variable *variable = cli_variables; variable->name != NULL; variable++)
    printf("  %-21s %s\n", variable->name, variable->help);
  printf("\nExit status: 0 success, 1 failure, 2 usage error, 128 + N stopped by signal N\n\n"
         "Example:\n"
         "  quern train --data digits --hidden 64,32 --epochs 40\n");
}

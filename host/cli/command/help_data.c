/* The help as data: tables of commands and options for the shells' completion. */
#include "help.h"

#include <string.h>

/* NAME, summary. */
static void print_commands(void) {
  for (const cli_command *const *command = cli_commands; *command != NULL; command++)
    printf("%s\t%s\n", (*command)->name, (*command)->summary);
  printf("--help\tprint the help\n--version\tprint the version\n");
}

/* --NAME, placeholder, choices between blanks, help; at first a line for files, without a name. */
static void print_options(const cli_command *command) {
  const cli_option *option;
  if (command->operands.most > 0 && !command->operands.words)
    printf("\t%s\t\t\n", command->operands.name);
  for (size_t i = 0; (option = cli_option_at(command, i)) != NULL; i++) {
    printf("--%s\t%s\t", option->name, option->value != NULL ? option->value : "");
    for (size_t c = 0; option->choices != NULL && option->choices[c] != NULL; c++)
      printf("%s%s", c > 0 ? " " : "", option->choices[c]);
    printf("\t%s\n", option->help);
  }
  printf("--help\t\t\tprint the help\n");
}

bool cli_help_data(const cli_command *command, const char *word, const void *settings) {
  if (strcmp(word, "--help-table") == 0) {
    if (command != NULL)
      print_options(command);
    else
      print_commands();
    return true;
  }
  if (strcmp(word, "--help-manual") != 0) return false;
  if (command != NULL)
    cli_manual_command(command, settings);
  else
    cli_manual();
  return true;
}

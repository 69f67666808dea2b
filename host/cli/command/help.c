/* The help, from the tables. */
#include "../text/text.h"
#include "cli.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST_FLAG = 26 }; /* a longer one stands on a line of its own */

static int flag_width(const cli_option *option) {
  return 2 + (int)strlen(option->name) +
         (option->value != NULL ? 1 + (int)cli_text_length(option->value) : 0);
}

/* A flag too long for its column stands on a line of its own. */
static void print_option(const cli_option *option, int column) {
  int width = flag_width(option);
  printf("  --%s%s%s", option->name, option->value != NULL ? " " : "",
         option->value != NULL ? option->value : "");
  if (2 + width + 2 > column) {
    putchar('\n');
    width = -2;
  }
  printf("%*s", column - 2 - width, "");
  cli_print_wrapped(stdout, option->help, (size_t)column, (size_t)column);
  for (size_t i = 0;
       option->choices != NULL && strcmp(option->value, "NAME") == 0 && option->choices[i] != NULL;
       i++) {
    if (i == 0) printf("%*sone of", column, "");
    printf("%s %s", i == 0 ? "" : ",", option->choices[i]);
    if (option->choices[i + 1] == NULL) putchar('\n');
  }
}

void cli_help_command(const cli_command *command) {
  static const cli_option help = {.name = "help", .kind = CLI_FLAG, .help = "print this"};
  int column = flag_width(&help);
  printf("Usage: quern %s", command->name);
  for (const cli_option *option = command->options; option->name != NULL; option++) {
    int width = flag_width(option);
    if (width > column && width <= LONGEST_FLAG) column = width;
    if (option->required) printf(" --%s %s", option->name, option->value);
  }
  column += 4;
  if (command->operands.most > 0) printf(" %s", command->operands.name);
  printf(" [OPTION]...\n\n");
  cli_print_wrapped(stdout, command->about, 0, 0);
  printf("\nOptions:\n");
  for (const cli_option *option = command->options; option->name != NULL; option++)
    print_option(option, column);
  print_option(&help, column);
  printf("\nFor example:\n");
  for (const char *const *example = command->examples; *example != NULL; example++)
    printf("  %s\n", *example);
}

void cli_help(void) {
  printf("Usage: quern COMMAND [OPTION]...\n\n"
         "Trains multilayer perceptrons on OpenCL devices.\n\nCommands:\n");
  for (const cli_command *const *command = cli_commands; *command != NULL; command++)
    printf("  %-9s %s\n", (*command)->name, (*command)->summary);
  printf(
      "\nOptions:\n"
      "  --help     print this; quern COMMAND --help prints a command's options, defaults and "
      "examples\n"
      "  --version  print the version\n\n"
      "Environment:\n"
      "  QUERN_DEVICE          the device for commands without --device\n"
      "  QUERN_OPENCL_LIBRARY  the OpenCL library to open instead of the system's\n"
      "  QUERN_CACHE           \"off\": nothing is read from the cache folder or written to it\n"
      "  QUERN_CACHE_DIR       the cache folder (default: quern in XDG_CACHE_HOME or ~/.cache)\n"
      "  XDG_DATA_HOME         with XDG_DATA_DIRS, folders that may have datasets/fashion-mnist\n"
      "  NO_COLOR              where set, nothing is colored, and images are drawn with plain "
      "characters\n"
      "  CLICOLOR              \"0\": the same\n"
      "  CLICOLOR_FORCE        where set and not \"0\", colors also where no terminal is\n"
      "\nExit status: 0 done, 1 failed, 2 not understood, 130 interrupted by Ctrl-C, 143 by "
      "SIGTERM, 128 + N by signal N.\n\n"
      "For example:\n"
      "  quern train --data digits --hidden 64,32 --epochs 40 --save digits.safetensors\n");
}

/* A command line that was not understood: one line on stderr. */
#include "../text/text.h"
#include "cli.h"

#include <stdarg.h>

cli_failed cli_fail_usage(const cli_command *command, const char *format, ...) {
  const char *blank = command != NULL ? " " : "";
  const char *name = command != NULL ? command->name : "";
  va_list arguments;
  va_start(arguments, format);
  cli_print(cli_fail_stream(), "quern%s%s: ", blank, name);
  cli_print_list(cli_fail_stream(), format, arguments);
  cli_print(cli_fail_stream(), "; see quern%s%s --help\n", blank, name);
  va_end(arguments);
  return CLI_USAGE;
}

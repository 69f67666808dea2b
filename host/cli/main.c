/* quern: finds the command, runs it, and checks that its output was written. */
#include "base/interrupt.h"
#include "command/cli.h"
#include "command/config.h"
#include "command/help.h"
#include "parallel/ranks.h"
#include "text/nearest.h"

#include <errno.h>
#include <quern/quern.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const cli_command *find_command(const char *name) {
  for (const cli_command *const *command = cli_commands; *command != NULL; command++)
    if (strcmp((*command)->name, name) == 0) return *command;
  return NULL;
}

static cli_exit fail_name(const char *name) {
  cli_nearest nearest = cli_nearest_to(name);
  for (const cli_command *const *command = cli_commands; *command != NULL; command++)
    cli_nearest_offer(&nearest, (*command)->name);
  cli_nearest_offer(&nearest, "--help");
  cli_nearest_offer(&nearest, "--version");
  return cli_fail_usage(NULL, "unknown %s %s%s", name[0] == '-' ? "option" : "command", name,
                        cli_nearest_hint(&nearest, "").text);
}

static cli_exit dispatch(int argc, char **argv) {
  if (argc < 2) return cli_fail_usage(NULL, "no command");
  const char *name = argv[1];
  const cli_command *command = find_command(name);
  cli_exit result;
  if (!cli_ranks_begin(command != NULL && command->joins_ranks, &result)) return result;
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
    cli_help();
    return CLI_OK;
  }
  if (strcmp(name, "--version") == 0) {
    printf("quern %s\n", quern_version());
    return CLI_OK;
  }
  if (argc == 2 && cli_help_data(NULL, name, NULL)) return CLI_OK;
  if (command == NULL) return fail_name(name);
  return command->run(command, argc - 1, argv + 1);
}

int main(int argc, char **argv) {
  cli_interrupt_prepare();
  /* Lines are written whole, also if several ranks write. */
  static char line[BUFSIZ];
  setvbuf(stderr, line, _IOLBF, sizeof line);
  cli_exit result = dispatch(argc, argv);
  cli_config_forget();
  result = cli_ranks_end(result);
  bool lost = ferror(stdout) != 0;
  errno = 0;
  if ((fclose(stdout) != 0 || lost) && cli_interrupt_signal() != SIGPIPE) {
    cli_exit failed = cli_fail("cannot write to the standard output%s%s", errno != 0 ? ": " : "",
                               errno != 0 ? strerror(errno) : "");
    if (result == CLI_OK) result = failed;
  }
  return (int)result;
}

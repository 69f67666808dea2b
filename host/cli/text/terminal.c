#include "terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Returns a variable that is set and not empty, or NULL. */
static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value != NULL && *value != '\0' ? value : NULL;
}

bool cli_terminal_overwrites(FILE *stream) {
  const char *kind = variable("TERM");
  return isatty(fileno(stream)) && (kind == NULL || strcmp(kind, "dumb") != 0);
}

bool cli_terminal_color(FILE *stream) {
  const char *force = variable("CLICOLOR_FORCE"), *wish = variable("CLICOLOR");
  if (variable("NO_COLOR") != NULL) return false;
  if (force != NULL && strcmp(force, "0") != 0) return true;
  return cli_terminal_overwrites(stream) && (wish == NULL || strcmp(wish, "0") != 0);
}

bool cli_terminal_utf8(void) {
  const char *locale = variable("LC_ALL");
  if (locale == NULL) locale = variable("LC_CTYPE");
  if (locale == NULL) locale = variable("LANG");
  return locale != NULL &&
         (strcasestr(locale, "utf-8") != NULL || strcasestr(locale, "utf8") != NULL);
}

size_t cli_terminal_width(FILE *stream) {
  struct winsize size;
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

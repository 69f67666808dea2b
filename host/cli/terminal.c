#include "terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool cli_terminal_colour(FILE *stream) {
  const char *no_color = getenv("NO_COLOR");
  return isatty(fileno(stream)) && (no_color == NULL || *no_color == '\0');
}

size_t cli_terminal_width(FILE *stream) {
  struct winsize size;
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

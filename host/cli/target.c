#include "target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder that holds `path`; NULL where memory is out. */
static char *folder_of(const char *path) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL) return strdup(".");
  return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

cli_exit cli_check_target(const char *path) {
  struct stat about;
  if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
    return cli_fail("cannot save to %s: it is a folder, expected a file", path);
  if (path[strlen(path) - 1] == '/') return cli_fail("cannot save to %s: expected a file", path);
  char *folder = folder_of(path);
  if (folder == NULL) return cli_fail_memory();
  cli_exit result = CLI_OK;
  if (stat(folder, &about) == 0 && !S_ISDIR(about.st_mode))
    result = cli_fail("cannot save to %s: %s is no folder", path, folder);
  else if (access(folder, W_OK | X_OK) != 0)
    result = cli_fail("cannot save to %s: the folder %s: %s", path, folder, strerror(errno));
  free(folder);
  return result;
}

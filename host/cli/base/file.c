#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <quern/file.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *reason(int descriptor, struct stat *about) {
  if (descriptor < 0 || fstat(descriptor, about) != 0) return strerror(errno);
  if (S_ISDIR(about->st_mode)) return "it is a folder, expected a file";
  return S_ISREG(about->st_mode) ? NULL : "it is a pipe or a device, expected a regular file";
}

FILE *cli_input_open(const char *path, const char **why) {
  struct stat about;
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  *why = reason(descriptor, &about);
  FILE *file = *why == NULL ? fdopen(descriptor, "r") : NULL;
  if (file == NULL && *why == NULL) *why = strerror(errno);
  if (file == NULL && descriptor >= 0) close(descriptor);
  return file;
}

cli_exit cli_file_write(const char *path, cli_draft *draft) {
  if (!cli_draft_finish(draft)) return cli_fail_memory();
  return quern_file_write(path, draft->text, draft->length) == QUERN_OK ? CLI_OK
                                                                        : cli_fail_library();
}

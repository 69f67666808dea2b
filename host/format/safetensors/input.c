#include "input.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

quern_status quern__input_open(const char *path, int *descriptor, size_t *bytes) {
  /* O_NONBLOCK: opening a pipe would otherwise wait for a writer. No effect on regular files. */
  *descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  return quern__input_size(path, *descriptor, bytes);
}

quern_status quern__input_size(const char *path, int descriptor, size_t *bytes) {
  struct stat status;
  if (descriptor < 0 || fstat(descriptor, &status) != 0)
    return quern__fail(QUERN_ERROR_FILE, "%s: cannot be opened: %s", path, strerror(errno));
  if (!S_ISREG(status.st_mode))
    return quern__fail(QUERN_ERROR_FILE, "%s: is a %s, expected a regular file", path,
                       S_ISDIR(status.st_mode) ? "folder" : "device or pipe");
  if ((uintmax_t)status.st_size > SIZE_MAX)
    return quern__fail(QUERN_ERROR_OVERFLOW, "%s: is too large for this machine's addresses", path);
  *bytes = (size_t)status.st_size;
  return QUERN_OK;
}

quern_status quern__input_read(const char *path, int descriptor, size_t offset, void *data,
                               size_t bytes) {
  unsigned char *next = data;
  while (bytes > 0) {
    const ssize_t found = pread(descriptor, next, bytes, (off_t)offset);
    if (found < 0 && errno == EINTR) continue;
    if (found < 0)
      return quern__fail(QUERN_ERROR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    if (found == 0)
      return quern__fail(QUERN_ERROR_FILE, "%s: ends at byte %zu while it is read", path, offset);
    next += found;
    offset += (size_t)found;
    bytes -= (size_t)found;
  }
  return QUERN_OK;
}

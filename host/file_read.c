/* Reading of a whole file. */
#include "file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* At most `size` bytes: fewer where the file ends before. -1 for a failure, told in errno. */
static ssize_t read_bytes(int descriptor, unsigned char *data, size_t size) {
  size_t done = 0;
  while (done < size) {
    ssize_t got = read(descriptor, data + done, size - done);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    done += (size_t)got;
  }
  return (ssize_t)done;
}

quern_status quern__file_read(const char *path, size_t limit, unsigned char **data, size_t *size) {
  quern_status status = QUERN_OK;
  unsigned char *bytes = NULL;
  struct stat about;
  *data = NULL;
  *size = 0;
  /* O_NONBLOCK: opening a pipe would wait for a writer. */
  int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0 || fstat(descriptor, &about) != 0) {
    status = quern__fail(QUERN_ERROR_FILE, "%s: cannot be opened: %s", path, strerror(errno));
    goto cleanup;
  }
  if (!S_ISREG(about.st_mode)) {
    status = quern__fail(QUERN_ERROR_FILE, "%s: is not a regular file", path);
    goto cleanup;
  }
  if ((uintmax_t)about.st_size > limit) {
    status = quern__fail(QUERN_ERROR_FILE, "%s: has %jd bytes; at most %zu are read", path,
                         (intmax_t)about.st_size, limit);
    goto cleanup;
  }
  const size_t expected = (size_t)about.st_size;
  bytes = malloc(expected + 1);
  if (bytes == NULL) {
    status = quern__fail_memory(path, expected + 1);
    goto cleanup;
  }
  const ssize_t got = read_bytes(descriptor, bytes, expected);
  if (got < 0) {
    status = quern__fail(QUERN_ERROR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    goto cleanup;
  }
  bytes[got] = '\0';
  *size = (size_t)got;
  *data = bytes;
  bytes = NULL;

cleanup:
  free(bytes);
  if (descriptor >= 0) close(descriptor);
  return status;
}

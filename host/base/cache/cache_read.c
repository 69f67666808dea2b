/* Reads a cache file after checking its owner and mode. */
#include "cache_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads up to `size` bytes, fewer at the end of the file. Returns -1 with errno set on failure. */
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

/* Checks the open descriptor rather than the path, so that the file checked is the one read. */
static quern_status check_cache_file(const char *path, int descriptor, size_t limit, size_t *size) {
  struct stat about;
  if (fstat(descriptor, &about) != 0)
    return quern__fail(QUERN_ERROR_FILE, "%s: cannot be opened: %s", path, strerror(errno));
  if (!S_ISREG(about.st_mode))
    return quern__fail(QUERN_ERROR_FILE, "%s: is not a regular file", path);
  if (about.st_uid != geteuid())
    return quern__fail(QUERN_ERROR_FILE, "%s: belongs to user %ju, not to user %ju", path,
                       (uintmax_t)about.st_uid, (uintmax_t)geteuid());
  if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return quern__fail(QUERN_ERROR_FILE, "%s: has mode %03o: others may write to it", path,
                       (unsigned)about.st_mode & 0777);
  if ((uintmax_t)about.st_size > limit)
    return quern__fail(QUERN_ERROR_FILE, "%s: has %jd bytes; at most %zu are read", path,
                       (intmax_t)about.st_size, limit);
  *size = (size_t)about.st_size;
  return QUERN_OK;
}

quern_status quern__cache_read(const char *path, size_t limit, unsigned char **data, size_t *size) {
  quern_status status = QUERN_OK;
  unsigned char *bytes = NULL;
  size_t expected = 0;
  *data = NULL;
  *size = 0;
  /* O_NONBLOCK: opening a pipe would otherwise wait for a writer. */
  const int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0)
    return errno == ELOOP
               ? quern__fail(QUERN_ERROR_FILE, "%s: is a symbolic link, expected a file", path)
               : quern__fail(QUERN_ERROR_FILE, "%s: cannot be opened: %s", path, strerror(errno));
  QUERN__TRY(check_cache_file(path, descriptor, limit, &expected));
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
  close(descriptor);
  return status;
}

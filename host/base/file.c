/* Atomic file writing. After the folder is opened, only its descriptor is used, so renaming the
 * folder meanwhile does no harm. */
#include "file.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static quern_status fail_file(const quern__file *file, const char *what) {
  return quern__fail(QUERN_ERROR_FILE, "%s: %s: %s", file->path, what, strerror(errno));
}

static const char *kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "folder";
  if (S_ISFIFO(mode)) return "pipe";
  if (S_ISSOCK(mode)) return "socket";
  return "device";
}

/* Resolves the target. A symbolic link is followed, so that its target is replaced and the link
 * stays. Refuses a target that is not a regular file. */
static quern_status find_target(const char *path, quern__file *file) {
  struct stat status;
  if (*path == '\0') return quern__fail(QUERN_ERROR_FILE, "\"\": names no file");
  const bool exists = stat(path, &status) == 0;
  const int error = errno;
  if (exists && !S_ISREG(status.st_mode))
    return quern__fail(QUERN_ERROR_FILE, "%s: is a %s, expected a regular file or a new name", path,
                       kind_of(status.st_mode));
  const bool link = lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
  if (link && !exists)
    return quern__fail(QUERN_ERROR_FILE, "%s: is a symbolic link to a missing file", path);
  /* E.g. a name that is too long: report it now rather than at the rename. */
  if (!exists && error != ENOENT)
    return quern__fail(QUERN_ERROR_FILE, "%s: cannot be written: %s", path, strerror(error));
  file->target = link ? realpath(path, NULL) : strdup(path);
  return file->target != NULL ? QUERN_OK : fail_file(file, "cannot be resolved");
}

static quern_status open_folder(quern__file *file) {
  char *slash = strrchr(file->target, '/');
  file->name = slash == NULL ? file->target : slash + 1;
  if (*file->name == '\0')
    return quern__fail(QUERN_ERROR_FILE, "\"%s\": names no file", file->path);
  const char *folder = ".";
  if (slash == file->target)
    folder = "/";
  else if (slash != NULL) {
    *slash = '\0'; /* split the string into folder and name */
    folder = file->target;
  }
  file->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return file->folder >= 0 ? QUERN_OK : fail_file(file, "cannot open its folder");
}

/* In a sticky folder such as /tmp, only a file's owner may replace it. */
static quern_status check_owner(const quern__file *file) {
  struct stat folder, target;
  const uid_t user = geteuid();
  if (user == 0 || fstat(file->folder, &folder) != 0 || (folder.st_mode & S_ISVTX) == 0 ||
      folder.st_uid == user ||
      fstatat(file->folder, file->name, &target, AT_SYMLINK_NOFOLLOW) != 0 || target.st_uid == user)
    return QUERN_OK;
  return quern__fail(
      QUERN_ERROR_FILE,
      "%s: belongs to another user, and only its owner may replace it in this folder", file->path);
}

/* Locks the temporary file, so that quern__file_remove_abandoned leaves it alone. False if that
 * function has just removed it. The duplicate descriptor keeps the lock after the first is closed.
 * On a file system without locks there is none, and this succeeds. */
static bool lock_temporary(quern__file *file) {
  if (flock(file->descriptor, LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;
  struct stat status;
  if (fstat(file->descriptor, &status) == 0 && status.st_nlink == 0) return false;
  file->lock = fcntl(file->descriptor, F_DUPFD_CLOEXEC, 0);
  return true;
}

static quern_status create_temporary(quern__file *file) {
  enum { ATTEMPTS = 100 };
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    /* O_EXCL guarantees a unique name; process and time make a second attempt rare. */
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(file->temporary, sizeof file->temporary,
             QUERN__FILE_TEMPORARY_PREFIX "%ld-%jx-%lx-%d.tmp", (long)getpid(),
             (uintmax_t)now.tv_sec, (unsigned long)now.tv_nsec, attempt);
    file->descriptor =
        openat(file->folder, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file->descriptor >= 0 && lock_temporary(file)) return QUERN_OK;
    if (file->descriptor >= 0)
      close(file->descriptor);
    else if (errno != EEXIST && errno != EINTR)
      break;
    file->descriptor = -1;
  }
  file->temporary[0] = '\0';
  return fail_file(file, "cannot create a file in its folder");
}

quern_status quern__file_create(const char *path, quern__file *file) {
  *file = (quern__file)QUERN__FILE_CLOSED;
  file->path = path;
  QUERN__FORWARD(find_target(path, file));
  QUERN__FORWARD(open_folder(file));
  QUERN__FORWARD(check_owner(file));
  return create_temporary(file);
}

quern_status quern__file_write(quern__file *file, const void *data, size_t bytes) {
  const unsigned char *next = data;
  while (bytes > 0) {
    ssize_t written = write(file->descriptor, next, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_file(file, "cannot be written");
    next += written;
    bytes -= (size_t)written;
  }
  return QUERN_OK;
}

static int sync_descriptor(int descriptor) {
  int result;
  do result = fsync(descriptor);
  while (result != 0 && errno == EINTR);
  return result;
}

quern_status quern__file_commit(quern__file *file) {
  if (sync_descriptor(file->descriptor) != 0) return fail_file(file, "cannot be synced");
  /* Some network file systems report a failed write only at close. */
  int closed = close(file->descriptor);
  file->descriptor = -1;
  if (closed != 0 && errno != EINTR) return fail_file(file, "cannot be closed");
  if (renameat(file->folder, file->temporary, file->folder, file->name) != 0)
    return fail_file(file, "cannot replace the old file");
  file->temporary[0] = '\0';
  /* EINVAL: the file system cannot sync folders. */
  if (sync_descriptor(file->folder) != 0 && errno != EINVAL)
    return fail_file(file, "was written, but its folder cannot be synced");
  return QUERN_OK;
}

void quern__file_close(quern__file *file) {
  if (file->descriptor >= 0) close(file->descriptor);
  if (file->temporary[0] != '\0') unlinkat(file->folder, file->temporary, 0);
  if (file->lock >= 0) close(file->lock);
  if (file->folder >= 0) close(file->folder);
  free(file->target);
  *file = (quern__file)QUERN__FILE_CLOSED;
}

/* Atomic file writing: a file is written under a temporary name beside the target, synced, and
 * renamed, so it appears whole or not at all. */
#ifndef QUERN_HOST_BASE_FILE_H
#define QUERN_HOST_BASE_FILE_H

#include "error.h"
#include <stdbool.h>

typedef struct quern__file {
  const char *path; /* the path as the caller wrote it, for messages; the caller's */
  char *target;     /* the path with a final symbolic link resolved, owned */
  const char *name; /* the target's last component, inside `target` */
  int folder;       /* the target's folder, open */
  int descriptor;   /* the temporary file, open; -1 once closed */
  /* the temporary file again, locked while it exists; -1 if the file system has no locks */
  int lock;
  char temporary[64]; /* the temporary file's name in the folder; "" if there is none */
} quern__file;

/* A file that is not open. quern__file_close accepts it. */
#define QUERN__FILE_CLOSED                                                                         \
  { NULL, NULL, NULL, -1, -1, -1, "" }

/* Start of every temporary file's name. Such a file remains if its process ends before the
 * commit. */
#define QUERN__FILE_TEMPORARY_PREFIX ".quern-"

/* True if `name` has the complete form of a temporary file's name: prefix, process, seconds,
 * nanoseconds, attempt, ".tmp". */
bool quern__file_is_temporary(const char *name);

/* Starts a new file that will replace `path`; `path` must outlive *file. The target may exist as a
 * regular file; folders, devices and pipes are refused. The mode is that of any new file, 0666 less
 * the umask. The caller closes *file, even if this fails. */
quern_status quern__file_create(const char *path, quern__file *file);

quern_status quern__file_write(quern__file *file, const void *data, size_t bytes);

/* Syncs the file, renames it to its target, and syncs the folder. A failure before the rename
 * leaves the old file untouched. */
quern_status quern__file_commit(quern__file *file);

/* Frees everything, and removes the temporary file if it was not committed. */
void quern__file_close(quern__file *file);

/* Removes temporary files of writers that ended before their commit from the folder of `path`:
 * regular files of this user with a temporary file's name that no process has locked. Files that
 * cannot be checked or removed stay. */
void quern__file_remove_abandoned(const char *path);

#endif

/* Files that appear whole or not at all: written under a temporary name beside the target, synced,
 * renamed. */
#ifndef QUERN_HOST_BASE_FILE_H
#define QUERN_HOST_BASE_FILE_H

#include "error.h"
#include <stdbool.h>

typedef struct quern__file {
  const char *path; /* what the caller called it, for messages; the caller's */
  char *target;     /* the path with a symbolic link at its end followed, owned */
  const char *name; /* the target's last part, inside `target` */
  int folder;       /* where the target lies, open */
  int descriptor;   /* the temporary file, open; -1 once closed */
  /* the same, locked as long as there is a temporary file; -1 where there are no locks */
  int lock;
  char temporary[64]; /* its name in the folder; "" while there is none */
} quern__file;

/* A file that is not open, for quern__file_close to accept. */
#define QUERN__FILE_CLOSED                                                                         \
  { NULL, NULL, NULL, -1, -1, -1, "" }

/* How the names of temporary files start. One stays behind if a process ended before it was
 * committed. */
#define QUERN__FILE_TEMPORARY_PREFIX ".quern-"

/* Whether `name` has the whole form of a temporary file's name: the prefix, process, seconds,
 * nanoseconds, attempt, ".tmp". */
bool quern__file_is_temporary(const char *name);

/* Starts a new file that will take the place of `path`, which must outlive it. The target may exist
 * as a regular file; a folder, a device or a pipe is refused, so that nothing but a file is ever
 * replaced. Its mode is that of any new file, 0666 less the umask. The caller closes *file,
 * whatever this returns. */
quern_status quern__file_create(const char *path, quern__file *file);

quern_status quern__file_write(quern__file *file, const void *data, size_t bytes);

/* Syncs what was written, gives it its name, and syncs the folder. Before the rename a failure
 * leaves what was at `path` untouched. */
quern_status quern__file_commit(quern__file *file);

/* Lets go of everything, and removes the temporary file where it was not committed. */
void quern__file_close(quern__file *file);

/* Removes, from the folder of `path`, the temporary files of writers that ended before they were
 * done: regular files of this user with a temporary file's name that no process has locked. What
 * cannot be told or removed stays. */
void quern__file_remove_abandoned(const char *path);

#endif

/* Removal of what writers that were killed have left. */
#include "file.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* The lock goes with its process, however that ended. */
static void remove_if_abandoned(int folder, const char *name) {
  const int descriptor = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return;
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) unlinkat(folder, name, 0);
  close(descriptor);
}

void quern__file_remove_abandoned(const char *path) {
  char *folder = realpath(path, NULL);
  if (folder == NULL) folder = strdup(path); /* there is no such file yet */
  if (folder == NULL) return;
  char *slash = strrchr(folder, '/');
  if (slash != NULL) slash[slash == folder ? 1 : 0] = '\0';
  DIR *entries = opendir(slash != NULL ? folder : ".");
  for (const struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;)
    if (strncmp(entry->d_name, QUERN__FILE_TEMPORARY_PREFIX, strlen(QUERN__FILE_TEMPORARY_PREFIX)) == 0)
      remove_if_abandoned(dirfd(entries), entry->d_name);
  if (entries != NULL) closedir(entries);
  free(folder);
}

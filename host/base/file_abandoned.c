/* Removes temporary files of killed writers. */
#include "file.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool quern__file_is_temporary(const char *name) {
  static const char decimal[] = "0123456789", hexadecimal[] = "0123456789abcdef";
  static const char *const digits[] = {decimal, hexadecimal, hexadecimal, decimal};
  if (strncmp(name, QUERN__FILE_TEMPORARY_PREFIX, strlen(QUERN__FILE_TEMPORARY_PREFIX)) != 0)
    return false;
  name += strlen(QUERN__FILE_TEMPORARY_PREFIX);
  for (size_t i = 0; i < sizeof digits / sizeof *digits; i++) {
    if (i > 0 && *name++ != '-') return false;
    const size_t length = strspn(name, digits[i]);
    if (length == 0) return false;
    name += length;
  }
  return strcmp(name, ".tmp") == 0;
}

/* A lock ends with its process, so a file that can be locked has no writer. */
static void remove_if_abandoned(int folder, const char *name) {
  const int descriptor = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return;
  struct stat about;
  if (fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == geteuid() &&
      flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    unlinkat(folder, name, 0);
  close(descriptor);
}

void quern__file_remove_abandoned(const char *path) {
  char *folder = realpath(path, NULL);
  if (folder == NULL) folder = strdup(path); /* the file does not exist yet */
  if (folder == NULL) return;
  char *slash = strrchr(folder, '/');
  if (slash != NULL) slash[slash == folder ? 1 : 0] = '\0';
  DIR *entries = opendir(slash != NULL ? folder : ".");
  for (const struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;)
    if (quern__file_is_temporary(entry->d_name)) remove_if_abandoned(dirfd(entries), entry->d_name);
  if (entries != NULL) closedir(entries);
  free(folder);
}

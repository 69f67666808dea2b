/* Removes old files from the cache folder. */
#include "cache_prune.h"
#include "../file.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ABANDONED_SECONDS = 3600 };

typedef struct cached_file {
  char *name; /* owned */
  struct timespec modified;
  uintmax_t size;
} cached_file;

typedef struct file_list {
  cached_file *files; /* owned */
  size_t count, room;
} file_list;

static int newest_first(const void *a, const void *b) {
  const struct timespec *x = &((const cached_file *)a)->modified,
                        *y = &((const cached_file *)b)->modified;
  if (x->tv_sec != y->tv_sec) return x->tv_sec < y->tv_sec ? 1 : -1;
  return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

static bool starts_with(const char *text, const char *start) {
  return strncmp(text, start, strlen(start)) == 0;
}

static bool append_file(file_list *list, const char *name, const struct stat *about) {
  if (list->count == list->room) {
    const size_t room = list->room == 0 ? 64 : list->room * 2;
    cached_file *files = reallocarray(list->files, room, sizeof *files);
    if (files == NULL) return false;
    list->files = files;
    list->room = room;
  }
  cached_file *file = &list->files[list->count];
  *file = (cached_file){strdup(name), about->st_mtim, (uintmax_t)about->st_size};
  if (file->name == NULL) return false;
  list->count++;
  return true;
}

static bool is_abandoned(const char *name, const struct stat *about) {
  return quern__file_is_temporary(name) && about->st_uid == geteuid() &&
         about->st_mtim.tv_sec < time(NULL) - ABANDONED_SECONDS;
}

void quern__cache_prune(int folder, const char *prefix, size_t limit) {
  /* A second descriptor, because closedir closes the one that fdopendir was given. */
  const int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = again >= 0 ? fdopendir(again) : NULL;
  if (entries == NULL) {
    if (again >= 0) close(again);
    return;
  }
  file_list list = {NULL, 0, 0};
  for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
    struct stat about;
    if (fstatat(folder, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(about.st_mode))
      continue;
    if (is_abandoned(entry->d_name, &about)) unlinkat(folder, entry->d_name, 0);
    /* If memory is exhausted, prune only the files listed so far. */
    if (starts_with(entry->d_name, prefix) && !append_file(&list, entry->d_name, &about)) break;
  }
  closedir(entries);
  if (list.count > 0) qsort(list.files, list.count, sizeof *list.files, newest_first);
  uintmax_t kept = 0;
  for (size_t i = 0; i < list.count; i++) {
    kept += list.files[i].size;
    if (kept > limit) unlinkat(folder, list.files[i].name, 0);
    free(list.files[i].name);
  }
  free(list.files);
}

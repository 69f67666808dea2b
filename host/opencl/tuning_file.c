/* Finds, writes, reads and deletes tuning files. */
#include "tuning_file.h"

#include "../base/cache/cache_folder.h"
#include "../base/cache/cache_read.h"
#include "../base/file.h"
#include "tuning_text.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <quern/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_BYTES = 64 << 10, MOST_NAME = 40 };

/* FNV-1a of two strings, including their final zeros. */
static uint64_t hash_pair(const char *a, const char *b) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  const char *const texts[] = {a, b};
  for (size_t i = 0; i < 2; i++)
    for (const char *cursor = texts[i];; cursor++) {
      hash = (hash ^ (unsigned char)*cursor) * UINT64_C(0x100000001b3);
      if (*cursor == '\0') break;
    }
  return hash;
}

/* "tuning-DEVICE-…-": the beginning of the names of a device's files. The name is for people, the
 * hash identifies the device. NULL if memory runs out. */
static char *prefix_of(const quern_device_info *info) {
  char name[MOST_NAME + 1];
  size_t length = 0;
  for (const char *cursor = info->name; *cursor != '\0' && length < MOST_NAME; cursor++) {
    const bool plain = isalnum((unsigned char)*cursor) != 0;
    if (plain || (length > 0 && name[length - 1] != '-')) name[length++] = plain ? *cursor : '-';
  }
  name[length] = '\0';
  char *prefix = NULL;
  if (asprintf(&prefix, "tuning-%s-%016" PRIx64 "-", name, hash_pair(info->platform, info->name)) <
      0)
    return NULL;
  return prefix;
}

static quern_status path_in(const char *folder, const char *prefix, const quern_device_info *info,
                            char **path) {
  const uint64_t hash = hash_pair(info->driver, quern_version());
  if (asprintf(path, "%s/%s%016" PRIx64 ".txt", folder, prefix, hash) >= 0) return QUERN_OK;
  *path = NULL;
  return quern__fail_memory("path of the tuning file", strlen(folder) + strlen(prefix));
}

/* Finds the folder, NULL if there is none, and the prefix. The caller frees both. */
static quern_status find_place(const quern_device_info *info, char **folder, char **prefix) {
  *prefix = NULL;
  QUERN__FORWARD(quern__cache_folder(folder));
  if (*folder == NULL) return QUERN_OK;
  *prefix = prefix_of(info);
  if (*prefix != NULL) return QUERN_OK;
  free(*folder);
  *folder = NULL;
  return quern__fail_memory("path of the tuning file", MOST_NAME);
}

quern_status quern__tuning_path(const quern_device_info *info, char **path) {
  char *folder = NULL, *prefix = NULL;
  *path = NULL;
  QUERN__FORWARD(find_place(info, &folder, &prefix));
  const quern_status status = folder != NULL ? path_in(folder, prefix, info, path) : QUERN_OK;
  free(prefix);
  free(folder);
  return status;
}

quern_status quern__tuning_write(const char *path, const quern_device_info *info,
                                 const quern__cl_tuning *tuning) {
  quern_status status = QUERN_OK;
  quern__file file = QUERN__FILE_CLOSED;
  char *text = quern__tuning_format(info, tuning);
  if (text == NULL) return quern__fail_memory(path, MOST_BYTES);
  QUERN__TRY(quern__file_create(path, &file));
  /* Regardless of the umask: a file that others may write to is not read. */
  if (fchmod(file.descriptor, 0600) != 0) {
    status = quern__fail(QUERN_ERROR_FILE, "%s: its mode cannot be set: %s", path, strerror(errno));
    goto cleanup;
  }
  QUERN__TRY(quern__file_write(&file, text, strlen(text)));
  status = quern__file_commit(&file);

cleanup:
  quern__file_close(&file);
  free(text);
  return status;
}

quern_status quern__tuning_read(const char *path, const quern_device_info *info,
                                quern__cl_limits limits, quern__cl_tuning *tuning) {
  unsigned char *bytes;
  size_t size;
  QUERN__FORWARD(quern__cache_read(path, MOST_BYTES, &bytes, &size));
  const quern_status status = quern__tuning_parse(path, (char *)bytes, size, info, limits, tuning);
  free(bytes);
  return status;
}

/* --- All files of a device
 * ------------------------------------------------------------------------------ */

/* The first or next file in `folder` whose name has the prefix; NULL after the last. */
static const char *next_file(DIR *folder, const char *prefix) {
  const struct dirent *entry;
  while ((entry = readdir(folder)) != NULL)
    if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0) return entry->d_name;
  return NULL;
}

quern_status quern__tuning_remove(const quern_device_info *info, size_t *removed) {
  quern_status status = QUERN_OK;
  char *path = NULL, *prefix = NULL;
  DIR *folder = NULL;
  *removed = 0;
  QUERN__FORWARD(find_place(info, &path, &prefix));
  if (path == NULL) goto cleanup;
  folder = opendir(path);
  if (folder == NULL) {
    status = quern__fail(QUERN_ERROR_FILE, "%s: cannot be opened: %s", path, strerror(errno));
    goto cleanup;
  }
  for (const char *name; (name = next_file(folder, prefix)) != NULL; ++*removed)
    if (unlinkat(dirfd(folder), name, 0) != 0) {
      status = quern__fail(QUERN_ERROR_FILE, "%s/%s: cannot be removed: %s", path, name,
                           strerror(errno));
      goto cleanup;
    }

cleanup:
  if (folder != NULL) closedir(folder);
  free(prefix);
  free(path);
  return status;
}

/* Fails if the device was tuned for another driver or version. */
static quern_status look_for_others(const char *path, const char *prefix) {
  DIR *folder = opendir(path);
  if (folder == NULL) return QUERN_OK;
  const char *name = next_file(folder, prefix);
  quern_status status = QUERN_OK;
  if (name != NULL)
    status = quern__fail(
        QUERN_ERROR_FORMAT,
        "%s/%s: made for another driver or version of quern: tune the device again", path, name);
  closedir(folder);
  return status;
}

static quern_status load_tuning_file(const quern_device_info *info, quern__cl_limits limits,
                                     quern__cl_tuning *tuning, char **file) {
  char *folder = NULL, *prefix = NULL, *path = NULL;
  quern_status status;
  QUERN__FORWARD(find_place(info, &folder, &prefix));
  if (folder == NULL) return QUERN_OK;
  QUERN__TRY(path_in(folder, prefix, info, &path));
  if (access(path, F_OK) != 0) {
    status = look_for_others(folder, prefix);
    goto cleanup;
  }
  QUERN__TRY(quern__tuning_read(path, info, limits, tuning));
  *file = path;
  path = NULL;

cleanup:
  free(path);
  free(prefix);
  free(folder);
  return status;
}

quern_status quern__tuning_load(const quern_device_info *info, quern__cl_limits limits,
                                quern__cl_tuning *tuning, char **file, char **note) {
  *file = NULL;
  *note = NULL;
  char *before = quern__remember_error();
  if (before == NULL) return quern__fail_memory("note", 1);
  quern_status status = load_tuning_file(info, limits, tuning, file);
  if (status == QUERN_ERROR_OUT_OF_MEMORY) goto cleanup;
  if (status != QUERN_OK) *note = strdup(quern_last_error());
  if (status != QUERN_OK && *note == NULL) {
    status = quern__fail_memory("note", strlen(before));
    goto cleanup;
  }
  quern__restore_error(before);
  return QUERN_OK;

cleanup:
  free(before);
  return status;
}

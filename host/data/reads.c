/* Determines whether opening a data set reads a given file. */
#include "../base/error.h"
#include "data.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* True if `path` is the same file, by whatever name. */
static bool is_at(const struct stat *file, const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && about.st_dev == file->st_dev && about.st_ino == file->st_ino;
}

static quern_status folder_reads(const char *folder, const struct stat *file, bool *reads) {
  for (size_t i = 0; i < QUERN__IDX_FOLDER_FILES && !*reads; i++) {
    char *path;
    QUERN__FORWARD(quern__idx_in_folder(folder, i, &path));
    *reads = path != NULL && is_at(file, path);
    free(path);
  }
  return QUERN_OK;
}

/* True if the file begins like .npy; false if it cannot be read. */
static bool is_array(const char *path) {
  static const unsigned char magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
  quern__stream stream;
  const unsigned char *bytes;
  size_t count;
  const bool array = quern__stream_open(path, &stream) == QUERN_OK &&
                     quern__stream_peek(&stream, &bytes, &count) == QUERN_OK &&
                     count >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
  quern__stream_close(&stream);
  return array;
}

/* Checks the companion of a file: the labels of images, or the targets of an array. */
static quern_status beside_reads(const char *path, const struct stat *file, bool *reads) {
  char *beside = NULL;
  if (is_array(path))
    QUERN__FORWARD(quern__npy_targets_beside(path, &beside));
  else if (quern__idx_labels_beside(path, &beside) != QUERN_OK)
    return QUERN_OK; /* there is no companion, or its reader will report that it is missing */
  *reads = beside != NULL && is_at(file, beside);
  free(beside);
  return QUERN_OK;
}

static quern_status find_reads(const char *where, const struct stat *file, bool *reads) {
  char *folder;
  QUERN__FORWARD(quern__named_folder(where, &folder));
  if (folder != NULL) {
    const quern_status status = folder_reads(folder, file, reads);
    free(folder);
    return status;
  }
  struct stat about;
  if (stat(where, &about) != 0) return QUERN_OK;
  if (S_ISDIR(about.st_mode)) return folder_reads(where, file, reads);
  *reads = is_at(file, where);
  return *reads ? QUERN_OK : beside_reads(where, file, reads);
}

quern_status quern_dataset_reads(const char *where, const char *path, bool *reads) {
  if (where == NULL || path == NULL || reads == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "reads of a data set: %s is NULL",
                       where == NULL  ? "where"
                       : path == NULL ? "path"
                                      : "reads");
  struct stat file;
  *reads = false;
  if (strcmp(where, "digits") == 0 || stat(path, &file) != 0) return QUERN_OK;
  char *before = quern__remember_error();
  if (before == NULL) return quern__fail_memory("reads of a data set", 1);
  const quern_status status = find_reads(where, &file, reads);
  if (status == QUERN_OK)
    quern__restore_error(before);
  else
    free(before);
  return status;
}

/* File names of IDX files, as MNIST has them. */
#include "../base/error.h"
#include "classes.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A path that exists but cannot be examined counts as existing: opening it reports the reason. */
static bool path_exists(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* Finds the `what` ("images", "labels") of `part` ("train", "t10k") in a folder, in any of four
 * spellings; *path is NULL if there is none. */
static quern_status find_idx_file(const char *folder, const char *part, const char *what,
                                  char **path) {
  static const char *const endings[] = {"", ".gz"};
  const char *separator = folder[0] != '\0' && folder[strlen(folder) - 1] == '/' ? "" : "/";
  const char *dimensions = strcmp(what, "images") == 0 ? "idx3" : "idx1";
  for (size_t i = 0; i < 4; i++) {
    char *candidate;
    if (asprintf(&candidate, "%s%s%s-%s%c%s-ubyte%s", folder, separator, part, what,
                 i < 2 ? '-' : '.', dimensions, endings[i % 2]) < 0)
      return quern__fail_memory("a path", strlen(folder));
    if (path_exists(candidate)) {
      *path = candidate;
      return QUERN_OK;
    }
    free(candidate);
  }
  *path = NULL;
  return QUERN_OK;
}

/* Opens one part of a folder; *dataset is NULL if neither of its files exists. */
static quern_status open_part(const char *folder, const char *part,
                              const quern_dataset_options *options, quern_dataset **dataset) {
  quern_status status = QUERN_OK;
  char *images = NULL;
  char *labels = NULL;
  *dataset = NULL;
  QUERN__TRY(find_idx_file(folder, part, "images", &images));
  QUERN__TRY(find_idx_file(folder, part, "labels", &labels));
  if (images == NULL && labels == NULL) goto cleanup;
  if (images == NULL || labels == NULL) {
    status =
        quern__fail(QUERN_ERROR_FILE, "%s exists, but no %s/%s-%s-ubyte or %s-%s-ubyte.gz",
                    images ? images : labels, folder, part, images ? "labels-idx1" : "images-idx3",
                    part, images ? "labels-idx1" : "images-idx3");
    goto cleanup;
  }
  QUERN__TRY(quern__idx_read(images, labels, options, dataset));
cleanup:
  free(images);
  free(labels);
  return status;
}

quern_status quern__idx_in_folder(const char *folder, size_t index, char **path) {
  return find_idx_file(folder, index < 2 ? "train" : "t10k", index % 2 == 0 ? "images" : "labels",
                       path);
}

quern_status quern__idx_open_folder(const char *folder, const quern_dataset_options *options,
                                    quern_dataset **train, quern_dataset **test) {
  quern_status status = QUERN_OK;
  quern_dataset *result = NULL;
  QUERN__TRY(open_part(folder, "train", options, &result));
  if (result == NULL) {
    status = quern__fail(QUERN_ERROR_FILE,
                         "%s: no IDX files: expected train-images-idx3-ubyte and "
                         "train-labels-idx1-ubyte, plain or .gz",
                         folder);
    goto cleanup;
  }
  if (test != NULL) QUERN__TRY(open_part(folder, "t10k", options, test));
  if (test != NULL && *test != NULL && options->classes == 0)
    QUERN__TRY(quern__dataset_share_classes(*test, result->schema));
  *train = result;
  result = NULL;
cleanup:
  quern_dataset_free(result);
  return status;
}

/* Returns the last "images-idx3" or "images.idx3" in a path's file name; NULL if there is none. */
static const char *find_images(const char *path) {
  const char *slash = strrchr(path, '/');
  const char *found = NULL;
  for (const char *cursor = slash != NULL ? slash + 1 : path;
       (cursor = strstr(cursor, "images")) != NULL; cursor++)
    if ((cursor[6] == '-' || cursor[6] == '.') && strncmp(cursor + 7, "idx3", 4) == 0)
      found = cursor;
  return found;
}

quern_status quern__idx_labels_beside(const char *images, char **labels) {
  const char *cursor = find_images(images);
  if (cursor == NULL) {
    return quern__fail(QUERN_ERROR_FILE,
                       "%s: expected \"images-idx3\" in its name, which \"labels-idx1\" replaces "
                       "to find its labels",
                       images);
  }
  if (asprintf(labels, "%.*slabels%cidx1%s", (int)(cursor - images), images, cursor[6],
               cursor + 11) < 0) {
    *labels = NULL; /* undefined after a failed asprintf */
    return quern__fail_memory("a path", strlen(images));
  }
  if (path_exists(*labels)) return QUERN_OK;
  quern_status status =
      quern__fail(QUERN_ERROR_FILE, "%s: its labels are missing: expected %s", images, *labels);
  free(*labels);
  *labels = NULL;
  return status;
}

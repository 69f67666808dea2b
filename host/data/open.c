/* Opens a data set by its name or path. */
#include "../base/error.h"
#include "../base/kinds/file_kind.h"
#include "data.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Kinds of files, recognized by their first bytes. */
typedef enum file_kind { TABLE, IDX, NPY, NPZ, SAFETENSORS } file_kind;

/* A safetensors file begins with its header's length, below 2^32, and '{'. IDX begins with a zero
 * byte, which no text does. */
static file_kind kind_of(const unsigned char *bytes, size_t count) {
  static const unsigned char no_more[4] = {0};
  if (count >= 9 && memcmp(bytes + 4, no_more, sizeof no_more) == 0 && bytes[8] == '{')
    return SAFETENSORS;
  if (bytes[0] == 0) return IDX;
  if (count >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0) return NPY;
  if (count >= 4 && memcmp(bytes, "PK\x03\x04", 4) == 0) return NPZ;
  return TABLE;
}

/* Refuses files of other programs. */
static quern_status refuse_kind(const char *path, const quern__file_kind *kind) {
  if (kind == NULL || kind->data == NULL) return QUERN_OK;
  return quern__fail(QUERN_ERROR_UNSUPPORTED,
                     "%s is %s, expected a table, NumPy arrays, safetensors or IDX: %s", path,
                     kind->name, kind->data);
}

static quern_status open_file(const char *path, const quern_dataset_options *options,
                              quern_dataset **train, quern_dataset **test) {
  quern__stream stream;
  quern_status status = QUERN_OK;
  QUERN__TRY(quern__stream_open(path, &stream));
  const unsigned char *bytes;
  size_t count;
  QUERN__TRY(quern__stream_peek(&stream, &bytes, &count));
  if (count == 0) {
    status = quern__fail(QUERN_ERROR_FORMAT,
                         "%s: empty, expected IDX images, NumPy arrays, or a table", path);
    goto cleanup;
  }
  switch (kind_of(bytes, count)) {
  case IDX:
    status = quern__idx_read(path, NULL, options, train);
    break;
  case NPY:
    status = quern__npy_open(&stream, options, train);
    break;
  case NPZ:
    status = quern__npz_open(&stream, options, train, test);
    break;
  case SAFETENSORS:
    status = quern__tensors_open(&stream, options, train, test);
    break;
  case TABLE:
    QUERN__TRY(refuse_kind(path, quern__file_kind_of(bytes, count)));
    status = quern__csv_read(&stream, options, train);
    break;
  }
cleanup:
  quern__stream_close(&stream);
  return status;
}

/* Without a slash or dot, `where` may be a misspelled name. */
static quern_status fail_missing(const char *where) {
  const char *names = strpbrk(where, "/.") != NULL
                          ? ""
                          : "; the data sets with a name are digits and fashion-mnist";
  return quern__fail(QUERN_ERROR_FILE, "cannot open %s: %s%s", where, strerror(errno), names);
}

static quern_status open_any(const char *where, const quern_dataset_options *options,
                             quern_dataset **train, quern_dataset **test) {
  if (strcmp(where, "digits") == 0) return quern__digits_open(train, test);
  char *folder;
  QUERN__FORWARD(quern__named_folder(where, &folder));
  if (folder != NULL) {
    const quern_status status = quern__idx_open_folder(folder, options, train, test);
    free(folder);
    return status;
  }
  struct stat about;
  if (stat(where, &about) != 0) return fail_missing(where);
  if (S_ISDIR(about.st_mode)) return quern__idx_open_folder(where, options, train, test);
  return open_file(where, options, train, test);
}

quern_status quern_dataset_open(const char *where, const quern_dataset_options *options,
                                quern_dataset **train, quern_dataset **test) {
  if (train != NULL && train == test) {
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "open a data set: train and test are the same variable, expected two");
  }
  if (train != NULL) *train = NULL;
  if (test != NULL) *test = NULL;
  if (where == NULL || train == NULL) {
    return quern__fail(QUERN_ERROR_ARGUMENT, "open a data set: %s is NULL",
                       where ? "train" : "where");
  }
  quern_dataset_options read;
  QUERN__FORWARD(quern__dataset_options_read(options, &read));
  quern_status status = QUERN_OK;
  QUERN__TRY(open_any(where, &read, train, test));
  if (read.schema == NULL) return QUERN_OK;
  QUERN__TRY(quern_dataset_apply(*train, read.schema));
  if (test != NULL && *test != NULL) QUERN__TRY(quern_dataset_apply(*test, read.schema));
  return QUERN_OK;
cleanup:
  quern_dataset_free(*train);
  *train = NULL;
  if (test != NULL) {
    quern_dataset_free(*test);
    *test = NULL;
  }
  return status;
}

/* Opening a data set by what a person calls it. */
#include "data.h"
#include "error.h"
#include <string.h>
#include <sys/stat.h>

static quern_status check_options(const quern_dataset_options *options) {
  if (options->size != sizeof *options) {
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "data set options: size is %zu, expected %zu; start from QUERN_DATASET_OPTIONS_INIT",
                       options->size, sizeof *options);
  }
  if (options->header != QUERN_HEADER_AUTO && options->header != QUERN_HEADER_NONE &&
      options->header != QUERN_HEADER_ONE) {
    return quern__fail(QUERN_ERROR_ARGUMENT, "data set options: no such header choice: %d",
                       (int)options->header);
  }
  if (options->label != QUERN_LABEL_LAST && options->label != QUERN_LABEL_FIRST) {
    return quern__fail(QUERN_ERROR_ARGUMENT, "data set options: no such label choice: %d",
                       (int)options->label);
  }
  return QUERN_OK;
}

/* IDX starts with a zero byte, which no text does. */
static quern_status open_file(const char *path, const quern_dataset_options *options, quern_dataset **train) {
  quern__stream stream;
  quern_status status = QUERN_OK;
  QUERN__TRY(quern__stream_open(path, &stream));
  const unsigned char *bytes;
  size_t count;
  QUERN__TRY(quern__stream_peek(&stream, &bytes, &count));
  if (count == 0) {
    status = quern__fail(QUERN_ERROR_FORMAT, "%s: empty, expected IDX images or CSV", path);
    goto cleanup;
  }
  if (bytes[0] == 0) {
    QUERN__TRY(quern__idx_read(path, NULL, train));
  } else {
    QUERN__TRY(quern__csv_read(&stream, options, train));
  }
cleanup:
  quern__stream_close(&stream);
  return status;
}

quern_status quern_dataset_open(const char *where, const quern_dataset_options *options,
                                quern_dataset **train, quern_dataset **test) {
  static const quern_dataset_options defaults = QUERN_DATASET_OPTIONS_INIT;
  if (train) *train = NULL;
  if (test) *test = NULL;
  if (!where || !train) {
    return quern__fail(QUERN_ERROR_ARGUMENT, "open a data set: %s is NULL", where ? "train" : "where");
  }
  if (!options) options = &defaults;
  QUERN__FORWARD(check_options(options));
  if (strcmp(where, "digits") == 0) return quern__digits_open(train, test);
  struct stat about;
  if (stat(where, &about) == 0 && S_ISDIR(about.st_mode)) return quern__idx_open_folder(where, train, test);
  return open_file(where, options, train);
}

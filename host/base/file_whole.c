/* Public functions that write a whole file. */
#include "file.h"
#include <quern/file.h>

quern_status quern_file_write(const char *path, const void *data, size_t bytes) {
  if (path == NULL || (data == NULL && bytes > 0))
    return quern__fail(QUERN_ERROR_ARGUMENT, "file write: %s is NULL",
                       path == NULL ? "path" : "data");
  quern_status status;
  quern__file file = QUERN__FILE_CLOSED;
  QUERN__TRY(quern__file_create(path, &file));
  QUERN__TRY(quern__file_write(&file, data, bytes));
  status = quern__file_commit(&file);
cleanup:
  quern__file_close(&file);
  return status;
}

quern_status quern_file_check(const char *path) {
  if (path == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "file check: path is NULL");
  quern__file file = QUERN__FILE_CLOSED;
  const quern_status status = quern__file_create(path, &file);
  quern__file_close(&file);
  return status;
}

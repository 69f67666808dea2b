/* Decompresses gzip for readers that seek: the directory of a ZIP archive is at its end. */
#include "../../base/error.h"
#include "stream.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static quern_status copy_to_file(quern__stream *stream, FILE *file) {
  const unsigned char *bytes;
  size_t count;
  for (;;) {
    QUERN__FORWARD(quern__stream_peek(stream, &bytes, &count));
    if (count == 0) break;
    if (fwrite(bytes, 1, count, file) != count) break;
    quern__stream_take(stream, count);
  }
  if (fflush(file) == 0 && !ferror(file)) return QUERN_OK;
  return quern__fail(QUERN_ERROR_FILE, "%s: cannot be unpacked into a temporary file: %s",
                     stream->name, strerror(errno));
}

quern_status quern__stream_unpack(quern__stream *stream, int *descriptor) {
  *descriptor = -1;
  if (stream->file == NULL || gzdirect(stream->file)) return QUERN_OK;
  FILE *file = tmpfile();
  if (file == NULL)
    return quern__fail(QUERN_ERROR_FILE, "%s: cannot be unpacked into a temporary file: %s",
                       stream->name, strerror(errno));
  quern_status status = copy_to_file(stream, file);
  if (status == QUERN_OK) *descriptor = fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);
  if (status == QUERN_OK && *descriptor < 0)
    status = quern__fail(QUERN_ERROR_FILE, "%s: cannot be unpacked into a temporary file: %s",
                         stream->name, strerror(errno));
  fclose(file);
  return status;
}

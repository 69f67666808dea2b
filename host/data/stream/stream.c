/* Byte streams over files (through zlib, which also reads uncompressed ones), archive members and
 * memory. */
#include "stream.h"

#include "../../base/error.h"
#include "zip.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES   ((size_t)1 << 17)
#define FIRST_BYTES    ((size_t)1 << 20) /* allocated before any data has arrived */
#define GZREAD_LARGEST ((size_t)1 << 30) /* gzread counts in int */

static const char *kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

quern_status quern__stream_open(const char *path, quern__stream *stream) {
  *stream = (quern__stream){.name = path};
  /* O_NONBLOCK: opening a FIFO would otherwise wait for a writer. */
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return quern__fail(QUERN_ERROR_FILE, "cannot open %s: %s", path, strerror(errno));
  quern_status status = QUERN_OK;
  struct stat about;
  if (fstat(descriptor, &about) != 0) {
    status = quern__fail(QUERN_ERROR_FILE, "cannot open %s: %s", path, strerror(errno));
    goto cleanup;
  }
  if (!S_ISREG(about.st_mode)) {
    status =
        quern__fail(QUERN_ERROR_FILE, "%s is %s, expected a file", path, kind_of(about.st_mode));
    goto cleanup;
  }
  stream->buffer = malloc(BUFFER_BYTES);
  if (stream->buffer == NULL) {
    status = quern__fail_memory("a read buffer", BUFFER_BYTES);
    goto cleanup;
  }
  stream->file = gzdopen(descriptor, "rb");
  if (stream->file == NULL) {
    status = quern__fail_memory("a zlib stream", BUFFER_BYTES);
    goto cleanup;
  }
  descriptor = -1; /* the stream owns it now */
  /* It fails only after the first read. A smaller buffer would do too. */
  (void)gzbuffer(stream->file, (unsigned)BUFFER_BYTES);
cleanup:
  if (descriptor >= 0) close(descriptor);
  return status;
}

void quern__stream_open_memory(const char *name, const void *bytes, size_t size,
                               quern__stream *stream) {
  *stream = (quern__stream){.name = name, .next = bytes, .left = size};
}

quern_status quern__stream_open_member(const char *name, quern__zip_member *member,
                                       quern__stream *stream) {
  *stream = (quern__stream){.name = name, .member = member};
  stream->buffer = malloc(BUFFER_BYTES);
  return stream->buffer != NULL ? QUERN_OK : quern__fail_memory("a read buffer", BUFFER_BYTES);
}

void quern__stream_close(quern__stream *stream) {
  quern__zip_member_free(stream->member);
  if (stream->file != NULL) gzclose_r(stream->file);
  free(stream->buffer);
  *stream = (quern__stream){0};
}

/* Reads until `want` bytes or the end. `before` is the number of bytes before these, for
 * messages. */
static quern_status read_file(quern__stream *stream, uint64_t before, unsigned char *into,
                              size_t want, size_t *got) {
  *got = 0;
  while (*got < want) {
    size_t ask = want - *got < GZREAD_LARGEST ? want - *got : GZREAD_LARGEST;
    errno = 0;
    int count = gzread(stream->file, into + *got, (unsigned)ask);
    if (count > 0) *got += (size_t)count;
    if (count == (int)ask) continue;
    /* Short reads mean the end or an error; only gzerror distinguishes them. */
    int saved_errno = errno;
    int code = Z_OK;
    gzerror(stream->file, &code);
    uint64_t place = before + *got;
    switch (code) {
    case Z_OK:
    case Z_STREAM_END:
      if (count > 0) continue;
      return QUERN_OK;
    case Z_BUF_ERROR:
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: truncated: its gzip data ends after %" PRIu64 " uncompressed bytes",
                         stream->name, place);
    case Z_ERRNO:
      return quern__fail(QUERN_ERROR_FILE, "cannot read %s: %s", stream->name,
                         strerror(saved_errno));
    case Z_MEM_ERROR:
      return quern__fail_memory("zlib", BUFFER_BYTES);
    default:
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: damaged gzip data after %" PRIu64 " uncompressed bytes", stream->name,
                         place);
    }
  }
  return QUERN_OK;
}

/* Reads from the file or the member. Memory has no more bytes. */
static quern_status read_more(quern__stream *stream, uint64_t before, unsigned char *into,
                              size_t want, size_t *got) {
  *got = 0;
  if (stream->file != NULL) return read_file(stream, before, into, want, got);
  return stream->member != NULL ? quern__zip_member_read(stream->member, into, want, got)
                                : QUERN_OK;
}

quern_status quern__stream_peek(quern__stream *stream, const unsigned char **bytes, size_t *count) {
  if (stream->left == 0 && stream->buffer != NULL) {
    QUERN__FORWARD(read_more(stream, stream->offset, stream->buffer, BUFFER_BYTES, &stream->left));
    stream->next = stream->buffer;
  }
  *bytes = stream->next;
  *count = stream->left;
  return QUERN_OK;
}

void quern__stream_take(quern__stream *stream, size_t count) {
  if (count == 0) return; /* there may be no buffer yet */
  stream->next += count;
  stream->left -= count;
  stream->offset += count;
}

quern_status quern__stream_read(quern__stream *stream, void *into, size_t want, size_t *got) {
  size_t ahead = want < stream->left ? want : stream->left;
  if (ahead > 0) memcpy(into, stream->next, ahead);
  quern__stream_take(stream, ahead);
  *got = ahead;
  if (ahead == want) return QUERN_OK;
  size_t more;
  QUERN__FORWARD(
      read_more(stream, stream->offset, (unsigned char *)into + ahead, want - ahead, &more));
  stream->offset += more;
  *got += more;
  return QUERN_OK;
}

quern_status quern__stream_read_rest(quern__stream *stream, const char *what, size_t size,
                                     unsigned char **bytes) {
  quern_status status = QUERN_OK;
  const uint64_t first = stream->offset;
  unsigned char *data = NULL;
  size_t used = 0;
  size_t capacity = size < FIRST_BYTES ? size : FIRST_BYTES;
  while (used < size) {
    unsigned char *grown = realloc(data, capacity);
    if (grown == NULL) {
      status = quern__fail_memory(what, capacity);
      goto cleanup;
    }
    data = grown;
    size_t got;
    QUERN__TRY(quern__stream_read(stream, data + used, capacity - used, &got));
    used += got;
    if (used < capacity) {
      status = quern__fail(QUERN_ERROR_FORMAT,
                           "%s: truncated: ends at byte %" PRIu64
                           ", expected %zu bytes of %s from byte %" PRIu64 " on",
                           stream->name, stream->offset, size, what, first);
      goto cleanup;
    }
    capacity = capacity > size / 2 ? size : capacity * 2;
  }
  unsigned char extra;
  size_t got;
  QUERN__TRY(quern__stream_read(stream, &extra, 1, &got));
  if (got > 0) {
    status = quern__fail(QUERN_ERROR_FORMAT,
                         "%s: trailing bytes from byte %" PRIu64
                         " on, expected the end after %zu bytes of %s",
                         stream->name, first + size, size, what);
    goto cleanup;
  }
  *bytes = data;
  data = NULL;
cleanup:
  free(data);
  return status;
}

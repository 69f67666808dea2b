/* Bytes to read in order: a file, gunzipped where it is gzip, a member of a ZIP archive, or memory.
 */
#ifndef QUERN_HOST_DATA_STREAM_STREAM_H
#define QUERN_HOST_DATA_STREAM_STREAM_H

#include <quern/status.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

struct quern__zip_member; /* zip.h */

typedef struct quern__stream {
  /* for messages: the path, or what the memory holds; the caller's */
  const char *name;
  gzFile file;                      /* NULL: it is no file */
  struct quern__zip_member *member; /* owned; NULL: it is no member. Neither: memory */
  unsigned char *buffer;            /* owned; NULL for memory */
  const unsigned char *next;        /* what was read ahead and not yet taken, `left` bytes */
  size_t left;
  uint64_t offset; /* bytes taken so far, as they are after gunzip */
} quern__stream;

/* Opens a regular file; anything else (a folder, a FIFO) is refused. Close the stream whether this
 * worked or not. */
quern_status quern__stream_open(const char *path, quern__stream *stream);
void quern__stream_open_memory(const char *name, const void *bytes, size_t size,
                               quern__stream *stream);
void quern__stream_close(quern__stream *stream);

/* A member of an archive, which becomes the stream's. */
quern_status quern__stream_open_member(const char *name, struct quern__zip_member *member,
                                       quern__stream *stream);

/* Points *bytes at the next bytes, *count of them, without taking them; *count is 0 only at the
 * end. */
quern_status quern__stream_peek(quern__stream *stream, const unsigned char **bytes, size_t *count);
/* Takes `count` bytes that peek has shown. */
void quern__stream_take(quern__stream *stream, size_t count);

/* Takes up to `want` bytes into `into`; *got is less only where the stream ends. Gzip data that is
 * damaged or cut off is an error, never an end. */
quern_status quern__stream_read(quern__stream *stream, void *into, size_t want, size_t *got);

/* A descriptor of what the stream has from its beginning on, of which nothing may have been taken,
 * for readers that go to and fro. Of a plain file that is -1: its path will do. Of gzip it is a
 * file without a name that holds what was packed; it grows with what arrives, and the caller closes
 * it. */
quern_status quern__stream_unpack(quern__stream *stream, int *descriptor);

/* Reads `size` bytes of `what`, and sees that the stream ends there. Memory grows as they arrive,
 * so that a header's promise costs nothing. The caller frees *bytes. */
quern_status quern__stream_read_rest(quern__stream *stream, const char *what, size_t size,
                                     unsigned char **bytes);

#endif

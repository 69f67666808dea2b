/* Sequential reading of bytes from a file (decompressed if it is gzip), a member of a ZIP archive,
 * or memory. */
#ifndef QUERN_HOST_DATA_STREAM_STREAM_H
#define QUERN_HOST_DATA_STREAM_STREAM_H

#include <quern/status.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

struct quern__zip_member; /* zip.h */

typedef struct quern__stream {
  /* for messages: the path, or what the memory contains; the caller's */
  const char *name;
  gzFile file;                      /* NULL unless the stream is a file */
  struct quern__zip_member *member; /* owned; NULL unless the stream is a member */
  unsigned char *buffer;            /* owned; NULL for memory */
  const unsigned char *next;        /* `left` bytes that are buffered but not yet taken */
  size_t left;
  uint64_t offset; /* bytes taken so far, after decompression */
} quern__stream;

/* Opens a regular file; refuses anything else (a folder, a FIFO). The caller closes the stream,
 * even if this fails. */
quern_status quern__stream_open(const char *path, quern__stream *stream);
void quern__stream_open_memory(const char *name, const void *bytes, size_t size,
                               quern__stream *stream);
void quern__stream_close(quern__stream *stream);

/* Opens a member of an archive. The stream takes it over. */
quern_status quern__stream_open_member(const char *name, struct quern__zip_member *member,
                                       quern__stream *stream);

/* Sets *bytes and *count to the next bytes, without taking them. *count is 0 only at the end. */
quern_status quern__stream_peek(quern__stream *stream, const unsigned char **bytes, size_t *count);
/* Takes `count` bytes returned by quern__stream_peek. */
void quern__stream_take(quern__stream *stream, size_t count);

/* Reads up to `want` bytes; *got is less only at the end. Damaged or truncated gzip data is an
 * error. */
quern_status quern__stream_read(quern__stream *stream, void *into, size_t want, size_t *got);

/* Returns a seekable descriptor of the whole stream, from which nothing may have been taken. For an
 * uncompressed file it is -1: open the path instead. Gzip data is decompressed into an unnamed
 * temporary file, which the caller closes. */
quern_status quern__stream_unpack(quern__stream *stream, int *descriptor);

/* Reads `size` bytes, and checks that the stream ends there. `what` names them in messages. Memory
 * grows as they arrive, so a wrong size in a header costs little. The caller frees *bytes. */
quern_status quern__stream_read_rest(quern__stream *stream, const char *what, size_t size,
                                     unsigned char **bytes);

#endif

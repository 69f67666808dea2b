/* ZIP archives as .npz has them: stored or deflated members, with ZIP64 sizes. zlib inflates;
 * libzip would link OpenSSL and bzip2 into every program that uses quern. */
#ifndef QUERN_HOST_DATA_STREAM_ZIP_H
#define QUERN_HOST_DATA_STREAM_ZIP_H

#include <quern/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A member, as listed in the central directory. */
typedef struct quern__zip_entry {
  char *name; /* owned */
  unsigned method;
  uint32_t crc;
  uint64_t compressed, size; /* bytes */
  uint64_t header;           /* offset of its local header */
} quern__zip_entry;

typedef struct quern__zip {
  const char *path; /* the caller's */
  int descriptor;
  uint64_t bytes;            /* of the file */
  quern__zip_entry *entries; /* owned */
  size_t count;
} quern__zip;

/* Reads the central directory. Allocations are limited by the file's size, not by its claims. The
 * archive takes over `descriptor`, or opens `path` if it is -1. The caller closes *zip, even if
 * this fails. */
quern_status quern__zip_open(const char *path, int descriptor, quern__zip *zip);
void quern__zip_close(quern__zip *zip);

typedef struct quern__zip_member quern__zip_member;

/* Opens a member for reading. The archive must outlive it. The caller owns *member. */
quern_status quern__zip_member_open(const quern__zip *zip, const quern__zip_entry *entry,
                                    quern__zip_member **member);
/* Reads up to `want` bytes; *got is less only at the end, where size and checksum are checked. */
quern_status quern__zip_member_read(quern__zip_member *member, unsigned char *into, size_t want,
                                    size_t *got);
void quern__zip_member_free(quern__zip_member *member);

#endif

/* ZIP archives, as far as .npz files are such: members that are stored or deflated, with ZIP64
 * sizes. Of zlib's making is the inflating; libzip would bring OpenSSL and bzip2 into every program
 * that links with quern. */
#ifndef QUERN_HOST_DATA_STREAM_ZIP_H
#define QUERN_HOST_DATA_STREAM_ZIP_H

#include <quern/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A member as the central directory has it. */
typedef struct quern__zip_entry {
  char *name; /* owned */
  unsigned method;
  uint32_t crc;
  uint64_t compressed, size; /* bytes */
  uint64_t header;           /* where its local header is */
} quern__zip_entry;

typedef struct quern__zip {
  const char *path; /* the caller's */
  int descriptor;
  uint64_t bytes;            /* of the file */
  quern__zip_entry *entries; /* owned */
  size_t count;
} quern__zip;

/* Reads the central directory. Memory is taken by what is in the file, not by what it claims.
 * `descriptor` is one of an open file, which becomes the archive's, or -1 for that at `path`. The
 * caller closes *zip, whatever this returns. */
quern_status quern__zip_open(const char *path, int descriptor, quern__zip *zip);
void quern__zip_close(quern__zip *zip);

typedef struct quern__zip_member quern__zip_member;

/* Makes a member ready to be read; the archive must outlive it. The caller owns *member. */
quern_status quern__zip_member_open(const quern__zip *zip, const quern__zip_entry *entry,
                                    quern__zip_member **member);
/* Reads up to `want` bytes; *got is less only at the end, which is where size and checksum are
 * found to be right. */
quern_status quern__zip_member_read(quern__zip_member *member, unsigned char *into, size_t want,
                                    size_t *got);
void quern__zip_member_free(quern__zip_member *member);

#endif

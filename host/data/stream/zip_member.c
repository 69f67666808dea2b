/* Reads a member's bytes, stored or deflated. */
#include "../../base/error.h"
#include "zip_bytes.h"
#include <inttypes.h>
#include <stdlib.h>
#include <zlib.h>

#define LOCAL_SIGNATURE 0x04034b50u
#define LOCAL_BYTES     30
#define STORED          0
#define DEFLATED        8
#define INPUT_BYTES     ((size_t)1 << 16)
#define PIECE_BYTES     ((size_t)1 << 30) /* zlib counts in unsigned */

struct quern__zip_member {
  const quern__zip *zip;
  quern__zip_entry entry; /* its name belongs to the archive */
  uint64_t next, left;    /* compressed bytes to read: offset and number */
  uint64_t returned;      /* bytes returned so far */
  uint32_t crc;           /* of those bytes */
  bool inflating, ended;
  z_stream inflater;
  unsigned char input[INPUT_BYTES];
};

static quern_status fail_member(const quern__zip_member *member, const char *what) {
  return quern__fail(QUERN_ERROR_FORMAT, "%s: \"%.100s\": %s after %" PRIu64 " bytes of %" PRIu64,
                     member->zip->path, member->entry.name, what, member->returned,
                     member->entry.size);
}

static quern_status start_member(quern__zip_member *result) {
  const quern__zip *zip = result->zip;
  const quern__zip_entry *entry = &result->entry;
  unsigned char header[LOCAL_BYTES];
  if (entry->method != STORED && entry->method != DEFLATED) {
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "%s: \"%.100s\" is compressed by method %u, expected it stored or deflated",
                       zip->path, entry->name, entry->method);
  }
  if (entry->header > zip->bytes || zip->bytes - entry->header < LOCAL_BYTES)
    return fail_member(result, "its data is outside the archive");
  QUERN__FORWARD(quern__zip_read_at(zip, entry->header, header, sizeof header));
  if (quern__zip_u32(header) != LOCAL_SIGNATURE)
    return fail_member(result, "there is no member at its offset");
  result->next =
      entry->header + LOCAL_BYTES + quern__zip_u16(header + 26) + quern__zip_u16(header + 28);
  if (result->next > zip->bytes || entry->compressed > zip->bytes - result->next)
    return fail_member(result, "its data is outside the archive");
  if (entry->method == STORED && entry->compressed != entry->size)
    return fail_member(result, "it has two different sizes");
  result->left = entry->compressed;
  result->crc = (uint32_t)crc32(0, NULL, 0);
  if (entry->method == STORED) return QUERN_OK;
  /* A negative window size means deflate data without a zlib header. */
  if (inflateInit2(&result->inflater, -MAX_WBITS) != Z_OK)
    return quern__fail_memory("zlib", sizeof result->inflater);
  result->inflating = true;
  return QUERN_OK;
}

quern_status quern__zip_member_open(const quern__zip *zip, const quern__zip_entry *entry,
                                    quern__zip_member **member) {
  *member = NULL;
  quern__zip_member *result = calloc(1, sizeof *result);
  if (result == NULL) return quern__fail_memory(zip->path, sizeof *result);
  result->zip = zip;
  result->entry = *entry;
  const quern_status status = start_member(result);
  if (status == QUERN_OK)
    *member = result;
  else
    quern__zip_member_free(result);
  return status;
}

static quern_status read_stored(quern__zip_member *member, unsigned char *into, size_t want,
                                size_t *got) {
  *got = member->left < want ? (size_t)member->left : want;
  QUERN__FORWARD(quern__zip_read_at(member->zip, member->next, into, *got));
  member->next += *got;
  member->left -= *got;
  member->ended = member->left == 0;
  return QUERN_OK;
}

static quern_status read_deflated(quern__zip_member *member, unsigned char *into, size_t want,
                                  size_t *got) {
  z_stream *inflater = &member->inflater;
  inflater->next_out = into;
  inflater->avail_out = (uInt)want;
  while (inflater->avail_out > 0 && !member->ended) {
    if (inflater->avail_in == 0) {
      const size_t more = member->left < INPUT_BYTES ? (size_t)member->left : INPUT_BYTES;
      if (more == 0) return fail_member(member, "its compressed data ends");
      QUERN__FORWARD(quern__zip_read_at(member->zip, member->next, member->input, more));
      member->next += more;
      member->left -= more;
      inflater->next_in = member->input;
      inflater->avail_in = (uInt)more;
    }
    const int code = inflate(inflater, Z_NO_FLUSH);
    if (code == Z_MEM_ERROR) return quern__fail_memory("zlib", INPUT_BYTES);
    if (code != Z_OK && code != Z_STREAM_END) return fail_member(member, "damaged compressed data");
    member->ended = code == Z_STREAM_END;
  }
  *got = want - inflater->avail_out;
  if (member->ended && (inflater->avail_in > 0 || member->left > 0))
    return fail_member(member, "trailing compressed data");
  return QUERN_OK;
}

quern_status quern__zip_member_read(quern__zip_member *member, unsigned char *into, size_t want,
                                    size_t *got) {
  *got = 0;
  while (*got < want && !member->ended) {
    const size_t left = want - *got, piece = left < PIECE_BYTES ? left : PIECE_BYTES;
    size_t more;
    QUERN__FORWARD(member->inflating ? read_deflated(member, into + *got, piece, &more)
                                     : read_stored(member, into + *got, piece, &more));
    member->crc = (uint32_t)crc32(member->crc, into + *got, (uInt)more);
    *got += more;
    member->returned += more;
    if (member->returned > member->entry.size)
      return fail_member(member, "more data than its size");
    if (!member->ended) continue;
    if (member->returned != member->entry.size) return fail_member(member, "it ends");
    if (member->crc != member->entry.crc)
      return fail_member(member, "a checksum that differs from the archive's");
  }
  return QUERN_OK;
}

void quern__zip_member_free(quern__zip_member *member) {
  if (member == NULL) return;
  if (member->inflating) inflateEnd(&member->inflater);
  free(member);
}

/* Reads the directory of a ZIP archive (PKWARE's APPNOTE.TXT 6.3), starting at its end. */
#include "zip.h"

#include "../../base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zip_bytes.h"

/* Signatures of records, and the bytes of their fixed parts. */
#define END_SIGNATURE       0x06054b50u
#define END_BYTES           22
#define LONGEST_COMMENT     65535
#define END64_SIGNATURE     0x06064b50u
#define END64_BYTES         56
#define LOCATOR_SIGNATURE   0x07064b50u
#define LOCATOR_BYTES       20
#define DIRECTORY_SIGNATURE 0x02014b50u
#define DIRECTORY_BYTES     46
#define EXTRA_ZIP64         0x0001u

/* The directory's position and size, from the record at the end. */
typedef struct directory {
  uint64_t offset, bytes, count;
} directory;

static quern_status fail_zip(const quern__zip *zip, const char *what) {
  return quern__fail(QUERN_ERROR_FORMAT, "%s: is not a complete ZIP archive: %s", zip->path, what);
}

quern_status quern__zip_read_at(const quern__zip *zip, uint64_t offset, void *data, size_t bytes) {
  unsigned char *next = data;
  while (bytes > 0) {
    const ssize_t found = pread(zip->descriptor, next, bytes, (off_t)offset);
    if (found < 0 && errno == EINTR) continue;
    if (found < 0)
      return quern__fail(QUERN_ERROR_FILE, "cannot read %s: %s", zip->path, strerror(errno));
    if (found == 0) return fail_zip(zip, "it ends while it is read");
    next += found;
    offset += (size_t)found;
    bytes -= (size_t)found;
  }
  return QUERN_OK;
}

/* Reads the ZIP64 end record, if its locator precedes the end record at `end`. */
static quern_status read_end64(const quern__zip *zip, uint64_t end, directory *found) {
  unsigned char bytes[END64_BYTES];
  if (end < LOCATOR_BYTES) return QUERN_OK;
  QUERN__FORWARD(quern__zip_read_at(zip, end - LOCATOR_BYTES, bytes, LOCATOR_BYTES));
  if (quern__zip_u32(bytes) != LOCATOR_SIGNATURE) return QUERN_OK;
  const uint64_t offset = quern__zip_u64(bytes + 8);
  if (offset > zip->bytes || zip->bytes - offset < END64_BYTES)
    return fail_zip(zip, "its ZIP64 record is outside the file");
  QUERN__FORWARD(quern__zip_read_at(zip, offset, bytes, END64_BYTES));
  if (quern__zip_u32(bytes) != END64_SIGNATURE)
    return fail_zip(zip, "its ZIP64 record has a wrong signature");
  *found = (directory){quern__zip_u64(bytes + 48), quern__zip_u64(bytes + 40),
                       quern__zip_u64(bytes + 32)};
  return QUERN_OK;
}

/* Finds the end record, which only a comment may follow. *place is its offset. */
static quern_status read_end(const quern__zip *zip, directory *found, uint64_t *place) {
  if (zip->bytes < END_BYTES) return fail_zip(zip, "it is too short");
  const size_t most = END_BYTES + LONGEST_COMMENT;
  const size_t length = zip->bytes < most ? (size_t)zip->bytes : most;
  unsigned char *tail = malloc(length);
  if (tail == NULL) return quern__fail_memory(zip->path, length);
  quern_status status = QUERN_OK;
  QUERN__TRY(quern__zip_read_at(zip, zip->bytes - length, tail, length));
  size_t position = length - END_BYTES;
  while (quern__zip_u32(tail + position) != END_SIGNATURE ||
         quern__zip_u16(tail + position + 20) != length - END_BYTES - position) {
    if (position-- == 0) {
      status = fail_zip(zip, "it has no end record");
      goto cleanup;
    }
  }
  if (quern__zip_u16(tail + position + 4) != 0 || quern__zip_u16(tail + position + 6) != 0) {
    status = fail_zip(zip, "it is one of several parts, expected a single file");
    goto cleanup;
  }
  *found = (directory){quern__zip_u32(tail + position + 16), quern__zip_u32(tail + position + 12),
                       quern__zip_u16(tail + position + 10)};
  *place = zip->bytes - length + position;
cleanup:
  free(tail);
  return status;
}

/* Reads sizes that do not fit their 32-bit fields from the ZIP64 extra field. It has only those, in
 * order. */
static bool read_sizes64(const unsigned char *extra, size_t length, quern__zip_entry *entry) {
  uint64_t *const sizes[] = {&entry->size, &entry->compressed, &entry->header};
  size_t wanted = 0;
  for (size_t i = 0; i < 3; i++) wanted += *sizes[i] == UINT32_MAX;
  if (wanted == 0) return true;
  while (length >= 4) {
    const size_t bytes = quern__zip_u16(extra + 2);
    if (bytes > length - 4) return false;
    if (quern__zip_u16(extra) == EXTRA_ZIP64) {
      const unsigned char *next = extra + 4;
      if (bytes < 8 * wanted) return false;
      for (size_t i = 0; i < 3; i++) {
        if (*sizes[i] != UINT32_MAX) continue;
        *sizes[i] = quern__zip_u64(next);
        next += 8;
      }
      return true;
    }
    extra += 4 + bytes;
    length -= 4 + bytes;
  }
  return false;
}

/* Reads the entry at the start of `left` bytes; *length is the length of its record. */
static quern_status read_entry(const quern__zip *zip, const unsigned char *bytes, size_t left,
                               quern__zip_entry *entry, size_t *length) {
  if (left < DIRECTORY_BYTES || quern__zip_u32(bytes) != DIRECTORY_SIGNATURE)
    return fail_zip(zip, "its directory has an invalid entry");
  const size_t name = quern__zip_u16(bytes + 28), extra = quern__zip_u16(bytes + 30);
  *length = DIRECTORY_BYTES + name + extra + quern__zip_u16(bytes + 32);
  if (*length > left) return fail_zip(zip, "its directory is truncated");
  *entry = (quern__zip_entry){.method = quern__zip_u16(bytes + 10),
                              .crc = quern__zip_u32(bytes + 16),
                              .compressed = quern__zip_u32(bytes + 20),
                              .size = quern__zip_u32(bytes + 24),
                              .header = quern__zip_u32(bytes + 42)};
  if (!read_sizes64(bytes + DIRECTORY_BYTES + name, extra, entry))
    return fail_zip(zip, "a member's ZIP64 sizes are missing");
  if (memchr(bytes + DIRECTORY_BYTES, 0, name) != NULL)
    return fail_zip(zip, "a member has a zero byte in its name");
  entry->name = malloc(name + 1);
  if (entry->name == NULL) return quern__fail_memory(zip->path, name + 1);
  memcpy(entry->name, bytes + DIRECTORY_BYTES, name);
  entry->name[name] = '\0';
  if ((quern__zip_u16(bytes + 8) & 1) == 0) return QUERN_OK;
  return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s: \"%.100s\" is encrypted", zip->path,
                     entry->name);
}

static quern_status read_directory(quern__zip *zip, const directory *found) {
  quern_status status = QUERN_OK;
  const size_t bytes = (size_t)found->bytes; /* at most the file's size */
  unsigned char *records = malloc(bytes > 0 ? bytes : 1);
  if (records == NULL) return quern__fail_memory(zip->path, bytes);
  QUERN__TRY(quern__zip_read_at(zip, found->offset, records, bytes));
  zip->entries = calloc(bytes / DIRECTORY_BYTES + 1, sizeof *zip->entries);
  if (zip->entries == NULL) {
    status = quern__fail_memory(zip->path, bytes / DIRECTORY_BYTES * sizeof *zip->entries);
    goto cleanup;
  }
  for (size_t position = 0, length; position < bytes; position += length) {
    /* counted first, so that it is freed on failure */
    quern__zip_entry *entry = &zip->entries[zip->count++];
    QUERN__TRY(read_entry(zip, records + position, bytes - position, entry, &length));
  }
  if (zip->count != found->count)
    status = fail_zip(zip, "its directory does not have as many members as it claims");
cleanup:
  free(records);
  return status;
}

quern_status quern__zip_open(const char *path, int descriptor, quern__zip *zip) {
  *zip = (quern__zip){.path = path, .descriptor = descriptor};
  if (descriptor < 0) zip->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat about;
  if (zip->descriptor < 0 || fstat(zip->descriptor, &about) != 0)
    return quern__fail(QUERN_ERROR_FILE, "cannot open %s: %s", path, strerror(errno));
  if (!S_ISREG(about.st_mode)) return quern__fail(QUERN_ERROR_FILE, "%s: expected a file", path);
  if ((uintmax_t)about.st_size > SIZE_MAX)
    return quern__fail(QUERN_ERROR_OVERFLOW, "%s: is too large for this machine's addresses", path);
  zip->bytes = (uint64_t)about.st_size;
  directory found;
  uint64_t place;
  QUERN__FORWARD(read_end(zip, &found, &place));
  QUERN__FORWARD(read_end64(zip, place, &found));
  if (found.offset > place || found.bytes > place - found.offset)
    return fail_zip(zip, "its directory is outside the file");
  return read_directory(zip, &found);
}

void quern__zip_close(quern__zip *zip) {
  for (size_t i = 0; i < zip->count; i++) free(zip->entries[i].name);
  free(zip->entries);
  if (zip->descriptor >= 0) close(zip->descriptor);
  *zip = (quern__zip){.descriptor = -1};
}

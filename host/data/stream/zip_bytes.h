/* Shared by the two parts of the ZIP reader. */
#ifndef QUERN_HOST_DATA_STREAM_ZIP_BYTES_H
#define QUERN_HOST_DATA_STREAM_ZIP_BYTES_H

#include "../../base/little_endian.h"
#include "zip.h"

static inline unsigned quern__zip_u16(const unsigned char *bytes) {
  return (unsigned)bytes[0] | (unsigned)bytes[1] << 8;
}

static inline uint32_t quern__zip_u32(const unsigned char *bytes) {
  return quern__zip_u16(bytes) | (uint32_t)quern__zip_u16(bytes + 2) << 16;
}

static inline uint64_t quern__zip_u64(const unsigned char *bytes) {
  return quern__little_endian_u64(bytes);
}

/* Reads `bytes` bytes at `offset`; fewer are an error. */
quern_status quern__zip_read_at(const quern__zip *zip, uint64_t offset, void *data, size_t bytes);

#endif

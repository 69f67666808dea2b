/* Little-endian numbers, as in safetensors files, on a machine of either byte order. */
#ifndef QUERN_HOST_BASE_LITTLE_ENDIAN_H
#define QUERN_HOST_BASE_LITTLE_ENDIAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t quern__little_endian_u64(const unsigned char bytes[8]) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; i--) value = value << 8 | bytes[i];
  return value;
}

static inline void quern__little_endian_put_u64(uint64_t value, unsigned char bytes[8]) {
  for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(value >> 8 * i);
}

/* Converts floats between this machine's byte order and little-endian, in place; works in both
 * directions. */
static inline void quern__little_endian_floats(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &values[i], sizeof bits);
    unsigned char bytes[4] = {(unsigned char)bits, (unsigned char)(bits >> 8),
                              (unsigned char)(bits >> 16), (unsigned char)(bits >> 24)};
    memcpy(&values[i], bytes, sizeof bytes);
  }
}

#endif

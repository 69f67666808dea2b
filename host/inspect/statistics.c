#include "statistics.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Converts the little-endian bytes of one element to a double. */
typedef double (*reader)(const unsigned char *bytes);

static uint64_t bits_of(const unsigned char *bytes, size_t size) {
  uint64_t bits = 0;
  for (size_t i = size; i > 0; i--) bits = bits << 8 | bytes[i - 1];
  return bits;
}

static double float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return (double)value;
}

static double read_f32(const unsigned char *bytes) {
  return float_of((uint32_t)bits_of(bytes, 4));
}

/* The upper half of a float32. */
static double read_bf16(const unsigned char *bytes) {
  return float_of((uint32_t)bits_of(bytes, 2) << 16);
}

static double read_f64(const unsigned char *bytes) {
  const uint64_t bits = bits_of(bytes, 8);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* IEEE 754 binary16: sign, 5 exponent bits, 10 fraction bits. */
static double read_f16(const unsigned char *bytes) {
  const unsigned bits = (unsigned)bits_of(bytes, 2), exponent = bits >> 10 & 31,
                 fraction = bits & 1023;
  const double sign = bits >> 15 != 0 ? -1.0 : 1.0;
  if (exponent == 31) return fraction == 0 ? sign * (double)INFINITY : (double)NAN;
  if (exponent == 0) return sign * ldexp(fraction, -24);
  return sign * ldexp(1024 + fraction, (int)exponent - 25);
}

static double read_i64(const unsigned char *bytes) {
  return (double)(int64_t)bits_of(bytes, 8);
}
static double read_i32(const unsigned char *bytes) {
  return (double)(int32_t)bits_of(bytes, 4);
}
static double read_i16(const unsigned char *bytes) {
  return (double)(int16_t)bits_of(bytes, 2);
}
static double read_i8(const unsigned char *bytes) {
  return (double)(int8_t)bytes[0];
}
static double read_u64(const unsigned char *bytes) {
  return (double)bits_of(bytes, 8);
}
static double read_u32(const unsigned char *bytes) {
  return (double)bits_of(bytes, 4);
}
static double read_u16(const unsigned char *bytes) {
  return (double)bits_of(bytes, 2);
}
static double read_u8(const unsigned char *bytes) {
  return bytes[0];
}

static const struct {
  const char *type;
  size_t bytes;
  reader read;
} readers[] = {{"F32", 4, read_f32},   {"F64", 8, read_f64}, {"F16", 2, read_f16},
               {"BF16", 2, read_bf16}, {"I64", 8, read_i64}, {"I32", 4, read_i32},
               {"I16", 2, read_i16},   {"I8", 1, read_i8},   {"U64", 8, read_u64},
               {"U32", 4, read_u32},   {"U16", 2, read_u16}, {"U8", 1, read_u8},
               {"BOOL", 1, read_u8}};

void quern__statistics_add(double value, quern__statistics_tally *tally, quern_tensor_info *info) {
  if (!isfinite(value)) {
    info->not_finite++;
    return;
  }
  const double difference = value - tally->mean;
  tally->finite++;
  tally->mean += difference / (double)tally->finite;
  tally->squares += difference * (value - tally->mean);
  if (!(value >= info->least)) info->least = value;
  if (!(value <= info->most)) info->most = value;
}

void quern__statistics_finish(const quern__statistics_tally *tally, quern_tensor_info *info) {
  if (tally->finite == 0) return;
  info->mean = tally->mean;
  info->deviation = sqrt(tally->squares / (double)tally->finite);
}

quern_status quern__statistics(const quern__safetensors *file, const quern__tensor_entry *entry,
                               size_t first, size_t count, quern_tensor_info *info) {
  enum { PIECE = 1 << 16 }; /* bytes; a multiple of every type's size */
  info->mean = info->deviation = info->least = info->most = NAN;
  info->not_finite = 0;
  size_t type = 0;
  while (type < sizeof readers / sizeof *readers && strcmp(readers[type].type, entry->dtype) != 0)
    type++;
  if (type == sizeof readers / sizeof *readers) return QUERN_OK;
  unsigned char *piece = malloc(PIECE);
  if (piece == NULL) return quern__fail_memory(file->path, PIECE);
  const size_t size = readers[type].bytes, end = (first + count) * size;
  quern_status status = QUERN_OK;
  quern__statistics_tally tally = {0};
  for (size_t position = first * size; position < end && status == QUERN_OK;) {
    const size_t bytes = end - position < PIECE ? end - position : PIECE;
    status = quern__safetensors_read_bytes(file, entry, position, bytes, piece);
    for (size_t i = 0; i < bytes && status == QUERN_OK; i += size)

      quern__statistics_add(readers[type].read(piece + i), &tally, info);
    position += bytes;
  }
  free(piece);
  quern__statistics_finish(&tally, info);
  return status;
}

#include "elements.h"
#include <math.h>
#include <stdint.h>
#include <string.h>

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

static const quern__element elements[] = {
    {"F32", 4, true, read_f32},   {"F64", 8, true, read_f64},  {"F16", 2, true, read_f16},
    {"BF16", 2, true, read_bf16}, {"I64", 8, false, read_i64}, {"I32", 4, false, read_i32},
    {"I16", 2, false, read_i16},  {"I8", 1, false, read_i8},   {"U64", 8, false, read_u64},
    {"U32", 4, false, read_u32},  {"U16", 2, false, read_u16}, {"U8", 1, false, read_u8},
    {"BOOL", 1, false, read_u8}};

const quern__element *quern__element_find(const char *type) {
  for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
    if (strcmp(elements[i].type, type) == 0) return &elements[i];
  return NULL;
}

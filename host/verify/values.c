/* Random inputs for verification, from quern's own generator on the host. */
#include "values.h"

#include "../base/size.h"
#include "../functions/philox.h"
#include <stdlib.h>
#include <string.h>

enum { SEED = 20240607 };

void quern__values_next(quern__values *values) {
  values->stream++;
  values->index = 0;
}

uint32_t quern__values_word(quern__values *values) {
  return quern__philox_word(SEED, values->stream, values->index++);
}

uint32_t quern__values_below(quern__values *values, uint32_t bound) {
  return quern__philox_below(SEED, values->stream, &values->index, bound);
}

static void *allocate_values(size_t count, size_t size) {
  size_t bytes;
  return quern__multiply(count, size, &bytes) ? malloc(bytes > 0 ? bytes : 1) : NULL;
}

float *quern__values_floats(quern__values *values, size_t count, float low, float high) {
  float *result = allocate_values(count, sizeof *result);
  for (size_t i = 0; result != NULL && i < count; i++)
    result[i] = low + (high - low) * (float)(quern__values_word(values) >> 8) * 0x1p-24f;
  return result;
}

float *quern__values_whole(quern__values *values, size_t count, int low, int high) {
  float *result = allocate_values(count, sizeof *result);
  for (size_t i = 0; result != NULL && i < count; i++)
    result[i] = (float)(low + (int)quern__values_below(values, (uint32_t)(high - low + 1)));
  return result;
}

int32_t *quern__values_labels(quern__values *values, size_t count, size_t bound) {
  int32_t *labels = allocate_values(count, sizeof *labels);
  for (size_t i = 0; labels != NULL && i < count; i++)
    labels[i] = (int32_t)quern__values_below(values, (uint32_t)bound);
  return labels;
}

uint8_t *quern__values_bytes(quern__values *values, size_t count) {
  uint8_t *bytes = allocate_values(count, sizeof *bytes);
  for (size_t i = 0; bytes != NULL && i < count; i++)
    bytes[i] = (uint8_t)quern__values_below(values, 256);
  return bytes;
}

void *quern__values_copy(const void *from, size_t count, size_t size) {
  void *copy = allocate_values(count, size);
  if (copy != NULL) memcpy(copy, from, count * size);
  return copy;
}

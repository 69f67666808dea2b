/* Tensors on a device between canaries. */
#include "operand.h"

#include "../base/error.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A NaN that no computation produces, and an integer that is neither a class nor a count. */
#define POISON 0x7FD0DEADu
/* A float large enough to show up in any sum. */
#define CANARY 0x7C0FFEE5u

enum { BEHIND = 37 };

size_t quern__operand_element(const quern__operand *operand) {
  return operand->type == QUERN__BYTE ? 1 : 4;
}

bool quern__operand_is_output(const quern__operand *operand) {
  return operand->role == QUERN__OUT || operand->role == QUERN__INOUT;
}

size_t quern__operand_count(const quern__operand *operand) {
  return operand->rows * operand->columns;
}

size_t quern__operand_bytes(const quern__operand *operand) {
  return quern__operand_count(operand) * quern__operand_element(operand);
}

static void fill_pattern(uint8_t *bytes, size_t count, uint32_t pattern) {
  for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)(pattern >> 8 * (i % 4));
}

/* Offset of the tensor in `before` and `after`. */
static size_t tensor_offset(const quern__place *place) {
  return place->tensor.offset * place->element_bytes - place->prefix_bytes;
}

static size_t inside_bytes(const quern__place *place) {
  return place->tensor.rows * place->tensor.columns * place->element_bytes;
}

static void put_values(quern__place *place, const quern__operand *operand, bool absolute) {
  uint8_t *inside = place->before + tensor_offset(place);
  fill_pattern(place->before, place->total_bytes, CANARY);
  if (operand->role == QUERN__OUT) {
    fill_pattern(inside, inside_bytes(place), POISON);
    return;
  }
  memcpy(inside, operand->values, inside_bytes(place));
  float *values = (float *)(void *)inside;
  for (size_t i = 0; absolute && operand->type == QUERN__FLOAT && i < quern__operand_count(operand);
       i++)
    values[i] = fabsf(values[i]);
}

quern_status quern__place_create(quern__place *place, quern_context *context,
                                 const quern__operand *operand, quern__values *values,
                                 bool absolute, size_t prefix_bytes) {
  static const size_t offsets[] = {0, 1, 2, 3, 4, 5, 7, 16, 33};
  *place = (quern__place){.tensor = quern_none()};
  if (operand->role == QUERN__NONE) return QUERN_OK;
  const size_t offset = offsets[quern__values_below(values, sizeof offsets / sizeof *offsets)];
  place->element_bytes = quern__operand_element(operand);
  place->prefix_bytes = prefix_bytes;
  place->total_bytes = (offset + quern__operand_count(operand) + BEHIND) * place->element_bytes;
  place->before = malloc(place->total_bytes);
  if (place->before == NULL) return quern__fail_memory("verify", place->total_bytes);
  quern_buffer *buffer;
  QUERN__FORWARD(quern_buffer_create(context, prefix_bytes + place->total_bytes, &buffer));
  place->tensor = quern_matrix(buffer, prefix_bytes / place->element_bytes + offset, operand->rows,
                               operand->columns);
  put_values(place, operand, absolute);
  return quern_buffer_write(buffer, prefix_bytes, place->total_bytes, place->before, QUERN_WAIT);
}

void quern__place_free(quern__place *place) {
  quern_buffer_free(place->tensor.buffer);
  free(place->before);
  free(place->after);
  *place = (quern__place){.tensor = quern_none()};
}

quern_status quern__place_read(quern__place *place) {
  if (place->after != NULL || place->tensor.buffer == NULL) return QUERN_OK;
  place->after = malloc(place->total_bytes);
  if (place->after == NULL) return quern__fail_memory("verify", place->total_bytes);
  return quern_buffer_read(place->tensor.buffer, place->prefix_bytes, place->total_bytes,
                           place->after, QUERN_WAIT);
}

const void *quern__place_elements(const quern__place *place) {
  return place->after + tensor_offset(place);
}

static bool is_same(const quern__place *place, size_t begin, size_t end, ptrdiff_t *element) {
  for (size_t i = begin; i < end; i++) {
    if (place->before[i] == place->after[i]) continue;
    *element = (ptrdiff_t)(i / place->element_bytes) -
               (ptrdiff_t)(tensor_offset(place) / place->element_bytes);
    return false;
  }
  return true;
}

bool quern__place_is_kept(const quern__place *place, bool written, ptrdiff_t *element) {
  const size_t begin = tensor_offset(place), end = begin + inside_bytes(place);
  return is_same(place, 0, begin, element) && is_same(place, end, place->total_bytes, element) &&
         (written || is_same(place, begin, end, element));
}

bool quern__place_is_written(const quern__place *place, ptrdiff_t *element) {
  const uint8_t *bytes = place->after + tensor_offset(place);
  uint32_t word;
  if (place->element_bytes != sizeof word) return true;
  for (size_t i = 0; i < inside_bytes(place) / sizeof word; i++) {
    memcpy(&word, bytes + i * sizeof word, sizeof word);
    if (word != POISON) continue;
    *element = (ptrdiff_t)i;
    return false;
  }
  return true;
}

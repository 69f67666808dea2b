/* A tensor on a device, with canaries around it. */
#include "op_memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A NaN that no computation makes, and as an integer no class and no count. */
#define POISON 0x7FD0DEADu
/* As a float a value large enough to be seen in any sum. */
#define CANARY 0x7C0FFEE5u

size_t test_type_bytes(test_type type) {
  return type == TEST_BYTE ? 1 : 4;
}

static void fill_pattern(uint8_t *bytes, size_t count, uint32_t pattern) {
  for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)(pattern >> 8 * (i % 4));
}

static uint8_t *elements(const test_memory *memory, uint8_t *bytes) {
  return bytes + memory->tensor.offset * memory->element_bytes;
}

void test_memory_create(test_memory *memory, quern_context *context, const test_operand *operand,
                        test_random *random, bool absolute) {
  memset(memory, 0, sizeof *memory);
  memory->tensor = quern_none();
  if (operand->role == TEST_NONE) return;
  static const size_t offsets[] = {0, 1, 2, 3, 4, 5, 7, 16, 33};
  enum { BEHIND = 37 };
  const size_t count = operand->rows * operand->columns;
  const size_t offset = offsets[test_random_below(random, sizeof offsets / sizeof *offsets)];
  memory->element_bytes = test_type_bytes(operand->type);
  memory->total_bytes = (offset + count + BEHIND) * memory->element_bytes;
  quern_buffer *buffer;
  assert_ok(quern_buffer_create(context, memory->total_bytes, &buffer));
  memory->tensor = quern_matrix(buffer, offset, operand->rows, operand->columns);
  memory->before = test_alloc(memory->total_bytes, 1);
  fill_pattern(memory->before, memory->total_bytes, CANARY);
  uint8_t *inside = elements(memory, memory->before);
  if (operand->role == TEST_OUT)
    fill_pattern(inside, count * memory->element_bytes, POISON);
  else
    memcpy(inside, operand->values, count * memory->element_bytes);
  if (absolute && operand->type == TEST_FLOAT) {
    float *values = (float *)(void *)inside;
    for (size_t i = 0; i < count; i++) values[i] = fabsf(values[i]);
  }
  assert_ok(quern_buffer_write(buffer, 0, memory->total_bytes, memory->before, QUERN_WAIT));
}

void test_memory_free(test_memory *memory) {
  quern_buffer_free(memory->tensor.buffer);
  free(memory->before);
  free(memory->after);
}

static void download(test_memory *memory) {
  if (memory->after != NULL) return;
  memory->after = test_alloc(memory->total_bytes, 1);
  assert_ok(quern_buffer_read(memory->tensor.buffer, 0, memory->total_bytes, memory->after, QUERN_WAIT));
}

static size_t inside_bytes(const test_memory *memory) {
  return memory->tensor.rows * memory->tensor.columns * memory->element_bytes;
}

void *test_memory_read(test_memory *memory) {
  download(memory);
  void *copy = test_alloc(inside_bytes(memory), 1);
  return memcpy(copy, elements(memory, memory->after), inside_bytes(memory));
}

static void check_unchanged(const test_memory *memory, const char *title, const char *name, size_t begin,
                            size_t end) {
  for (size_t i = begin; i < end; i++) {
    if (memory->before[i] == memory->after[i]) continue;
    const ptrdiff_t element = (ptrdiff_t)(i / memory->element_bytes) - (ptrdiff_t)memory->tensor.offset;
    print_error("%s: element %td of %s, which is %zux%zu, was written and must not be\n", title, element,
                name, memory->tensor.rows, memory->tensor.columns);
    fail();
  }
}

void test_memory_check(test_memory *memory, const char *title, const test_operand *operand, bool written) {
  if (operand->role == TEST_NONE) return;
  download(memory);
  const size_t begin = memory->tensor.offset * memory->element_bytes, end = begin + inside_bytes(memory);
  check_unchanged(memory, title, operand->name, 0, begin);
  check_unchanged(memory, title, operand->name, end, memory->total_bytes);
  if (!written) check_unchanged(memory, title, operand->name, begin, end);
}

void test_memory_check_written(test_memory *memory, const char *title, const test_operand *operand) {
  download(memory);
  const uint8_t *bytes = elements(memory, memory->after);
  for (size_t i = 0; i < memory->tensor.rows * memory->tensor.columns; i++) {
    uint32_t word;
    if (memory->element_bytes != sizeof word) return;
    memcpy(&word, bytes + i * sizeof word, sizeof word);
    if (word != POISON) continue;
    print_error("%s: %s[%zu,%zu] was not written\n", title, operand->name, i / operand->columns,
                i % operand->columns);
    fail();
  }
}

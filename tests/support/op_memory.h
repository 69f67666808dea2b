/* A tensor on a device, with canaries around it. */
#ifndef QUERN_TESTS_OP_MEMORY_H
#define QUERN_TESTS_OP_MEMORY_H

#include "op_check.h"

typedef struct test_memory {
  quern_tensor tensor;
  size_t element_bytes, total_bytes;
  uint8_t *before; /* what was uploaded: all of the buffer */
  uint8_t *after;  /* the same bytes, read back; NULL until then */
} test_memory;

size_t test_type_bytes(test_type type);

/* Makes the operand's buffer: its values (absolute ones if asked), or poison, between canaries, at an offset
 * drawn from `random`. An operand of TEST_NONE becomes quern_none(). */
void test_memory_create(test_memory *memory, quern_context *context, const test_operand *operand,
                        test_random *random, bool absolute);
void test_memory_free(test_memory *memory);

/* A copy of the tensor's elements as they are now; the caller frees it. */
void *test_memory_read(test_memory *memory);

/* Fails when a canary changed, or, unless it was to be written, an element. */
void test_memory_check(test_memory *memory, const char *title, const test_operand *operand, bool written);

/* Fails when an element is still poison. */
void test_memory_check_written(test_memory *memory, const char *title, const test_operand *operand);

#endif

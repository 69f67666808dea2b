/* Types that several headers share: handles, elements and tensors. */
#ifndef QUERN_TYPES_H
#define QUERN_TYPES_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Defined in context.h (the first two) and collective.h. Named here so that a header can declare a
 * pointer to one without including those. */
typedef struct quern_context quern_context;
typedef struct quern_buffer quern_buffer;
typedef struct quern_collective quern_collective;

/* Type of the elements of a data set's samples in memory. */
typedef enum quern_element { QUERN_ELEMENT_FLOAT32, QUERN_ELEMENT_UINT8 } quern_element;

/* A matrix in a buffer, row major and dense: `rows` x `columns` elements from element `offset` on.
 * Elements are float unless the op says int32_t, uint32_t or a byte. A buffer of NULL means "none",
 * if the op allows it. The tensor does not own the buffer. */
typedef struct quern_tensor {
  quern_buffer *buffer;
  size_t offset;
  size_t rows;
  size_t columns;
} quern_tensor;

/* Returns the matrix `rows` x `columns` that begins at element `offset` of the buffer. */
static inline quern_tensor quern_matrix(quern_buffer *buffer, size_t offset, size_t rows,
                                        size_t columns) {
  quern_tensor tensor;
  tensor.buffer = buffer;
  tensor.offset = offset;
  tensor.rows = rows;
  tensor.columns = columns;
  return tensor;
}

/* Returns a vector: a matrix of one row. */
static inline quern_tensor quern_vector(quern_buffer *buffer, size_t offset, size_t length) {
  return quern_matrix(buffer, offset, 1, length);
}

/* Returns the tensor that means "none". */
static inline quern_tensor quern_none(void) {
  return quern_matrix(NULL, 0, 0, 0);
}

#ifdef __cplusplus
}
#endif
#endif

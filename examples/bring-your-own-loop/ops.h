/* The functions with which the program computes: ops_plain.c implements them in plain C,
 * ops_quern.c on any OpenCL device. One of the two is linked. */
#ifndef OPS_H
#define OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory for `count` floats, or as many int32_t. */
typedef struct numbers numbers;

/* A matrix in this memory, row major, starting at element `position`. */
typedef struct matrix {
  numbers *in;
  size_t position, rows, columns;
} matrix;

/* Functions that return a bool return false on failure; ops_error() then has the reason. */
bool ops_begin(void);
void ops_end(void);
const char *ops_error(void);

numbers *numbers_new(size_t count); /* NULL on failure; contents undefined */
void numbers_free(numbers *memory);
bool numbers_put(numbers *to, size_t position, const void *from, size_t count);
bool numbers_get(numbers *from, size_t position, void *to, size_t count);

/* Y = X W + b, or tanh of that. */
bool dense_forward(matrix x, matrix w, matrix b, bool squash, matrix y);

/* losses_r = log Σ_a exp(Z_ra) - Z_r,label and dZ = scale · ∂losses/∂Z; labels are int32_t. */
bool softmax_cross_entropy(matrix z, matrix labels, float scale, matrix losses, matrix dz);

/* dX = dZ Wᵀ ∘ (1 - h²), where h is the output of the tanh below. */
bool dense_backward(matrix dz, matrix w, matrix h, matrix dx);

/* W ← W - rate · Xᵀ dZ, b ← b - rate · Σ_rows dZ. */
bool dense_update(matrix x, matrix dz, float rate, matrix w, matrix b);

#endif

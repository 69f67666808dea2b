/* The ops in plain C. */
#include "ops.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef union number {
  float real;
  int32_t whole;
} number;

struct numbers {
  number *values;
};

bool ops_begin(void) {
  return true;
}

void ops_end(void) {}

const char *ops_error(void) {
  return "out of memory";
}

numbers *numbers_new(size_t count) {
  numbers *result = malloc(sizeof *result);
  if (result == NULL) return NULL;
  result->values = count <= SIZE_MAX / sizeof(number) ? malloc(count * sizeof(number)) : NULL;
  if (result->values != NULL) return result;
  free(result);
  return NULL;
}

void numbers_free(numbers *memory) {
  if (memory != NULL) free(memory->values);
  free(memory);
}

bool numbers_put(numbers *to, size_t position, const void *from, size_t count) {
  memcpy(to->values + position, from, count * sizeof(number));
  return true;
}

bool numbers_get(numbers *from, size_t position, void *to, size_t count) {
  memcpy(to, from->values + position, count * sizeof(number));
  return true;
}

static number *row_of(matrix m, size_t row) {
  return m.in->values + m.position + row * m.columns;
}

bool dense_forward(matrix x, matrix w, matrix b, bool squash, matrix y) {
  for (size_t r = 0; r < x.rows; r++) {
    number *out = row_of(y, r);
    for (size_t j = 0; j < w.columns; j++) out[j].real = row_of(b, 0)[j].real;
    for (size_t i = 0; i < w.rows; i++)
      for (size_t j = 0; j < w.columns; j++)
        out[j].real += row_of(x, r)[i].real * row_of(w, i)[j].real;
    for (size_t j = 0; squash && j < w.columns; j++) out[j].real = tanhf(out[j].real);
  }
  return true;
}

bool softmax_cross_entropy(matrix z, matrix labels, float scale, matrix losses, matrix dz) {
  for (size_t r = 0; r < z.rows; r++) {
    const number *in = row_of(z, r);
    const size_t label = (size_t)row_of(labels, 0)[r].whole;
    float largest = in[0].real, sum = 0.0f;
    for (size_t a = 1; a < z.columns; a++) largest = fmaxf(largest, in[a].real);
    for (size_t a = 0; a < z.columns; a++) sum += expf(in[a].real - largest);
    row_of(losses, 0)[r].real = logf(sum) + largest - in[label].real;
    for (size_t a = 0; a < z.columns; a++)
      row_of(dz, r)[a].real =
          scale * (expf(in[a].real - largest) / sum - (a == label ? 1.0f : 0.0f));
  }
  return true;
}

bool dense_backward(matrix dz, matrix w, matrix h, matrix dx) {
  for (size_t r = 0; r < dz.rows; r++)
    for (size_t i = 0; i < w.rows; i++) {
      const float out = row_of(h, r)[i].real;
      float sum = 0.0f;
      for (size_t j = 0; j < w.columns; j++) sum += row_of(dz, r)[j].real * row_of(w, i)[j].real;
      row_of(dx, r)[i].real = sum * (1.0f - out * out);
    }
  return true;
}

bool dense_update(matrix x, matrix dz, float rate, matrix w, matrix b) {
  for (size_t r = 0; r < x.rows; r++) {
    const number *gradient = row_of(dz, r);
    for (size_t i = 0; i < w.rows; i++)
      for (size_t j = 0; j < w.columns; j++)
        row_of(w, i)[j].real -= rate * row_of(x, r)[i].real * gradient[j].real;
    for (size_t j = 0; j < w.columns; j++) row_of(b, 0)[j].real -= rate * gradient[j].real;
  }
  return true;
}

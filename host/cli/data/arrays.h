/* Arrays of outputs. */
#ifndef QUERN_CLI_DATA_ARRAYS_H
#define QUERN_CLI_DATA_ARRAYS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Returns rows x columns floats, which the caller frees; NULL if memory is out. */
static inline float *cli_floats(size_t rows, size_t columns) {
  if (columns != 0 && rows > SIZE_MAX / sizeof(float) / columns) return NULL;
  return malloc(rows * columns * sizeof(float));
}

/* Returns the index of the first largest value; -1 if one is not a number, as quern_argmax. */
static inline int cli_largest(const float *values, size_t count) {
  size_t largest = 0;
  for (size_t i = 0; i < count; i++) {
    if (isnan(values[i])) return -1;
    if (values[i] > values[largest]) largest = i;
  }
  return (int)largest;
}

#endif

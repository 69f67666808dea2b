/* The program's data: data/digits.csv of quern, rows of 64 pixels 0 … 16 and the digit. */
#ifndef DIGITS_H
#define DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PIXELS = 64, CLASSES = 10 };

typedef struct digits {
  size_t rows;
  float *pixels;   /* [rows][PIXELS], 0 … 1 */
  int32_t *labels; /* [rows] */
} digits;

/* Returns false if the file cannot be read or has another form. */
bool digits_read(const char *path, digits *read);
void digits_free(digits *read);

#endif

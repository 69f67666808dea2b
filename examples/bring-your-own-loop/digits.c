/* Reads the digits with the C library only. */
#include "digits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const float largest_pixel = 16.0f;

static bool read_row(FILE *file, float *pixels, int32_t *label) {
  for (size_t i = 0; i < PIXELS; i++) {
    if (fscanf(file, "%f,", &pixels[i]) != 1) return false;
    pixels[i] /= largest_pixel;
  }
  int digit;
  if (fscanf(file, "%d", &digit) != 1 || digit < 0 || digit >= CLASSES) return false;
  *label = digit;
  return true;
}

static size_t count_lines(FILE *file) {
  size_t lines = 0;
  for (int c = getc(file); c != EOF; c = getc(file)) lines += c == '\n';
  rewind(file);
  return lines;
}

bool digits_read(const char *path, digits *read) {
  memset(read, 0, sizeof *read);
  FILE *file = fopen(path, "r");
  if (file == NULL) return false;
  const size_t rows = count_lines(file);
  read->pixels = malloc(rows * PIXELS * sizeof *read->pixels);
  read->labels = malloc(rows * sizeof *read->labels);
  if (read->pixels != NULL && read->labels != NULL)
    while (read->rows < rows &&
           read_row(file, read->pixels + read->rows * PIXELS, &read->labels[read->rows]))
      read->rows++;
  fclose(file);
  if (rows > 0 && read->rows == rows) return true;
  digits_free(read);
  return false;
}

void digits_free(digits *read) {
  free(read->pixels);
  free(read->labels);
  memset(read, 0, sizeof *read);
}
